//! The lines of a trace, as types. What is signed or stored is there as bytes, in the form in which it is signed or stored.

use std::fmt;

use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Hash, OrderKey};
use rookery_ledger::record::Item;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use serde::{Deserialize as FromText, Serialize as ToText};

use crate::order_log::{self, AppendError, ReadError, Request, Response};
use crate::sequencer::{Command, Input, Reply};

/// The version of this form.
pub const VERSION: u32 = 1;

/// Bytes, written as lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

/// One line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, ToText, FromText)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// [`VERSION`].
    pub v: u32,
    /// Which run of the relay: drawn at its start.
    pub run: Bytes,
    /// The number of the line in its run, from 0.
    pub n: u64,
    /// The relay's clock, ms since 1970.
    pub now: u64,
    /// Which game, unless it is about the whole relay.
    pub game: Option<Bytes>,
    /// What happened.
    pub event: Event,
}

/// What happened. Times are ms since 1970 on the relay's clock, items are canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, ToText, FromText)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A process begins to serve; no other serves from this log.
    Start {
        /// The key with which it signs.
        order: Bytes,
        /// The newest alive mark in the log, from whoever served before.
        last_mark: Option<u64>,
        /// From when this one serves.
        serving_since: u64,
    },
    /// An alive mark goes to the log.
    Alive {
        /// The mark.
        at: u64,
    },
    /// The relay was told to end: it takes no more sessions.
    Draining,
    /// The log is closed.
    Ended,
    /// Lines that could not be written are missing here.
    Hole {
        /// How many.
        lines: u64,
    },
    /// A game comes into memory; nothing is known of it there yet.
    Opened,
    /// A game leaves memory.
    Left,
    /// Input: the game is to be read from the log.
    Read,
    /// Input: an item is offered, by somebody who waits for the answer.
    Submit {
        /// What.
        item: Bytes,
        /// When its last byte arrived.
        at: u64,
        /// The measured lag of who sent it, ms.
        lag: u64,
        /// When the game took it up.
        taken: u64,
    },
    /// Input: something that time brings may be due.
    Tick {
        /// The measured lag of the side to move, ms.
        lag: u64,
        /// When the game looked.
        taken: u64,
    },
    /// Input: the side to move has a session again.
    Returned {
        /// When.
        taken: u64,
    },
    /// Input: another relay told what it ordered or knows.
    Learn {
        /// In order.
        items: Vec<Bytes>,
        /// When the game took it up.
        taken: u64,
    },
    /// The log is asked for the game.
    FindGame,
    /// The log is asked for entries of a chain.
    ReadChain {
        /// Whose chain.
        key: Bytes,
        /// Behind which place.
        after: u64,
        /// How many at most.
        limit: u64,
    },
    /// The log is asked to append to a chain, all of it or nothing.
    Append {
        /// Whose chain.
        key: Bytes,
        /// The end of the chain, as far as is known.
        expected: u64,
        /// The genesis, where the game may be new to the log.
        genesis: Option<Bytes>,
        /// What to append.
        entries: Vec<Entry>,
        /// Whether the game counts from now on as one that goes on.
        open: Option<bool>,
    },
    /// The log's answer: the game, or that it has none.
    Found {
        /// The game.
        game: Option<Stored>,
    },
    /// The log's answer: entries, each with its place.
    Entries {
        /// In order.
        entries: Vec<(u64, Entry)>,
    },
    /// The log's answer: all of it is durable.
    Appended {
        /// The end of the chain now.
        head: u64,
    },
    /// The log's answer: the chain ends elsewhere, nothing was appended.
    Conflict {
        /// Where.
        actual: u64,
    },
    /// The log's answer: it failed. Whether an append was carried out is not known.
    LogFailed {
        /// How.
        words: String,
    },
    /// Items go to all who watch, and to fellow relays.
    Publish {
        /// In order.
        items: Vec<Bytes>,
    },
    /// All that is known goes to one who begins to watch or asks for the game.
    Shown {
        /// Only what came behind this receipt, if it is known.
        after: Option<Bytes>,
        /// In order.
        items: Vec<Name>,
    },
    /// The item that was offered is answered.
    Reply {
        /// What is said.
        said: Said,
    },
    /// The item that was offered is passed on to another relay, whose answer is the answer.
    Forward {
        /// The order key of that relay.
        to: Bytes,
        /// What is answered if it is out of reach.
        otherwise: Said,
    },
    /// An item goes to the relay at which this one follows the game.
    Upstream {
        /// The item.
        item: Bytes,
    },
    /// Time's business is tried again later.
    Later {
        /// After so many ms.
        ms: u64,
    },
    /// The log is told whether the game goes on; nobody waits for the answer.
    Mark {
        /// Whether it does.
        open: Option<bool>,
        /// Entries that go with it: none.
        entries: Vec<Entry>,
    },
    /// Receipts are durable.
    Ordered {
        /// How many.
        receipts: u64,
    },
    /// The game came to a turn.
    Reached {
        /// `created`, `seated`, `taken-over` or `over`.
        turn: String,
    },
    /// Something failed that nobody waits for an answer to.
    Trouble {
        /// What.
        words: String,
    },
}

