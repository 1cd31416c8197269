//! The whole trace: runs of one relay behind each other, their alive marks, their games.

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{GameId, OrderKey};
use rookery_relay::trace::{Bytes, Event};

use super::game::{Game, Run, id};
use super::known::Tools;
use super::lines::{Broken, Lines, Read, read};
use crate::reference::Id;

/// What came of a trace.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Games of which it tells.
    pub(super) games: u64,
    /// Lines that were checked.
    pub(super) steps: u64,
    /// The first rule that it breaks.
    pub(super) broken: Option<Broken>,
    /// The line behind which nothing can be vouched for, and how many are missing there.
    pub(super) hole: Option<(usize, u64)>,
    /// Whose trace it is.
    pub(super) own: Option<OrderKey>,
    /// Receipts that are durable, by game.
    pub(super) durable: BTreeSet<(GameId, Id)>,
    /// Receipts of other keys that the relay took for true: the line, the game, the key and the receipt.
    pub(super) foreign: Vec<(usize, GameId, Id, Id)>,
}

/// Checks a trace.
pub(super) fn check(text: &str, tools: &mut Tools) -> Verdict {
    match read(text) {
        Ok(lines) => check_lines(&lines, tools),
        Err(broken) => Verdict {
            broken: Some(broken),
            ..Verdict::default()
        },
    }
}

/// Checks lines that were read.
pub(super) fn check_lines(lines: &Lines, tools: &mut Tools) -> Verdict {
    let mut relay = Relay::default();
    let mut verdict = Verdict {
        hole: lines.hole,
        ..Verdict::default()
    };
    for read in &lines.lines {
        if let Err(words) = relay.step(read, tools) {
            verdict.broken = Some(Broken {
                line: read.number,
                game: read.line.game.as_ref().map(ToString::to_string),
                words,
            });
            break;
        }
        verdict.steps += 1;
    }
    verdict.games = relay.games.len() as u64;
    verdict.own = relay.run.map(|run| run.own);
    for (name, game) in &relay.games {
        if let Some(run) = &relay.run {
            let entries = game.chains.get(&run.own.0).into_iter();
            let hashes = entries.flat_map(|chain| chain.entries());
            let hashes = hashes.map(|entry| rookery_ledger::codec::hash_bytes(&entry.receipt.0).0);
            verdict.durable.extend(hashes.map(|hash| (*name, hash)));
        }
        let foreign = game.foreign.iter();
        let foreign = foreign.map(|(line, key, hash)| (*line, *name, *key, *hash));
        verdict.foreign.extend(foreign);
    }
    verdict
}

/// One relay over all of its runs.
#[derive(Debug, Default)]
struct Relay {
    run: Option<Run>,
    /// Alive marks in the order in which they were given to the log, and before them the one that was there already.
    marks: Vec<u64>,
    /// How many of these lie before the one that the log gave last.
    passed: usize,
    /// Whether the log is older than the trace.
    older: bool,
    ended: bool,
    games: BTreeMap<GameId, Game>,
}

impl Relay {
    fn step(&mut self, read: &Read, tools: &mut Tools) -> Result<(), String> {
        let line = &read.line;
        match (&line.event, &line.game) {
            (
                Event::Start {
                    order,
                    last_mark,
                    serving_since,
                },
                None,
            ) => self.start(order, *last_mark, *serving_since),
            (Event::Alive { at }, None) => self.alive(*at, line.now, tools),
            (Event::Draining, None) => Ok(()),
            (Event::Ended, None) => {
                self.ended = true;
                Ok(())
            }
            (event, Some(name)) => {
                let name = GameId(id(name)?);
                let Some(run) = self.run else {
                    return Err("a game before the relay begins".into());
                };
                if self.ended && matches!(event, Event::Appended { .. }) {
                    return Err("P3: the log appends, and it is closed".into());
                }
                if let Event::Submit { taken, .. }
                | Event::Tick { taken, .. }
                | Event::Returned { taken }
                | Event::Learn { taken, .. } = event
                    && *taken > line.now
                {
                    return Err("P6: a step is taken at a time that has not come".into());
                }
                let older = self.older;
                let game = self.games.entry(name);
                let game = game.or_insert_with(|| Game::new(name, older));
                game.step(&run, read.number, event, tools)
            }
            _ => Err("a line that has no place there".into()),
        }
    }

    fn start(&mut self, order: &Bytes, last_mark: Option<u64>, since: u64) -> Result<(), String> {
        let own = OrderKey(id(order)?);
        match &self.run {
            None => {
                self.older = last_mark.is_some();
                self.marks.extend(last_mark);
            }
            Some(before) if before.own != own => {
                return Err("P2: the relay goes on under another order key".into());
            }
            Some(_) => {
                // Marks may be lost, never made up, and the log never goes back behind one that it gave.
                let mut marks = self.marks.iter().skip(self.passed);
                let found = last_mark.map(|mark| marks.position(|known| *known == mark));
                match found {
                    Some(Some(at)) => self.passed += at,
                    None if self.passed == 0 && !self.older => {}
                    _ => {
                        return Err("P6: the log gives an alive mark that it cannot hold".into());
                    }
                }
            }
        }
        self.run = Some(Run {
            own,
            last_mark,
            since,
        });
        self.ended = false;
        for game in self.games.values_mut() {
            game.crash();
        }
        Ok(())
    }

    /// A mark says that nobody is to pay for the time until then: no outage before it may still be unstamped.
    fn alive(&mut self, at: u64, now: u64, tools: &mut Tools) -> Result<(), String> {
        let Some(run) = self.run else {
            return Err("a mark before the relay begins".into());
        };
        if at > now {
            return Err(format!("P6: an alive mark at {at}, which has not come"));
        }
        if run.last_mark.is_some() {
            for (name, game) in &mut self.games {
                if game.is_due(&run, tools)? {
                    return Err(format!(
                        "P6: an alive mark, and the outage before it is not stamped in game {name}"
                    ));
                }
            }
        }
        self.marks.push(at);
        Ok(())
    }
}
