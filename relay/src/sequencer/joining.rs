//! Wishes to sit down: which ones a relay does not pass on.

use rookery_ledger::id::Hash;
use rookery_ledger::record::{Join, Signed};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::{Game, Refusal};

/// The Seat that counts.
#[must_use]
pub fn seat_of(game: &Game) -> Option<Hash> {
    let line = &game.state().line;
    let mut first = game.children(game.id().as_hash());
    first
        .find(|(hash, _)| line.find(*hash).is_some())
        .map(|(hash, _)| hash)
}

/// Why a wish to sit down is refused, if it is.
#[must_use]
pub fn refuse_join(game: &Game, join: &Signed<Join>) -> Option<Refusal> {
    let (genesis, player) = (&game.genesis().body, join.body.player);
    if game.state().line.players().is_some() {
        seat_of(game).map(|seat| Refusal::SeatTaken { seat })
    } else if let Some(outcome) = game.state().outcome() {
        Some(Refusal::GameOver(outcome))
    } else if genesis.creator == player || genesis.seat.is_some_and(|kept| kept != player) {
        Some(Refusal::SeatReserved)
    } else if !player.signed(game.id(), join) {
        Some(Refusal::BadSignature)
    } else {
        None
    }
}
