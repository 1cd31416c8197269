//! Ends games that both engines judge alike, so that no time goes into what is decided. Off unless asked for.

use std::fmt;

use shakmaty::{Color, KnownOutcome};

use crate::result::{Ending, Reason};
use crate::uci::Score;

/// When games are cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjudication {
    /// A draw after so many plies.
    pub max_plies: usize,
    /// A win where both see it.
    pub resign: Option<Resign>,
    /// A draw where both see it.
    pub draw: Option<Draw>,
}

/// Both engines see one side ahead by `score` centipawns or more, for `moves` moves each in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resign {
    /// Centipawns.
    pub score: i32,
    /// Moves of each side.
    pub moves: usize,
}

/// Both engines see at most `score` centipawns for either side, for `moves` moves each in a row, from move `after` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Centipawns.
    pub score: i32,
    /// Moves of each side.
    pub moves: usize,
    /// Moves of each side that come first, those of the opening included.
    pub after: usize,
}

impl fmt::Display for Adjudication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resign {
            Some(Resign { score, moves }) => {
                write!(f, "resign at {score} cp for {moves} moves, ")?;
            }
            None => write!(f, "no resignation, ")?,
        }
        match self.draw {
            Some(Draw {
                score,
                moves,
                after,
            }) => write!(
                f,
                "draw at {score} cp for {moves} moves after move {after}, "
            )?,
            None => write!(f, "no agreed draw, ")?,
        }
        write!(f, "draw after {} plies", self.max_plies)
    }
}

/// Watches the scores of one game.
#[derive(Clone, Debug)]
pub struct Watch {
    rules: Adjudication,
    /// How many scores in a row were good enough for White, for Black, for a draw.
    white: usize,
    black: usize,
    level: usize,
}

impl Watch {
    /// Of a new game.
    #[must_use]
    pub const fn new(rules: Adjudication) -> Self {
        Self {
            rules,
            white: 0,
            black: 0,
            level: 0,
        }
    }

    /// Takes the score that came with the move of `side`, after which the game has `plies`.
    pub fn judge(&mut self, side: Color, score: Option<Score>, plies: usize) -> Option<Ending> {
        let white = score.map(|score| match side {
            Color::White => score.centipawns(),
            Color::Black => -score.centipawns(),
        });
        let count = |row: &mut usize, holds: bool| *row = if holds { *row + 1 } else { 0 };
        if let Some(resign) = self.rules.resign {
            count(&mut self.white, white.is_some_and(|w| w >= resign.score));
            count(&mut self.black, white.is_some_and(|w| w <= -resign.score));
            let winner = if self.white >= 2 * resign.moves {
                Some(Color::White)
            } else if self.black >= 2 * resign.moves {
                Some(Color::Black)
            } else {
                None
            };
            if winner.is_some() {
                let outcome = KnownOutcome::from_winner(winner);
                return Some(Ending::new(outcome, Reason::Resign));
            }
        }
        if let Some(draw) = self.rules.draw {
            count(
                &mut self.level,
                white.is_some_and(|w| w.abs() <= draw.score),
            );
            if self.level >= 2 * draw.moves && plies >= 2 * draw.after {
                return Some(Ending::draw(Reason::Level));
            }
        }
        (plies >= self.rules.max_plies).then(|| Ending::draw(Reason::TooLong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Adjudication = Adjudication {
        max_plies: 100,
        resign: Some(Resign {
            score: 600,
            moves: 2,
        }),
        draw: Some(Draw {
            score: 10,
            moves: 2,
            after: 4,
        }),
    };

    /// The end after the given scores, each from its mover's side, White first; `None` if there is none.
    fn judge(rules: Adjudication, scores: &[Option<i32>]) -> Option<(usize, Ending)> {
        let mut watch = Watch::new(rules);
        let mut side = Color::White;
        for (index, score) in scores.iter().enumerate() {
            let ending = watch.judge(side, score.map(Score::Centipawns), index + 1);
            if let Some(ending) = ending {
                return Some((index + 1, ending));
            }
            side = side.other();
        }
        None
    }

    fn scores(values: &[i32]) -> Vec<Option<i32>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_win_needs_both_engines_and_all_moves_in_a_row() {
        let win = Ending::new(
            KnownOutcome::from_winner(Some(Color::White)),
            Reason::Resign,
        );
        let agreed = scores(&[700, -650, 600, -600, 800]);
        assert_eq!(judge(RULES, &agreed), Some((4, win)));
        // One side never saw it.
        assert_eq!(
            judge(RULES, &scores(&[700, -100, 800, -100, 900, -100])),
            None
        );
        // Interrupted.
        assert_eq!(
            judge(RULES, &scores(&[700, -700, 599, -700, 700, -700])),
            None
        );
        let mut silent = agreed;
        silent[2] = None;
        assert_eq!(judge(RULES, &silent), None);
    }

    #[test]
    fn black_wins_likewise() {
        let win = Ending::new(
            KnownOutcome::from_winner(Some(Color::Black)),
            Reason::Resign,
        );
        assert_eq!(
            judge(RULES, &scores(&[-700, 650, -600, 600])),
            Some((4, win))
        );
    }

    #[test]
    fn a_draw_needs_both_engines_and_the_first_moves() {
        let draw = Ending::draw(Reason::Level);
        assert_eq!(
            judge(RULES, &scores(&[0, 5, -10, 10, 0, 0, 0, 0])),
            Some((8, draw))
        );
        assert_eq!(
            judge(RULES, &scores(&[0, 11, 0, 11, 0, 11, 0, 11, 0, 11])),
            None
        );
    }

    #[test]
    fn without_rules_only_the_length_ends_a_game() {
        let off = Adjudication {
            max_plies: 6,
            resign: None,
            draw: None,
        };
        let even = scores(&[0; 10]);
        assert_eq!(judge(off, &even), Some((6, Ending::draw(Reason::TooLong))));
        assert_eq!(judge(off, &scores(&[9000, -9000, 9000, -9000])), None);
    }

    #[test]
    fn a_seen_mate_counts_as_a_won_game() {
        let mut watch = Watch::new(RULES);
        let mate = Some(Score::Mate(5));
        let mated = Some(Score::Mate(-5));
        assert_eq!(watch.judge(Color::White, mate, 1), None);
        assert_eq!(watch.judge(Color::Black, mated, 2), None);
        assert_eq!(watch.judge(Color::White, mate, 3), None);
        assert!(watch.judge(Color::Black, mated, 4).is_some());
    }
}
