//! The relay's sequencers, step by step over logs that fail: two relays of one key share a log, a third has another key
//! and log. Whatever is asked, answered, lost or begun again: one receipt for a place, in the log before it is told (P2,
//! P3). Over a log that answers anything they keep their heads.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt as _;
use rookery_ledger::codec;
use rookery_ledger::id::{Epoch, GameId, Hash, Millis, OrderKey, Seq};
use rookery_ledger::record::Item;
use rookery_relay::order_log::memory::Fate;
use rookery_relay::order_log::{
    AppendError, ChainId, MemoryLog, OrderLog as _, Position, ReadError, Request, Response,
};
use rookery_relay::sequencer::{Command, Input, Reply, Sequencer, Step};

use crate::input::Choices;
use crate::pool::{Pool, key};

/// Whose key each relay has, and which log.
const RELAYS: [(u8, usize); 3] = [(9, 0), (9, 0), (8, 1)];
const STEPS: usize = 64;
/// Answers after which a sequencer must have come to an end, if the log answers as it should.
const ANSWERS: usize = 64;
/// The place of a lapse, where no receipt is.
const NO_SEQ: u64 = u64::MAX;

/// Plays what the input chooses.
pub fn sequencer(data: &[u8]) {
    let mut input = Choices::new(data);
    let honest = !input.byte().is_multiple_of(4);
    let Some(pool) = Pool::begin(&mut input, &[9, 8]) else {
        return;
    };
    let mut table = Table::new(pool, honest);
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        table.step(&mut input);
    }
    table.end();
}

struct Relay {
    sequencer: Sequencer,
    asked: Option<Request>,
    /// What was submitted and has no answer yet.
    open: Option<Item>,
}

struct Table {
    pool: Pool,
    game: GameId,
    relays: [Relay; 3],
    logs: [MemoryLog; 2],
    /// Whether the logs lose and fail, but never lie.
    honest: bool,
    /// What each key signed.
    signed: BTreeMap<(OrderKey, Epoch, Seq), Hash>,
}

impl Table {
    fn new(pool: Pool, honest: bool) -> Self {
        let game = pool.players[0].game().id();
        let relay = |(n, _): (u8, usize)| Relay {
            sequencer: Sequencer::new(game, Arc::new(key(n)), None),
            asked: None,
            open: None,
        };
        let mut table = Self {
            pool,
            game,
            relays: RELAYS.map(relay),
            logs: [MemoryLog::default(), MemoryLog::default()],
            honest,
            signed: BTreeMap::new(),
        };
        table.begin(0, Input::Read);
        table.finish(0);
        let genesis = table.pool.items[0].clone();
        table.submit(0, genesis);
        table.finish(0);
        table.pool.hear_news();
        table
    }

    fn now(&self) -> Millis {
        Millis::new(self.pool.now)
    }

    fn step(&mut self, input: &mut Choices) {
        self.pool.now += 100;
        let kind = input.byte();
        let relay = usize::from(kind >> 6) % RELAYS.len();
        match kind & 31 {
            0..=7 => {
                // The usual way: signed, ordered, heard.
                if let Some(item) = self.pool.act(input) {
                    self.finish(relay);
                    self.submit(relay, item);
                    if kind & 32 == 0 {
                        self.finish(relay);
                        self.pool.hear_news();
                    }
                }
            }
            8 => drop(self.pool.act(input)),
            9..=11 => {
                let item = self.pool.any(input);
                self.submit(relay, item);
            }
            12..=17 => self.answer(relay, input),
            18 | 19 => self.finish(relay),
            20 => {
                let now = self.now();
                let lag = Millis::new(input.word());
                self.begin(relay, Input::Tick { now, lag });
            }
            21 => {
                let now = self.now();
                self.begin(relay, Input::Returned { now });
            }
            22 | 23 => {
                let now = self.now();
                let (from, to) = (input.below(64), input.below(64));
                let items = &self.pool.items;
                let range = from.min(items.len())..(from + to).min(items.len());
                let items = items[range].to_vec();
                self.begin(relay, Input::Learn { items, now });
            }
            24 => self.begin(relay, Input::Read),
            25 => {
                let (n, _) = RELAYS[relay];
                let last = self.now();
                self.pool.now += input.word();
                let outage = Some((last, self.now()));
                // What was on its way to the log may have come there or not.
                if input.flag()
                    && let Some(request @ Request::Append(_)) = self.relays[relay].asked.take()
                {
                    self.put(relay, request);
                }
                self.relays[relay] = Relay {
                    sequencer: Sequencer::new(self.game, Arc::new(key(n)), outage),
                    asked: None,
                    open: None,
                };
                self.begin(relay, Input::Read);
            }
            26 => self.pool.now += 16 * input.word(),
            27 => self.logs[RELAYS[relay].1].set_full(input.flag()),
            28 => self.pool.hear_news(),
            _ => {
                let item = self.pool.any(input);
                self.pool.hear(usize::from(kind >> 5 & 1), item);
            }
        }
    }

