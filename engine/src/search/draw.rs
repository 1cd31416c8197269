//! When a line is a draw: by the rules, by repetition, or because the side to move can repeat at once.

use super::root::Searcher;
use crate::cuckoo::Cuckoo;
use crate::movegen;
use crate::position::Position;

impl Searcher {
    /// Whether the rules, or the sense of the search, make this a draw.
    pub(super) fn is_draw(&self, position: &Position) -> bool {
        if position.halfmoves() >= 100 {
            // Mate on the last ply counts before the fifty-move rule.
            return !position.in_check() || !movegen::is_stuck(position);
        }
        position.is_dead() || self.is_repetition(position)
    }

    /// Whether this position was met before: once since the root is enough, for what can be repeated once can be
    /// repeated again; what was before the root must have been there twice.
    fn is_repetition(&self, position: &Position) -> bool {
        let reach = (position.reversible() as usize).min(self.keys.len());
        let mut seen = 0;
        for back in (4..=reach).step_by(2) {
            let index = self.keys.len() - back;
            if self.keys[index] == position.key() {
                seen += 1;
                if index > self.game_keys || seen == 2 {
                    return true;
                }
            }
        }
        false
    }

    /// Upcoming Repetition: whether the side to move has a move that leads back to a position after the root.
    pub(super) fn can_repeat(&self, position: &Position) -> bool {
        let since_root = self.keys.get(self.game_keys + 1..).unwrap_or_default();
        leads_back(&self.engine.cuckoo, position, since_root)
    }
}

/// Whether a move in `position` leads to one of those just before, the keys of which are `earlier`, the last one last.
fn leads_back(cuckoo: &Cuckoo, position: &Position, earlier: &[u64]) -> bool {
    let reach = (position.reversible() as usize).min(earlier.len());
    let ours = position.board().by_color(position.turn());
    (3..=reach).step_by(2).any(|back| {
        let change = position.key() ^ earlier[earlier.len() - back];
        cuckoo
            .squares(change, position.board().occupied())
            .is_some_and(|squares| squares.into_iter().any(|square| ours.contains(square)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use shakmaty::{CastlingMode, Chess, Position as _, fen::Fen, uci::UciMove};

    /// Whether the last position of a game can be led back to one before, the first included.
    fn can(fen: &str, moves: &[&str]) -> bool {
        let fen: Fen = fen.parse().unwrap();
        let mut position = Position::new(fen.into_position(CastlingMode::Standard).unwrap());
        let mut keys = Vec::new();
        for uci in moves {
            keys.push(position.key());
            let uci: UciMove = uci.parse().unwrap();
            position = if uci == UciMove::Null {
                position.pass().unwrap()
            } else {
                position.play(uci.to_move(position.chess()).unwrap())
            };
        }
        leads_back(&Cuckoo::default(), &position, &keys)
    }

    const ROOKS: &str = "4k2r/8/8/8/8/8/8/R3K3 w - - 10 30";

    #[test]
    fn a_repetition_is_seen_a_move_before() {
        assert!(can(ROOKS, &["a1a5", "h8h5", "a5a1"]));
        assert!(can(ROOKS, &["a1a5", "h8h5", "a5a6", "h5h6", "a6a1"]));
        // Only two plies, the way back blocked, the other side's turn.
        assert!(!can(ROOKS, &["a1a5", "h8h5"]));
        let around = ["a1b1", "d8a5", "b1c1", "a5d2", "c1a1"];
        assert!(can("3qk3/8/8/8/8/8/8/R6K w - - 10 30", &around));
        assert!(!can("3qk3/8/8/3P4/8/8/8/R6K w - - 10 30", &around));
        assert!(!can(ROOKS, &["a1a5", "e8e7", "a5a1", "e7e6"]));
        let king = ["e8d8", "a1a5", "d8d7", "a5a1", "d7e7"];
        assert!(!can("4k3/8/8/8/8/8/8/R3K3 b - - 10 30", &king));
    }

    #[test]
    fn what_a_pawn_move_or_a_null_move_ended_is_not_led_back_to() {
        let fen = "4k2r/7p/8/8/8/8/8/R3K3 b - - 10 30";
        assert!(!can(fen, &["e8e7", "a1a5", "h7h6", "a5a1"]));
        assert!(!can(fen, &["e8e7", "a1a5", "e7d8", "0000", "d8e8"]));
    }

    #[test]
    fn it_is_what_playing_every_move_finds() {
        let seed = 3;
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let cuckoo = Cuckoo::default();
        let mut found = [0, 0];
        let mut excess = 0;
        for _ in 0..300 {
            let fen: Fen = "4k3/8/1nq5/8/8/3R4/1B6/4K3 w - - 0 1".parse().unwrap();
            let start: Chess = fen.into_position(CastlingMode::Standard).unwrap();
            let mut position = Position::new(start);
            let mut keys = Vec::new();
            for _ in 0..12 {
                let moves = position.chess().legal_moves();
                // From the position three plies before on: nearer ones no move leads to.
                let repeats = moves.iter().any(|&m| {
                    let key = position.play(m).key();
                    keys.iter().rev().skip(2).any(|&earlier| earlier == key)
                });
                let says = leads_back(&cuckoo, &position, &keys);
                // What it says beyond that would leave a king in check.
                assert!(says || !repeats, "{position:?}");
                excess += u32::from(says && !repeats);
                found[usize::from(says)] += 1;
                if moves.is_empty() {
                    break;
                }
                keys.push(position.key());
                position = position.play(moves[rng.below(moves.len() as u64) as usize]);
            }
        }
        assert!(found[0] > 100 && found[1] > 20, "{found:?}");
        assert!(excess * 4 < found[1], "{excess} of {found:?}");
    }
}
