//! What a relay does with one game, as pure steps: inputs go in, commands come out, time comes with the input. Log first,
//! then signatures, then news and the answer.
//!
//! At most one request to the log is under way. Its driver puts [`Step::ask`] to the log and gives what came of it to
//! [`Sequencer::answered`] until a step asks nothing more; only then the next input may [`begin`](Sequencer::begin).
//! The relay drives it over the real log, the simulation over one that fails, and both drive the same code.

mod appending;
mod entries;
mod foreign;
mod jobs;
mod joining;
mod learning;
mod reading;
mod submitting;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use rookery_ledger::Refusal;
use rookery_ledger::id::{Epoch, GameId, Hash, Millis, OrderKey};
use rookery_ledger::order::Orderer;
use rookery_ledger::record::Item;
use rookery_ledger::sign::Keypair;

use crate::order_log::{Append, AppendError, ChainId, Position, ReadError, Request, Response};

pub use entries::{in_order, receipted, signed_for_good};
pub use joining::{refuse_join, seat_of};
pub use reading::{Loaded, Reading};

use jobs::{Learning, Stage, Submission, Waiting};

/// Something that happens to a game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The game is to be read from the log, at the beginning or because that failed before.
    Read,
    /// An item is offered.
    Submit {
        /// What.
        item: Box<Item>,
        /// When it arrived.
        at: Millis,
        /// The measured lag of whoever sent it.
        lag: Millis,
        /// The time now.
        now: Millis,
    },
    /// Something that time brings may be due.
    Tick {
        /// The time now.
        now: Millis,
        /// The measured lag of the side to move.
        lag: Millis,
    },
    /// The side to move has a session again.
    Returned {
        /// The time now.
        now: Millis,
    },
    /// Another relay sent what it ordered or knows.
    Learn {
        /// In the order in which it sent them.
        items: Vec<Item>,
        /// The time now.
        now: Millis,
    },
}

/// Something that the driver is to do at once; none of it can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send these to all who watch, and to fellow relays.
    Publish(Vec<Item>),
    /// Answer whoever submitted the item that is being worked at.
    Answer(Reply),
    /// Pass the submitted item on to the relay with this key, whose answer is the answer; where it cannot be reached, or
    /// the item came from a relay, answer with `otherwise`.
    Forward {
        /// Whom to.
        to: OrderKey,
        /// What.
        item: Item,
        /// The answer where it cannot be passed on.
        otherwise: Reply,
    },
    /// Tell the fellow relay that this one follows the game at, if any: it stores the game too.
    Upstream(Item),
    /// Try the time's business again after so many ms, not before.
    Later(Millis),
    /// Put this to the log, beside everything else; nobody waits for what comes of it.
    Mark(Append),
    /// So many receipts were made durable, for what arrived at that time.
    Ordered {
        /// How many.
        receipts: usize,
        /// When what they are for arrived.
        since: Millis,
    },
    /// The game came to this point.
    Reached(Event),
    /// Something failed that nobody waits for an answer to.
    Trouble(String),
}

/// A turn of a game at this relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It is in this relay's log, where it was in no log before.
    Created,
    /// Both players are known.
    Seated,
    /// It moved here from another relay.
    TakenOver,
    /// It is over.
    Over,
}

impl Event {
    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Seated => "seated",
            Self::TakenOver => "taken-over",
            Self::Over => "over",
        }
    }
}

/// What is said to whoever submitted an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It was carried out, durably.
    Done,
    /// The ledger's rules refuse it.
    Refused(Refusal),
    /// The log failed; the item may or may not be in it.
    Failed(AppendError),
    /// The relay's clock is so many ms behind its own log, too much to order by.
    ClockBehind(Millis),
    /// Another relay with the same key was faster, again and again.
    Contended,
    /// The relay that orders the game cannot be reached from here.
    NoHome,
    /// The game is not known here.
    Unknown,
    /// Another input is being worked at: the driver is at fault.
    Busy,
}

