//! The folds: any records, receipts and the rest, honest or not, give one state in every order and part.

use rookery_ledger::id::{Epoch, Hash, Height, Millis, Nonce, OrderKey, Ply, Seq};
use rookery_ledger::player::Options;
use rookery_ledger::record::{
    Clock, Consent, Home, Item, Lapsed, Move, Place, Receipt, Record, Rewind, Seat, Signed,
    Variant, What,
};
use rookery_ledger::{Colour, Game, Line, Player, pgn};
use rookery_verify::properties::{check_bytes, check_items, lies, proven};
use shakmaty::Position as _;

use crate::input::Choices;
use crate::pool::key;

/// The most items of a game: the checks fold it several times.
const ITEMS: usize = 28;
/// Creator, joiner, another joiner.
const PLAYERS: [u8; 3] = [1, 2, 3];
/// The homes, and a relay that is none.
const RELAYS: [u8; 3] = [9, 8, 7];

/// A history as players and relays step through it, some of them lying.
pub fn history(data: &[u8]) {
    if let Err(what) = check_bytes(data) {
        panic!("{what}");
    }
}

/// Signed items of any content.
pub fn fold(data: &[u8]) {
    let mut input = Choices::new(data);
    let mix = input.word() as u16;
    let Some(mut script) = Script::begin(&mut input) else {
        return;
    };
    while !input.is_over() && script.items.len() < ITEMS {
        script.step(&mut input);
    }
    if let Err(what) = check_items(&script.items, mix) {
        panic!("{what}\nof {:#?}", script.items);
    }
    let text = pgn::write(&script.game);
    assert!(text.starts_with("[Event "), "{text}");
}

/// Both show one state of the same items.
pub(crate) fn assert_same(one: &Game, other: &Game, words: &str) {
    let (a, b) = (one.state(), other.state());
    assert_eq!(a.line.head(), b.line.head(), "{words}");
    assert_eq!(a.line.fen(), b.line.fen(), "{words}");
    assert_eq!(a.line.moves(), b.line.moves(), "{words}");
    assert_eq!(a.line.draw_offer(), b.line.draw_offer(), "{words}");
    assert_eq!(a.outcome(), b.outcome(), "{words}");
    assert_eq!(a.clocks, b.clocks, "{words}");
    assert_eq!(a.counted, b.counted, "{words}");
    assert_eq!(a.missing, b.missing, "{words}");
    assert_eq!(proven(one), proven(other), "{words}");
}

/// Items that were signed so far, and the game as it stands where they came in this order.
struct Script {
    items: Vec<Item>,
    game: Game,
    now: u64,
}

impl Script {
    fn begin(input: &mut Choices) -> Option<Self> {
        const STARTS: [(&str, Variant); 4] = [
            (
                "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
                Variant::Standard,
            ),
            (
                "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1",
                Variant::Chess960,
            ),
            ("4k3/8/8/8/8/8/8/R3K3 w - - 96 80", Variant::Standard),
            ("6k1/P4ppp/8/8/8/8/5PPp/6K1 w - - 0 1", Variant::Standard),
        ];
        let clock = match input.below(6) {
            0 | 1 => Clock::None,
            2 => Clock::Days { days: 1 },
            3 => Clock::Live {
                initial_s: 1,
                inc_s: 0,
            },
            _ => Clock::Live {
                initial_s: 60,
                inc_s: 2,
            },
        };
        let (start, variant) = input.of(&STARTS)?;
        let kinds = input.byte();
        let options = Options {
            variant,
            start: start.into(),
            moves: Vec::new(),
            clock,
            colour: [Some(Colour::White), Some(Colour::Black), None, None][usize::from(kinds & 3)],
            seat: (kinds & 12 == 12).then(|| key(PLAYERS[1]).player()),
            takebacks: kinds & 16 == 0,
            homes: RELAYS[..2].iter().map(|n| key(*n).order()).collect(),
            from: None,
        };
        let (nonce, secret) = (Nonce([1; 16]), Nonce([2; 16]));
        let creator = Player::create(key(PLAYERS[0]), options, nonce, secret).ok()?;
        let genesis = creator.game().genesis().clone();
        let mut script = Self {
            game: Game::new(genesis.clone()).ok()?,
            items: vec![Item::Genesis(genesis)],
            now: 1_000_000,
        };
        // What nearly every game begins with; without it hardly anything can follow.
        if kinds & 0x60 != 0x60 {
            script.order(What::Genesis, RELAYS[0]);
            script.seat(PLAYERS[1], false);
            script.order_last(RELAYS[0]);
        }
        Some(script)
    }

