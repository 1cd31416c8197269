//! One chain of records on a board, and what may stand next on it.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use shakmaty::fen::Fen;
use shakmaty::uci::UciMove;
use shakmaty::{CastlingMode, Chess, Color, EnPassantMode, Position as _, Role};

use super::{Content, Creator, End, Id, Record, Setup, Side};

/// The height at which a game ends whatever it is.
const RECORD_LIMIT: u64 = 2_000;

/// A chain of records, played out.
#[derive(Clone, Debug)]
pub struct Board {
    mode: CastlingMode,
    /// The positions of the current line, the start first.
    line: Vec<Chess>,
    /// The moves between them.
    moves: Vec<String>,
    genesis_moves: usize,
    /// White and Black, once seated.
    players: Option<[Id; 2]>,
    height: u64,
    /// The heads of the chain, the genesis first, each with the side to move there and whether it was an end.
    heads: Vec<(Id, Side, bool)>,
    /// Whether the head is a move that offers a draw.
    offered: bool,
    moved: BTreeSet<usize>,
    end: Option<End>,
}

impl Board {
    /// The game as the genesis leaves it; nothing if the genesis itself is not playable.
    #[must_use]
    pub fn new(setup: &Setup) -> Option<Self> {
        let mode = if setup.chess960 {
            CastlingMode::Chess960
        } else {
            CastlingMode::Standard
        };
        let start: Chess = setup.start.parse::<Fen>().ok()?.into_position(mode).ok()?;
        let mut board = Self {
            mode,
            line: vec![start],
            moves: Vec::new(),
            genesis_moves: setup.moves.len(),
            players: None,
            height: 0,
            heads: Vec::new(),
            offered: false,
            moved: BTreeSet::new(),
            end: None,
        };
        for uci in &setup.moves {
            board.push(uci)?;
        }
        let turn = board.turn();
        board.heads.push((setup.name, turn, false));
        Some(board)
    }

    /// The board after `record`; nothing if it may not stand here.
    #[must_use]
    pub fn after(&self, setup: &Setup, record: &Record) -> Option<Self> {
        let author = match self.players {
            None => setup.creator,
            Some(players) => players[self.turn().index()],
        };
        if !record.by.contains(&author) {
            return None;
        }
        self.after_body(setup, record)
    }

    /// Whether `record` could stand here, or at one of this chain's heads, if who may sign it had done so.
    #[must_use]
    pub fn could_stand(&self, setup: &Setup, record: &Record) -> bool {
        match record.content {
            Content::ResignAt => self.resigned_at(record).is_some(),
            _ => self.after_body(setup, record).is_some(),
        }
    }

    /// As [`Board::after`], whoever signed it.
    fn after_body(&self, setup: &Setup, record: &Record) -> Option<Self> {
        let clocked = setup.time != super::TimeControl::Untimed;
        let fits = self.end.is_none()
            && record.prev == self.head()
            && record.height == Some(self.height + 1)
            && record.on.is_some() == clocked;
        if !fits {
            return None;
        }
        let mut next = self.clone();
        next.height += 1;
        next.offered = false;
        let mover = self.turn();
        match (&record.content, self.players) {
            (
                Content::Seat {
                    joiner,
                    nonce,
                    join_signed,
                    reveal,
                },
                None,
            ) => {
                let kept = setup.seat.is_some_and(|seat| seat != *joiner);
                if *joiner == setup.creator || kept || !join_signed {
                    return None;
                }
                let colour = creator_side(setup.colour, reveal.as_deref(), nonce)?;
                next.players = Some(match colour {
                    Side::White => [setup.creator, *joiner],
                    Side::Black => [*joiner, setup.creator],
                });
            }
            (_, None) | (Content::Seat { .. } | Content::ResignAt, Some(_)) => return None,
            (Content::Move { uci, offer, .. }, Some(_)) => {
                next.push(uci)?;
                next.offered = *offer;
                next.moved.insert(mover.index());
                next.end = next.end_of_move(mover);
            }
            (
                Content::Rewind {
                    consent_at,
                    to_ply,
                    consent_by,
                },
                Some(players),
            ) => {
                let other = players[mover.other().index()];
                let back = self.genesis_moves <= *to_ply && *to_ply < self.ply();
                if !setup.takebacks
                    || *consent_at != self.head()
                    || !consent_by.contains(&other)
                    || !back
                {
                    return None;
                }
                next.line.truncate(to_ply + 1);
                next.moves.truncate(*to_ply);
            }
            (Content::Draw, Some(_)) => {
                next.end = Some(End::none(self.draw()?));
            }
            (Content::Resign, Some(_)) => next.end = Some(End::lost(mover, "resignation")),
            (Content::Abort, Some(_)) => {
                if self.moved.contains(&mover.index()) {
                    return None;
                }
                next.end = Some(End::none("abort"));
            }
        }
        if next.height >= RECORD_LIMIT && next.end.is_none() {
            next.end = Some(End::none("record-limit"));
        }
        let turn = next.turn();
        next.heads.push((record.hash, turn, next.end.is_some()));
        Some(next)
    }

    /// Who gives up by a resignation off turn at one of this chain's heads, if it may stand.
    #[must_use]
    pub fn resigns_at(&self, record: &Record) -> Option<Side> {
        if !matches!(record.content, Content::ResignAt) {
            return None;
        }
        let (players, loser) = (self.players?, self.resigned_at(record)?);
        record.by.contains(&players[loser.index()]).then_some(loser)
    }

