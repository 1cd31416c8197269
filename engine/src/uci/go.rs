//! Reads the `go` command.

use std::time::Duration;

use shakmaty::{ByColor, Color};

use super::quote;
use crate::game::Game;
use crate::limits::Limits;
use crate::perft::PERFT_DEPTH_MAX;

/// Longest time that makes sense: a year, in milliseconds.
const TIME_MAX: u64 = 366 * 24 * 60 * 60 * 1000;
const DEPTH_MAX: u64 = 1000;
const NODES_MAX: u64 = 1 << 53;
const MOVES_MAX: u64 = 1000;

/// What to go for.
pub(super) enum Go {
    Search(Box<Limits>),
    Perft(u32),
}

const WORDS: [&str; 14] = [
    "searchmoves",
    "ponder",
    "wtime",
    "btime",
    "winc",
    "binc",
    "movestogo",
    "depth",
    "nodes",
    "mate",
    "movetime",
    "infinite",
    "perft",
    "moves",
];

/// A whole number within bounds, or a sentence that says what is wrong with it.
pub(super) fn number(word: &str, name: &str, min: u64, max: u64) -> Result<u64, String> {
    word.parse()
        .ok()
        .filter(|n| (min..=max).contains(n))
        .ok_or_else(|| format!("{name} must be {min} to {max}, got {}", quote(word)))
}

pub(super) fn parse<'a>(
    words: &mut impl Iterator<Item = &'a str>,
    game: &Game,
) -> Result<Go, String> {
    let mut limits = Limits::default();
    let mut time = ByColor::new_with(|_| None);
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let mut value = |min, max| match words.next() {
            Some(value) => number(value, word, min, max),
            None => Err(format!("{word} needs a number")),
        };
        match word {
            "infinite" => limits.infinite = true,
            "ponder" => limits.ponder = true,
            "depth" => limits.depth = Some(value(1, DEPTH_MAX)? as u32),
            "nodes" => limits.nodes = Some(value(1, NODES_MAX)?),
            "mate" => limits.mate = Some(value(1, DEPTH_MAX)? as u32),
            "movestogo" => limits.moves_to_go = Some(value(1, MOVES_MAX)? as u32),
            "movetime" => limits.movetime = Some(Duration::from_millis(value(0, TIME_MAX)?)),
            "perft" => return Ok(Go::Perft(value(0, u64::from(PERFT_DEPTH_MAX))? as u32)),
            "wtime" | "btime" => {
                // An overdrawn clock is an empty one.
                if let Some(next) = words.peek_mut()
                    && next.parse::<i64>().is_ok_and(|n| n < 0)
                {
                    *next = "0";
                }
                let left = words
                    .next()
                    .ok_or_else(|| format!("{word} needs a number"))?;
                let left = number(left, word, 0, TIME_MAX)?;
                time[side(word)] = Some(Duration::from_millis(left));
            }
            "winc" | "binc" => {
                limits.increment[side(word)] = Duration::from_millis(value(0, TIME_MAX)?);
            }
            "searchmoves" => {
                while let Some(text) = words.next_if(|word| !WORDS.contains(word)) {
                    let m = game
                        .legal(text)
                        .ok_or_else(|| format!("searchmoves: {} is not legal", quote(text)))?;
                    limits.search_moves.push(m);
                }
                if limits.search_moves.is_empty() {
                    return Err("searchmoves needs moves".to_owned());
                }
            }
            other => return Err(format!("go does not know {}", quote(other))),
        }
    }
    limits.time = time;
    Ok(Go::Search(Box::new(limits)))
}

/// Whose clock `wtime`, `btime`, `winc` or `binc` speaks of.
fn side(word: &str) -> Color {
    Color::from_white(word.starts_with('w'))
}