    fn put(&mut self, item: Item) {
        // What is refused here may be taken where it comes at another time.
        let _ = self.game.insert(item.clone());
        self.items.push(item);
    }

    fn sign(&mut self, by: u8, record: Record) {
        let signed = key(by).sign(self.game.id(), record);
        self.put(Item::Record(signed));
    }

    fn records(&self) -> Vec<Hash> {
        let records = self.items.iter().filter_map(|item| match item {
            Item::Record(record) => Some(record.hash()),
            _ => None,
        });
        records.collect()
    }

    fn receipts(&self) -> Vec<Receipt> {
        let receipts = self.items.iter().filter_map(|item| match item {
            Item::Receipt { receipt, .. } => Some(receipt.body),
            _ => None,
        });
        receipts.collect()
    }

    /// The next receipt of a relay in its order.
    fn order(&mut self, what: What, relay: u8) {
        let (by, now) = (key(relay), Millis::new(self.now));
        let lag = Millis::new(self.now % 700);
        let receipt = self.game.next_receipt(by.order(), what, now, lag);
        self.put(Game::sign_receipt(&by, receipt));
    }

    fn order_last(&mut self, relay: u8) {
        if let Some(last) = self.records().last() {
            self.order(What::Record(*last), relay);
        }
    }

    fn seat(&mut self, joiner: u8, other: bool) {
        let id = self.game.id();
        let join = rookery_ledger::record::Join {
            player: key(joiner).player(),
            nonce: Nonce([3 + u8::from(other); 16]),
        };
        let drawn = matches!(
            self.game.genesis().body.colours,
            rookery_ledger::record::Colours::Drawn { .. }
        );
        let record = Record::Seat(Seat {
            at: Place {
                prev: id.as_hash(),
                height: Height::new(1),
                on: self.on(),
            },
            join: key(joiner).sign(id, join),
            reveal: drawn.then_some(Nonce([2; 16])),
        });
        self.sign(PLAYERS[0], record);
    }

    fn on(&self) -> Option<Hash> {
        self.game.state().last_receipt().map(|last| last.hash)
    }

    /// The head that counts, or any other that is known, and the state of play there.
    fn head(&self, input: &mut Choices) -> Line {
        let tip = self.game.state().line.clone();
        match input.byte() {
            0..=191 => tip,
            n => {
                let records = self.records();
                let head = records.get(usize::from(n) % records.len().max(1));
                head.and_then(|head| self.game.line_at(*head))
                    .unwrap_or(tip)
            }
        }
    }

    /// Where a record on `line` stands; now and then where it may not.
    fn place(&self, line: &Line, input: &mut Choices) -> Place {
        let mut place = Place {
            prev: line.head(),
            height: line.height().next(),
            on: if self.game.is_clocked() {
                self.on()
            } else {
                None
            },
        };
        match input.byte() {
            250.. => place.height = Height::new(input.number()),
            245..=249 => place.on = self.any_receipt(input),
            240..=244 => place.prev = Hash([input.byte(); 32]),
            _ => {}
        }
        place
    }

    fn any_receipt(&self, input: &mut Choices) -> Option<Hash> {
        let receipts = self.receipts();
        let receipt = receipts.get(input.below(receipts.len() + 1));
        receipt.map(rookery_ledger::codec::hash)
    }

