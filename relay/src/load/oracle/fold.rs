//! One clocked game from its receipts, applied in order: chain, authors, rules, clocks, ends.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use shakmaty::fen::Fen;
use shakmaty::uci::UciMove;
use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _, Setup};

use super::clock::{Charge, Clocks};
use super::item::{Colours, Deed, Genesis, Hash, Receipt, Record, What, sha256};
use super::{Class, Fault, Index};

/// The height at which a game ends by rule.
const LAST_HEIGHT: u64 = 2_000;

/// A game while it is played.
struct Game<'a> {
    name: Hash,
    genesis: &'a Genesis<'a>,
    position: Chess,
    /// Every position so far, without the move counters.
    positions: Vec<Setup>,
    head: Hash,
    height: u64,
    /// White's and Black's keys, once seated.
    players: Option<[Hash; 2]>,
    has_moved: [bool; 2],
    offered: bool,
    clocks: Option<Clocks>,
    is_over: bool,
}

/// What is wrong with the receipts of one game and the records they are for.
pub(super) fn fold(index: &Index<'_>, name: &Hash, home: &Hash) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(genesis) = &index.genesis else {
        if !index.receipts.is_empty() {
            faults.push(Fault::new(Class::Lost, "the genesis is gone"));
        }
        return faults;
    };
    let mut game = match Game::begin(&genesis.it, *name, home) {
        Ok(game) => game,
        Err(fault) => return vec![fault],
    };
    let (mut before, mut last_at): (Option<(u64, Hash)>, u64) = (None, 0);
    let mut seen = BTreeSet::from([*name]);
    let mut placed = BTreeSet::new();
    for (seq, held) in &index.receipts {
        let receipt = &held.it;
        if *seq != before.map_or(0, |(seq, _)| seq + 1) {
            let words = format!("place {seq} does not follow the one before");
            faults.push(Fault::new(Class::Hole, words));
        } else if receipt.prev != before.map(|(_, hash)| hash) {
            let words = format!("the receipt of place {seq} links to another one");
            faults.push(Fault::new(Class::BrokenLink, words));
        }
        if receipt.by != *home || !receipt.signed.is_by(home, "receipt", name) {
            let words = format!("the receipt of place {seq} is not signed by the relay");
            faults.push(Fault::new(Class::BadSignature, words));
        }
        if receipt.at_ms < last_at {
            let words = format!("time falls at place {seq}");
            faults.push(Fault::new(Class::TimeRunsBack, words));
        }
        last_at = last_at.max(receipt.at_ms);
        before = Some((*seq, receipt.signed.hash));
        let record = match receipt.what {
            What::Record(hash) => {
                if !placed.insert(hash) {
                    let words = format!("the record of place {seq} has one already");
                    faults.push(Fault::new(Class::Doubled, words));
                    continue;
                }
                let Some(record) = index.records.get(&hash) else {
                    let words = format!("the record of place {seq} is not there");
                    faults.push(Fault::new(Class::Lost, words));
                    continue;
                };
                Some(&record.it)
            }
            _ => None,
        };
        if let Err(mut fault) = game.apply(receipt, record, last_at, &seen) {
            fault.words = format!("place {seq}: {}", fault.words);
            faults.push(fault);
        }
        seen.insert(receipt.signed.hash);
    }
    faults
}

fn require(holds: bool, class: Class, words: &str) -> Result<(), Fault> {
    if holds {
        Ok(())
    } else {
        Err(Fault::new(class, words))
    }
}

fn illegal(holds: bool, words: &str) -> Result<(), Fault> {
    require(holds, Class::Illegal, words)
}

impl<'a> Game<'a> {
    fn begin(genesis: &'a Genesis<'a>, name: Hash, home: &Hash) -> Result<Self, Fault> {
        illegal(genesis.signed.hash == name, "the genesis is another game's")?;
        illegal(genesis.is_standard, "no game of standard chess")?;
        illegal(genesis.homes.contains(home), "the relay is no home")?;
        let signed = genesis.signed.is_by(&genesis.creator, "genesis", &name);
        require(
            signed,
            Class::BadSignature,
            "the genesis is not its creator's",
        )?;
        let start: Option<Chess> = genesis
            .start
            .parse::<Fen>()
            .ok()
            .and_then(|fen| fen.into_position(CastlingMode::Standard).ok());
        let position = start.ok_or_else(|| Fault::new(Class::Illegal, "no start position"))?;
        let mut game = Self {
            name,
            genesis,
            positions: vec![key(&position)],
            position,
            head: name,
            height: 0,
            players: None,
            has_moved: [false; 2],
            offered: false,
            clocks: None,
            is_over: false,
        };
        for uci in &genesis.moves {
            game.play(uci)?;
        }
        Ok(game)
    }

    fn side(&self) -> usize {
        usize::from(self.position.turn().is_black())
    }

    fn apply(
        &mut self,
        receipt: &Receipt<'_>,
        record: Option<&Record<'_>>,
        at: u64,
        seen: &BTreeSet<Hash>,
    ) -> Result<(), Fault> {
        let is_first = receipt.seq == 0;
        illegal(
            is_first == (receipt.what == What::Genesis),
            "the first place is the genesis', and no other",
        )?;
        require(!self.is_over, Class::AfterEnd, "the game is over")?;
        match (receipt.what, record) {
            (What::Genesis, _) => Ok(()),
            (What::Record(_), Some(record)) => self.extend(receipt, record, at, seen),
            (What::Gap(ms), _) => {
                let fits = self
                    .clocks
                    .as_mut()
                    .is_some_and(|clocks| clocks.gap(at, ms));
                require(fits, Class::WrongClock, "a gap longer than the turn")
            }
            (What::Flag, _) => {
                let (side, lag) = (self.side(), receipt.lag_ms);
                let clocks = self.clocks.as_ref();
                let fell = clocks.is_some_and(|clocks| clocks.is_over(side, at, lag));
                self.is_over = true;
                require(fell, Class::WrongClock, "the flag falls too early")
            }
            _ => illegal(false, "a receipt that one relay has no reason for"),
        }
    }

