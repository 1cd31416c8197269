//! The move picker: hands out moves one at a time, the likely best first, and makes them only when needed.
//! All pickers of a line share one buffer; each owns the part behind its parent's.

use shakmaty::{Move, Role};

use crate::history::{Context, History};
use crate::movegen::{self, Kind, PackedMove};
use crate::position::Position;
use crate::see;

/// A move and how much is expected of it.
#[derive(Clone, Copy, Debug)]
pub struct Scored {
    m: Move,
    score: i32,
}

/// The buffer that the pickers of one line share.
pub type MoveStack = Vec<Scored>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Table,
    MakeNoisy,
    GoodNoisy,
    MakeQuiet,
    Quiet,
    BadNoisy,
    Done,
}

/// Hands out the moves of one node.
#[derive(Debug)]
pub struct MovePicker {
    stage: Stage,
    table_move: Option<Move>,
    /// Captures that lose material are kept from `start` to `bad_end`.
    start: usize,
    bad_end: usize,
    next: usize,
    end: usize,
    skip_quiets: bool,
    noisy_only: bool,
    threshold: i32,
}

const KILLER: i32 = 1 << 20;

impl MovePicker {
    /// For a full node: every legal move.
    #[must_use]
    pub fn new(stack: &MoveStack, table_move: Option<Move>) -> MovePicker {
        MovePicker {
            stage: Stage::Table,
            table_move,
            start: stack.len(),
            bad_end: stack.len(),
            next: stack.len(),
            end: stack.len(),
            skip_quiets: false,
            noisy_only: false,
            threshold: 0,
        }
    }

    /// For quiescence: captures and promotions that win at least `threshold` centipawns.
    #[must_use]
    pub fn noisy(stack: &MoveStack, table_move: Option<Move>, threshold: i32) -> MovePicker {
        MovePicker {
            noisy_only: true,
            threshold,
            ..MovePicker::new(
                stack,
                table_move.filter(|m| m.is_capture() || m.is_promotion()),
            )
        }
    }

    /// Hands out no more quiet moves.
    pub const fn skip_quiets(&mut self) {
        self.skip_quiets = true;
    }

    /// Gives the shared buffer back. Must be called when the node is left.
    pub fn finish(&self, stack: &mut MoveStack) {
        stack.truncate(self.start);
    }

    /// The next move.
    pub fn next(
        &mut self,
        stack: &mut MoveStack,
        position: &Position,
        history: &History,
        ply: usize,
        context: &Context,
    ) -> Option<Move> {
        loop {
            match self.stage {
                Stage::Table => {
                    self.stage = Stage::MakeNoisy;
                    if self.table_move.is_some() {
                        return self.table_move;
                    }
                }
                Stage::MakeNoisy => {
                    let turn = position.turn();
                    movegen::for_each(position, Kind::Noisy, |m| {
                        if Some(m) != self.table_move {
                            let score = noisy_score(m) + history.capture(turn, m);
                            stack.push(Scored { m, score });
                        }
                    });
                    self.end = stack.len();
                    self.stage = Stage::GoodNoisy;
                }
                Stage::GoodNoisy => match self.select(stack) {
                    Some(scored) => {
                        let under =
                            matches!(scored.m.promotion(), Some(role) if role != Role::Queen);
                        if !under && see::wins_at_least(position, scored.m, self.threshold) {
                            return Some(scored.m);
                        }
                        // `bad_end` is always behind `next`, so nothing unread is overwritten.
                        stack[self.bad_end] = scored;
                        self.bad_end += 1;
                    }
                    None if self.noisy_only => self.stage = Stage::Done,
                    None => self.stage = Stage::MakeQuiet,
                },
                Stage::MakeQuiet => {
                    self.stage = Stage::Quiet;
                    self.next = self.bad_end;
                    stack.truncate(self.bad_end);
                    if !self.skip_quiets {
                        let killers = history.killers(ply);
                        let counter = history.counter(context.before[0]);
                        movegen::for_each(position, Kind::Quiet, |m| {
                            if Some(m) != self.table_move {
                                let packed = PackedMove::pack(m);
                                let score = if packed == killers[0] {
                                    KILLER + 2
                                } else if packed == killers[1] {
                                    KILLER + 1
                                } else if packed == counter {
                                    KILLER
                                } else {
                                    history.quiet(context.quiet(m), &context.before)
                                };
                                stack.push(Scored { m, score });
                            }
                        });
                    }
                    self.end = stack.len();
                }
                Stage::Quiet => match self.select(stack) {
                    Some(scored) if !self.skip_quiets => return Some(scored.m),
                    _ => {
                        self.stage = Stage::BadNoisy;
                        self.next = self.start;
                    }
                },
                Stage::BadNoisy => {
                    if self.next < self.bad_end {
                        self.next += 1;
                        return Some(stack[self.next - 1].m);
                    }
                    self.stage = Stage::Done;
                }
                Stage::Done => return None,
            }
        }
    }