    /// Who may sign at the head, or now and then somebody else.
    fn author(line: &Line, input: &mut Choices) -> u8 {
        let who = line.author();
        let right = PLAYERS.into_iter().find(|n| key(*n).player() == who);
        match (input.byte(), right) {
            (n @ 245.., _) => PLAYERS[usize::from(n) % PLAYERS.len()],
            (_, Some(right)) => right,
            (_, None) => PLAYERS[0],
        }
    }

    fn other(line: &Line) -> u8 {
        let players = line.players();
        let waits = players.map(|players| *players.get(line.turn().other()));
        let waits = PLAYERS
            .into_iter()
            .find(|n| Some(key(*n).player()) == waits);
        waits.unwrap_or(PLAYERS[1])
    }

    fn step(&mut self, input: &mut Choices) {
        self.now += 300;
        match input.byte() % 24 {
            0..=7 => self.play(input),
            8 => {
                let line = self.head(input);
                let (at, by) = (self.place(&line, input), Self::author(&line, input));
                let end = input.of(&[Record::Draw, Record::Resign, Record::Abort]);
                end.into_iter().for_each(|end| self.sign(by, end(at)));
            }
            9 => self.rewind(input),
            10 => {
                let line = self.head(input);
                let by = if input.below(8) == 0 {
                    Self::author(&line, input)
                } else {
                    Self::other(&line)
                };
                self.sign(by, Record::ResignAt { at: line.head() });
            }
            11 => {
                let joiner = input.of(&PLAYERS).unwrap_or(PLAYERS[1]);
                self.seat(joiner, input.flag());
            }
            12 => self.order_last(RELAYS[input.below(16) / 8 * input.below(3)]),
            13 => {
                let records = self.records();
                let record = records.get(input.below(records.len())).copied();
                let relay = input.of(&RELAYS).unwrap_or(RELAYS[0]);
                record
                    .into_iter()
                    .for_each(|hash| self.order(What::Record(hash), relay));
            }
            14 => {
                let what = match input.below(6) {
                    0 => What::Genesis,
                    1 => What::Gap {
                        ms: Millis::new(input.number()),
                    },
                    2 => What::Gap {
                        ms: self.game.longest_gap(Millis::new(self.now)),
                    },
                    3 => What::Flag,
                    4 => What::Home(Hash([input.byte(); 32])),
                    _ => What::Continued(Hash([input.byte(); 32])),
                };
                self.order(what, RELAYS[input.below(16) / 15]);
            }
            15 => self.bend(input),
            16 => self.home(input),
            17 => self.commit(input),
            18 => {
                let relay = key(RELAYS[input.below(3)]);
                let lapsed = Lapsed {
                    game: self.game.id(),
                    epoch: Epoch::new(input.below(4) as u64),
                };
                let (by, lapsed) = (relay.order(), relay.sign(self.game.id(), lapsed));
                self.put(Item::Lapsed { by, lapsed });
            }
            19 => {
                if let Some((item, seat)) = lies::continuation(&self.game, input.below(256)) {
                    self.put(item);
                    if input.flag() {
                        self.order(What::Continued(seat), RELAYS[0]);
                    }
                }
            }
            20 => self.now += input.word() * 2,
            21 => {
                let again = self.items.get(input.below(self.items.len())).cloned();
                if let Some(Item::Record(mut record)) = again {
                    // The same body under another signature.
                    record.sig = key(PLAYERS[input.below(3)])
                        .sign(self.game.id(), record.body.clone())
                        .sig;
                    record.sig.0[63] ^= u8::from(input.below(8) == 0);
                    self.put(Item::Record(record));
                }
            }
            22 => {
                let pick = input.word() as usize;
                let forged = lies::forged(&self.game, pick);
                forged.into_iter().for_each(|item| self.put(item));
            }
            _ => {
                let pick = input.word() as usize;
                let relay = key(RELAYS[input.below(16) / 15]);
                let told = lies::wrong_receipt(&self.game, &relay, Millis::new(self.now), pick);
                told.into_iter().for_each(|item| self.put(item));
            }
        }
    }

