//! A position as the search wants it: shakmaty's rules plus hash keys and the checkers, made by copying.

use shakmaty::zobrist::{Zobrist64, ZobristValue};
use shakmaty::{
    Bitboard, Board, CastlingMode, CastlingSide, Chess, Color, EnPassantMode, File, Move, Piece,
    Position as _, Role, Square,
    attacks::{bishop_attacks, king_attacks, knight_attacks, rook_attacks},
};

/// A legal chess position with its hash keys.
#[derive(Clone, Debug)]
pub struct Position {
    chess: Chess,
    key: u64,
    pawn_key: u64,
    /// By the pieces' colour.
    non_pawn_keys: [u64; 2],
    checkers: Bitboard,
    en_passant: Option<File>,
    /// Plies that could be played backwards: since the last capture, pawn move or null move.
    reversible: u32,
}

fn piece_key(square: Square, piece: Piece) -> u64 {
    Zobrist64::zobrist_for_piece(square, piece).0
}

impl Position {
    /// Takes over a position and computes its keys.
    #[must_use]
    pub fn new(chess: Chess) -> Position {
        let key = chess.zobrist_hash::<Zobrist64>(EnPassantMode::Legal).0;
        let board = chess.board();
        let mut pawn_key = 0;
        for color in Color::ALL {
            for square in board.by_piece(color.pawn()) {
                pawn_key ^= piece_key(square, color.pawn());
            }
        }
        let mut non_pawn_keys = [0; 2];
        for color in Color::ALL {
            for square in board.by_color(color) & !board.pawns() {
                if let Some(piece) = board.piece_at(square) {
                    non_pawn_keys[color as usize] ^= piece_key(square, piece);
                }
            }
        }
        let reversible = chess.halfmoves();
        let checkers = chess.checkers();
        let en_passant = chess.legal_ep_square().map(Square::file);
        Position {
            chess,
            key,
            pawn_key,
            non_pawn_keys,
            checkers,
            en_passant,
            reversible,
        }
    }

    /// The position in shakmaty's terms.
    #[must_use]
    pub const fn chess(&self) -> &Chess {
        &self.chess
    }

    /// Where the pieces stand.
    #[must_use]
    pub fn board(&self) -> &Board {
        self.chess.board()
    }

    /// Side to move.
    #[must_use]
    pub fn turn(&self) -> Color {
        self.chess.turn()
    }

    /// Plies since the last capture or pawn move.
    #[must_use]
    pub fn halfmoves(&self) -> u32 {
        self.chess.halfmoves()
    }

    /// How castling moves are written.
    #[must_use]
    pub fn castling_mode(&self) -> CastlingMode {
        self.chess.castles().mode()
    }

    /// Zobrist key of everything that counts for a repetition.
    #[must_use]
    pub const fn key(&self) -> u64 {
        self.key
    }

    /// Zobrist key of the pawns alone.
    #[must_use]
    pub const fn pawn_key(&self) -> u64 {
        self.pawn_key
    }

    /// Zobrist key of the king and the pieces of `color`, without its pawns.
    #[must_use]
    pub const fn non_pawn_key(&self, color: Color) -> u64 {
        self.non_pawn_keys[color as usize]
    }

    /// Plies that could be played backwards: those since the last capture, pawn move or null move.
    #[must_use]
    pub const fn reversible(&self) -> u32 {
        self.reversible
    }

    /// Squares that the opponent attacks.
    #[must_use]
    pub fn threats(&self) -> Bitboard {
        let board = self.board();
        let them = !self.turn();
        let occupied = board.occupied();
        let theirs = board.by_color(them);
        let pawns = board.pawns() & theirs;
        let mut attacked = if them.is_white() {
            pawns.shift(7) & !Bitboard::from_file(File::H)
                | pawns.shift(9) & !Bitboard::from_file(File::A)
        } else {
            pawns.shift(-7) & !Bitboard::from_file(File::A)
                | pawns.shift(-9) & !Bitboard::from_file(File::H)
        };
        for square in board.knights() & theirs {
            attacked |= knight_attacks(square);
        }
        for square in board.bishops_and_queens() & theirs {
            attacked |= bishop_attacks(square, occupied);
        }
        for square in board.rooks_and_queens() & theirs {
            attacked |= rook_attacks(square, occupied);
        }
        for square in board.kings() & theirs {
            attacked |= king_attacks(square);
        }
        attacked
    }

    /// Enemy pieces that give check.
    #[must_use]
    pub const fn checkers(&self) -> Bitboard {
        self.checkers
    }

    /// Whether the side to move is in check.
    #[must_use]
    pub const fn in_check(&self) -> bool {
        self.checkers.any()
    }

    /// Whether the side to move has more than king and pawns (a guard against zugzwang).
    #[must_use]
    pub fn has_pieces(&self) -> bool {
        let board = self.board();
        (board.by_color(self.turn()) & !(board.pawns() | board.kings())).any()
    }

