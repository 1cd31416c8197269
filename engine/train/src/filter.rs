//! Which positions are worth learning from: quiet ones, as a network that sees no moves cannot know what is about to
//! be taken.

use shakmaty::{Chess, Move, Position as _};

use crate::games::{MATE_BOUND, Ply};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// So many plies at the beginning of each game are left out, scored or not.
    pub first_plies: usize,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter { first_plies: 12 }
    }
}

/// Why a position is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is near the beginning of the game, or nobody searched it.
    Opening,
    /// The side to move is in check.
    Check,
    /// The move that was played captures or promotes.
    Tactical,
    /// The score announces a mate.
    Mate,
}

impl Reason {
    /// All reasons, in the order in which they are looked at.
    pub const ALL: [Reason; 4] = [
        Reason::Opening,
        Reason::Check,
        Reason::Tactical,
        Reason::Mate,
    ];
}

/// How many positions were kept and why the others were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Positions kept.
    pub kept: u64,
    /// Positions left out, by the first reason that applied, in the order of [`Reason::ALL`].
    pub dropped: [u64; 4],
}

impl Counts {
    /// Counts one verdict.
    pub fn add(&mut self, verdict: Result<i16, Reason>) {
        match verdict {
            Ok(_) => self.kept += 1,
            Err(reason) => self.dropped[reason as usize] += 1,
        }
    }

    /// All positions that were looked at.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kept + self.dropped.iter().sum::<u64>()
    }
}

impl Filter {
    /// The score of `position`, in centipawns for the side to move, if it is to be kept. `m` is the move that was
    /// played, `index` the number of plies before it, `ply` what the record has.
    ///
    /// # Errors
    ///
    /// The first reason to leave the position out.
    pub fn judge(&self, position: &Chess, m: Move, index: usize, ply: Ply) -> Result<i16, Reason> {
        let score = match ply.score {
            Some(score) if index >= self.first_plies => score,
            _ => return Err(Reason::Opening),
        };
        if position.is_check() {
            Err(Reason::Check)
        } else if m.is_capture() || m.is_promotion() {
            Err(Reason::Tactical)
        } else if score.unsigned_abs() >= MATE_BOUND.unsigned_abs() {
            Err(Reason::Mate)
        } else {
            Ok(score)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::{CastlingMode, fen::Fen, uci::UciMove};

    fn judge(fen: &str, uci: &str, index: usize, score: Option<i16>) -> Result<i16, Reason> {
        let fen: Fen = fen.parse().unwrap();
        let position: Chess = fen.into_position(CastlingMode::Standard).unwrap();
        let m = uci.parse::<UciMove>().unwrap().to_move(&position).unwrap();
        let ply = Ply::new(m, score).unwrap();
        Filter::default().judge(&position, m, index, ply)
    }

    #[test]
    fn quiet_scored_positions_are_kept() {
        let quiet = "4k3/P7/8/8/8/3p4/4P3/4K3 w - - 0 1";
        assert_eq!(judge(quiet, "e2e4", 12, Some(-50)), Ok(-50));
        assert_eq!(judge(quiet, "e2e4", 11, Some(5)), Err(Reason::Opening));
        assert_eq!(judge(quiet, "e2e4", 40, None), Err(Reason::Opening));
        assert_eq!(judge(quiet, "e2d3", 40, Some(5)), Err(Reason::Tactical));
        assert_eq!(judge(quiet, "a7a8q", 40, Some(5)), Err(Reason::Tactical));
        for mate in [29_990, -29_990, i16::MIN] {
            assert_eq!(judge(quiet, "e2e4", 40, Some(mate)), Err(Reason::Mate));
        }
        let check = "4k3/8/8/8/4r3/8/8/4K3 w - - 0 1";
        assert_eq!(judge(check, "e1d1", 40, Some(5)), Err(Reason::Check));
    }

    #[test]
    fn every_verdict_is_counted_once() {
        let mut counts = Counts::default();
        counts.add(Ok(3));
        for reason in Reason::ALL {
            counts.add(Err(reason));
        }
        counts.add(Err(Reason::Mate));
        assert_eq!((counts.kept, counts.dropped), (1, [1, 1, 1, 2]));
        assert_eq!(counts.total(), 6);
    }
}