    fn submit(&mut self, relay: usize, item: Item) {
        let (at, now) = (self.now(), self.now());
        let lag = Millis::new(40);
        let busy = self.relays[relay].asked.is_some();
        if !busy {
            self.relays[relay].open = Some(item.clone());
        }
        let item = Box::new(item);
        self.begin(relay, Input::Submit { item, at, lag, now });
    }

    fn begin(&mut self, relay: usize, input: Input) {
        let busy = self.relays[relay].asked.is_some();
        let submits = matches!(input, Input::Submit { .. });
        let step = self.relays[relay].sequencer.begin(input);
        if busy {
            let wanted = if submits {
                vec![Command::Answer(Reply::Busy)]
            } else {
                Vec::new()
            };
            assert_eq!(step.commands, wanted, "while the log is asked");
            assert_eq!(step.ask, None, "two requests at once");
            return;
        }
        self.take(relay, step);
    }

    fn take(&mut self, relay: usize, step: Step) {
        self.relays[relay].asked = step.ask;
        for command in step.commands {
            match command {
                Command::Publish(items) => self.published(relay, items),
                Command::Answer(reply) => self.answered(relay, &reply),
                Command::Forward { .. } => {
                    let open = self.relays[relay].open.take();
                    assert!(open.is_some(), "what nobody offered is passed on");
                }
                Command::Mark(append) => drop(self.put(relay, Request::Append(append))),
                Command::Upstream(item) => self.pool.put(item),
                Command::Later(_)
                | Command::Ordered { .. }
                | Command::Reached(_)
                | Command::Trouble(_) => {}
            }
        }
        if self.relays[relay].asked.is_none() && self.honest {
            let open = self.relays[relay].open.take();
            assert!(open.is_none(), "never answered: {open:?}");
        }
    }

    fn published(&mut self, relay: usize, items: Vec<Item>) {
        let own = key(RELAYS[relay].0).order();
        for item in items {
            if let Item::Receipt { by, receipt } = &item
                && *by == own
                && self.honest
            {
                let place = (*by, receipt.body.epoch, receipt.body.seq);
                let first = *self.signed.entry(place).or_insert(receipt.hash());
                assert_eq!(
                    first,
                    receipt.hash(),
                    "two receipts for one place: {receipt:?}"
                );
                let bytes = codec::encode(&receipt.body);
                let stored = self.stored(relay);
                let stored = stored.iter().any(|entry| entry.receipt == bytes);
                assert!(stored, "told before it is in the log: {receipt:?}");
            }
            self.pool.put(item);
        }
    }

    fn answered(&mut self, relay: usize, reply: &Reply) {
        let open = self.relays[relay].open.take();
        let Some(item) = open else {
            panic!("answered what nobody asked: {reply:?}");
        };
        assert!(*reply != Reply::Busy, "busy without a request");
        let (Reply::Done, Item::Record(record), true) = (reply, &item, self.honest) else {
            return;
        };
        let Some(orderer) = self.relays[relay].sequencer.orderer() else {
            panic!("done, without a game");
        };
        if orderer.elsewhere().is_some() {
            return;
        }
        // Somebody with this key has it in the log; or, the game having moved, another key has.
        let own = key(RELAYS[relay].0).order();
        let game = orderer.game();
        let ordered = game.is_receipted(record.hash());
        assert!(ordered, "done, without a receipt: {record:?}");
        if game.is_receipted_by(own, record.hash()) {
            let in_log = self.stored(relay).iter().any(|entry| {
                let item = entry.item.as_deref();
                let item = item.and_then(|item| codec::decode(item, codec::MAX_ITEM_BYTES).ok());
                matches!(item, Some(Item::Record(stored)) if stored.hash() == record.hash())
            });
            assert!(in_log, "done before it is in the log: {record:?}");
        }
    }

    /// The chain of a relay's own key in its log.
    fn stored(&self, relay: usize) -> Vec<rookery_relay::order_log::Entry> {
        let (n, log) = RELAYS[relay];
        let chain = ChainId {
            game: self.game,
            order_key: key(n).order(),
        };
        let read = self.logs[log].read(chain, Position::START, usize::MAX);
        let read = read.now_or_never().and_then(Result::ok).unwrap_or_default();
        read.into_iter().map(|(_, entry)| entry).collect()
    }