    /// Whether neither side can mate by any sequence of moves.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        let board = self.board();
        (board.pawns() | board.rooks_and_queens()).is_empty()
            && self.chess.is_insufficient_material()
    }

    /// The position after the legal move `m`.
    #[must_use]
    pub fn play(&self, m: Move) -> Position {
        let us = self.turn();
        let mut key = self.key ^ Zobrist64::zobrist_for_white_turn().0;
        let mut pawn_key = self.pawn_key;
        let mut non_pawn_keys = self.non_pawn_keys;
        let (ours, theirs) = (us as usize, !us as usize);
        match m {
            Move::Normal {
                role,
                from,
                capture,
                to,
                promotion,
            } => {
                let leaves = piece_key(from, role.of(us));
                let arrives = piece_key(to, promotion.unwrap_or(role).of(us));
                key ^= leaves ^ arrives;
                if role == Role::Pawn {
                    pawn_key ^= leaves;
                    if promotion.is_none() {
                        pawn_key ^= arrives;
                    } else {
                        non_pawn_keys[ours] ^= arrives;
                    }
                } else {
                    non_pawn_keys[ours] ^= leaves ^ arrives;
                }
                if let Some(captured) = capture {
                    let taken = piece_key(to, captured.of(!us));
                    key ^= taken;
                    if captured == Role::Pawn {
                        pawn_key ^= taken;
                    } else {
                        non_pawn_keys[theirs] ^= taken;
                    }
                }
            }
            Move::EnPassant { from, to } => {
                let taken = Square::from_coords(to.file(), from.rank());
                let change = piece_key(from, us.pawn())
                    ^ piece_key(to, us.pawn())
                    ^ piece_key(taken, (!us).pawn());
                key ^= change;
                pawn_key ^= change;
            }
            Move::Castle { king, rook } => {
                let side = CastlingSide::from_king_side(king < rook);
                let change = piece_key(king, us.king())
                    ^ piece_key(side.king_to(us), us.king())
                    ^ piece_key(rook, us.rook())
                    ^ piece_key(side.rook_to(us), us.rook());
                key ^= change;
                non_pawn_keys[ours] ^= change;
            }
            // Drops do not exist in standard chess.
            Move::Put { .. } => {}
        }

        let mut chess = self.chess.clone();
        chess.play_unchecked(m);

        let (before, after) = (self.chess.castles(), chess.castles());
        if before.castling_rights() != after.castling_rights() {
            for color in Color::ALL {
                for side in CastlingSide::ALL {
                    if before.has(color, side) != after.has(color, side) {
                        key ^= Zobrist64::zobrist_for_castling_right(color, side).0;
                    }
                }
            }
        }
        if let Some(file) = self.en_passant {
            key ^= Zobrist64::zobrist_for_en_passant_file(file).0;
        }
        let en_passant = chess.legal_ep_square().map(Square::file);
        if let Some(file) = en_passant {
            key ^= Zobrist64::zobrist_for_en_passant_file(file).0;
        }
        let checkers = chess.checkers();
        let reversible = if chess.halfmoves() == 0 {
            0
        } else {
            self.reversible.saturating_add(1)
        };
        Position {
            chess,
            key,
            pawn_key,
            non_pawn_keys,
            checkers,
            en_passant,
            reversible,
        }
    }

    /// The position with the other side to move, or nothing when the side to move is in check.
    #[must_use]
    pub fn pass(&self) -> Option<Position> {
        if self.in_check() {
            return None;
        }
        let mut key = self.key ^ Zobrist64::zobrist_for_white_turn().0;
        if let Some(file) = self.en_passant {
            key ^= Zobrist64::zobrist_for_en_passant_file(file).0;
        }
        Some(Position {
            chess: self.chess.clone().swap_turn().ok()?,
            key,
            pawn_key: self.pawn_key,
            non_pawn_keys: self.non_pawn_keys,
            checkers: Bitboard::EMPTY,
            en_passant: None,
            reversible: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use shakmaty::fen::Fen;

    #[test]
    fn keys_kept_by_play_equal_keys_computed_afresh() {
        let seed = 0x5eed;
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        for game in 0..200_u32 {
            let start = if game % 2 == 0 {
                Chess::default()
            } else {
                let setup = shakmaty::Setup {
                    board: Board::chess960(game * 4 % 960),
                    ..shakmaty::Setup::initial()
                };
                let rooks = setup.board.rooks();
                shakmaty::Setup {
                    castling_rights: rooks,
                    ..setup
                }
                .position(CastlingMode::Chess960)
                .unwrap()
            };
            let mut position = Position::new(start);
            for _ in 0..120 {
                let moves = position.chess().legal_moves();
                if moves.is_empty() {
                    break;
                }
                position = position.play(moves[rng.below(moves.len() as u64) as usize]);
                let fresh = Position::new(position.chess().clone());
                assert_eq!(position.key(), fresh.key());
                assert_eq!(position.pawn_key(), fresh.pawn_key());
                for color in Color::ALL {
                    assert_eq!(position.non_pawn_key(color), fresh.non_pawn_key(color));
                }
                assert_eq!(position.checkers(), fresh.checkers());
                assert_eq!(position.reversible(), position.halfmoves());
                let mut threats = Bitboard::EMPTY;
                for square in position.board().by_color(!position.turn()) {
                    threats |= position.board().attacks_from(square);
                }
                assert_eq!(position.threats(), threats);
                if let Some(passed) = position.pass() {
                    assert_eq!(passed.key(), Position::new(passed.chess().clone()).key());
                    assert_eq!(passed.reversible(), 0);
                }
            }
        }
    }

    #[test]
    fn an_en_passant_right_that_nobody_can_use_does_not_change_the_key() {
        let key = |fen: &str| {
            let fen: Fen = fen.parse().unwrap();
            Position::new(fen.into_position(CastlingMode::Standard).unwrap()).key()
        };
        assert_eq!(
            key("rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq e3 0 1"),
            key("rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"),
        );
    }
}
