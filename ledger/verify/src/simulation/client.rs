//! A player's device: connects, goes on by itself whatever happens, and keeps what it must not lose. What it plays is in
//! `manners`, when it asks for another home in `moving`.

mod hearing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rookery_ledger::id::{Epoch, GameId, Hash, Millis, Nonce, OrderKey};
use rookery_ledger::record::{Genesis, Item, Message, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Request, RequestId};
use rookery_ledger::{Player, codec};
use rookery_relay::outbox::SessionId;

use super::manners::Manners;
use super::witness::Witness;
use crate::real::Random;

/// Between two attempts, ms.
pub(super) const RETRY_MS: u64 = 300;
/// The longest wait for a home that cannot be reached, ms.
const MOST_RETRY_MS: u64 = 2_400;
/// A request without an answer for so long means that the relay is gone.
const ANSWER_MS: u64 = 3_000;
/// What is done and has no receipt that counts is said again after so long.
const VOID_MS: u64 = 1_000;
/// A wish to sit down is said again after so long.
const JOIN_AGAIN_MS: u64 = 4_000;

/// What a device wants done.
#[derive(Debug)]
pub(super) enum Out {
    Connect(usize),
    Close(SessionId),
    Request(SessionId, Box<Request>),
    /// To the other player's device, without a relay.
    Direct(Vec<Item>),
    /// Look again then.
    Wake(u64),
}

/// Why somebody is at the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Creator,
    /// Wants the seat.
    Joiner,
    /// Looks on.
    Watcher,
}

/// The session that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) relay: usize,
    pub(super) order: OrderKey,
    pub(super) since: u64,
}

/// A request on its way.
#[derive(Debug)]
struct Asked {
    sent: u64,
    /// The item that was submitted.
    item: Option<Hash>,
    /// Whether that is an own record.
    record: bool,
}

/// One device with one game.
pub(super) struct Client {
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) key: Keypair,
    pub(super) genesis: Signed<Genesis>,
    secret: Option<Nonce>,
    pub(super) id: GameId,
    pub(super) player: Player,
    /// What outlives the program: own records at once, what came from others a little later.
    stored: Vec<Item>,
    fresh: Vec<Item>,
    /// Frozen until then.
    pub(super) asleep: u64,
    pub(super) session: Option<Session>,
    pub(super) connecting: Option<usize>,
    /// The relay that it goes to first, and where it goes now.
    pub(super) prefers: usize,
    pub(super) target: usize,
    pub(super) retry: Option<u64>,
    /// Since when each relay is out of reach.
    pub(super) down: [Option<u64>; 2],
    /// What each relay signs with, as far as it said.
    pub(super) keys: [Option<OrderKey>; 2],
    /// When a relay said that it cannot reach the home.
    pub(super) no_home: Option<u64>,
    /// How long it waits when that is said again, ms.
    no_home_wait: u64,
    /// When a relay refused something because its clock was behind.
    pub(super) behind_at: Option<u64>,
    asked: BTreeMap<RequestId, Asked>,
    next: RequestId,
    /// The request for what is known of the game, until it is answered, and the receipts that came since, where they come from
    /// the beginning on.
    watch: Option<RequestId>,
    shown_here: Option<BTreeSet<Hash>>,
    /// When to say again what was refused for now.
    pub(super) again: Option<u64>,
    joined: Option<u64>,
    /// Keys that were told all that is known here.
    pub(super) told_all: BTreeSet<OrderKey>,
    pub(super) signed_home: Option<u64>,
    /// When all was told because the players counted different receipts.
    pub(super) told_at: Option<u64>,
    /// When each relay could not be reached last.
    pub(super) failed: [Option<u64>; 2],
    /// Since when there is no session.
    pub(super) alone: u64,
    /// The epoch and the receipt that counted last.
    counts: (Option<Epoch>, Option<Hash>),
    /// How many moves of home the other player signed.
    homes: usize,
    /// When the game went on last, or the other player was heard to ask for a home.
    pub(super) stirred: u64,
    pub(super) manners: Manners,
    /// The head on the board and since when.
    pub(super) shown: (Hash, u64),
    pub(super) ready: u64,
    /// What the other player said and is not answered yet.
    pub(super) heard: VecDeque<Message>,
    /// When the record that waits for a receipt was signed.
    pub(super) signed_at: Option<(Hash, u64)>,
    pub(super) direct: bool,
    pub(super) now: u64,
    pub(super) out: Vec<Out>,
    pub(super) random: Random,
}

/// What makes a client.
pub(super) struct Casting {
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) key: Keypair,
    pub(super) player: Player,
    pub(super) prefers: usize,
    pub(super) manners: Manners,
    pub(super) direct: bool,
    pub(super) random: Random,
}

