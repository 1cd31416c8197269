//! Lets another engine, a teacher that speaks UCI, play against itself, and records its games with its scores.
//!
//! The games are numbered. A game's number, the settings and the teacher decide it, and a file has a fixed range of
//! numbers; so files can be made in any order and again. A folder remembers the settings of each seed's files.

mod begun;
mod teacher;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rookery_engine::rng::Rng;
use rookery_games::{Game, Ply, WriteError, Writer, centipawns, mate};
use rookery_match::adjudication::{Adjudication, Draw, Resign, Watch};
use rookery_match::board::Board;
use rookery_match::result::Ending;
use rookery_match::uci::Score;
use shakmaty::{CastlingMode, Chess, KnownOutcome, Position as _};

pub use begun::{Begun, BegunError};
pub use teacher::{Teacher, TeacherError};

/// Random plies at the beginning, or one more.
const RANDOM_PLIES: u64 = 8;
/// An opening is dropped if the teacher sees more than so many centipawns for either side.
const BALANCE: i32 = 400;
/// When a game is over before the rules end it: as in the games that the first networks learnt from.
const ADJUDICATION: Adjudication = Adjudication {
    max_plies: 600,
    resign: Some(Resign {
        score: 2500,
        moves: 2,
    }),
    draw: Some(Draw {
        score: 8,
        moves: 6,
        after: 30,
    }),
};

/// Why a file of games could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The teacher failed.
    #[error(transparent)]
    Teacher(#[from] TeacherError),
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A game does not fit into a record.
    #[error(transparent)]
    Record(#[from] WriteError),
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Games.
    pub games: u64,
    /// Scored positions.
    pub positions: u64,
}

/// The path of file `index` of the games of `seed`.
#[must_use]
pub fn file_name(folder: &Path, seed: u64, index: u64) -> PathBuf {
    folder.join(format!("games-{seed}-{index:05}.zst"))
}

/// Plays games `index * count` up to `(index + 1) * count` and writes them to `path`, which is whole or not there.
///
/// # Errors
///
/// [`CollectError`] if the teacher fails or the file cannot be written.
pub fn collect(
    teacher: &mut Teacher,
    seed: u64,
    index: u64,
    count: u64,
    path: &Path,
) -> Result<Collected, CollectError> {
    let failed = |source| CollectError::File {
        path: path.to_owned(),
        source,
    };
    let part = path.with_extension("part");
    let mut writer = Writer::new(BufWriter::new(File::create(&part).map_err(failed)?))?;
    let mut collected = Collected::default();
    for number in index * count..(index + 1) * count {
        let game = play(teacher, seed, number)?;
        collected.games += 1;
        collected.positions += (game.plies.len() - usize::from(game.opening)) as u64;
        writer.write(&game)?;
    }
    let mut file = writer.finish()?;
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)?;
    fs::rename(&part, path).map_err(failed)?;
    Ok(collected)
}

/// Plays game `number`.
///
/// # Errors
///
/// [`TeacherError`] if the teacher does not answer, or not with a legal move and a score.
pub fn play(teacher: &mut Teacher, seed: u64, number: u64) -> Result<Game, TeacherError> {
    // Mixed, as the streams of neighbouring numbers would overlap.
    let mut rng = Rng::new(seed ^ Rng::new(number).next_u64());
    loop {
        let Some((board, plies)) = opening(&mut rng) else {
            continue;
        };
        if let Some(game) = play_out(teacher, board, plies)? {
            return Ok(game);
        }
    }
}

/// Random moves from the start; nothing if they end the game.
fn opening(rng: &mut Rng) -> Option<(Board, Vec<Ply>)> {
    let mut board = Board::new(Chess::default(), CastlingMode::Standard);
    let mut plies = Vec::new();
    for _ in 0..RANDOM_PLIES + rng.below(2) {
        let moves = board.position().legal_moves();
        let m = *moves.get(rng.below(moves.len() as u64) as usize)?;
        plies.push(Ply::new(m, None)?);
        board.play(m);
    }
    board.ending().is_none().then_some((board, plies))
}

/// The game that begins with `plies`; nothing if the teacher holds them for unfair.
fn play_out(
    teacher: &mut Teacher,
    mut board: Board,
    mut plies: Vec<Ply>,
) -> Result<Option<Game>, TeacherError> {
    teacher.new_game()?;
    let opening = plies.len();
    let mut watch = Watch::new(ADJUDICATION);
    let mut line = Line::new(&board);
    let ending: Ending = loop {
        let (m, score) = teacher.think(&board, &line.command)?;
        if plies.len() == opening && score.centipawns().abs() > BALANCE {
            return Ok(None);
        }
        let side = board.turn();
        // Standard chess has no drops.
        plies.extend(Ply::new(m, Some(recorded(score))));
        board.play(m);
        line.played(&board, &m.to_uci(CastlingMode::Standard).to_string());
        let ending = board
            .ending()
            .or_else(|| watch.judge(side, Some(score), board.plies()));
        if let Some(ending) = ending {
            break ending;
        }
    };
    let winner = match ending.outcome {
        KnownOutcome::Decisive { winner } => Some(winner),
        KnownOutcome::Draw => None,
    };
    Ok(Some(Game {
        winner,
        opening: opening as u8,
        plies,
    }))
}

/// A score as a record has it.
fn recorded(score: Score) -> i16 {
    match score {
        Score::Centipawns(value) => centipawns(value),
        Score::Mate(moves) => mate(moves),
    }
}

/// The `position` command from the last move on that cannot be taken back: what came before has no say in a game, and to
/// read it would take a teacher longer than to think.
struct Line {
    command: String,
    moves: bool,
}

impl Line {
    fn new(board: &Board) -> Self {
        let start = Board::new(board.position().clone(), CastlingMode::Standard);
        Self {
            command: start.command().to_owned(),
            moves: false,
        }
    }

    fn played(&mut self, board: &Board, uci: &str) {
        if board.position().halfmoves() == 0 {
            *self = Self::new(board);
            return;
        }
        if !self.moves {
            self.command += " moves";
            self.moves = true;
        }
        self.command.push(' ');
        self.command += uci;
    }
}