/// What an input or an answer of the log led to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Step {
    /// To be done in order, before the log is asked.
    pub commands: Vec<Command>,
    /// What to ask the log; its answer goes to [`Sequencer::answered`].
    pub ask: Option<Request>,
}

/// What comes of an answer of the log to something of several requests.
#[derive(Debug)]
pub enum Progress<T> {
    /// This is asked next.
    Ask(Request),
    /// All is done.
    Ended(T),
}

fn out_of_turn() -> String {
    "the log answered what it was not asked".to_owned()
}

/// One game at one relay.
#[derive(Debug, Clone)]
pub struct Sequencer {
    id: GameId,
    key: Arc<Keypair>,
    /// The last alive mark of whoever served before, and the moment from which this relay serves.
    outage: Option<(Millis, Millis)>,
    orderer: Option<Orderer>,
    /// The end of this relay's own chain in the log.
    head: Position,
    /// Whether the log has the game.
    stored: bool,
    /// Whether the log counts it as one that goes on.
    open: bool,
    /// The epoch whose home the log knows, where that is another relay: what it does not know is ordered here after a
    /// restart as if the game had never moved.
    kept: Option<Epoch>,
    /// How the log failed to give the game.
    unread: Option<ReadError>,
    /// How far the game had come when that was said last.
    told: Stage,
    /// The key of the relay that the game is followed at.
    followed: Option<OrderKey>,
    /// Items of another relay that are being taken in.
    learning: Option<Learning>,
    waiting: Option<Waiting>,
}

impl Sequencer {
    /// A game of which nothing is known yet. `outage`: the last alive mark of whoever served before, and the moment from
    /// which this relay serves.
    #[must_use]
    pub fn new(id: GameId, key: Arc<Keypair>, outage: Option<(Millis, Millis)>) -> Self {
        Self {
            id,
            key,
            outage,
            orderer: None,
            head: Position::START,
            stored: false,
            open: false,
            kept: None,
            unread: None,
            told: Stage::default(),
            followed: None,
            learning: None,
            waiting: None,
        }
    }

    /// The game, as far as it is known.
    #[must_use]
    pub fn orderer(&self) -> Option<&Orderer> {
        self.orderer.as_ref()
    }

    /// The end of this relay's own chain in the log, as far as that is known.
    #[must_use]
    pub fn head(&self) -> Position {
        self.head
    }

    /// What it holds beside the game, as [`Orderer::beside`]: two sequencers that show the same over the same game go on
    /// alike.
    #[must_use]
    pub fn beside(&self) -> impl std::fmt::Debug {
        let orderer = self.orderer.as_ref().map(Orderer::beside);
        let log = (self.head, self.stored, self.open, self.kept, &self.unread);
        let work = (self.told, self.followed, &self.learning, &self.waiting);
        (orderer, self.outage, log, work)
    }

    /// Chooses the relay to follow the game at from those in reach, by its key: who orders a clocked game; else, and where that
    /// one is gone, the first home that is there, or without any the lowest key. None where that is this relay: of relays
    /// that reach each other one always follows nobody.
    #[must_use]
    pub fn follow(&mut self, in_reach: &[OrderKey]) -> Option<OrderKey> {
        self.followed = self.best(in_reach);
        self.followed
    }

    fn best(&self, in_reach: &[OrderKey]) -> Option<OrderKey> {
        let orderer = self.orderer.as_ref()?;
        let (game, own) = (orderer.game(), self.key.order());
        if game.is_clocked() {
            let home = orderer.elsewhere()?;
            if in_reach.contains(&home) {
                return Some(home);
            }
            // Where it moved to, if that is known from what was gossiped alone: there is the rest of it.
            let moved = game.ordering_above();
            if let Some(home) = moved.into_iter().find(|key| in_reach.contains(key)) {
                return Some(home);
            }
        }
        let mut homes = game.genesis().body.homes.iter().copied();
        let home = homes.find(|home| *home == own || in_reach.contains(home));
        let lowest = || in_reach.iter().copied().fold(own, OrderKey::min);
        Some(home.unwrap_or_else(lowest)).filter(|chosen| *chosen != own)
    }

