//! What may end a search, as UCI's `go` names it.

use std::time::Duration;

use shakmaty::{ByColor, Move};

/// The limits of one search. The first that is reached ends it; with none it runs to the greatest depth.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Plies of iterative deepening, at least 1.
    pub depth: Option<u32>,
    /// Positions visited.
    pub nodes: Option<u64>,
    /// Time for this move.
    pub movetime: Option<Duration>,
    /// Time left on each clock.
    pub time: ByColor<Option<Duration>>,
    /// Time that each side wins with a move.
    pub increment: ByColor<Duration>,
    /// Moves until the next time control.
    pub moves_to_go: Option<u32>,
    /// Moves in which to find a mate.
    pub mate: Option<u32>,
    /// The answer waits for a stop, however soon the search is done.
    pub infinite: bool,
    /// The search is on the opponent's time until a ponder hit.
    pub ponder: bool,
    /// Only these moves are looked at; all when empty.
    pub search_moves: Vec<Move>,
}