    /// Who has to sign a resignation at this head of the chain, which is no end.
    fn resigned_at(&self, record: &Record) -> Option<Side> {
        self.players?;
        // The genesis is a head without players.
        let (_, turn, ended) = self.heads[1..]
            .iter()
            .find(|(head, _, _)| *head == record.prev)?;
        (!ended).then_some(turn.other())
    }

    /// Ends the game here.
    pub(super) fn end_with(&mut self, end: End) {
        self.end = Some(end);
    }

    fn push(&mut self, uci: &str) -> Option<()> {
        let position = self.line.last()?;
        let played = uci.parse::<UciMove>().ok()?.to_move(position).ok()?;
        if played.to_uci(self.mode).to_string() != uci {
            return None;
        }
        let mut position = position.clone();
        position.play_unchecked(played);
        self.line.push(position);
        self.moves.push(uci.to_owned());
        Some(())
    }

    fn end_of_move(&self, mover: Side) -> Option<End> {
        let position = self.position();
        let dead = [Side::White, Side::Black]
            .into_iter()
            .all(|side| self.lacks_material(side));
        if position.is_checkmate() {
            Some(End::lost(mover.other(), "checkmate"))
        } else if position.is_stalemate() {
            Some(End::none("stalemate"))
        } else if dead {
            Some(End::none("dead-position"))
        } else if self.repeated() >= 5 {
            Some(End::none("fivefold"))
        } else if position.halfmoves() >= 150 {
            Some(End::none("seventy-five"))
        } else {
            None
        }
    }

    /// Whether a side has not the material to mate, by what stands on the board alone.
    #[must_use]
    pub fn lacks_material(&self, side: Side) -> bool {
        let mut own = Vec::new();
        let mut others = Vec::new();
        let mut shades = BTreeSet::new();
        for (square, piece) in self.position().board().clone() {
            if piece.role == Role::Bishop {
                shades.insert(square.is_light());
            }
            if piece.role == Role::King {
                continue;
            }
            if (piece.color == Color::White) == (side == Side::White) {
                own.push(piece.role);
            } else {
                others.push(piece.role);
            }
        }
        let only = |roles: &[Role], wanted: Role| roles.iter().all(|role| *role == wanted);
        let anywhere = |wanted: Role| own.iter().chain(&others).any(|role| *role == wanted);
        own.is_empty()
            || (own == [Role::Knight] && only(&others, Role::Queen))
            || (only(&own, Role::Bishop)
                && shades.len() == 1
                && !anywhere(Role::Knight)
                && !anywhere(Role::Pawn))
    }

    /// Why the side to move may claim or agree to a draw here.
    #[must_use]
    pub fn draw(&self) -> Option<&'static str> {
        if self.offered {
            Some("agreement")
        } else if self.repeated() >= 3 {
            Some("threefold")
        } else if self.position().halfmoves() >= 100 {
            Some("fifty")
        } else {
            None
        }
    }

    /// How often the position stands on the current line.
    #[must_use]
    pub fn repeated(&self) -> usize {
        let same = |position: &Chess| {
            let fen = Fen::from_position(position, EnPassantMode::Legal).to_string();
            let fields: Vec<String> = fen.split(' ').take(4).map(str::to_owned).collect();
            fields
        };
        let here = same(self.position());
        self.line
            .iter()
            .filter(|position| same(position) == here)
            .count()
    }

    fn position(&self) -> &Chess {
        // The line is never empty: it begins with the start.
        &self.line[self.line.len() - 1]
    }

    fn ply(&self) -> usize {
        self.line.len() - 1
    }

    /// The side to move.
    #[must_use]
    pub fn turn(&self) -> Side {
        match self.position().turn() {
            Color::White => Side::White,
            Color::Black => Side::Black,
        }
    }

    /// The hash of the last record, or the game's name.
    #[must_use]
    pub fn head(&self) -> Id {
        self.heads[self.heads.len() - 1].0
    }

    /// The distance of the head from the genesis.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.height
    }

    /// Whether a record, or the genesis, is on this chain.
    #[must_use]
    pub fn has(&self, head: Id) -> bool {
        self.heads.iter().any(|(known, _, _)| *known == head)
    }

    /// Who is to move at a head of this chain.
    #[must_use]
    pub fn turn_at(&self, head: Id) -> Option<Side> {
        let known = self.heads.iter().find(|(known, _, _)| *known == head);
        known.map(|(_, turn, _)| *turn)
    }

    /// The FEN of the position, en passant only where it can be played.
    #[must_use]
    pub fn fen(&self) -> String {
        Fen::from_position(self.position(), EnPassantMode::Legal).to_string()
    }

    /// The moves of the current line, those of the genesis first.
    #[must_use]
    pub fn moves(&self) -> &[String] {
        &self.moves
    }

    /// How the game ended.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// White and Black.
    #[must_use]
    pub fn players(&self) -> Option<[Id; 2]> {
        self.players
    }

    /// Whether a side has made a move, taken back or not.
    #[must_use]
    pub fn has_moved(&self, side: Side) -> bool {
        self.moved.contains(&side.index())
    }
}

fn creator_side(colour: Creator, reveal: Option<&[u8]>, nonce: &[u8]) -> Option<Side> {
    match (colour, reveal) {
        (Creator::Plays(side), None) => Some(side),
        (Creator::Lot(bound), Some(secret)) => {
            let commitment: Id = Sha256::new()
                .chain_update(b"rookery/1/colours\0")
                .chain_update(secret)
                .finalize()
                .into();
            if commitment != bound {
                return None;
            }
            let lot = Sha256::new()
                .chain_update(secret)
                .chain_update(nonce)
                .finalize();
            let white = lot.last().is_some_and(|byte| byte & 1 == 0);
            Some(if white { Side::White } else { Side::Black })
        }
        _ => None,
    }
}
