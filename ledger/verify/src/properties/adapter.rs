//! The ledger's state and the reference's of the same items, in one form.

use std::collections::BTreeSet;

use rookery_ledger::id::{Millis, PlayerKey};
use rookery_ledger::record::Item;
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Game, Proof};

use super::history::{CREATOR, JOINER, SECOND, key};
use super::links::LOOSE;
use crate::plain::{Checked, Plain, continuations, receipt, setup};
use crate::reference::{Id, Receipt, Side, TimeControl, clocked, untimed};

/// All that a person could see of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
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
pub(crate) fn of_game(game: &Game) -> View {
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
                // How receipts are linked is compared on its own.
                Proof::InvalidReceipt { receipt, code, .. } if code != LOOSE => {
                    Some(receipt.hash().0)
                }
                _ => None,
            })
            .collect(),
    }
}

/// The players of the random histories.
pub(super) fn players() -> [PlayerKey; 3] {
    known().map(|pair| pair.player())
}

/// The reference's state of the same items, whoever of `players` signed them.
pub(crate) fn of_reference(items: &[Item], players: &[PlayerKey]) -> Option<View> {
    let Some(Item::Genesis(genesis)) = items.first() else {
        return None;
    };
    let name = genesis.body.id();
    let setup = setup(&genesis.body);
    let mut checked = Checked::default();
    let mut plain = Plain {
        game: name,
        players,
        checked: &mut checked,
    };
    let signed = items.iter().filter_map(|item| match item {
        Item::Record(signed) => Some(signed),
        _ => None,
    });
    let records = plain.records(signed);
    let (board, clocked) = if setup.time == TimeControl::Untimed {
        (untimed(&setup, &records)?, None)
    } else {
        let receipts: Vec<Receipt> = items
            .iter()
            .filter_map(|item| receipt(name, item))
            .collect();
        let homes = plain.homes(items.iter().filter_map(|item| match item {
            Item::Home(signed) => Some(signed),
            _ => None,
        }));
        let next = continuations(name, items);
        let state = clocked(&setup, &records, &receipts, &homes, &next)?;
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

fn known() -> [Keypair; 3] {
    [key(CREATOR), key(JOINER), key(SECOND)]
}

/// The pair of a player's key.
pub(super) fn keypair_of(player: PlayerKey) -> Option<Keypair> {
    known().into_iter().find(|pair| pair.player() == player)
}
