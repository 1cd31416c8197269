//! A game as PGN: the current line with tags that say which signed game it is.

use std::fmt::Write as _;

use shakmaty::san::SanPlus;
use shakmaty::uci::UciMove;
use shakmaty::{Color, Position};

use crate::game::Game;
use crate::outcome::Reason;
use crate::record::{Clock, Variant};

const STANDARD_START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

/// Standard algebraic notation of every move of the current line.
#[must_use]
pub fn sans(game: &Game) -> Vec<String> {
    let line = &game.state().line;
    line.moves()
        .iter()
        .zip(line.positions())
        .map(|(played, position)| {
            let parsed = played
                .uci
                .parse::<UciMove>()
                .ok()
                .and_then(|uci| uci.to_move(position).ok());
            parsed.map_or_else(
                || played.uci.clone(),
                |m| SanPlus::from_move(position.clone(), m).to_string(),
            )
        })
        .collect()
}

/// The game as PGN. Players are named by their keys.
#[must_use]
pub fn write(game: &Game) -> String {
    let (state, genesis) = (game.state(), &game.genesis().body);
    let (line, mut text) = (&state.line, String::new());
    let result = state.outcome().map_or("*", |outcome| outcome.as_pgn());
    let player = |white: bool| {
        line.players().map_or_else(
            || "?".into(),
            |players| if white { players.white } else { players.black }.to_string(),
        )
    };
    let time_control = match genesis.clock {
        Clock::None => "-".to_owned(),
        Clock::Live { initial_s, inc_s } => format!("{initial_s}+{inc_s}"),
        Clock::Days { days } => format!("1/{}", u64::from(days) * 86_400),
    };
    let termination = match state.outcome().map(|outcome| outcome.reason) {
        None => "unterminated",
        Some(Reason::Timeout | Reason::TimeoutVsInsufficient) => "time forfeit",
        Some(Reason::Abort | Reason::NoShow | Reason::Continued) => "abandoned",
        Some(Reason::Equivocation) => "rules infraction",
        Some(_) => "normal",
    };
    let mut tag = |name: &str, value: &str| {
        // Every value is made here of characters that need no escape.
        let _ = writeln!(text, "[{name} \"{value}\"]");
    };
    tag("Event", "Rookery game");
    tag("Site", &format!("rookery:{}", game.id()));
    tag("Date", "????.??.??");
    tag("Round", "-");
    tag("White", &player(true));
    tag("Black", &player(false));
    tag("Result", result);
    tag("TimeControl", &time_control);
    tag("Termination", termination);
    if let Some(outcome) = state.outcome() {
        tag("Reason", outcome.reason.as_str());
    }
    if genesis.variant == Variant::Chess960 {
        tag("Variant", "Chess960");
    }
    if genesis.start != STANDARD_START {
        tag("SetUp", "1");
        tag("FEN", &genesis.start);
    }
    text.push('\n');
    let mut column = 0;
    let mut word = |text: &mut String, word: &str| {
        if column > 0 && column + 1 + word.len() > 79 {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    };
    for (i, (san, position)) in sans(game).iter().zip(line.positions()).enumerate() {
        match position.turn() {
            Color::White => word(&mut text, &format!("{}.", position.fullmoves())),
            Color::Black if i == 0 => word(&mut text, &format!("{}...", position.fullmoves())),
            Color::Black => {}
        }
        word(&mut text, san);
    }
    word(&mut text, result);
    text.push('\n');
    text
}
