//! The relay's own sessions, with their games over a log in memory, on streams in memory: two players, a watcher and a
//! fellow relay say what the input chooses, in whatever pieces. What comes back is well formed, in order, and true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use libp2p::PeerId;
use libp2p::identity::Keypair as Identity;
use rookery_ledger::codec::{self, MAX_ITEM_BYTES};
use rookery_ledger::id::{Epoch, GameId, Hash, Millis, Nonce, OrderKey, Seq};
use rookery_ledger::record::{Hello, Item, Join, Message, Said, VERSION};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::wire::{self, Frames, Push, Request, RequestId};
use rookery_relay::limits::Limits;
use rookery_relay::node::Node;
use rookery_relay::order_log::MemoryLog;
use rookery_relay::relay::Relay;
use rookery_relay::session;
use tokio::task::JoinHandle;

use crate::input::Choices;
use crate::pipe::{Far, pipe};
use crate::pool::{Pool, key};

const STEPS: usize = 32;
/// How often everything else runs before what came is looked at.
const TURNS: usize = 24;
/// Creator, joiner, a watcher without a key, a fellow relay.
const CLIENTS: usize = 4;
const ORDER: u8 = 9;

/// Plays what the input chooses.
pub fn session(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime needs nothing that could fail");
    runtime.block_on(async {
        let mut input = Choices::new(data);
        let Some(mut table) = Table::begin(&mut input).await else {
            return;
        };
        for _ in 0..STEPS {
            if input.is_over() {
                break;
            }
            table.step(&mut input).await;
        }
        table.end().await;
    });
}

struct Client {
    far: Option<Far>,
    task: JoinHandle<()>,
    peer: PeerId,
    cutter: Frames,
    nonce: Option<Nonce>,
    ready: bool,
    bye: bool,
    /// Requests without an answer, those of them that must have one, and whether the client kept to the protocol so far.
    asked: BTreeSet<RequestId>,
    open: BTreeSet<RequestId>,
    next: RequestId,
    proper: bool,
    beat: u32,
}

struct Table {
    pool: Pool,
    relay: Arc<Relay>,
    local: PeerId,
    clients: Vec<Client>,
    /// Where each receipt of the relay stands.
    signed: BTreeMap<(GameId, Epoch, Seq), Hash>,
}

fn peer(n: u8) -> PeerId {
    let identity = Identity::ed25519_from_bytes([n; 32]);
    identity.map_or_else(|_| PeerId::random(), |key| key.public().to_peer_id())
}

impl Table {
    async fn begin(input: &mut Choices<'_>) -> Option<Self> {
        let pool = Pool::begin(input, &[ORDER, 8])?;
        let local = peer(90);
        let log = Arc::new(MemoryLog::default());
        let relay = Relay::new(Limits::default(), key(ORDER), log, Node::alone(local));
        let mut table = Self {
            pool,
            relay,
            local,
            clients: Vec::new(),
            signed: BTreeMap::new(),
        };
        for n in 0..CLIENTS {
            let client = table.connect(n);
            table.clients.push(client);
        }
        table.settle().await;
        // Usually the game is there and watched; an input can do without.
        let kind = input.byte();
        for who in 0..CLIENTS {
            if kind >> who & 1 == 0 {
                table.hello(who);
                table.settle().await;
            }
        }
        if kind & 16 == 0 {
            let genesis = table.pool.items[0].clone();
            table.submit(0, genesis);
            table.settle().await;
            let game = table.pool.players[0].game().id();
            for who in 0..CLIENTS {
                table.ask(who, |id| Request::Watch {
                    id,
                    game,
                    after: None,
                });
                table.settle().await;
            }
        }
        Some(table)
    }

    fn connect(&self, n: usize) -> Client {
        let (near, far) = pipe();
        let peer = peer(100 + n as u8);
        let is_relay = n == CLIENTS - 1;
        let task = tokio::spawn(session::run_over(self.relay.clone(), near, peer, is_relay));
        Client {
            far: Some(far),
            task,
            peer,
            cutter: Frames::default(),
            nonce: None,
            ready: false,
            bye: false,
            asked: BTreeSet::new(),
            open: BTreeSet::new(),
            next: 1,
            proper: true,
            beat: 0,
        }
    }

    fn send(&mut self, who: usize, bytes: Vec<u8>) {
        if let Some(far) = &self.clients[who].far {
            far.send(bytes);
        }
    }

