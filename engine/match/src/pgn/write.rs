//! Writes a finished game: headers, moves in SAN, and what the engines said of each.

use std::fmt::Write as _;

use shakmaty::fen::Fen;
use shakmaty::san::SanPlus;
use shakmaty::{CastlingMode, Chess, Color, EnPassantMode, KnownOutcome, Position};

use crate::game::{GameRecord, Played};

/// What the game itself does not know.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// The match.
    pub event: &'a str,
    /// `YYYY.MM.DD`.
    pub date: &'a str,
    /// The opening's number and which of its two games, as in `12.2`.
    pub round: &'a str,
    /// The engines.
    pub white: &'a str,
    /// The engines.
    pub black: &'a str,
    /// What the match was played by, to tell its games from others.
    pub settings: &'a str,
}

/// Columns of the moves.
const WIDTH: usize = 100;

/// The game as PGN, with an empty line at its end.
#[must_use]
pub fn write(record: &GameRecord, header: &Header<'_>) -> String {
    let mut text = String::new();
    let result = result(record.ending.outcome);
    let (white, black) = (record.limits.white, record.limits.black);
    let mut tag = |name: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "[{name} \"{value}\"]");
    };
    tag("Event", header.event);
    tag("Site", "?");
    tag("Date", header.date);
    tag("Round", header.round);
    tag("White", header.white);
    tag("Black", header.black);
    tag("Result", result);
    if record.mode == CastlingMode::Chess960 {
        tag("Variant", "Chess960");
    }
    if record.mode == CastlingMode::Chess960 || record.start != Chess::default() {
        let fen = Fen::from_position(&record.start, EnPassantMode::Legal);
        tag("SetUp", "1");
        tag("FEN", &fen.to_string());
    }
    tag("PlyCount", &record.moves.len().to_string());
    if white == black {
        tag("TimeControl", &white.time_control());
    } else {
        tag("WhiteTimeControl", &white.time_control());
        tag("BlackTimeControl", &black.time_control());
    }
    tag("Termination", record.ending.reason.termination());
    if let Some((color, fault)) = &record.fault {
        let side = color.fold_wb("White", "Black");
        tag("Fault", &format!("{side} {}", fault.kind));
    }
    tag("Settings", header.settings);

    text += "\n";
    let mut line = Line {
        text: &mut text,
        column: 0,
    };
    let mut position = record.start.clone();
    let mut opening = record.moves.iter().any(|played| played.search.is_none());
    let mut numbered = false;
    for (ply, played) in record.moves.iter().enumerate() {
        let (turn, number) = (position.turn(), position.fullmoves());
        if turn == Color::White {
            line.word(&format!("{number}."));
        } else if !numbered {
            // After a comment, or where Black begins.
            line.word(&format!("{number}..."));
        }
        let san = SanPlus::from_move_and_play_unchecked(&mut position, played.m);
        line.word(&san.to_string());
        numbered = turn == Color::White;
        let book_ends = record
            .moves
            .get(ply + 1)
            .is_none_or(|next| next.search.is_some());
        if let Some(comment) = comment(played) {
            line.word(&format!("{{{comment}}}"));
            numbered = false;
        } else if opening && book_ends {
            line.word("{opening}");
            opening = false;
            numbered = false;
        }
    }
    let mut why = record.ending.reason.to_string();
    if let Some((color, fault)) = &record.fault {
        let side = color.fold_wb("White", "Black");
        let detail: String = fault.detail.chars().take(300).collect();
        why = format!("{side}, {}: {detail}", fault.kind);
    }
    // A comment cannot hold its own end.
    let why = why.replace(['{', '}'], "|").replace(char::is_control, " ");
    line.words(&format!("{{{why}}}"));
    line.word(result);
    text += "\n\n";
    text
}

/// `+0.25/12 0.034s 51200n`: score, depth, time, nodes.
fn comment(played: &Played) -> Option<String> {
    let (info, time) = played.search?;
    let score = info.score.map_or("?".to_owned(), |score| score.to_string());
    let mut comment = format!(
        "{score}/{} {:.3}s",
        info.depth.unwrap_or(0),
        time.as_secs_f64()
    );
    if let Some(nodes) = info.nodes {
        comment += &format!(" {nodes}n");
    }
    Some(comment)
}

const fn result(outcome: KnownOutcome) -> &'static str {
    match outcome {
        KnownOutcome::Decisive {
            winner: Color::White,
        } => "1-0",
        KnownOutcome::Decisive {
            winner: Color::Black,
        } => "0-1",
        KnownOutcome::Draw => "1/2-1/2",
    }
}

/// Words in lines of limited width.
struct Line<'a> {
    text: &'a mut String,
    column: usize,
}

impl Line<'_> {
    /// A word, which stays whole.
    fn word(&mut self, word: &str) {
        if self.column > 0 {
            if self.column + 1 + word.len() > WIDTH {
                *self.text += "\n";
                self.column = 0;
            } else {
                *self.text += " ";
                self.column += 1;
            }
        }
        *self.text += word;
        self.column += word.len();
    }

    fn words(&mut self, words: &str) {
        words.split_whitespace().for_each(|word| self.word(word));
    }
}
