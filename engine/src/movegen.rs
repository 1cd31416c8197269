//! Legal moves in two parts, noisy (captures and promotions) and quiet, so that the search seldom makes both.
//! The attack tables and the rules of castling are shakmaty's; the tests hold the result against its generator.

use shakmaty::{
    Bitboard, CastlingSide, Color, Move, Position as _, Rank, Role, Square,
    attacks::{
        between, bishop_attacks, king_attacks, knight_attacks, pawn_attacks, queen_attacks, ray,
        rook_attacks,
    },
};

use crate::position::Position;

/// Which moves to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every legal move.
    All,
    /// Captures, en passant and promotions.
    Noisy,
    /// Everything else.
    Quiet,
}

/// Moves that share an origin, before they are written out one by one.
enum Group {
    Piece {
        role: Role,
        from: Square,
        to: Bitboard,
    },
    Promotions {
        from: Square,
        to: Bitboard,
    },
    Single(Move),
}

const PROMOTIONS: [Role; 4] = [Role::Queen, Role::Knight, Role::Rook, Role::Bishop];

/// Calls `sink` with every legal move of that kind.
#[inline]
pub fn for_each(position: &Position, kind: Kind, mut sink: impl FnMut(Move)) {
    let board = position.board();
    let them = board.by_color(!position.turn());
    let captured = |to: Square| {
        if them.contains(to) {
            board.role_at(to)
        } else {
            None
        }
    };
    groups(position, kind, |group| match group {
        Group::Piece { role, from, to } => {
            for to in to {
                sink(Move::Normal {
                    role,
                    from,
                    capture: captured(to),
                    to,
                    promotion: None,
                });
            }
        }
        Group::Promotions { from, to } => {
            for to in to {
                for promotion in PROMOTIONS {
                    sink(Move::Normal {
                        role: Role::Pawn,
                        from,
                        capture: captured(to),
                        to,
                        promotion: Some(promotion),
                    });
                }
            }
        }
        Group::Single(m) => sink(m),
    });
}

/// The number of legal moves, without writing them out.
#[must_use]
pub fn count(position: &Position) -> usize {
    let mut total = 0;
    groups(position, Kind::All, |group| {
        total += match group {
            Group::Piece { to, .. } => to.count(),
            Group::Promotions { to, .. } => PROMOTIONS.len() * to.count(),
            Group::Single(_) => 1,
        };
    });
    total
}

/// Whether there is no legal move at all: mate when in check, stalemate when not.
#[must_use]
pub fn is_stuck(position: &Position) -> bool {
    count(position) == 0
}

/// Pieces of the side to move that stand alone between their king and an enemy slider.
fn pinned(position: &Position, king: Square) -> Bitboard {
    let board = position.board();
    let us = board.by_color(position.turn());
    let them = board.by_color(!position.turn());
    let snipers = them
        & ((rook_attacks(king, them) & board.rooks_and_queens())
            | (bishop_attacks(king, them) & board.bishops_and_queens()));
    let mut pinned = Bitboard::EMPTY;
    for sniper in snipers {
        let blockers = between(king, sniper) & board.occupied();
        if !blockers.more_than_one() {
            pinned |= blockers & us;
        }
    }
    pinned
}