    fn hello(&mut self, who: usize) {
        let client = &self.clients[who];
        let Some(nonce) = client.nonce else { return };
        let body = |n: u8| Hello {
            player: key(n).player(),
            from: client.peer.to_bytes(),
            to: self.local.to_bytes(),
            nonce,
        };
        let hello = (who < 2).then(|| {
            let n = who as u8 + 1;
            key(n).sign(GameId::NONE, body(n))
        });
        let hello = Request::Hello {
            versions: vec![VERSION],
            agent: "fuzz".into(),
            hello,
            token: None,
        };
        self.send(who, wire::frame(&hello));
    }

    /// Sends a request that must be answered.
    fn ask(&mut self, who: usize, request: impl FnOnce(RequestId) -> Request) {
        let client = &mut self.clients[who];
        let id = client.next;
        client.next += 1;
        client.asked.insert(id);
        if client.ready {
            client.open.insert(id);
        }
        let frame = wire::frame(&request(id));
        self.send(who, frame);
    }

    fn submit(&mut self, who: usize, item: Item) {
        let game = self.pool.players[0].game().id();
        self.ask(who, |id| Request::Submit { id, game, item });
    }

    async fn settle(&mut self) {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        for who in 0..CLIENTS {
            let Some(far) = &mut self.clients[who].far else {
                continue;
            };
            let bytes = far.take();
            self.clients[who].cutter.push(&bytes);
            loop {
                let frame = self.clients[who].cutter.next_frame();
                let frame = frame.expect("the relay's frames are no longer than they may be");
                let Some(frame) = frame else { break };
                let push = wire::decode_push(frame);
                let push = push.expect("the relay's frames are in their one form");
                self.heard(who, push);
            }
        }
    }

    fn heard(&mut self, who: usize, push: Push) {
        let client = &mut self.clients[who];
        assert!(!client.bye, "something behind the last word: {push:?}");
        let first = client.nonce.is_none();
        assert_eq!(first, matches!(push, Push::Welcome { .. }), "{push:?}");
        match push {
            Push::Welcome { nonce, order, .. } => {
                assert_eq!(order, key(ORDER).order());
                client.nonce = Some(nonce);
            }
            Push::Ready { v } => {
                assert!(!client.ready && v == VERSION, "ready twice");
                client.ready = true;
            }
            Push::Bye { .. } => client.bye = true,
            Push::Done { id } | Push::Refused { id, .. } => {
                assert!(client.ready, "an answer before the hello");
                client.open.remove(&id);
                let asked = client.asked.remove(&id);
                assert!(asked || !client.proper, "answered what was not asked: {id}");
            }
            Push::Items { items, .. } => {
                assert!(client.ready, "items before the hello");
                items.into_iter().for_each(|item| self.told(item));
            }
            Push::Beat { n, .. } => {
                assert!(client.ready && n > client.beat, "heartbeats count up");
                client.beat = n;
            }
            Push::Joined { join, .. } => {
                let fellow = who == CLIENTS - 1;
                assert!(who == 0 || fellow, "a wish goes to the creator alone");
                let game = self.pool.players[0].game().id();
                assert!(join.body.player.signed(game, &join), "a wish of nobody");
            }
            Push::Said { .. } | Push::Presence { .. } | Push::Lobby { .. } => {
                assert!(client.ready, "{push:?} before the hello");
            }
        }
    }

    /// A receipt of the relay is well signed, and is the only one for its place.
    fn told(&mut self, item: Item) {
        if let Item::Receipt { by, receipt } = &item
            && *by == key(ORDER).order()
        {
            let body = &receipt.body;
            assert!(by.signed(body.game, receipt), "{receipt:?}");
            let place = (body.game, body.epoch, body.seq);
            let first = *self.signed.entry(place).or_insert(receipt.hash());
            assert_eq!(first, receipt.hash(), "two receipts for one place");
        }
        self.pool.put(item);
    }