/// One place of a chain in the log.
#[derive(Debug, Clone, PartialEq, Eq, ToText, FromText)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The epoch.
    pub epoch: u64,
    /// The place in it; the largest number where an epoch is refused.
    pub seq: u64,
    /// The receipt (or the refusal of an epoch) without signature; a whole item in the chain of another key.
    pub receipt: Bytes,
    /// What it is for, where that is an item.
    pub item: Option<Bytes>,
}

/// A game as the log has it.
#[derive(Debug, Clone, PartialEq, Eq, ToText, FromText)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The genesis.
    pub genesis: Bytes,
    /// Each chain, by its key, with its end.
    pub chains: Vec<(Bytes, u64)>,
    /// Whether it counts as one that goes on.
    pub open: bool,
}

/// Names an item that is shown.
#[derive(Debug, Clone, PartialEq, Eq, ToText, FromText)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Name {
    /// The genesis.
    Genesis,
    /// A record, by the hash of its body.
    Record(Bytes),
    /// A receipt, by its key and the hash of its body.
    Receipt(Bytes, Bytes),
    /// A signature under a `Home`, by the hash of the whole item.
    Home(Bytes),
    /// A refusal of an epoch, by its key.
    Lapsed(Bytes, u64),
    /// A game that goes on from this one, by the hash of its Seat's body.
    Continued(Bytes),
}

/// What is said to who offered an item.
#[derive(Debug, Clone, PartialEq, Eq, ToText, FromText)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// It was carried out.
    Done,
    /// It is refused, with this code of the protocol.
    Refused(String),
    /// The log failed.
    Failed,
    /// The relay's clock is so many ms behind the game's last receipt.
    ClockBehind(u64),
    /// Another relay with the same key was faster, again and again.
    Contended,
    /// The relay that orders the game is out of reach.
    NoHome,
    /// The game is not known here.
    Unknown,
    /// Another input is being worked at.
    Busy,
}

fn item(item: &Item) -> Bytes {
    Bytes(codec::encode(item))
}

fn items(items: &[Item]) -> Vec<Bytes> {
    items.iter().map(item).collect()
}

impl Event {
    /// What a sequencer is given.
    #[must_use]
    pub fn input(input: &Input) -> Self {
        match input {
            Input::Read => Self::Read,
            Input::Submit {
                item: offered,
                at,
                lag,
                now,
            } => Self::Submit {
                item: item(offered),
                at: at.get(),
                lag: lag.get(),
                taken: now.get(),
            },
            Input::Tick { now, lag } => Self::Tick {
                lag: lag.get(),
                taken: now.get(),
            },
            Input::Returned { now } => Self::Returned { taken: now.get() },
            Input::Learn { items: told, now } => Self::Learn {
                items: items(told),
                taken: now.get(),
            },
        }
    }

    /// What the log is asked.
    #[must_use]
    pub fn request(request: &Request) -> Self {
        match request {
            Request::Game(_) => Self::FindGame,
            Request::Read {
                chain,
                after,
                limit,
            } => Self::ReadChain {
                key: chain.order_key.into(),
                after: after.0,
                limit: *limit as u64,
            },
            Request::Append(append) => Self::Append {
                key: append.chain.order_key.into(),
                expected: append.expected.0,
                genesis: append.genesis.clone().map(Bytes),
                entries: append.entries.iter().map(Entry::from).collect(),
                open: append.open,
            },
        }
    }