#[inline]
fn groups(position: &Position, kind: Kind, mut sink: impl FnMut(Group)) {
    let chess = position.chess();
    let board = chess.board();
    let turn = chess.turn();
    let us = board.by_color(turn);
    let them = board.by_color(!turn);
    let occupied = board.occupied();
    // A position without a king cannot be made, so nothing is lost by stopping here.
    let Some(king) = board.king_of(turn) else {
        return;
    };

    let wanted = match kind {
        Kind::All => !us,
        Kind::Noisy => them,
        Kind::Quiet => !occupied,
    };

    // King moves.
    let mut king_to = king_attacks(king) & wanted;
    if king_to.any() {
        let without_king = occupied.without(king);
        for to in king_to {
            if board.attacks_to(to, !turn, without_king).any() {
                king_to.discard(to);
            }
        }
        sink(Group::Piece {
            role: Role::King,
            from: king,
            to: king_to,
        });
    }

    let checkers = position.checkers();
    if checkers.more_than_one() {
        return;
    }
    let evasion = match checkers.first() {
        Some(checker) => between(king, checker).with(checker),
        None => Bitboard::FULL,
    };
    let pinned = pinned(position, king);
    let target = wanted & evasion;
    let allowed = |from: Square| {
        if pinned.contains(from) {
            ray(king, from)
        } else {
            Bitboard::FULL
        }
    };

    // A pinned knight can never move.
    for from in board.knights() & us & !pinned {
        let to = knight_attacks(from) & target;
        sink(Group::Piece {
            role: Role::Knight,
            from,
            to,
        });
    }
    for from in board.bishops() & us {
        let to = bishop_attacks(from, occupied) & target & allowed(from);
        sink(Group::Piece {
            role: Role::Bishop,
            from,
            to,
        });
    }
    for from in board.rooks() & us {
        let to = rook_attacks(from, occupied) & target & allowed(from);
        sink(Group::Piece {
            role: Role::Rook,
            from,
            to,
        });
    }
    for from in board.queens() & us {
        let to = queen_attacks(from, occupied) & target & allowed(from);
        sink(Group::Piece {
            role: Role::Queen,
            from,
            to,
        });
    }

    // Pawns. Promotions count as noisy, whether or not they capture.
    let last = Bitboard::from_rank(turn.relative_rank(Rank::Eighth));
    for from in board.pawns() & us {
        let mut to = pushes(turn, from, occupied);
        let mut captures = pawn_attacks(turn, from) & them;
        let mask = evasion & allowed(from);
        to &= mask;
        captures &= mask;
        let promotions = (to | captures) & last;
        if promotions.any() {
            if kind != Kind::Quiet {
                sink(Group::Promotions {
                    from,
                    to: promotions,
                });
            }
            continue;
        }
        let to = match kind {
            Kind::All => to | captures,
            Kind::Noisy => captures,
            Kind::Quiet => to,
        };
        sink(Group::Piece {
            role: Role::Pawn,
            from,
            to,
        });
    }

    if kind != Kind::Quiet
        && let Some(to) = chess.maybe_ep_square()
    {
        for from in pawn_attacks(!turn, to) & board.pawns() & us {
            let taken = Square::from_coords(to.file(), from.rank());
            let after = occupied.without(from).without(taken).with(to);
            if board
                .attacks_to(king, !turn, after)
                .without(taken)
                .is_empty()
            {
                sink(Group::Single(Move::EnPassant { from, to }));
            }
        }
    }

    if kind != Kind::Noisy && checkers.is_empty() && chess.castles().has_color(turn) {
        for side in CastlingSide::ALL {
            // Read in place: to move the list out would copy all of its room.
            for &m in &chess.castling_moves(side) {
                sink(Group::Single(m));
            }
        }
    }
}

/// Squares that a pawn on `from` can be pushed to.
fn pushes(turn: Color, from: Square, occupied: Bitboard) -> Bitboard {
    let (step, third) = match turn {
        Color::White => (8, Rank::Third),
        Color::Black => (-8, Rank::Sixth),
    };
    let one = Bitboard::from_square(from).shift(step) & !occupied;
    let two = (one & Bitboard::from_rank(third)).shift(step) & !occupied;
    one | two
}

/// A move in 16 bits, as the transposition table and the history keep it: 6 bits origin, 6 bits destination (for
/// castling the rook's square), 3 bits promotion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedMove(u16);

impl PackedMove {
    /// Stands for "no move".
    pub const NONE: PackedMove = PackedMove(0);

    /// The 16 bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Packs a move.
    #[must_use]
    pub fn pack(m: Move) -> PackedMove {
        let from = m.from().unwrap_or(Square::A1).to_u32() as u16;
        let to = m.to().to_u32() as u16;
        let promotion = m.promotion().map_or(0, |role| role as u16);
        PackedMove(from | (to << 6) | (promotion << 12))
    }

    /// Whether it stands for "no move".
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The move, if it is legal in `position`. A key collision in the table can offer any move at all.
    #[must_use]
    pub fn unpack(self, position: &Position) -> Option<Move> {
        if self.is_none() {
            return None;
        }
        let from = Square::new(u32::from(self.0) & 63);
        let to = Square::new(u32::from(self.0 >> 6) & 63);
        let board = position.board();
        let role = board.role_at(from)?;
        let promotion = match self.0 >> 12 {
            0 => None,
            2 => Some(Role::Knight),
            3 => Some(Role::Bishop),
            4 => Some(Role::Rook),
            5 => Some(Role::Queen),
            _ => return None,
        };
        let us = board.by_color(position.turn());
        let m = if role == Role::King && us.contains(to) {
            Move::Castle {
                king: from,
                rook: to,
            }
        } else if role == Role::Pawn && from.file() != to.file() && !board.occupied().contains(to) {
            Move::EnPassant { from, to }
        } else {
            Move::Normal {
                role,
                from,
                capture: board.role_at(to),
                to,
                promotion,
            }
        };
        (us.contains(from) && is_legal(position, m)).then_some(m)
    }
}