    fn put(&mut self, relay: usize, request: Request) -> Response {
        let put = request.put_to(&self.logs[RELAYS[relay].1]);
        put.now_or_never().expect("a log in memory answers at once")
    }

    /// The log answers what it was asked, or fails.
    fn answer(&mut self, relay: usize, input: &mut Choices) {
        let Some(request) = self.relays[relay].asked.take() else {
            return;
        };
        let unavailable = || AppendError::Unavailable("not now".into());
        let not_now = || ReadError::Unavailable("not now".into());
        let log = self.logs[RELAYS[relay].1].clone();
        let response = match (input.below(8), &request) {
            (0, Request::Append(_)) => {
                log.next_append(Fate::LostAnswer);
                self.put(relay, request)
            }
            (1, Request::Append(_)) => Response::Append(Err(unavailable())),
            (2, Request::Append(_)) => Response::Append(Err(AppendError::DiskFull)),
            (0, Request::Game(_)) => Response::Game(Err(not_now())),
            (0, Request::Read { .. }) => Response::Read(Err(not_now())),
            (3, _) if !self.honest => self.lie(relay, request, input),
            _ => self.put(relay, request),
        };
        let step = self.relays[relay].sequencer.answered(response);
        self.take(relay, step);
    }

    /// What no log answers.
    fn lie(&mut self, relay: usize, request: Request, input: &mut Choices) -> Response {
        match input.below(8) {
            0 => Response::Append(Ok(Position(input.number()))),
            1 => Response::Append(Err(AppendError::Conflict {
                actual: Position(input.number()),
            })),
            2 => Response::Game(Ok(None)),
            3 => Response::Read(Ok(Vec::new())),
            _ => match self.put(relay, request) {
                Response::Read(Ok(mut entries)) => {
                    let len = entries.len();
                    entries.truncate(input.below(len + 1));
                    if let Some((at, entry)) = entries.last_mut() {
                        at.0 = input.number();
                        entry.seq = input.number();
                        entry.epoch = input.number();
                        let cut = input.below(entry.receipt.len() + 1);
                        entry.receipt.truncate(cut);
                    }
                    Response::Read(Ok(entries))
                }
                Response::Game(Ok(Some(mut stored))) => {
                    let len = stored.chains.len();
                    stored.chains.rotate_left(input.below(len));
                    if let Some((_, end)) = stored.chains.last_mut() {
                        end.0 = input.number();
                    }
                    stored.open = input.flag();
                    Response::Game(Ok(Some(stored)))
                }
                other => other,
            },
        }
    }

    /// The log answers as it should until it is asked nothing more.
    fn finish(&mut self, relay: usize) {
        for _ in 0..ANSWERS {
            let Some(request) = self.relays[relay].asked.take() else {
                return;
            };
            let response = self.put(relay, request);
            let step = self.relays[relay].sequencer.answered(response);
            self.take(relay, step);
        }
        assert!(!self.honest, "the log is asked for ever");
        self.relays[relay].asked = None;
        let (n, _) = RELAYS[relay];
        self.relays[relay].sequencer = Sequencer::new(self.game, Arc::new(key(n)), None);
        self.relays[relay].open = None;
    }

    fn end(mut self) {
        for log in &self.logs {
            log.set_full(false);
        }
        for relay in 0..RELAYS.len() {
            self.finish(relay);
        }
        if !self.honest {
            return;
        }
        self.pool.hear_all();
        self.pool.assert_innocent(&[9, 8]);
        for (relay, (n, _)) in RELAYS.into_iter().enumerate() {
            // One gap-free chain for each epoch.
            let mut next: BTreeMap<u64, u64> = BTreeMap::new();
            for entry in self.stored(relay) {
                if entry.seq != NO_SEQ {
                    let seq = next.entry(entry.epoch).or_default();
                    assert_eq!(entry.seq, *seq, "a gap in the order");
                    *seq += 1;
                }
            }
            // Read again, the game has every receipt that was told.
            self.relays[relay].sequencer = Sequencer::new(self.game, Arc::new(key(n)), None);
            self.begin(relay, Input::Read);
            self.finish(relay);
            let orderer = self.relays[relay].sequencer.orderer();
            let own = key(n).order();
            for ((by, epoch, seq), hash) in &self.signed {
                let known = orderer.is_some_and(|orderer| orderer.game().knows(*hash));
                assert!(*by != own || known, "lost: {epoch:?} {seq:?}");
            }
        }
    }
}