impl Client {
    pub(super) fn new(casting: Casting) -> Self {
        let Casting {
            at,
            name,
            role,
            key,
            player,
            prefers,
            manners,
            direct,
            random,
        } = casting;
        let id = player.id();
        Self {
            at,
            name,
            role,
            key,
            genesis: player.game().genesis().clone(),
            secret: player.secret(),
            id,
            player,
            stored: Vec::new(),
            fresh: Vec::new(),
            asleep: 0,
            session: None,
            connecting: None,
            prefers,
            target: prefers,
            retry: None,
            down: [None; 2],
            keys: [None; 2],
            no_home: None,
            no_home_wait: RETRY_MS,
            behind_at: None,
            asked: BTreeMap::new(),
            next: 0,
            watch: None,
            shown_here: None,
            again: None,
            joined: None,
            told_all: BTreeSet::new(),
            signed_home: None,
            told_at: None,
            failed: [None; 2],
            alone: 0,
            counts: (None, None),
            homes: 0,
            stirred: 0,
            manners,
            shown: (id.as_hash(), 0),
            ready: 0,
            heard: VecDeque::new(),
            signed_at: None,
            direct,
            now: 0,
            out: Vec::new(),
            random,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.player.game().state().outcome().is_some()
    }

    /// Nothing more is to be done here. `orders`: what the relays sign with; where none of the game's homes is among them any
    /// more, what another relay stores is stored.
    pub(super) fn is_done(&self, orders: &[OrderKey]) -> bool {
        let mut homes = self.genesis.body.homes.iter();
        let home = homes.any(|home| orders.contains(home));
        let stored = |item: &Item| match item {
            Item::Record(record) => !home && self.player.game().is_receipted(record.hash()),
            _ => false,
        };
        self.is_over() && self.player.unsent().iter().all(stored)
    }

    pub(super) fn is_awake(&self) -> bool {
        self.now >= self.asleep
    }

    pub(super) fn wake_at(&mut self, at: u64) {
        self.out.push(Out::Wake(at));
    }

    fn ask(&mut self, item: Option<&Item>, request: impl FnOnce(RequestId) -> Request) {
        let Some(session) = self.session else { return };
        self.next += 1;
        let id = self.next;
        let hash = item.map(|item| match item {
            Item::Record(record) => record.hash(),
            other => codec::hash(other),
        });
        let asked = Asked {
            sent: self.now,
            item: hash,
            record: matches!(item, Some(Item::Record(_))),
        };
        self.asked.insert(id, asked);
        self.out
            .push(Out::Request(session.id, Box::new(request(id))));
        self.wake_at(self.now + ANSWER_MS + 1);
    }

    pub(super) fn submit(&mut self, item: Item) {
        let game = self.id;
        let copy = item.clone();
        self.ask(Some(&copy), move |id| Request::Submit { id, game, item });
    }

    pub(super) fn say(&mut self, message: Message) {
        let (game, said) = (self.id, self.player.say(message, Millis::new(self.now)));
        self.ask(None, move |id| Request::Say { id, game, said });
    }

    /// Keeps what was signed before it goes out.
    pub(super) fn sign(&mut self, item: Item, witness: &mut Witness) {
        self.stored.push(item.clone());
        witness.signs(self.id, &item);
        if let Item::Record(record) = &item {
            self.signed_at = Some((record.hash(), self.now));
        }
        if self.direct && matches!(item, Item::Record(_)) {
            self.out.push(Out::Direct(vec![item.clone()]));
        }
        let twice = self.random.below(40) == 0;
        if twice {
            witness.faults.count("record sent twice");
            self.submit(item.clone());
        }
        self.submit(item);
    }

    // Sessions.

    /// A session is open.
    pub(super) fn opened(&mut self, id: SessionId, relay: usize, order: OrderKey) {
        self.connecting = None;
        self.no_home_wait = RETRY_MS;
        self.session = Some(Session {
            id,
            relay,
            order,
            since: self.now,
        });
        self.down[relay & 1] = None;
        self.keys[relay & 1] = Some(order);
        self.bring_up();
        self.bring_home();
    }

    /// An attempt failed, or the session ended.
    pub(super) fn lost(&mut self, relay: usize) {
        if self.session.take().is_some() {
            self.alone = self.now;
        }
        self.connecting = None;
        self.asked.clear();
        self.again = None;
        self.joined = None;
        self.told_at = None;
        self.down[relay & 1].get_or_insert(self.now);
        self.failed[relay & 1] = Some(self.now);
        self.target = self.next_target(relay);
        self.retry = Some(self.now + RETRY_MS);
        self.wake_at(self.now + RETRY_MS);
    }

    /// Ends the session.
    pub(super) fn leave(&mut self) {
        if let Some(session) = self.session {
            self.out.push(Out::Close(session.id));
            self.lost(session.relay);
        }
    }

    /// Says what the relay may not know, and asks for what is not known here.
    fn bring_up(&mut self) {
        let game = self.id;
        if self.role == Role::Creator {
            self.submit(Item::Genesis(self.genesis.clone()));
        }
        let last = self
            .player
            .game()
            .state()
            .last_receipt()
            .map(|last| last.hash);
        let after = last
            .filter(|_| self.random.below(3) == 0 && self.player.game().state().missing.is_empty());
        self.ask(None, move |id| Request::Watch { id, game, after });
        self.watch = Some(self.next);
        self.shown_here = None;
        self.forward(self.player.to_forward());
    }

    /// Says what is not on its way.
    fn forward(&mut self, items: Vec<Item>) {
        for item in items {
            let hash = match &item {
                Item::Record(record) => record.hash(),
                other => codec::hash(other),
            };
            if self.asked.values().all(|asked| asked.item != Some(hash)) {
                self.submit(item);
            }
        }
    }

    /// A relay that does not count what counts here was not told how the game moved, or lost it: says all.
    fn catch_up(&mut self, session: Session) {
        let Some(shown) = self.shown_here.take() else {
            return;
        };
        let counted = &self.player.game().state().counted;
        let lacks = counted.iter().any(|counted| !shown.contains(&counted.hash));
        if lacks && self.told_at.is_none_or(|at| self.now >= at + 2_000) {
            self.told_at = Some(self.now);
            self.told_all.remove(&session.order);
            self.tell_all();
        }
    }

    /// The relay may lack anything: says all that is known.
    pub(super) fn tell_all(&mut self) {
        let Some(session) = self.session else { return };
        if self.told_all.insert(session.order) {
            for item in self.player.game().items() {
                self.submit(item);
            }
        }
    }

    /// Looks about: what time brings, what is to be said again, whose turn it is.
    pub(super) fn look(&mut self, witness: &mut Witness) {
        if !self.is_awake() {
            return;
        }
        self.notice();
        if self
            .asked
            .values()
            .any(|asked| self.now > asked.sent + ANSWER_MS)
        {
            return self.leave();
        }
        if self.session.is_none() && self.connecting.is_none() {
            match self.retry {
                Some(at) if at > self.now => {}
                _ => {
                    self.connecting = Some(self.target);
                    self.out.push(Out::Connect(self.target));
                }
            }
        }
        let Some(session) = self.session else { return };
        if self.again.is_some_and(|again| self.now >= again) {
            self.again = None;
            self.bring_up();
        }
        self.think_of_home(session, witness);
        self.wish(session);
        self.act(witness);
    }

    /// Notes what is on the board.
    fn notice(&mut self) {
        let head = self.player.game().state().line.head();
        if head != self.shown.0 {
            self.shown = (head, self.now);
            self.ready = self.now + self.manners.think(&mut self.random);
            let ready = self.ready;
            self.wake_at(ready);
        }
        let (player, clocked) = (&self.player, self.player.game().is_clocked());
        self.signed_at.take_if(|(hash, _)| {
            player.is_confirmed(*hash) || !clocked && player.game().is_receipted(*hash)
        });
        // A move of home may have made void what was acknowledged, or what it rests on was unknown until now.
        let state = self.player.game().state();
        let last = state.last_receipt().map(|last| last.hash);
        let epoch = self.player.game().orderer().map(|(_, epoch)| epoch);
        let waits = self.player.pending().is_some();
        let before = std::mem::replace(&mut self.counts, (epoch, last));
        if before != self.counts {
            self.no_home_wait = RETRY_MS;
            self.stirred = self.now;
        }
        let own = self.key.player();
        let homes = self.player.game().home_signatures();
        let homes = homes.filter(|(by, _)| *by != own).count();
        if std::mem::replace(&mut self.homes, homes) != homes {
            self.stirred = self.now;
        }
        if before.0 != epoch || waits && before.1 != last {
            self.try_again(0);
        }
    }

    /// Wants the seat.
    fn wish(&mut self, session: Session) {
        let seated = self.player.players().is_some();
        if self.role != Role::Joiner || seated || self.is_over() {
            return;
        }
        if self.joined.is_some_and(|at| self.now < at + JOIN_AGAIN_MS)
            || self.now < session.since + 200
        {
            return self.wake_at(self.now + 500);
        }
        if self.joined.is_some() && self.random.below(3) == 0 {
            // The creator is perhaps at the other relay.
            return self.leave();
        }
        if let Ok(join) = self.player.join(Nonce(self.random.bytes())) {
            let game = self.id;
            self.ask(None, move |id| Request::Join { id, game, join });
            self.joined = Some(self.now);
            self.wake_at(self.now + JOIN_AGAIN_MS);
        }
    }

    /// The page is loaded again: only what was stored is left.
    pub(super) fn reload(&mut self, witness: &mut Witness) {
        let kept = self.random.below(self.fresh.len() as u64 + 1);
        let kept = usize::try_from(kept).unwrap_or(0);
        self.stored.extend(self.fresh.drain(..).take(kept));
        match Player::open(self.key.clone(), self.genesis.clone(), self.secret) {
            Ok(mut player) => {
                for item in &self.stored {
                    if let Err(refusal) = player.receive(item.clone()) {
                        let words =
                            format!("P9: {} cannot read what it stored: {refusal}", self.name);
                        witness.broken(words);
                    }
                }
                player.resume();
                self.player = player;
            }
            Err(refusal) => witness.broken(format!("P9: {} cannot reload: {refusal}", self.name)),
        }
        self.heard.clear();
        self.signed_home = None;
        self.no_home = None;
        if let Some(session) = self.session {
            self.out.push(Out::Close(session.id));
        }
        self.lost(1 - self.prefers);
        self.down = [None; 2];
        self.stirred = self.now;
        self.target = self.prefers;
    }
}
