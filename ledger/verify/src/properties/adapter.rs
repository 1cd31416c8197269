//! From the ledger's types to the plain data of the reference, and both states in one form.

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{GameId, Millis, PlayerKey};
use rookery_ledger::record::{Body, Clock, Colours, Genesis, Item, Record, Signed, Variant, What};
use rookery_ledger::sign::{Keypair, Verifier as _};
use rookery_ledger::{Colour, Game, Proof};

use super::history::{CREATOR, JOINER, SECOND, key};
use crate::reference::{
    self, Content, Continuation, Creator, For, Home, Id, Receipt, Setup, Side, TimeControl,
    clocked, untimed,
};

/// All that a person could see of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    head: Id,
    fen: String,
    moves: Vec<String>,
    players: Option<[Id; 2]>,
    end: Option<(String, Option<Side>)>,
    remaining: Option<[u64; 2]>,
    /// When the flag falls, by how much lag.
    flags: [Option<u64>; 3],
    /// Why the side to move may claim or agree to a draw.
    draw: Option<String>,
    repeated: usize,
    moved: [bool; 2],
    /// Receipts that no honest relay signs.
    guilty: BTreeSet<Id>,
}

/// Lags for which the flag is asked: within a quota and beyond every one.
const LAGS: [u64; 3] = [0, 400, 1_000_000];

/// The ledger's state.
pub(super) fn of_game(game: &Game) -> View {
    let state = game.state();
    let line = &state.line;
    View {
        head: line.head().0,
        fen: line.fen(),
        moves: line
            .moves()
            .iter()
            .map(|played| played.uci.clone())
            .collect(),
        players: line
            .players()
            .map(|players| [players.white.0, players.black.0]),
        end: state.outcome().map(|outcome| {
            let why = outcome.reason.as_str().to_owned();
            (why, outcome.winner.map(side))
        }),
        remaining: state.clocks.as_ref().map(|clocks| {
            [Colour::White, Colour::Black].map(|colour| clocks.remaining(colour).get())
        }),
        flags: LAGS.map(|lag| game.flag_at(Millis::new(lag)).map(Millis::get)),
        draw: line.draw_reason().map(|reason| reason.as_str().to_owned()),
        repeated: line.repetitions(),
        moved: [Colour::White, Colour::Black].map(|colour| line.has_moved(colour)),
        guilty: state
            .proofs
            .iter()
            .filter_map(|proof| match proof {
                Proof::InvalidReceipt { receipt, .. } => Some(receipt.hash().0),
                _ => None,
            })
            .collect(),
    }
}

/// The reference's state of the same items.
pub(super) fn of_reference(items: &[Item]) -> Option<View> {
    let Some(Item::Genesis(genesis)) = items.first() else {
        return None;
    };
    let name = genesis.body.id();
    let setup = setup(&genesis.body);
    let records = records(name, items);
    let (board, clocked) = if setup.time == TimeControl::Untimed {
        (untimed(&setup, &records)?, None)
    } else {
        let receipts: Vec<Receipt> = items
            .iter()
            .filter_map(|item| receipt(name, item))
            .collect();
        let next = continuations(name, items);
        let state = clocked(&setup, &records, &receipts, &homes(name, items), &next)?;
        (state.board.clone(), Some(state))
    };
    Some(View {
        head: board.head(),
        fen: board.fen(),
        moves: board.moves().to_vec(),
        players: board.players(),
        end: board.end().map(|end| (end.why.to_owned(), end.winner)),
        remaining: clocked.as_ref().map(|state| state.clocks.remaining),
        flags: LAGS.map(|lag| clocked.as_ref()?.flag_at(&setup, lag)),
        draw: board.draw().map(str::to_owned),
        repeated: board.repeated(),
        moved: [Side::White, Side::Black].map(|side| board.has_moved(side)),
        guilty: clocked.map(|state| state.guilty).unwrap_or_default(),
    })
}

fn side(colour: Colour) -> Side {
    match colour {
        Colour::White => Side::White,
        Colour::Black => Side::Black,
    }
}

fn setup(genesis: &Genesis) -> Setup {
    Setup {
        name: genesis.id().0,
        start: genesis.start.clone(),
        moves: genesis.moves.clone(),
        chess960: genesis.variant == Variant::Chess960,
        time: match genesis.clock {
            Clock::None => TimeControl::Untimed,
            Clock::Live { initial_s, inc_s } => TimeControl::Live {
                initial_s: initial_s.into(),
                inc_s: inc_s.into(),
            },
            Clock::Days { days } => TimeControl::Days { days: days.into() },
        },
        creator: genesis.creator.0,
        colour: match genesis.colours {
            Colours::White => Creator::Plays(Side::White),
            Colours::Black => Creator::Plays(Side::Black),
            Colours::Drawn { commit } => Creator::Lot(commit.0),
        },
        seat: genesis.seat.map(|seat| seat.0),
        takebacks: genesis.takebacks,
        home: genesis.homes.first().map_or([0; 32], |home| home.0),
    }
}