    /// What the log answers.
    #[must_use]
    pub fn response(response: &Response) -> Self {
        let failed = |words: String| Self::LogFailed { words };
        match response {
            Response::Game(Ok(game)) => Self::Found {
                game: game.as_ref().map(|game| Stored {
                    genesis: Bytes(game.genesis.clone()),
                    chains: game
                        .chains
                        .iter()
                        .map(|(key, end)| ((*key).into(), end.0))
                        .collect(),
                    open: game.open,
                }),
            },
            Response::Read(Ok(entries)) => Self::Entries {
                entries: entries
                    .iter()
                    .map(|(place, entry)| (place.0, entry.into()))
                    .collect(),
            },
            Response::Append(Ok(head)) => Self::Appended { head: head.0 },
            Response::Append(Err(AppendError::Conflict { actual })) => {
                Self::Conflict { actual: actual.0 }
            }
            Response::Append(Err(error)) => failed(error.to_string()),
            Response::Game(Err(error)) | Response::Read(Err(error)) => failed(match error {
                ReadError::Unavailable(words) | ReadError::Corrupt(words) => words.clone(),
            }),
        }
    }

    /// What is to be done.
    #[must_use]
    pub fn command(command: &Command) -> Self {
        match command {
            Command::Publish(told) => Self::Publish { items: items(told) },
            Command::Answer(reply) => Self::Reply { said: reply.into() },
            Command::Forward { to, otherwise, .. } => Self::Forward {
                to: (*to).into(),
                otherwise: otherwise.into(),
            },
            Command::Upstream(told) => Self::Upstream { item: item(told) },
            Command::Later(wait) => Self::Later { ms: wait.get() },
            Command::Mark(append) => Self::Mark {
                open: append.open,
                entries: append.entries.iter().map(Entry::from).collect(),
            },
            Command::Ordered { receipts, .. } => Self::Ordered {
                receipts: *receipts as u64,
            },
            Command::Reached(event) => Self::Reached {
                turn: event.as_str().to_owned(),
            },
            Command::Trouble(words) => Self::Trouble {
                words: words.clone(),
            },
        }
    }

    /// What is shown to one who asks for the game.
    #[must_use]
    pub fn shown(after: Option<Hash>, items: &[Item]) -> Self {
        Self::Shown {
            after: after.map(Bytes::from),
            items: items.iter().map(Name::from).collect(),
        }
    }
}

impl From<&order_log::Entry> for Entry {
    fn from(entry: &order_log::Entry) -> Self {
        Self {
            epoch: entry.epoch,
            seq: entry.seq,
            receipt: Bytes(entry.receipt.clone()),
            item: entry.item.clone().map(Bytes),
        }
    }
}

impl From<&Item> for Name {
    fn from(item: &Item) -> Self {
        match item {
            Item::Genesis(_) => Self::Genesis,
            Item::Record(record) => Self::Record(record.hash().into()),
            Item::Receipt { by, receipt } => Self::Receipt((*by).into(), receipt.hash().into()),
            Item::Home(_) => Self::Home(codec::hash(item).into()),
            Item::Lapsed { by, lapsed } => Self::Lapsed((*by).into(), lapsed.body.epoch.get()),
            Item::Continued { seat, .. } => Self::Continued(seat.hash().into()),
        }
    }
}

impl From<&Reply> for Said {
    fn from(reply: &Reply) -> Self {
        match reply {
            Reply::Done => Self::Done,
            Reply::Refused(refusal) => Self::Refused(refusal.code().to_owned()),
            Reply::Failed(_) => Self::Failed,
            Reply::ClockBehind(behind) => Self::ClockBehind(behind.get()),
            Reply::Contended => Self::Contended,
            Reply::NoHome => Self::NoHome,
            Reply::Unknown => Self::Unknown,
            Reply::Busy => Self::Busy,
        }
    }
}

impl From<GameId> for Bytes {
    fn from(game: GameId) -> Self {
        Self(game.0.to_vec())
    }
}

impl From<OrderKey> for Bytes {
    fn from(key: OrderKey) -> Self {
        Self(key.0.to_vec())
    }
}

impl From<Hash> for Bytes {
    fn from(hash: Hash) -> Self {
        Self(hash.0.to_vec())
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        serializer.serialize_str(&digits.map(digit).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes as lower-case hexadecimal")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                let four = |digit: u8| match digit {
                    b'0'..=b'9' => Some(digit - b'0'),
                    b'a'..=b'f' => Some(digit - b'a' + 10),
                    _ => None,
                };
                let (pairs, rest) = text.as_bytes().as_chunks::<2>();
                let bytes = pairs
                    .iter()
                    .map(|[high, low]| Some(four(*high)? << 4 | four(*low)?));
                let bytes: Option<Vec<u8>> = bytes.collect();
                match bytes {
                    Some(bytes) if rest.is_empty() => Ok(Bytes(bytes)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_str(Text)
    }
}