    fn play(&mut self, input: &mut Choices) {
        let line = self.head(input);
        let (at, by) = (self.place(&line, input), Self::author(&line, input));
        let legal = line.position().legal_moves();
        let uci = legal.get(input.below(legal.len()));
        let uci = uci.map(|m| m.to_uci(line.castling_mode()).to_string());
        let kinds = input.byte();
        let record = Record::Move(Move {
            at,
            uci: uci.unwrap_or_else(|| "0000".into()),
            think_ms: Millis::new(u64::from(kinds >> 4) * 100),
            offer: kinds & 7 == 7,
        });
        self.sign(by, record);
        if kinds & 8 == 0 {
            self.order_last(RELAYS[0]);
        }
    }

    fn rewind(&mut self, input: &mut Choices) {
        let line = self.head(input);
        let (at, by) = (self.place(&line, input), Self::author(&line, input));
        let other = if input.below(8) == 0 {
            by
        } else {
            Self::other(&line)
        };
        let consent = Consent {
            at: if input.below(8) == 0 {
                self.records().first().copied().unwrap_or(at.prev)
            } else {
                at.prev
            },
            to_ply: Ply::new(line.ply().get().saturating_sub(input.below(4) as u64)),
        };
        let consent = key(other).sign(self.game.id(), consent);
        self.sign(by, Record::Rewind(Rewind { at, consent }));
        if input.flag() {
            self.order_last(RELAYS[0]);
        }
    }

    /// A receipt like one that there is, with something changed.
    fn bend(&mut self, input: &mut Choices) {
        let receipts = self.receipts();
        let Some(mut receipt) = receipts.get(input.below(receipts.len())).copied() else {
            return;
        };
        match input.below(8) {
            0 => receipt.seq = Seq::new(input.number()),
            1 => receipt.epoch = Epoch::new(input.number()),
            2 => receipt.prev = self.any_receipt(input),
            3 => receipt.at_ms = Millis::new(input.number()),
            4 => receipt.lag_ms = Millis::new(input.number()),
            5 => {
                let records = self.records();
                let record = records.get(input.below(records.len())).copied();
                receipt.what = record.map_or(What::Flag, What::Record);
            }
            6 => receipt.seq = receipt.seq.next(),
            _ => {
                receipt.what = What::Gap {
                    ms: Millis::new(input.word()),
                }
            }
        }
        let relay = key(RELAYS[input.below(3) * input.below(2)]);
        self.put(Game::sign_receipt(&relay, receipt));
    }

    fn home(&mut self, input: &mut Choices) {
        let kinds = input.byte();
        let to: OrderKey = key(RELAYS[usize::from(kinds & 3).min(2)]).order();
        let after = if kinds & 4 == 0 {
            self.on()
        } else {
            self.any_receipt(input)
        };
        let home = Home {
            game: self.game.id(),
            epoch: Epoch::new(u64::from(kinds >> 3 & 3)),
            to,
            after: after.unwrap_or(self.game.id().as_hash()),
        };
        for (i, by) in PLAYERS.into_iter().enumerate() {
            if kinds >> (5 + i) & 1 == 0 {
                let signed: Signed<Home> = key(by).sign(self.game.id(), home);
                self.put(Item::Home(signed));
            }
        }
    }

    /// The first receipt of the epoch that a `Home` opens.
    fn commit(&mut self, input: &mut Choices) {
        let homes: Vec<Home> = self
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Home(home) => Some(home.body),
                _ => None,
            })
            .collect();
        let Some(home) = homes.get(input.below(homes.len())) else {
            return;
        };
        let receipt = self.game.commit_receipt(home, Millis::new(self.now));
        let relay = RELAYS.into_iter().find(|n| key(*n).order() == home.to);
        let relay = key(relay.unwrap_or(RELAYS[1]));
        self.put(Game::sign_receipt(&relay, receipt));
    }
}
