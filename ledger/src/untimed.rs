//! The fold of an untimed game: a function of the players' records and of nothing else.

use crate::game::{State, Store, candidates};
use crate::id::{GameId, Hash};
use crate::line::Line;
use crate::outcome::{Outcome, Reason};
use crate::proof::{self, Proof};

pub(crate) fn fold(store: &Store, game: GameId, state: &mut State) {
    advance(store, state);
    state.proofs.extend(proof::receipt_forks(store, game));
}

/// Goes on from the state's head as far as the records lead. The ending at the lowest height counts: at each head a
/// resignation off the chain comes first, then a contradiction, then the record that extends it.
pub(crate) fn advance(store: &Store, state: &mut State) {
    loop {
        let line = &mut state.line;
        if line.outcome().is_some() {
            return;
        }
        if let Some(outcome) = resignation(store, line) {
            line.end(outcome);
            return;
        }
        let mut next = candidates(store, line);
        match next.len() {
            0 => return,
            1 => {
                if let Some((hash, step)) = next.pop() {
                    line.apply(hash, step);
                }
            }
            _ => {
                if let Some(proof) = Proof::equivocation(store, &next) {
                    state.proofs.push(proof);
                }
                if line.players().is_none() {
                    // Two Seats: the colours are those of the lower hash, and the creator has lost.
                    let (hash, step) = next.swap_remove(0);
                    line.apply(hash, step);
                    let creator = store
                        .records
                        .get(&hash)
                        .and_then(|entry| line.colour_of(entry.author));
                    if let Some(creator) = creator {
                        line.end(Outcome::lost(creator, Reason::Equivocation));
                    }
                } else {
                    let outcome = Outcome::lost(line.turn(), Reason::Equivocation);
                    line.end(outcome);
                }
                return;
            }
        }
    }
}

/// The resignation of the player not to move at the line's head, if there is one.
fn resignation(store: &Store, line: &Line) -> Option<Outcome> {
    let loser = line.turn().other();
    let author = *line.players()?.get(loser);
    let by_loser = |hash: &Hash| {
        store
            .records
            .get(hash)
            .is_some_and(|entry| entry.author == author)
    };
    let resigned = store.resigns.get(&line.head())?.iter().any(by_loser);
    resigned.then(|| Outcome::lost(loser, Reason::Resignation))
}
