//! Plays games on several threads and hands them over in the order of their numbers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rookery_engine::Engine;
use rookery_games::Game;

use super::error::Error;
use super::options::{Setting, Settings};
use super::selfplay;

/// Games under way or waiting for one before them, for each thread: a long game may take as long as so many others.
const AHEAD: u64 = 8;

enum Message {
    Game(u64, Game),
    /// A thread has ended in a panic.
    Died,
}

/// Tells of a panic, as the game that it ended will never come.
struct Alarm(SyncSender<Message>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.0.send(Message::Died);
        }
    }
}

/// Plays the games from number `first` on and gives them to `take`, in order, until it breaks or fails.
pub(crate) fn play(
    settings: &Settings,
    threads: usize,
    first: u64,
    take: impl FnMut(Game) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    play_by(selfplay::play, settings, threads, first, take)
}

/// Plays one game by its number, or a part of it once the flag is set. Gives the engine back.
trait Player: Fn(Engine, &Settings, u64, &AtomicBool) -> (Engine, Option<Game>) + Sync {}

impl<P: Fn(Engine, &Settings, u64, &AtomicBool) -> (Engine, Option<Game>) + Sync> Player for P {}

fn play_by(
    player: impl Player,
    settings: &Settings,
    threads: usize,
    first: u64,
    take: impl FnMut(Game) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut engines = Vec::with_capacity(threads);
    for _ in 0..threads {
        engines.push(Engine::new(settings.get(Setting::Hash))?);
    }
    let ahead = AHEAD * threads as u64;
    let room = ahead as usize + threads;
    let (numbers, open) = sync_channel(room);
    let (done, games) = sync_channel(room);
    let (open, stop) = (Mutex::new(open), AtomicBool::new(false));
    thread::scope(|scope| {
        let mut started = Vec::with_capacity(threads);
        let mut result = Ok(());
        for (number, engine) in engines.into_iter().enumerate() {
            let done = done.clone();
            let (player, open, stop) = (&player, &open, &stop);
            let thread = thread::Builder::new()
                .name(format!("games {number}"))
                .spawn_scoped(scope, move || {
                    work(player, engine, settings, open, &done, stop);
                });
            match thread {
                Ok(thread) => started.push(thread),
                Err(source) => {
                    result = Err(Error::Thread {
                        number: number + 1,
                        threads,
                        source,
                    });
                    break;
                }
            }
        }
        drop(done);
        let result = result.and_then(|()| hand_over(&numbers, &games, first, ahead, take));
        // However it went, all threads end soon: those that play, those that wait for a number, those that wait to hand
        // over a game.
        stop.store(true, Ordering::Relaxed);
        drop((numbers, games));
        for thread in started {
            // If it died, `result` says so.
            let _ = thread.join();
        }
        result
    })
}

/// Gives numbers out, `ahead` of them beyond the last game that was taken, and gives games to `take` in order.
fn hand_over(
    numbers: &SyncSender<u64>,
    games: &Receiver<Message>,
    first: u64,
    ahead: u64,
    mut take: impl FnMut(Game) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut waiting = BTreeMap::new();
    let (mut next, mut given) = (first, first);
    loop {
        while given < next + ahead {
            numbers.send(given).map_err(|_| Error::Died)?;
            given += 1;
        }
        match games.recv() {
            Ok(Message::Game(number, game)) => waiting.insert(number, game),
            Ok(Message::Died) | Err(_) => return Err(Error::Died),
        };
        while let Some(game) = waiting.remove(&next) {
            next += 1;
            if take(game)?.is_break() {
                return Ok(());
            }
        }
    }
}

fn work(
    player: &impl Player,
    mut engine: Engine,
    settings: &Settings,
    open: &Mutex<Receiver<u64>>,
    done: &SyncSender<Message>,
    stop: &AtomicBool,
) {
    let _alarm = Alarm(done.clone());
    loop {
        let number = open.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(number) = number else {
            return;
        };
        let (back, game) = player(engine, settings, number, stop);
        engine = back;
        let Some(game) = game else {
            return;
        };
        if done.send(Message::Game(number, game)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::default()
            .with(Setting::Nodes, 60)
            .with(Setting::HardFactor, 2)
            .with(Setting::Hash, 1)
    }

    fn games(threads: usize, first: u64, count: usize) -> Vec<Game> {
        let mut games = Vec::new();
        play(&settings(), threads, first, |game| {
            games.push(game);
            Ok(if games.len() < count {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })
        .unwrap();
        games
    }

    #[test]
    fn any_number_of_threads_gives_the_same_games_in_the_same_order() {
        let one = games(1, 0, 40);
        assert_eq!(one, games(3, 0, 40));
        assert_eq!(one[25..], games(2, 25, 15));
    }

    #[test]
    fn an_error_of_the_taker_ends_the_work() {
        let mut taken = 0;
        let result = play(&settings(), 2, 0, |_| {
            taken += 1;
            if taken == 3 {
                Err(Error::NoOut)
            } else {
                Ok(ControlFlow::Continue(()))
            }
        });
        assert!(matches!(result, Err(Error::NoOut)));
        assert_eq!(taken, 3);
    }

    #[test]
    fn a_thread_that_dies_is_an_error() {
        let player = |engine: Engine, settings: &Settings, number, stop: &AtomicBool| {
            assert!(number != 5, "as the test wants it");
            selfplay::play(engine, settings, number, stop)
        };
        for threads in 1..=2 {
            let mut taken = 0;
            let result = play_by(player, &settings(), threads, 0, |_| {
                taken += 1;
                Ok(ControlFlow::Continue(()))
            });
            assert!(matches!(result, Err(Error::Died)));
            assert!(taken <= 5);
        }
    }

    #[test]
    fn no_memory_is_an_error() {
        let huge = settings().with(Setting::Hash, 1 << 20);
        let result = play(&huge, 1, 0, |_| Ok(ControlFlow::Break(())));
        assert!(matches!(result, Err(Error::Hash(_))));
    }
}