/// Whether `m`, whose roles agree with the board, is legal.
fn is_legal(position: &Position, m: Move) -> bool {
    let Move::Normal {
        role,
        from,
        to,
        promotion,
        ..
    } = m
    else {
        return position.chess().is_legal(m);
    };
    let board = position.board();
    let turn = position.turn();
    let Some(king) = board.king_of(turn) else {
        return false;
    };
    let (us, them, occupied) = (
        board.by_color(turn),
        board.by_color(!turn),
        board.occupied(),
    );
    if us.contains(to) {
        return false;
    }
    let reach = match role {
        Role::Pawn => {
            let last = to.rank() == turn.relative_rank(Rank::Eighth);
            if last != promotion.is_some() {
                return false;
            }
            pushes(turn, from, occupied) | (pawn_attacks(turn, from) & them)
        }
        Role::Knight => knight_attacks(from),
        Role::Bishop => bishop_attacks(from, occupied),
        Role::Rook => rook_attacks(from, occupied),
        Role::Queen => queen_attacks(from, occupied),
        Role::King => king_attacks(from),
    };
    if !reach.contains(to) || (promotion.is_some() && role != Role::Pawn) {
        return false;
    }
    if role == Role::King {
        return board
            .attacks_to(to, !turn, occupied.without(from))
            .is_empty();
    }
    let checkers = position.checkers();
    if let Some(checker) = checkers.first()
        && (checkers.more_than_one() || !between(king, checker).with(checker).contains(to))
    {
        return false;
    }
    !pinned(position, king).contains(from) || ray(king, from).contains(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use shakmaty::{Board, CastlingMode, Chess, Setup, fen::Fen};

    fn collect(position: &Position, kind: Kind) -> Vec<Move> {
        let mut moves = Vec::new();
        for_each(position, kind, |m| moves.push(m));
        moves
    }

    fn sorted(mut moves: Vec<Move>) -> Vec<Move> {
        moves.sort_by_key(|m| format!("{m:?}"));
        moves
    }

    fn agrees(position: &Position, rng: &mut Rng) {
        let expected = position.chess().legal_moves().to_vec();
        let all = collect(position, Kind::All);
        assert_eq!(
            sorted(all.clone()),
            sorted(expected.clone()),
            "{position:?}"
        );
        let mut parts = collect(position, Kind::Noisy);
        assert!(parts.iter().all(|m| m.is_capture() || m.is_promotion()));
        let quiet = collect(position, Kind::Quiet);
        assert!(quiet.iter().all(|m| !m.is_capture() && !m.is_promotion()));
        parts.extend(quiet);
        assert_eq!(sorted(parts), sorted(all.clone()));
        assert_eq!(count(position), all.len());
        for &m in &all {
            assert_eq!(PackedMove::pack(m).unpack(position), Some(m));
        }
        for _ in 0..64 {
            let packed = PackedMove(rng.next_u64() as u16);
            if let Some(m) = packed.unpack(position) {
                assert!(expected.contains(&m), "{m:?} is not legal in {position:?}");
            }
        }
    }

    #[test]
    fn both_parts_together_are_the_legal_moves() {
        let seed = 99;
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        for game in 0..120_u32 {
            let mut setup = Setup::initial();
            if game % 2 == 1 {
                setup.board = Board::chess960(game * 7 % 960);
                setup.castling_rights = setup.board.rooks();
            }
            let chess: Chess = setup.position(CastlingMode::Chess960).unwrap();
            let mut position = Position::new(chess);
            for _ in 0..150 {
                agrees(&position, &mut rng);
                let moves = position.chess().legal_moves();
                if moves.is_empty() {
                    break;
                }
                position = position.play(moves[rng.below(moves.len() as u64) as usize]);
            }
        }
    }

    #[test]
    fn pins_checks_and_en_passant_corners_agree() {
        let mut rng = Rng::new(3);
        for fen in [
            // En passant would uncover a rook along the rank.
            "8/8/8/8/k2Pp2Q/8/8/3K4 b - d3 0 1",
            // En passant takes the pawn that gives check.
            "8/8/8/2k5/3Pp3/8/8/3K4 b - d3 0 1",
            "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
            "4k3/8/8/8/8/8/4q3/4K3 w - - 0 1",
            "3k4/8/8/8/1b5q/8/3P4/4K3 w - - 0 1",
            "n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1",
        ] {
            let fen: Fen = fen.parse().unwrap();
            agrees(
                &Position::new(fen.into_position(CastlingMode::Standard).unwrap()),
                &mut rng,
            );
        }
    }
}