    async fn step(&mut self, input: &mut Choices<'_>) {
        let kind = input.byte();
        let who = usize::from(kind >> 6);
        let game = self.pool.players[0].game().id();
        match kind & 31 {
            0..=7 => {
                if let Some(item) = self.pool.act(input) {
                    self.submit(who, item);
                }
            }
            8 | 9 => {
                let item = self.pool.any(input);
                self.submit(who, item);
            }
            10 => self.pool.hear_news(),
            11 => {
                let join = Join {
                    player: key(2 + kind / 128).player(),
                    nonce: Nonce([input.byte(); 16]),
                };
                let join = key(2 + input.below(2) as u8).sign(game, join);
                self.ask(who, |id| Request::Join { id, game, join });
            }
            12 => {
                let receipts: Vec<Hash> = self.signed.values().copied().collect();
                let after = input.of(&receipts);
                let game = if input.below(8) == 0 {
                    GameId([input.byte(); 32])
                } else {
                    game
                };
                self.ask(who, |id| Request::Watch { id, game, after });
            }
            13 => self.send(who, wire::frame(&Request::Unwatch { game })),
            14 => {
                let listed = input.flag();
                self.ask(who, |id| Request::List { id, game, listed });
            }
            15 => {
                let on = input.flag();
                self.send(who, wire::frame(&Request::Lobby { on }));
            }
            16 => {
                let said = self.said(input);
                self.ask(who, |id| Request::Say { id, game, said });
            }
            17 => {
                let n = if input.flag() {
                    self.clients[who].beat
                } else {
                    input.number() as u32
                };
                self.send(who, wire::frame(&Request::Echo { n }));
            }
            18 => {
                self.hello(who);
                self.clients[who].proper = false;
            }
            19 => self.clients[who].far = None,
            20 => {
                self.clients[who].task.abort();
                let client = self.connect(who);
                self.clients[who] = client;
                self.settle().await;
                self.hello(who);
            }
            21 | 22 => {
                // Any bytes; from here on anything may come back.
                let n = input.below(64);
                let bytes = input.bytes(n).to_vec();
                self.clients[who].proper = false;
                self.send(who, bytes);
            }
            23 => {
                // Any value in a frame that is whole.
                let n = input.below(128);
                let bytes = input.bytes(n).to_vec();
                self.clients[who].proper = false;
                self.send(who, vec![bytes.len() as u8]);
                self.send(who, bytes);
            }
            24 => {
                // An item of any content, in its form.
                let mut bytes = codec::encode(&self.pool.any(input));
                let at = input.word() as usize % bytes.len();
                bytes[at] = bytes[at].wrapping_add(input.byte());
                if let Ok(item) = codec::decode::<Item>(&bytes, MAX_ITEM_BYTES) {
                    self.submit(who, item);
                }
            }
            25 => {
                // A frame in pieces.
                let frame = wire::frame(&Request::Lobby { on: false });
                let (one, other) = frame.split_at(input.below(frame.len()));
                self.send(who, one.to_vec());
                self.settle().await;
                self.send(who, other.to_vec());
            }
            _ => {}
        }
        if kind & 32 == 0 {
            self.settle().await;
            self.pool.hear_news();
        }
    }

    fn said(&self, input: &mut Choices) -> rookery_ledger::record::Signed<Said> {
        let by = &self.pool.players[input.below(2)];
        let at = by.game().state().line.head();
        let n = input.byte();
        let message = match n {
            0..=63 => Message::Chat {
                text: "é".repeat(usize::from(n) * 16),
            },
            64..=127 => Message::Decline { at },
            128..=191 => Message::AskTakeback {
                at,
                to_ply: rookery_ledger::id::Ply::new(u64::from(n & 7)),
                consent: None,
            },
            _ => Message::Signal {
                data: "x".repeat(usize::from(n) * 64),
            },
        };
        let mut said = by.say(message, Millis::new(self.pool.now));
        said.sig.0[0] ^= u8::from(input.below(8) == 7);
        said
    }

    async fn end(mut self) {
        self.settle().await;
        for client in &self.clients {
            let cut = client.bye || client.far.is_none() || !client.proper || !client.ready;
            assert!(
                cut || client.open.is_empty(),
                "never answered: {:?}",
                client.open
            );
        }
        let innocent: OrderKey = key(ORDER).order();
        debug_assert_eq!(innocent, self.relay.order_key());
        self.pool.hear_all();
        self.pool.assert_innocent(&[ORDER, 8]);
        // Each session ends with its stream.
        for client in &mut self.clients {
            client.far = None;
        }
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        for client in self.clients {
            assert!(
                client.task.is_finished() || client.bye,
                "a session outlives its stream"
            );
        }
    }
}