    fn extend(
        &mut self,
        receipt: &Receipt<'_>,
        record: &Record<'_>,
        at: u64,
        seen: &BTreeSet<Hash>,
    ) -> Result<(), Fault> {
        if let Deed::ResignAt(head) = record.deed {
            let waits = self.players.map(|players| players[1 - self.side()]);
            let author = waits.ok_or_else(|| Fault::new(Class::Illegal, "nobody sits"))?;
            illegal(head == self.head, "resigns at another head")?;
            self.is_over = true;
            return self.signed(record, &author);
        }
        let place = record
            .place
            .ok_or_else(|| Fault::new(Class::Illegal, "a record without a place"))?;
        require(
            place.prev == self.head && place.height == self.height + 1,
            Class::BrokenLink,
            "the record does not extend the head",
        )?;
        illegal(
            place.on.is_some_and(|on| seen.contains(&on)),
            "the record names no receipt before it",
        )?;
        if let Deed::Seat {
            join,
            joiner,
            nonce,
            reveal,
        } = record.deed
        {
            illegal(self.players.is_none(), "a second seat")?;
            let creator = self.genesis.creator;
            self.signed(record, &creator)?;
            let wished = join.is_by(&joiner, "join", &self.name);
            require(wished, Class::BadSignature, "the joiner did not sign")?;
            let kept = self.genesis.kept_for.is_none_or(|key| key == joiner);
            illegal(joiner != creator && kept, "not who may sit")?;
            let is_white = self.creator_is_white(reveal, nonce)?;
            let both = [creator, joiner];
            self.players = Some(if is_white { both } else { [joiner, creator] });
            self.clocks = Clocks::start(self.genesis.clock, at);
            illegal(self.clocks.is_some(), "a game without clocks")?;
        } else {
            let side = self.side();
            let players = self.players.map(|players| players[side]);
            let author = players.ok_or_else(|| Fault::new(Class::Illegal, "nobody sits"))?;
            self.signed(record, &author)?;
            self.act(record.deed, side, at, receipt.lag_ms)?;
        }
        self.head = record.signed.hash;
        self.height += 1;
        self.is_over |= self.height >= LAST_HEIGHT;
        Ok(())
    }

    fn act(&mut self, deed: Deed<'_>, side: usize, at: u64, lag_ms: u64) -> Result<(), Fault> {
        let mut charge = |charge| {
            let clocks = self.clocks.as_mut();
            let in_time = clocks.is_some_and(|clocks| clocks.charge(side, at, lag_ms, charge));
            require(in_time, Class::WrongClock, "ordered though the time was up")
        };
        match deed {
            Deed::Move {
                uci,
                think_ms,
                offer,
            } => {
                charge(Charge::Move { think_ms })?;
                self.play(uci)?;
                self.has_moved[side] = true;
                self.offered = offer;
            }
            Deed::Draw => {
                charge(Charge::Draw)?;
                let may =
                    self.offered || self.repetitions() >= 3 || self.position.halfmoves() >= 100;
                illegal(may, "no draw to take")?;
                self.is_over = true;
            }
            Deed::Resign => self.is_over = true,
            Deed::Abort => {
                illegal(!self.has_moved[side], "aborts after a move")?;
                self.is_over = true;
            }
            Deed::Seat { .. } | Deed::ResignAt(_) | Deed::Rewind => {
                return illegal(false, "a record that no player of this run signs");
            }
        }
        Ok(())
    }

    fn signed(&self, record: &Record<'_>, author: &Hash) -> Result<(), Fault> {
        let is_by = record.signed.is_by(author, record.kind, &self.name);
        require(is_by, Class::BadSignature, "not signed by who may")
    }

    fn creator_is_white(&self, reveal: Option<[u8; 16]>, nonce: [u8; 16]) -> Result<bool, Fault> {
        match (self.genesis.colours, reveal) {
            (Colours::White, None) => Ok(true),
            (Colours::Black, None) => Ok(false),
            (Colours::Drawn(commit), Some(secret)) => {
                let fits = sha256(&[b"rookery/1/colours\0", &secret]) == commit;
                illegal(fits, "another secret than was committed to")?;
                Ok(sha256(&[&secret, &nonce])[31] & 1 == 0)
            }
            _ => illegal(false, "colours that do not fit").map(|()| false),
        }
    }

    fn repetitions(&self) -> usize {
        let now = self.positions.last();
        self.positions
            .iter()
            .filter(|position| Some(*position) == now)
            .count()
    }

    /// Plays a move in its one form.
    fn play(&mut self, uci: &str) -> Result<(), Fault> {
        let played = uci
            .parse::<UciMove>()
            .ok()
            .and_then(|uci| uci.to_move(&self.position).ok())
            .filter(|found| found.to_uci(CastlingMode::Standard).to_string() == uci);
        let Some(played) = played else {
            return illegal(false, &format!("{uci} is no legal move"));
        };
        self.position.play_unchecked(played);
        self.positions.push(key(&self.position));
        let legal = self.position.legal_moves();
        self.is_over |= legal.is_empty()
            || self.position.is_insufficient_material()
            || self.repetitions() >= 5
            || self.position.halfmoves() >= 150;
        Ok(())
    }
}

/// What makes two positions the same.
fn key(position: &Chess) -> Setup {
    let mut setup = position.to_setup(EnPassantMode::Legal);
    setup.halfmoves = 0;
    setup.fullmoves = NonZeroU32::MIN;
    setup
}