    /// Whether the captures that lose material have been reached.
    #[must_use]
    pub fn at_bad_noisy(&self) -> bool {
        self.stage == Stage::BadNoisy
    }

    /// Takes the best of what is left.
    fn select(&mut self, stack: &mut MoveStack) -> Option<Scored> {
        let rest = stack.get_mut(self.next..self.end)?;
        let (mut best, mut score) = (0, rest.first()?.score);
        for (index, scored) in rest.iter().enumerate().skip(1) {
            if scored.score > score {
                (best, score) = (index, scored.score);
            }
        }
        rest.swap(0, best);
        self.next += 1;
        rest.first().copied()
    }
}

/// Most valuable victim first; the history of the capturing piece decides between equals.
fn noisy_score(m: Move) -> i32 {
    let victim = m.capture().map_or(0, |role| 32 * see::worth(role));
    let promotion = match m.promotion() {
        Some(Role::Queen) => 32 * see::worth(Role::Queen),
        Some(_) => -32 * see::worth(Role::Queen),
        None => 0,
    };
    victim + promotion
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::{CastlingMode, Position as _, fen::Fen};

    fn position(fen: &str) -> Position {
        let fen: Fen = fen.parse().unwrap();
        Position::new(fen.into_position(CastlingMode::Standard).unwrap())
    }

    fn drain(position: &Position, mut picker: MovePicker, stack: &mut MoveStack) -> Vec<Move> {
        let history = History::default();
        let context = Context {
            color: position.turn(),
            threats: position.threats(),
            pawn_key: position.pawn_key(),
            before: [None; 4],
        };
        let mut moves = Vec::new();
        while let Some(m) = picker.next(stack, position, &history, 0, &context) {
            moves.push(m);
        }
        picker.finish(stack);
        moves
    }

    const BUSY: &str = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1";

    #[test]
    fn every_legal_move_comes_exactly_once() {
        let position = position(BUSY);
        let legal = position.chess().legal_moves();
        for table_move in std::iter::once(None).chain(legal.iter().copied().map(Some)) {
            let mut stack = MoveStack::new();
            let picker = MovePicker::new(&stack, table_move);
            let moves = drain(&position, picker, &mut stack);
            assert_eq!(moves.len(), legal.len());
            assert!(legal.iter().all(|m| moves.contains(m)));
            assert!(table_move.is_none() || moves.first().copied() == table_move);
            assert!(stack.is_empty());
        }
    }

    #[test]
    fn quiescence_gets_only_captures_that_do_not_lose_material() {
        let position = position(BUSY);
        let mut stack = MoveStack::new();
        let picker = MovePicker::noisy(&stack, None, 0);
        let moves = drain(&position, picker, &mut stack);
        assert!(!moves.is_empty());
        assert!(
            moves
                .iter()
                .all(|&m| m.is_capture() && see::wins_at_least(&position, m, 0))
        );
    }
}
