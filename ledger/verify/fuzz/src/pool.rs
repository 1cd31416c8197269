//! Two honest players, and what was signed in their game: the fuzzer says who acts, and who hears what.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rookery_ledger::id::{Epoch, Hash, Millis, Nonce, PlayerKey, Ply};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Home, Item, Record, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Player};
use shakmaty::Position as _;

use crate::input::Choices;

/// Creator and joiner.
const PLAYERS: [u8; 2] = [1, 2];

/// The key with these secret bytes. A key takes longer to make than most of what is done with it.
pub(crate) fn key(n: u8) -> Keypair {
    static KEYS: [OnceLock<Keypair>; 10] = [const { OnceLock::new() }; 10];
    let make = || Keypair::from_secret(&[n; 32]);
    match KEYS.get(usize::from(n)) {
        Some(kept) => kept.get_or_init(make).clone(),
        None => make(),
    }
}

/// The players and all items.
pub(crate) struct Pool {
    pub(crate) players: [Player; 2],
    pub(crate) items: Vec<Item>,
    /// ms.
    pub(crate) now: u64,
    /// How many of the items both players heard.
    heard: usize,
    secret: Nonce,
    records: BTreeMap<(PlayerKey, Hash), Hash>,
    homes: BTreeMap<(PlayerKey, Epoch), Home>,
}

impl Pool {
    /// A game of which nobody but its creator knows yet; `homes` are the secret bytes of the relays' keys.
    pub(crate) fn begin(input: &mut Choices, homes: &[u8]) -> Option<Self> {
        const STARTS: [&str; 3] = [
            "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
            "4k3/8/8/8/8/8/8/R3K3 w - - 96 80",
            "6k1/P4ppp/8/8/8/8/5PPp/6K1 w - - 0 1",
        ];
        let kinds = input.byte();
        let clock = match kinds & 7 {
            0..=2 => Clock::Live {
                initial_s: 60,
                inc_s: 1,
            },
            3 => Clock::Live {
                initial_s: 1,
                inc_s: 0,
            },
            4 => Clock::Days { days: 1 },
            _ => Clock::None,
        };
        let options = Options {
            variant: Variant::Standard,
            start: STARTS[usize::from(kinds >> 3 & 3) % STARTS.len()].into(),
            moves: Vec::new(),
            clock,
            colour: [Some(Colour::White), Some(Colour::Black), None, None]
                [usize::from(kinds >> 5 & 3)],
            seat: None,
            takebacks: kinds & 128 == 0,
            homes: homes.iter().map(|n| key(*n).order()).collect(),
            from: None,
        };
        let secret = Nonce([2; 16]);
        let creator = Player::create(key(PLAYERS[0]), options, Nonce([1; 16]), secret).ok()?;
        let genesis = creator.game().genesis().clone();
        let joiner = Player::open(key(PLAYERS[1]), genesis.clone(), None).ok()?;
        Some(Self {
            players: [creator, joiner],
            items: vec![Item::Genesis(genesis)],
            now: 1_000_000,
            heard: 0,
            secret,
            records: BTreeMap::new(),
            homes: BTreeMap::new(),
        })
    }

    pub(crate) fn put(&mut self, item: Item) {
        if !self.items.contains(&item) {
            self.items.push(item);
        }
    }

    /// One of the items, often the last.
    pub(crate) fn any(&self, input: &mut Choices) -> Item {
        let n = input.byte();
        let at = if n < 128 {
            (self.items.len() - 1).saturating_sub(usize::from(n / 32))
        } else {
            usize::from(n) % self.items.len()
        };
        self.items[at].clone()
    }

    /// A player hears something.
    pub(crate) fn hear(&mut self, who: usize, item: Item) {
        // A refusal tells a player that the other one, or a relay, is at fault.
        let _ = self.players[who].receive(item);
    }

    /// A player does something, if it may.
    pub(crate) fn act(&mut self, input: &mut Choices) -> Option<Item> {
        let kind = input.byte();
        let who = match self.players[0].game().state().line.players() {
            // So that most acts are possible.
            Some(_) if kind & 0x80 == 0 => {
                let turn = self.players[0].game().state().line.turn();
                usize::from(self.players[0].colour() != Some(turn))
            }
            _ => usize::from(kind >> 6 & 1),
        };
        let item = self.sign(kind & 31, who, input)?;
        self.signed(who, &item);
        self.put(item.clone());
        Some(item)
    }

