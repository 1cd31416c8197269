//! Openings without a book: random legal moves from a seed, but of the king, kept if they are fair and new.

use std::collections::HashSet;

use rookery_engine::rng::Rng;
use shakmaty::fen::{Epd, Fen};
use shakmaty::{CastlingMode, Chess, EnPassantMode, Position, Role};

use super::{BALANCED, Opening, balance};

/// How many random moves an opening has.
pub const PLIES: usize = 8;
/// After so many draws in a row without a new opening there are no more. Of 8 plies there are millions.
const TRIES: usize = 100_000;

/// A sequence of openings that its seed determines. None comes twice.
pub struct RandomOpenings {
    rng: Rng,
    mode: CastlingMode,
    seen: HashSet<Epd>,
}

impl RandomOpenings {
    /// The openings of `seed`; those of Chess960 begin with a random one of its positions.
    #[must_use]
    pub fn new(seed: u64, mode: CastlingMode) -> Self {
        Self {
            rng: Rng::new(seed),
            mode,
            seen: HashSet::new(),
        }
    }

    /// Draws one, which may be unfair or known.
    fn draw(&mut self) -> Option<Opening> {
        let start = match self.mode {
            CastlingMode::Standard => Chess::default(),
            CastlingMode::Chess960 => chess960(self.below(960))?,
        };
        let mut position = start.clone();
        let mut moves = Vec::with_capacity(PLIES);
        for _ in 0..PLIES {
            let mut legal = position.legal_moves();
            // A king on a walk leaves nothing of the game that engines are made for.
            legal.retain(|m| m.role() != Role::King);
            let m = *legal.get(self.below(legal.len()))?;
            position.play_unchecked(m);
            moves.push(m);
        }
        let over = position.legal_moves().is_empty();
        if over || position.is_check() || balance(&position).abs() > BALANCED {
            return None;
        }
        let new = self
            .seen
            .insert(Epd::from_position(&position, EnPassantMode::Legal));
        new.then_some(Opening {
            start,
            mode: self.mode,
            moves,
        })
    }

    fn below(&mut self, bound: usize) -> usize {
        self.rng.below(bound as u64) as usize
    }
}

impl Iterator for RandomOpenings {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        (0..TRIES).find_map(|_| self.draw())
    }
}

/// The start position of this number, from 0 to 959, in Scharnagl's order.
fn chess960(number: usize) -> Option<Chess> {
    const KNIGHTS: [(usize, usize); 10] = [
        (0, 1),
        (0, 2),
        (0, 3),
        (0, 4),
        (1, 2),
        (1, 3),
        (1, 4),
        (2, 3),
        (2, 4),
        (3, 4),
    ];
    let mut rank = [' '; 8];
    let (number, light) = (number / 4, number % 4);
    let (number, dark) = (number / 4, number % 4);
    let (number, queen) = (number / 6, number % 6);
    *rank.get_mut(2 * light + 1)? = 'b';
    *rank.get_mut(2 * dark)? = 'b';
    let mut place = |among_free: usize, piece: char| {
        let free = rank
            .iter_mut()
            .filter(|square| **square == ' ')
            .nth(among_free)?;
        *free = piece;
        Some(())
    };
    place(queen, 'q')?;
    let (first, second) = KNIGHTS.get(number)?;
    // The second goes first, so that the first's number still counts.
    place(*second, 'n')?;
    place(*first, 'n')?;
    for piece in ['r', 'k', 'r'] {
        place(0, piece)?;
    }
    let black: String = rank.iter().collect();
    let white = black.to_uppercase();
    let fen: Fen = format!("{black}/pppppppp/8/8/8/8/PPPPPPPP/{white} w KQkq - 0 1")
        .parse()
        .ok()?;
    fen.into_position(CastlingMode::Chess960).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openings(seed: u64, mode: CastlingMode) -> Vec<Opening> {
        RandomOpenings::new(seed, mode).take(200).collect()
    }

    fn end(opening: &Opening) -> Chess {
        let mut position = opening.start.clone();
        for &m in &opening.moves {
            assert!(position.is_legal(m));
            position.play_unchecked(m);
        }
        position
    }

    #[test]
    fn a_seed_determines_the_openings_and_another_gives_others() {
        let first = openings(1, CastlingMode::Standard);
        assert_eq!(first, openings(1, CastlingMode::Standard));
        assert_ne!(first, openings(2, CastlingMode::Standard));
    }

    #[test]
    fn the_openings_of_a_seed_stay_the_same_from_version_to_version() {
        let first = openings(1, CastlingMode::Standard).swap_remove(0);
        let fen = Fen::from_position(&end(&first), EnPassantMode::Legal);
        assert_eq!(
            fen.to_string(),
            "r1bqkbnr/ppp2pp1/2np4/4p2p/PP3P2/8/2PPP1PP/RNBQKBNR w KQkq - 0 5"
        );
    }

    #[test]
    fn openings_are_unique_fair_and_eight_plies_long() {
        for mode in [CastlingMode::Standard, CastlingMode::Chess960] {
            let mut seen = HashSet::new();
            for opening in openings(3, mode) {
                assert_eq!(opening.moves.len(), PLIES);
                let end = end(&opening);
                assert!(balance(&end).abs() <= BALANCED);
                assert!(!end.is_check() && !end.legal_moves().is_empty());
                assert!(seen.insert(Epd::from_position(&end, EnPassantMode::Legal)));
            }
        }
    }

    #[test]
    fn a_hanging_piece_or_a_mate_in_one_is_not_fair() {
        let judge = |fen: &str| {
            let fen: Fen = fen.parse().unwrap();
            balance(&fen.into_position(CastlingMode::Standard).unwrap())
        };
        // White takes a queen.
        assert!(judge("rnb1kbnr/pppp1ppp/8/4p1q1/3P4/8/PPP1PPPP/RNBQKBNR w KQkq - 0 3") > 500);
        // Black mates on h4.
        assert!(judge("rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2") > 5000);
        assert!(
            judge("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1").abs() <= BALANCED
        );
    }

    #[test]
    fn the_chess960_positions_are_all_different_and_number_518_is_chess() {
        let all: HashSet<String> = (0..960)
            .map(|number| {
                let position = chess960(number).unwrap();
                Fen::from_position(&position, EnPassantMode::Legal).to_string()
            })
            .collect();
        assert_eq!(all.len(), 960);
        let chess = Fen::from_position(&chess960(518).unwrap(), EnPassantMode::Legal);
        let usual = Fen::from_position(&Chess::default(), EnPassantMode::Legal);
        assert_eq!(chess, usual);
        assert!(chess960(960).is_none());
    }
}
