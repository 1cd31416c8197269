//! The rules of a genesis: which start positions, clocks and homes there may be.

use shakmaty::fen::Fen;
use shakmaty::uci::UciMove;
use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _};

use crate::id::{GameId, MAX_INT};
use crate::line::ending_by_rule;
use crate::record::{Clock, Genesis, Signed, VERSION, Variant};
use crate::refusal::Refusal;
use crate::sign::Verifier;

/// The most moves that a genesis may carry.
pub const MAX_MOVES: usize = 600;
/// The most order keys that a genesis may name.
pub const MAX_HOMES: usize = 8;

/// The position at which a game begins, and the moves that led there.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) mode: CastlingMode,
    /// The start position, then one for each move already played.
    pub(crate) positions: Vec<Chess>,
}

/// The castling notation of a variant.
pub(crate) const fn castling_mode(variant: Variant) -> CastlingMode {
    match variant {
        Variant::Standard => CastlingMode::Standard,
        Variant::Chess960 => CastlingMode::Chess960,
    }
}

/// The one text of a position in a genesis.
#[must_use]
pub fn canonical_fen(position: &Chess) -> String {
    Fen::from_position(position, EnPassantMode::Legal).to_string()
}

/// The one text of a legal move at `position`, for what any of the usual ways to write it in UCI names.
#[must_use]
pub fn canonical_uci(position: &Chess, mode: CastlingMode, uci: &str) -> Option<String> {
    let played = uci.parse::<UciMove>().ok()?.to_move(position).ok()?;
    Some(played.to_uci(mode).to_string())
}

/// Whether the clock's numbers are in range.
const fn clock_in_range(clock: Clock) -> bool {
    match clock {
        Clock::None => true,
        Clock::Live { initial_s, inc_s } => initial_s >= 1 && initial_s <= 86_400 && inc_s <= 3_600,
        Clock::Days { days } => days >= 1 && days <= 366,
    }
}

const OVER: &str = "the game would be over before it begins";

/// Checks everything about a genesis but its signature.
fn check(genesis: &Genesis) -> Result<Start, Refusal> {
    if genesis.v != VERSION {
        return Err(Refusal::UnknownVersion(genesis.v));
    }
    if !clock_in_range(genesis.clock) {
        return Err(Refusal::BadGenesis("the clock is out of range"));
    }
    if genesis.seat == Some(genesis.creator) {
        return Err(Refusal::BadGenesis("the creator cannot have both seats"));
    }
    if genesis.homes.len() > MAX_HOMES {
        return Err(Refusal::BadGenesis("more homes than a game may name"));
    }
    if genesis.clock.is_clocked() && genesis.homes.is_empty() {
        return Err(Refusal::BadGenesis("a clocked game needs a home"));
    }
    if (1..genesis.homes.len()).any(|i| genesis.homes[..i].contains(&genesis.homes[i])) {
        return Err(Refusal::BadGenesis("a home is named twice"));
    }
    if genesis.moves.len() > MAX_MOVES {
        return Err(Refusal::BadGenesis("more moves than a genesis may carry"));
    }
    let mode = castling_mode(genesis.variant);
    let fen: Fen = genesis
        .start
        .parse()
        .map_err(|_| Refusal::BadGenesis("the start is not a FEN"))?;
    let mut position: Chess = fen
        .into_position(mode)
        .map_err(|_| Refusal::BadGenesis("the start is not a legal position"))?;
    if canonical_fen(&position) != genesis.start {
        return Err(Refusal::BadGenesis("the start is not in canonical form"));
    }
    let mut positions = Vec::with_capacity(genesis.moves.len() + 1);
    positions.push(position.clone());
    for uci in &genesis.moves {
        let parsed: UciMove = uci
            .parse()
            .map_err(|_| Refusal::BadGenesis("a move is not UCI"))?;
        let played = parsed
            .to_move(&position)
            .map_err(|_| Refusal::BadGenesis("a move is not legal"))?;
        if played.to_uci(mode).to_string() != *uci {
            return Err(Refusal::BadGenesis("a move is not in canonical form"));
        }
        if ending_by_rule(&positions[..positions.len() - 1], &position).is_some() {
            return Err(Refusal::BadGenesis(OVER));
        }
        position.play_unchecked(played);
        positions.push(position.clone());
    }
    if ending_by_rule(&positions[..positions.len() - 1], &position).is_some() {
        return Err(Refusal::BadGenesis(OVER));
    }
    Ok(Start { mode, positions })
}

/// Checks a genesis and its signature, and names the game.
///
/// # Errors
///
/// [`Refusal::UnknownVersion`], [`Refusal::BadGenesis`] or [`Refusal::BadSignature`].
pub fn verify(genesis: &Signed<Genesis>) -> Result<GameId, Refusal> {
    open(genesis).map(|(id, _)| id)
}

pub(crate) fn open(genesis: &Signed<Genesis>) -> Result<(GameId, Start), Refusal> {
    let start = check(&genesis.body)?;
    let id = genesis.body.id();
    if !genesis.body.creator.signed(id, genesis) {
        return Err(Refusal::BadSignature);
    }
    Ok((id, start))
}

const _: () = assert!(366 * 86_400_000 < MAX_INT);