    fn sign(&mut self, kind: u8, who: usize, input: &mut Choices) -> Option<Item> {
        let [creator, joiner] = &mut self.players;
        if creator.game().state().line.players().is_none() {
            let nonce = Nonce([input.byte() | 4; 16]);
            return creator.seat(joiner.join(nonce).ok()?).ok();
        }
        let (own, other) = if who == 0 {
            (creator, joiner)
        } else {
            (joiner, creator)
        };
        match kind {
            0 => own.draw().ok(),
            1 => own.resign().ok(),
            2 => own.abort().ok(),
            3 | 4 => {
                let ply = own.game().state().line.ply().get();
                let to = Ply::new(ply.saturating_sub(1 + input.below(3) as u64));
                own.rewind(other.consent(to).ok()?).ok()
            }
            5 | 6 => {
                let homes = own.game().genesis().body.homes.clone();
                own.move_home(input.of(&homes)?).ok()
            }
            7..=9 => {
                let asked = self.items.iter().rev().find_map(|item| match item {
                    Item::Home(home) => Some(home.body),
                    _ => None,
                });
                own.agree_home(asked?).ok()
            }
            _ => {
                let line = &own.game().state().line;
                let legal = line.position().legal_moves();
                let uci = legal.get(input.below(legal.len()))?;
                let uci = uci.to_uci(line.castling_mode()).to_string();
                own.play(&uci, Millis::new(400), kind == 31).ok()
            }
        }
    }

    /// An honest player signs one record for a place, one `Home` for an epoch, and nothing twice in two ways.
    fn signed(&mut self, who: usize, item: &Item) {
        let by = self.players[who].key();
        match item {
            Item::Record(record) => {
                let hash = record.hash();
                let prev = match &record.body {
                    Record::ResignAt { at } => *at,
                    body => body.place().map_or(hash, |place| place.prev),
                };
                let first = *self.records.entry((by, prev)).or_insert(hash);
                assert_eq!(first, hash, "two records for one place: {record:?}");
            }
            Item::Home(home) => {
                let first = self.homes.entry((by, home.body.epoch)).or_insert(home.body);
                assert_eq!(*first, home.body, "two homes for one epoch");
            }
            _ => {}
        }
    }

    /// A player's device starts again and reads what it stored, in any order: nothing changes.
    pub(crate) fn reload(&mut self, who: usize, input: &mut Choices) {
        let before = &self.players[who];
        let genesis = before.game().genesis().clone();
        let secret = (who == 0).then_some(self.secret);
        let Ok(mut after) = Player::open(key(PLAYERS[who]), genesis, secret) else {
            panic!("a stored game does not open");
        };
        let mut items = before.game().items();
        let len = items.len();
        items.rotate_left(input.below(len));
        if input.flag() {
            items.reverse();
        }
        // What rests on what comes later is taken the second time at the latest.
        for item in items.iter().chain(&items) {
            let _ = after.receive(item.clone());
        }
        after.resume();
        assert_eq!(
            after.moving(),
            before.moving(),
            "the open Home after a reload"
        );
        crate::fold::assert_same(after.game(), before.game(), "after a reload");
        let pending = |player: &Player| player.pending().map(|(hash, _)| hash);
        assert_eq!(pending(&after), pending(before), "the record on its way");
        assert_eq!(after.unsent(), before.unsent(), "what is sent again");
        self.players[who] = after;
    }

    /// Both players hear what came since they last heard everything.
    pub(crate) fn hear_news(&mut self) {
        for at in self.heard..self.items.len() {
            self.hear(0, self.items[at].clone());
            self.hear(1, self.items[at].clone());
        }
        self.heard = self.items.len();
    }

    /// Both players hear everything, until nothing is news.
    pub(crate) fn hear_all(&mut self) {
        for _ in 0..2 {
            for item in self.items.clone() {
                self.hear(0, item.clone());
                self.hear(1, item);
            }
        }
    }

    /// Nobody can prove anything against the honest.
    pub(crate) fn assert_innocent(&self, relays: &[u8]) {
        use rookery_ledger::Proof::{
            DoubleReceipt, Equivocation, InvalidReceipt, LapsedAndCommitted, Splice, TimeRunsBack,
        };
        let players = PLAYERS.map(|n| key(n).player());
        let honest: Vec<_> = relays.iter().map(|n| key(*n).order()).collect();
        for player in &self.players {
            for proof in &player.game().state().proofs {
                assert!(proof.holds(player.game()), "{proof:?}");
                match proof {
                    Equivocation { author, .. } => {
                        assert!(!players.contains(author), "{proof:?}");
                    }
                    DoubleReceipt { by, .. }
                    | Splice { by, .. }
                    | TimeRunsBack { by, .. }
                    | LapsedAndCommitted { by, .. }
                    | InvalidReceipt { by, .. } => {
                        assert!(!honest.contains(by), "{proof:?}");
                    }
                }
            }
        }
    }
}
