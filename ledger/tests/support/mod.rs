//! Two keys at a board, and a relay that receipts what it is told to: records are signed by hand, so that wrong ones can be too.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic
)]

use rookery_ledger::id::{Hash, Millis, Nonce, Ply};
use rookery_ledger::record::{
    Clock, Colours, Consent, Genesis, Home, Item, Join, Move, Place, Receipt, Record, Rewind, Seat,
    Signed, VERSION, Variant, What,
};
use rookery_ledger::sign::{Keypair, colours_commitment};
use rookery_ledger::{Colour, Game, Inserted, Outcome, Reason, Refusal};

pub const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
pub const T0: u64 = 1_700_000_000_000;
pub const BLITZ: Clock = Clock::Live {
    initial_s: 180,
    inc_s: 2,
};

pub fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

pub fn nonce(n: u8) -> Nonce {
    Nonce([n; 16])
}

pub fn ms(after: u64) -> Millis {
    Millis::new(T0 + after)
}

/// The creator is key 1 and has White, the joiner is key 2, the relays are keys 9 and 8.
pub fn genesis(clock: Clock) -> Genesis {
    Genesis {
        v: VERSION,
        variant: Variant::Standard,
        start: START.into(),
        moves: vec![],
        clock,
        creator: key(1).player(),
        colours: Colours::White,
        seat: None,
        takebacks: true,
        homes: vec![key(9).order(), key(8).order()],
        from: None,
        nonce: nonce(1),
    }
}

pub fn signed(genesis: Genesis) -> Signed<Genesis> {
    key(1).sign(genesis.id(), genesis)
}

pub struct Duel {
    pub game: Game,
    pub relay: Keypair,
    /// The relay's clock, ms after `T0`.
    pub now: u64,
    /// What the relay measures as lag, ms.
    pub lag: u64,
}

impl Duel {
    /// A game with both players seated.
    pub fn new(clock: Clock) -> Self {
        Self::of(genesis(clock))
    }

    pub fn of(genesis: Genesis) -> Self {
        let mut duel = Self::unseated(genesis);
        let seat = duel.seat(2, None);
        duel.count(seat).unwrap();
        duel
    }

    pub fn unseated(genesis: Genesis) -> Self {
        let mut duel = Self {
            game: Game::new(signed(genesis)).unwrap(),
            relay: key(9),
            now: 0,
            lag: 0,
        };
        if duel.game.is_clocked() {
            duel.receipt(What::Genesis).unwrap();
        }
        duel
    }

    pub fn from_fen(fen: &str, variant: Variant) -> Self {
        Self::of(Genesis {
            start: fen.into(),
            variant,
            ..genesis(Clock::None)
        })
    }

    pub fn place(&self) -> Place {
        let state = self.game.state();
        Place {
            prev: state.line.head(),
            height: state.line.height().next(),
            on: state.last_receipt().map(|last| last.hash),
        }
    }

    /// The key of the player with this colour.
    pub fn of_colour(&self, colour: Colour) -> Keypair {
        let player = *self.game.state().line.players().unwrap().get(colour);
        [key(1), key(2), key(3)]
            .into_iter()
            .find(|key| key.player() == player)
            .unwrap()
    }

    pub fn mover(&self) -> Keypair {
        self.of_colour(self.game.state().line.turn())
    }

    pub fn waiter(&self) -> Keypair {
        self.of_colour(self.game.state().line.turn().other())
    }

    pub fn sign(&self, by: &Keypair, record: Record) -> Signed<Record> {
        by.sign(self.game.id(), record)
    }

    pub fn join(&self, n: u8) -> Signed<Join> {
        key(n).sign(
            self.game.id(),
            Join {
                player: key(n).player(),
                nonce: nonce(n),
            },
        )
    }

    pub fn seat(&self, joiner: u8, reveal: Option<Nonce>) -> Signed<Record> {
        let at = Place {
            prev: self.game.id().as_hash(),
            height: rookery_ledger::id::Height::new(1),
            ..self.place()
        };
        self.sign(
            &key(1),
            Record::Seat(Seat {
                at,
                join: self.join(joiner),
                reveal,
            }),
        )
    }

    pub fn moving(&self, uci: &str) -> Signed<Record> {
        self.moving_after(uci, 0, false)
    }

    pub fn moving_after(&self, uci: &str, think: u64, offer: bool) -> Signed<Record> {
        let think_ms = Millis::new(think);
        let record = Move {
            at: self.place(),
            uci: uci.into(),
            think_ms,
            offer,
        };
        self.sign(&self.mover(), Record::Move(record))
    }

    pub fn rewinding(&self, to_ply: u64) -> Signed<Record> {
        let at = self.place();
        let consent = Consent {
            at: at.prev,
            to_ply: Ply::new(to_ply),
        };
        let consent = self.waiter().sign(self.game.id(), consent);
        self.sign(&self.mover(), Record::Rewind(Rewind { at, consent }))
    }

    /// Puts a record in and, in a clocked game, a receipt for it.
    pub fn count(&mut self, record: Signed<Record>) -> Result<Inserted, Refusal> {
        let hash = record.hash();
        let inserted = self.game.insert(Item::Record(record))?;
        if self.game.is_clocked() {
            self.receipt(What::Record(hash)).unwrap();
        }
        Ok(inserted)
    }

    pub fn play(&mut self, moves: &str) {
        for uci in moves.split_whitespace() {
            let record = self.moving(uci);
            assert_eq!(self.count(record), Ok(Inserted::New), "{uci}");
        }
    }

    pub fn next_receipt(&self, what: What) -> Receipt {
        self.game.next_receipt(
            self.relay.order(),
            what,
            ms(self.now),
            Millis::new(self.lag),
        )
    }

    pub fn receipt(&mut self, what: What) -> Result<Inserted, Refusal> {
        let receipt = Game::sign_receipt(&self.relay, self.next_receipt(what));
        self.game.insert(receipt)
    }

    /// A `Home` to `to` after the last receipt that counts.
    pub fn home(&self, epoch: u64, to: &Keypair) -> Home {
        Home {
            game: self.game.id(),
            epoch: rookery_ledger::id::Epoch::new(epoch),
            to: to.order(),
            after: self.game.state().last_receipt().unwrap().hash,
        }
    }

    pub fn ended(&self) -> Option<(Reason, Option<Colour>)> {
        self.game
            .state()
            .outcome()
            .map(|Outcome { reason, winner }| (reason, winner))
    }

    pub fn proofs(&self) -> Vec<String> {
        self.game
            .state()
            .proofs
            .iter()
            .map(|proof| match proof {
                rookery_ledger::Proof::InvalidReceipt { code, .. } => code.clone(),
                proof => proof.code().into(),
            })
            .collect()
    }
}

/// A drawn game's genesis: the secret is nonce 7.
pub fn drawn() -> Genesis {
    Genesis {
        colours: Colours::Drawn {
            commit: colours_commitment(nonce(7)),
        },
        ..genesis(Clock::None)
    }
}

pub fn fold(items: &[Item]) -> Game {
    let Item::Genesis(genesis) = &items[0] else {
        panic!("genesis first")
    };
    let mut game = Game::new(genesis.clone()).unwrap();
    for item in &items[1..] {
        let _ = game.insert(item.clone());
    }
    game
}

/// A hash of nothing that is known.
pub fn nowhere() -> Hash {
    Hash([0xee; 32])
}
