//! Keeping what this relay did not order itself: the receipts that other keys signed, with the records that they are for,
//! and the signatures under every `Home`. A relay that takes a game over needs them to begin where the old home ended,
//! after a restart too.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use rookery_ledger::id::OrderKey;
use rookery_ledger::record::Item;
use rookery_ledger::{Game, codec};

use super::entries::receipted;
use super::jobs::Submission;
use super::{Command, Progress, Reply, Sequencer, Step, out_of_turn};
use crate::order_log::{Append, AppendError, ChainId, Entry, Position, Request, Response};

/// The chain of signed items that are no receipts.
const NOBODY: OrderKey = OrderKey([0; 32]);

/// Foreign items on their way into the log, chain by chain; what the log has already is left as it is.
#[derive(Clone)]
pub(super) struct Keeping {
    genesis: Vec<u8>,
    chains: VecDeque<(ChainId, Vec<Entry>)>,
}

/// Which chains are left. Their entries follow from the game.
impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.chains.iter();
        f.debug_list()
            .entries(left.map(|(chain, entries)| (chain.order_key, entries.len())))
            .finish()
    }
}

impl Keeping {
    /// Begins, with the first request; `None` where there is nothing to keep.
    pub(super) fn start(own: OrderKey, game: &Game) -> Option<(Self, Request)> {
        let mut chains: BTreeMap<OrderKey, Vec<Entry>> = BTreeMap::new();
        for item in game.items() {
            let (order_key, epoch, seq, of) = match &item {
                Item::Receipt { by, receipt } if *by != own => {
                    let body = &receipt.body;
                    (*by, body.epoch, body.seq.get(), receipted(game, body))
                }
                Item::Home(home) => (NOBODY, home.body.epoch, 0, None),
                _ => continue,
            };
            chains.entry(order_key).or_default().push(Entry {
                epoch: epoch.get(),
                seq,
                receipt: codec::encode(&item),
                item: of.map(|item| codec::encode(&item)),
            });
        }
        let named = chains.into_iter().map(|(order_key, entries)| {
            let game = game.id();
            (ChainId { game, order_key }, entries)
        });
        let keeping = Self {
            genesis: codec::encode(&Item::Genesis(game.genesis().clone())),
            chains: named.collect(),
        };
        let request = keeping.read()?;
        Some((keeping, request))
    }

    fn read(&self) -> Option<Request> {
        let (chain, _) = self.chains.front()?;
        Some(Request::Read {
            chain: *chain,
            after: Position::START,
            limit: usize::MAX,
        })
    }

    /// Takes the log's answer to the last request.
    pub(super) fn next(&mut self, response: Response) -> Progress<Result<(), AppendError>> {
        match response {
            Response::Read(Ok(stored)) => {
                let Some((chain, entries)) = self.chains.front_mut() else {
                    return Progress::Ended(Ok(()));
                };
                let mut entries = std::mem::take(entries);
                // A receipt may have been kept before its record came.
                let has = |entry: &Entry| {
                    let mut same = stored
                        .iter()
                        .filter(|(_, old)| old.receipt == entry.receipt);
                    same.any(|(_, old)| entry.item.is_none() || old.item == entry.item)
                };
                entries.retain(|entry| !has(entry));
                Progress::Ask(Request::Append(Append {
                    chain: *chain,
                    expected: stored.last().map_or(Position::START, |(last, _)| *last),
                    genesis: Some(self.genesis.clone()),
                    entries,
                    open: None,
                }))
            }
            Response::Append(Ok(_)) => {
                self.chains.pop_front();
                match self.read() {
                    Some(request) => Progress::Ask(request),
                    None => Progress::Ended(Ok(())),
                }
            }
            Response::Append(Err(error)) => Progress::Ended(Err(error)),
            Response::Read(Err(error)) => {
                Progress::Ended(Err(AppendError::Unavailable(error.to_string())))
            }
            Response::Game(_) => Progress::Ended(Err(AppendError::Unavailable(out_of_turn()))),
        }
    }
}

impl Sequencer {
    /// Begins to keep that a clocked game that the log has moved to another relay, where that is not kept yet.
    pub(super) fn keep_move(&self) -> Option<(Keeping, Request)> {
        let game = self.orderer.as_ref()?.game();
        let (home, epoch) = game.orderer()?;
        let own = self.key.order();
        let moved = self.stored && home != own && self.kept < Some(epoch);
        moved.then(|| Keeping::start(own, game)).flatten()
    }

    /// Goes on when the move is kept, or cannot be now: then the next that is told of the game tries again.
    pub(super) fn given_up(
        &mut self,
        told: Option<Submission>,
        result: Result<(), AppendError>,
        step: &mut Step,
    ) {
        let game = self.orderer.as_ref().map(|orderer| orderer.game());
        let reply = match result {
            Ok(()) => {
                self.kept = game.and_then(Game::orderer).map(|(_, epoch)| epoch);
                if let Some(submission) = told {
                    self.after_done(&submission, step);
                }
                return;
            }
            Err(error) => {
                step.commands.push(Command::Trouble(format!(
                    "the move to another relay is not in the log yet: {error}"
                )));
                Reply::Failed(error)
            }
        };
        match told {
            Some(submission) => submission.answer(reply, step),
            None => {
                if let Some(learning) = self.learning.take() {
                    self.learnt(learning, step);
                }
            }
        }
    }
}
