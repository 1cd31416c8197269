//! Reversible moves by what they change in a position's key, so that one look says whether two positions are a single
//! move apart. Marcel van Kervinck's method ("The upcoming repetition detection algorithm", 2018): a cuckoo hash table
//! of all moves of pieces on an empty board, each in one of its two places.

use shakmaty::{
    Bitboard, Color, Role, Square,
    attacks::{between, bishop_attacks, king_attacks, knight_attacks, rook_attacks},
    zobrist::{Zobrist64, ZobristValue},
};

/// Places in the table: more than twice the 3,668 moves, so that each finds one.
const PLACES: usize = 1 << 13;

#[derive(Clone, Copy)]
struct Entry {
    /// What the move changes in the key; 0 where there is none.
    change: u64,
    squares: [Square; 2],
}

/// The table of all reversible moves.
pub struct Cuckoo(Vec<Entry>);

const fn first(change: u64) -> usize {
    change as usize % PLACES
}

const fn second(change: u64) -> usize {
    (change >> 16) as usize % PLACES
}

impl Default for Cuckoo {
    fn default() -> Cuckoo {
        let none = Entry {
            change: 0,
            squares: [Square::A1; 2],
        };
        let mut table = vec![none; PLACES];
        for_each_move(|change, from, to| {
            let mut entry = Entry {
                change,
                squares: [from, to],
            };
            let mut place = first(change);
            // Whoever is displaced goes to its other place. Keys are constants, so a test shows that this ends.
            for _ in 0..PLACES {
                entry = std::mem::replace(&mut table[place], entry);
                if entry.change == 0 {
                    break;
                }
                place = first(entry.change) + second(entry.change) - place;
            }
        });
        Cuckoo(table)
    }
}

impl Cuckoo {
    /// The two squares of the move that changes a key by `change`, the turn included, if `occupied` leaves its way
    /// free. Which of them the piece stands on is for the caller to see.
    #[must_use]
    pub fn squares(&self, change: u64, occupied: Bitboard) -> Option<[Square; 2]> {
        let entry = [first(change), second(change)]
            .into_iter()
            .map(|place| self.0[place])
            .find(|entry| entry.change == change && change != 0)?;
        let [from, to] = entry.squares;
        (between(from, to) & occupied)
            .is_empty()
            .then_some(entry.squares)
    }
}

fn for_each_move(mut sink: impl FnMut(u64, Square, Square)) {
    let turn = Zobrist64::zobrist_for_white_turn().0;
    for color in Color::ALL {
        for role in [
            Role::Knight,
            Role::Bishop,
            Role::Rook,
            Role::Queen,
            Role::King,
        ] {
            let key = |square| Zobrist64::zobrist_for_piece(square, role.of(color)).0;
            for from in Square::ALL {
                let none = Bitboard::EMPTY;
                let reach = match role {
                    Role::Knight => knight_attacks(from),
                    Role::Bishop => bishop_attacks(from, none),
                    Role::Rook => rook_attacks(from, none),
                    Role::Queen => bishop_attacks(from, none) | rook_attacks(from, none),
                    _ => king_attacks(from),
                };
                for to in reach.into_iter().filter(|&to| to > from) {
                    sink(key(from) ^ key(to) ^ turn, from, to);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;
    use shakmaty::{CastlingMode, fen::Fen, uci::UciMove};

    #[test]
    fn every_reversible_move_has_its_place() {
        let cuckoo = Cuckoo::default();
        let mut count = 0;
        for_each_move(|change, from, to| {
            count += 1;
            assert_eq!(cuckoo.squares(change, Bitboard::EMPTY), Some([from, to]));
        });
        assert_eq!(count, 3_668);
        let used = cuckoo.0.iter().filter(|entry| entry.change != 0).count();
        assert_eq!(used, count);
        assert_eq!(cuckoo.squares(0, Bitboard::EMPTY), None);
    }

    #[test]
    fn a_move_is_found_by_what_it_changes_unless_its_way_is_blocked() {
        let cuckoo = Cuckoo::default();
        let fen: Fen = "4k3/8/8/8/8/2n5/8/Q3K3 w - - 4 20".parse().unwrap();
        let before = Position::new(fen.into_position(CastlingMode::Standard).unwrap());
        let change = |uci: &str| {
            let uci: UciMove = uci.parse().unwrap();
            let after = before.play(uci.to_move(before.chess()).unwrap());
            (before.key() ^ after.key(), after.board().occupied())
        };
        let (moved, occupied) = change("a1a7");
        assert_eq!(
            cuckoo.squares(moved, occupied),
            Some([Square::A1, Square::A7])
        );
        assert_eq!(cuckoo.squares(moved, occupied.with(Square::A4)), None);
        // A capture cannot be taken back.
        let (moved, occupied) = change("a1c3");
        assert_eq!(cuckoo.squares(moved, occupied), None);
    }
}
