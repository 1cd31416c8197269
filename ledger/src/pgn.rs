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

/// The days and the time of day, UTC, as PGN writes them.
///
/// The civil date is counted in eras of 400 years that begin in March, after Howard Hinnant's `civil_from_days`.
fn day_and_time(at_ms: u64) -> Option<(String, String)> {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
    let seconds = at_ms / 1000;
    let days = seconds / 86_400 + DAYS_TO_1970;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    if year > 9999 {
        return None;
    }
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    Some((
        format!("{year:04}.{month:02}.{day:02}"),
        format!("{hours:02}:{minutes:02}:{:02}", seconds % 60),
    ))
}

/// The game as PGN. Players are named by their keys; the date is that of the first receipt, so an untimed game has none.
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
    let first = state.counted.first().map(|first| first.receipt.at_ms.get());
    let begun = first.and_then(day_and_time);
    tag("Date", begun.as_ref().map_or("????.??.??", |(day, _)| day));
    tag("Round", "-");
    tag("White", &player(true));
    tag("Black", &player(false));
    tag("Result", result);
    if let Some((day, time)) = &begun {
        tag("UTCDate", day);
        tag("UTCTime", time);
    }
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

#[cfg(test)]
mod tests {
    use super::day_and_time;

    #[test]
    fn a_moment_is_a_day_and_a_time() {
        for (at_ms, day, time) in [
            (0, "1970.01.01", "00:00:00"),
            (951_782_399_999, "2000.02.28", "23:59:59"),
            (951_782_400_000, "2000.02.29", "00:00:00"),
            (951_868_800_000, "2000.03.01", "00:00:00"),
            (1_735_689_599_000, "2024.12.31", "23:59:59"),
            (4_107_542_400_000, "2100.03.01", "00:00:00"),
            (253_402_300_799_999, "9999.12.31", "23:59:59"),
        ] {
            let read = day_and_time(at_ms);
            assert_eq!(read, Some((day.into(), time.into())), "{at_ms}");
        }
        assert_eq!(day_and_time(253_402_300_800_000), None);
        assert_eq!(day_and_time(u64::MAX), None);
    }
}
