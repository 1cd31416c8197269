//! One game between two engines, from the opening to its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shakmaty::{ByColor, CastlingMode, Chess, Color, KnownOutcome, Move};

use crate::adjudication::{Adjudication, Watch};
use crate::board::Board;
use crate::fault::{Fault, FaultKind};
use crate::limit::{Budget, Limit};
use crate::openings::Opening;
use crate::player::{Player, StartError, Thought};
use crate::result::{Ending, Reason};
use crate::uci::Info;

/// What holds for every game of a match.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Of engines without one of their own.
    pub limit: Limit,
    /// How much later than allowed an answer may come.
    pub margin: Duration,
    /// When games are cut short.
    pub adjudication: Adjudication,
}

/// A finished game.
#[derive(Clone, Debug)]
pub struct GameRecord {
    /// Where it began.
    pub start: Chess,
    /// How castling is written.
    pub mode: CastlingMode,
    /// All moves, those of the opening first.
    pub moves: Vec<Played>,
    /// How it ended.
    pub ending: Ending,
    /// Whose fault ended it, if one did.
    pub fault: Option<(Color, Fault)>,
    /// What limited each side.
    pub limits: ByColor<Limit>,
}

/// A move of a finished game.
#[derive(Clone, Copy, Debug)]
pub struct Played {
    /// The move.
    pub m: Move,
    /// Its search; none of the opening's moves.
    pub search: Option<(Info, Duration)>,
}

/// Plays a game. `None` if `stop` was set meanwhile.
///
/// # Errors
///
/// [`StartError`] if an engine had to be started again and could not. All else that engines do wrong loses the game.
pub fn play(
    opening: &Opening,
    conditions: &Conditions,
    mut players: ByColor<&mut Player>,
    stop: &AtomicBool,
) -> Result<Option<GameRecord>, StartError> {
    let mut board = Board::new(opening.start.clone(), opening.mode);
    let limits = ByColor {
        white: players.white.spec().limit.unwrap_or(conditions.limit),
        black: players.black.spec().limit.unwrap_or(conditions.limit),
    };
    let mut moves = Vec::new();
    for &m in &opening.moves {
        board.play(m);
        moves.push(Played { m, search: None });
    }
    let mut fault = None;
    for color in Color::ALL {
        // Both, so that a lost game leaves no engine with the last one.
        if let Err(found) = players.get_mut(color).new_game()? {
            fault.get_or_insert((color, found));
        }
    }
    let mut budgets = limits.map(Budget::new);
    let mut watch = Watch::new(conditions.adjudication);
    let mut ending = board.ending();
    while ending.is_none() && fault.is_none() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let side = board.turn();
        let player = players.get_mut(side);
        match answer(player, &board, &mut budgets, conditions.margin) {
            Ok((m, thought)) => {
                board.play(m);
                moves.push(Played {
                    m,
                    search: Some((thought.info, thought.used)),
                });
                ending = board
                    .ending()
                    .or_else(|| watch.judge(side, thought.info.score, board.plies()));
            }
            Err(found) => fault = Some((side, found)),
        }
    }
    let ending = match (&fault, ending) {
        (Some((side, fault)), _) => {
            let winner = Some(side.other());
            Ending::new(KnownOutcome::from_winner(winner), Reason::Fault(fault.kind))
        }
        (None, ending) => ending.unwrap_or(Ending::draw(Reason::TooLong)),
    };
    Ok(Some(GameRecord {
        start: opening.start.clone(),
        mode: opening.mode,
        moves,
        ending,
        fault,
        limits,
    }))
}

/// A legal move in time, or the fault.
fn answer(
    player: &mut Player,
    board: &Board,
    budgets: &mut ByColor<Budget>,
    margin: Duration,
) -> Result<(Move, Thought), Fault> {
    let side = board.turn();
    let go = budgets
        .get(side)
        .go(budgets.get(side.other()), side.is_white());
    let allowed = budgets.get(side).allowed();
    let thought = player.think(board.command(), &go, allowed)?;
    if !budgets.get_mut(side).spend(thought.used, margin) {
        let (used, allowed) = (thought.used, allowed.unwrap_or_default());
        return Err(Fault::new(
            FaultKind::TimeForfeit,
            format!("{used:?} for a move, {allowed:?} allowed, margin {margin:?}"),
        ));
    }
    match board.read(&thought.best) {
        Some(m) => Ok((m, thought)),
        None => {
            let shown: String = thought.best.chars().take(20).collect();
            Err(Fault::new(
                FaultKind::IllegalMove,
                format!("`{}` after {}", shown.escape_debug(), board.command()),
            ))
        }
    }
}
