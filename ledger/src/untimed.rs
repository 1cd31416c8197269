//! The fold of an untimed game: a function of the players' records and of nothing else.

use crate::game::State;
use crate::mutant::Mutant;
use crate::outcome::{Outcome, Reason};
use crate::store::Store;

/// Goes on from the state's head as far as the records lead. The ending at the lowest height counts: at each head a
/// resignation off the chain comes first, then a contradiction, then the record that extends it.
pub(crate) fn advance(store: &Store, state: &mut State) {
    let line = &mut state.line;
    while line.outcome().is_none() {
        let head = line.head();
        let rivals = store.rivals.contains(&head) && Mutant::RESIGNATION_LAST.is_on();
        if store.resigns.contains_key(&head) && !rivals {
            // Kept only where it is by the player who is not to move.
            line.end(Outcome::lost(line.turn().other(), Reason::Resignation));
            return;
        }
        let mut next = store.children.get(&head).into_iter().flatten();
        let (Some(hash), rival) = (next.next(), next.next()) else {
            return;
        };
        let Some(entry) = store.records.get(hash) else {
            return;
        };
        if rival.is_some() && line.players().is_some() {
            line.end(Outcome::lost(line.turn(), Reason::Equivocation));
            return;
        }
        let Ok(step) = line.step(&entry.signed.body) else {
            return;
        };
        line.apply(*hash, step);
        // Two Seats: the colours are those of the lower hash, and the creator has lost.
        let creator = rival.and_then(|_| line.colour_of(entry.author));
        if let Some(creator) = creator {
            line.end(Outcome::lost(creator, Reason::Equivocation));
        }
    }
}