    /// Where a clocked game moved here: the key of the home before, and what shows it that the game moved. It may not have
    /// been in reach then, and goes on showing what counts no more.
    #[must_use]
    pub fn moved_from(&self) -> Option<(OrderKey, Vec<Item>)> {
        let orderer = self.orderer.as_ref()?;
        let game = orderer.game();
        let (home, epoch) = game.orderer()?;
        let counted = &game.state().counted;
        let at = counted
            .iter()
            .position(|counted| counted.receipt.epoch == epoch)?;
        let (commit, before) = (&counted[at], counted.get(at.checked_sub(1)?)?);
        if home != self.key.order() || before.by == home {
            return None;
        }
        let signatures = game.home_signatures();
        let signatures = signatures.filter(|(_, signed)| signed.body.epoch == epoch);
        let mut items: Vec<Item> = signatures.map(|(_, home)| Item::Home(*home)).collect();
        let (by, receipt) = game.receipt(commit.hash)?;
        items.push(Item::Receipt {
            by,
            receipt: *receipt,
        });
        Some((before.by, items))
    }

    /// What the relay that the game is followed at is told where it does not know it: it may not have been in reach when an
    /// untimed game began, or lost its log since. What it lacks beside is told when it shows the game.
    #[must_use]
    pub fn for_unknowing(&self) -> Option<Item> {
        let game = self.orderer.as_ref()?.game();
        let tells = self.followed.is_some() && self.stored && !game.is_clocked();
        tells.then(|| Item::Genesis(game.genesis().clone()))
    }

    /// Whether the log failed to give the game: [`Input::Read`] tries again.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.unread.is_some()
    }

    /// Whether the outage before this process may still have to be stamped here: until then the alive mark before it has to
    /// stand, for the log knows it by nothing else. What can never be read needs no stamp.
    #[must_use]
    pub fn owes_gap(&self) -> bool {
        let to_read = || match &self.unread {
            Some(error) => matches!(error, ReadError::Unavailable(_)),
            None => self.waiting.is_some(),
        };
        match &self.orderer {
            Some(orderer) => orderer.owes_gap(),
            None => self.outage.is_some() && to_read(),
        }
    }

    /// Takes an input. While a request to the log is under way, only a submission is answered, with [`Reply::Busy`].
    pub fn begin(&mut self, input: Input) -> Step {
        let mut step = Step::default();
        if self.waiting.is_some() {
            if let Input::Submit { .. } = input {
                step.commands.push(Command::Answer(Reply::Busy));
            }
            return step;
        }
        match input {
            Input::Read => self.read(jobs::Then::Nothing, &mut step),
            Input::Submit { item, at, lag, now } => {
                self.submit(Submission::of_client(*item, at, lag, now), &mut step)
            }
            Input::Tick { now, lag } => self.tick(now, lag, &mut step),
            Input::Returned { now } => self.returned(now, &mut step),
            Input::Learn { items, now } => {
                self.learning = Some(Learning {
                    whole: matches!(items.first(), Some(Item::Genesis(_))),
                    rest: VecDeque::from(items),
                    fresh: Vec::new(),
                    now,
                });
            }
        }
        self.learn_on(&mut step);
        step
    }

    /// Takes the log's answer to the last request.
    pub fn answered(&mut self, response: Response) -> Step {
        let mut step = Step::default();
        if let Some(waiting) = self.waiting.take() {
            self.go_on(waiting, response, &mut step);
            self.learn_on(&mut step);
        }
        step
    }

    fn chain(&self) -> ChainId {
        ChainId {
            game: self.id,
            order_key: self.key.order(),
        }
    }

    /// The newest receipt that whoever watches knows.
    fn last_told(&self) -> Option<Hash> {
        let (orderer, own) = (self.orderer.as_ref()?, self.key.order());
        let items = in_order(orderer.game(), own, None);
        items.iter().rev().find_map(|item| match item {
            Item::Receipt { by, receipt } if *by == own || orderer.game().is_clocked() => {
                Some(receipt.hash())
            }
            _ => None,
        })
    }
}