fn known() -> [Keypair; 3] {
    [key(CREATOR), key(JOINER), key(SECOND)]
}

/// The pair of a player's key.
pub(super) fn keypair_of(player: PlayerKey) -> Option<Keypair> {
    known().into_iter().find(|pair| pair.player() == player)
}

/// The players under whose keys a signature is good.
fn signers<B: Body>(game: GameId, signed: &Signed<B>) -> BTreeSet<Id> {
    let players = known().map(|pair| pair.player());
    let good = players
        .into_iter()
        .filter(|player| player.signed(game, signed));
    good.map(|player| player.0).collect()
}

/// The records, each once: a copy with another signature is the same record.
fn records(game: GameId, items: &[Item]) -> Vec<reference::Record> {
    let mut records: Vec<reference::Record> = Vec::new();
    for item in items {
        if let Item::Record(signed) = item {
            let record = record(game, signed);
            match records.iter_mut().find(|known| known.hash == record.hash) {
                Some(known) => known.by.extend(record.by),
                None => records.push(record),
            }
        }
    }
    records
}

/// The untimed games that go on from this one.
fn continuations(game: GameId, items: &[Item]) -> Vec<Continuation> {
    let next = items.iter().filter_map(|item| {
        let Item::Continued { genesis, seat } = item else {
            return None;
        };
        let Record::Seat(body) = &seat.body else {
            return None;
        };
        let from = genesis.body.from.filter(|from| from.game == game)?;
        (genesis.body.clock == Clock::None).then(|| Continuation {
            seat: seat.hash().0,
            head: from.head.0,
            players: [genesis.body.creator.0, body.join.body.player.0],
        })
    });
    next.collect()
}

fn record(game: GameId, signed: &Signed<Record>) -> reference::Record {
    let content = match &signed.body {
        Record::Seat(seat) => Content::Seat {
            joiner: seat.join.body.player.0,
            nonce: seat.join.body.nonce.0.to_vec(),
            join_signed: seat.join.body.player.signed(game, &seat.join),
            reveal: seat.reveal.map(|secret| secret.0.to_vec()),
        },
        Record::Move(played) => Content::Move {
            uci: played.uci.clone(),
            think_ms: played.think_ms.get(),
            offer: played.offer,
        },
        Record::Rewind(rewind) => Content::Rewind {
            consent_at: rewind.consent.body.at.0,
            to_ply: usize::try_from(rewind.consent.body.to_ply.get()).unwrap_or(usize::MAX),
            consent_by: signers(game, &rewind.consent),
        },
        Record::Draw(_) => Content::Draw,
        Record::Resign(_) => Content::Resign,
        Record::Abort(_) => Content::Abort,
        Record::ResignAt { .. } => Content::ResignAt,
    };
    let place = signed.body.place();
    let prev = match (&signed.body, place) {
        (Record::ResignAt { at }, _) => at.0,
        (_, Some(place)) => place.prev.0,
        (_, None) => [0; 32],
    };
    reference::Record {
        hash: signed.hash().0,
        prev,
        height: place.map(|place| place.height.get()),
        on: place.and_then(|place| place.on).map(|on| on.0),
        by: signers(game, signed),
        content,
    }
}

/// The wishes to move home, each with all who signed it.
fn homes(game: GameId, items: &[Item]) -> Vec<Home> {
    let mut homes: BTreeMap<Id, Home> = BTreeMap::new();
    for item in items {
        if let Item::Home(signed) = item {
            let body = signed.body;
            let hash = signed.hash().0;
            let home = homes.entry(hash).or_insert(Home {
                hash,
                epoch: body.epoch.get(),
                to: body.to.0,
                after: body.after.0,
                by: BTreeSet::new(),
            });
            home.by.extend(signers(game, signed));
        }
    }
    homes.into_values().collect()
}

fn receipt(game: GameId, item: &Item) -> Option<Receipt> {
    let Item::Receipt { by, receipt } = item else {
        return None;
    };
    let body = &receipt.body;
    if body.game != game {
        return None;
    }
    Some(Receipt {
        hash: receipt.hash().0,
        key: by.0,
        epoch: body.epoch.get(),
        seq: body.seq.get(),
        prev: body.prev.map(|prev| prev.0),
        at_ms: body.at_ms.get(),
        lag_ms: body.lag_ms.get(),
        what: match body.what {
            What::Genesis => For::Genesis,
            What::Record(hash) => For::Record(hash.0),
            What::Gap { ms } => For::Gap(ms.get()),
            What::Flag => For::Flag,
            What::Home(hash) => For::Home(hash.0),
            What::Continued(seat) => For::Continued(seat.0),
        },
    })
}
