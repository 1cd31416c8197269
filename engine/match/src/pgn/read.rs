//! Reads games: their tags and the moves of their main line. Comments, variations and marks are passed over.

use shakmaty::fen::Fen;
use shakmaty::san::SanPlus;
use shakmaty::{CastlingMode, Chess, Move, Position};

/// A game as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PgnGame {
    /// Names and values.
    pub tags: Vec<(String, String)>,
    /// The main line, not yet checked.
    pub moves: Vec<String>,
    /// `1-0`, `0-1`, `1/2-1/2` or `*`; none if the text broke off before it.
    pub result: Option<String>,
}

/// Why a game cannot be replayed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PgnError {
    /// It starts nowhere.
    #[error("the game starts at no position: `{0}`")]
    Fen(String),
    /// A move that is none, or not legal.
    #[error("`{san}` (ply {ply}) is not a legal move")]
    Move {
        /// As written.
        san: String,
        /// From 1.
        ply: usize,
    },
}

impl PgnGame {
    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        let found = self.tags.iter().find(|(tag, _)| tag == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The start position and the moves.
    ///
    /// # Errors
    ///
    /// [`PgnError`] if the position or a move is not legal.
    pub fn replay(&self, mode: CastlingMode) -> Result<(Chess, Vec<Move>), PgnError> {
        let start = match self.tag("FEN") {
            None => Chess::default(),
            Some(text) => {
                let fen: Option<Fen> = text.parse().ok();
                fen.and_then(|fen| fen.into_position(mode).ok())
                    .ok_or_else(|| PgnError::Fen(text.to_owned()))?
            }
        };
        let mut position = start.clone();
        let mut moves = Vec::with_capacity(self.moves.len());
        for (index, text) in self.moves.iter().enumerate() {
            let san = SanPlus::from_ascii(text.as_bytes()).ok();
            let m = san
                .and_then(|san| san.san.to_move(&position).ok())
                .ok_or_else(|| PgnError::Move {
                    san: text.clone(),
                    ply: index + 1,
                })?;
            position.play_unchecked(m);
            moves.push(m);
        }
        Ok((start, moves))
    }
}

/// The games of a text.
#[must_use]
pub fn read(text: &str) -> Vec<PgnGame> {
    let mut games = Vec::new();
    let mut game = PgnGame::default();
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = match first {
            '{' => rest.find('}').map_or(rest.len(), |end| end + 1),
            ';' => rest.find('\n').unwrap_or(rest.len()),
            '[' if depth == 0 => {
                let (tag, length) = tag(rest);
                if !game.moves.is_empty() {
                    // The last game has no result; the next one begins.
                    games.push(std::mem::take(&mut game));
                }
                game.tags.extend(tag);
                length
            }
            '(' => {
                depth += 1;
                1
            }
            ')' => {
                depth = depth.saturating_sub(1);
                1
            }
            c if c.is_whitespace() => c.len_utf8(),
            c => {
                let ends = |c: char| c.is_whitespace() || "{}();[]".contains(c);
                let length = rest.find(ends).unwrap_or(rest.len()).max(c.len_utf8());
                let word = rest.get(..length).unwrap_or_default();
                if depth == 0 {
                    if matches!(word, "1-0" | "0-1" | "1/2-1/2" | "*") {
                        game.result = Some(word.to_owned());
                        games.push(std::mem::take(&mut game));
                    } else {
                        game.moves.extend(san(word));
                    }
                }
                length
            }
        };
        rest = rest.get(skip..).unwrap_or_default();
    }
    if !game.moves.is_empty() || !game.tags.is_empty() {
        games.push(game);
    }
    games
}

/// `[Name "value"]` and how long it is.
fn tag(text: &str) -> (Option<(String, String)>, usize) {
    let line = text.split('\n').next().unwrap_or_default();
    let parsed = line.strip_prefix('[').and_then(|rest| {
        let (name, quoted) = rest.split_once('"')?;
        let mut value = String::new();
        let mut chars = quoted.chars();
        loop {
            match chars.next()? {
                '"' => return Some((name.trim().to_owned(), value)),
                '\\' => value.push(chars.next()?),
                c => value.push(c),
            }
        }
    });
    (parsed, line.len())
}

/// The move in a word such as `12.Nf3!?`; none in `12.`, `...` and `$1`.
fn san(word: &str) -> Option<String> {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let word = if digits.starts_with('.') {
        digits.trim_start_matches('.')
    } else {
        word
    };
    let word = word.trim_end_matches(['!', '?']);
    let number = word.chars().all(|c| c.is_ascii_digit());
    (!number && !word.starts_with('$')).then(|| word.to_owned())
}
