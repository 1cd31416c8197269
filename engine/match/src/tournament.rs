//! A match of two engines: hands out the games, plays several at once, stops when it is decided.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use shakmaty::{ByColor, Color};

use crate::game::{Conditions, GameRecord, play};
use crate::openings::{Opening, Openings};
use crate::player::{Player, StartError};
use crate::spec::EngineSpec;
use crate::standing::{Slot, Standing};
use crate::statistics::{Sprt, Verdict};

/// A match, before it is played.
pub struct Tournament {
    /// Who plays; results are from the first one's side.
    pub engines: [EngineSpec; 2],
    /// What holds for every game.
    pub conditions: Conditions,
    /// Whether engines are told that this is Chess960.
    pub chess960: bool,
    /// How long an engine may be silent beyond its time before it is killed.
    pub patience: Duration,
    /// Openings to play at most, each twice.
    pub pairs: usize,
    /// Games at the same time.
    pub concurrency: usize,
    /// Ends the match when it is decided.
    pub sprt: Option<Sprt>,
    /// Games that need no playing, and what they came to.
    pub played: HashSet<Slot>,
    /// The same.
    pub standing: Standing,
}

/// Why a match broke off.
#[derive(Debug)]
pub enum MatchError<E> {
    /// An engine could not be started.
    Start(StartError),
    /// Whoever was told of the games had enough.
    Report(E),
}

/// The games that are to be played, in order.
struct Queue {
    openings: Openings,
    pairs: usize,
    /// The second game of the opening just handed out.
    fellow: Option<(Slot, Opening)>,
    next: usize,
    played: HashSet<Slot>,
}

impl Iterator for Queue {
    type Item = (Slot, Opening);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (slot, opening) = match self.fellow.take() {
                Some(fellow) => fellow,
                None if self.next < self.pairs => {
                    let opening = self.openings.next()?;
                    let slot = |swapped| Slot {
                        pair: self.next,
                        swapped,
                    };
                    self.fellow = Some((slot(true), opening.clone()));
                    let first = slot(false);
                    self.next += 1;
                    (first, opening)
                }
                None => return None,
            };
            if !self.played.contains(&slot) {
                return Some((slot, opening));
            }
        }
    }
}

type Finished = Result<(Slot, GameRecord), StartError>;

impl Tournament {
    /// Plays the match. `report` hears of each game as it ends, with the standing after it; an error from it ends the
    /// match. Games that are still being played when the match is decided are dropped.
    ///
    /// # Errors
    ///
    /// [`MatchError`] if an engine cannot be started, or from `report`.
    pub fn run<E>(
        mut self,
        openings: Openings,
        mut report: impl FnMut(Slot, &GameRecord, &Standing) -> Result<(), E>,
    ) -> Result<Standing, MatchError<E>> {
        let queue = Mutex::new(Queue {
            openings,
            pairs: self.pairs,
            fellow: None,
            next: 0,
            played: std::mem::take(&mut self.played),
        });
        let stop = AtomicBool::new(false);
        let mut standing = std::mem::take(&mut self.standing);
        if self.decided(&standing) {
            return Ok(standing);
        }
        let (finished, games) = sync_channel::<Finished>(self.concurrency.max(1));
        let mut error = None;
        thread::scope(|scope| {
            for _ in 0..self.concurrency.max(1) {
                let finished = finished.clone();
                scope.spawn(|| self.work(&queue, &stop, finished));
            }
            drop(finished);
            // Up to the end of all workers, so that none waits for its result to be taken.
            for game in games {
                if stop.load(Ordering::Relaxed) {
                    continue;
                }
                let go_on = match game {
                    Ok((slot, record)) => {
                        let fault = record.fault.as_ref();
                        let fault = fault.map(|(color, fault)| (*color, fault.kind));
                        standing.add(slot, record.ending.outcome, fault);
                        report(slot, &record, &standing).map_err(MatchError::Report)
                    }
                    Err(failed) => Err(MatchError::Start(failed)),
                };
                if let Err(failed) = go_on {
                    error = Some(failed);
                    stop.store(true, Ordering::Relaxed);
                } else if self.decided(&standing) {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        error.map_or(Ok(standing), Err)
    }

    fn decided(&self, standing: &Standing) -> bool {
        let verdict = self.sprt.map(|sprt| sprt.verdict(&standing.pairs));
        verdict.is_some_and(|verdict| verdict != Verdict::Open)
    }

    /// Plays games until there are none, with two engines of its own.
    fn work(&self, queue: &Mutex<Queue>, stop: &AtomicBool, finished: SyncSender<Finished>) {
        let [first, second] = self
            .engines
            .each_ref()
            .map(|spec| Player::start(spec.clone(), self.chess960, self.patience));
        let (mut first, mut second) = match (first, second) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(error), _) | (_, Err(error)) => {
                let _ = finished.send(Err(error));
                return;
            }
        };
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((slot, opening)) = next else { break };
            let players = match slot.first_engine() {
                Color::White => ByColor {
                    white: &mut first,
                    black: &mut second,
                },
                Color::Black => ByColor {
                    white: &mut second,
                    black: &mut first,
                },
            };
            let game = match play(&opening, &self.conditions, players, stop) {
                Ok(Some(record)) => Ok((slot, record)),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            let failed = game.is_err();
            if finished.send(game).is_err() || failed {
                break;
            }
        }
        first.quit();
        second.quit();
    }
}
