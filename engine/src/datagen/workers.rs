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

/// Sets its flag when it goes, so that all threads end soon however the work ends.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Plays the games from number `first` on and gives them to `take`, in order, until it breaks or fails.
pub(crate) fn play(
    settings: &Settings,
    threads: usize,
    first: u64,
    mut take: impl FnMut(Game) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut engines = Vec::with_capacity(threads);
    for _ in 0..threads {
        engines.push(Engine::new(settings.get(Setting::Hash))?);
    }
    let ahead = AHEAD * threads as u64;
    let room = ahead as usize + threads;
    let stop = AtomicBool::new(false);
    let (numbers, open) = sync_channel(room);
    let open = Mutex::new(open);
    let (done, games) = sync_channel(room);
    thread::scope(|scope| {
        // Goes before the scope waits for its threads, as `numbers` and `games` do.
        let _stop = Stop(&stop);
        let (numbers, games) = (numbers, games);
        for (number, engine) in engines.into_iter().enumerate() {
            let done = done.clone();
            let (open, stop) = (&open, &stop);
            thread::Builder::new()
                .name(format!("game {number}"))
                .spawn_scoped(scope, move || work(engine, settings, open, &done, stop))
                .map_err(|source| Error::Thread {
                    number: number + 1,
                    threads,
                    source,
                })?;
        }
        drop(done);

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
    })
}

fn work(
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
        let (back, game) = selfplay::play(engine, settings, number, stop);
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
    fn no_memory_is_an_error() {
        let huge = settings().with(Setting::Hash, 1 << 20);
        let result = play(&huge, 1, 0, |_| Ok(ControlFlow::Break(())));
        assert!(matches!(result, Err(Error::Hash(_))));
    }
}
