//! The teacher's process. It answers one question after the other, thousands in a second, so there is nothing between us
//! and its pipes.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rookery_match::board::Board;
use rookery_match::spec::EngineSpec;
use rookery_match::uci::{Info, Line, Score};
use shakmaty::Move;

/// An engine that speaks UCI. Its process ends with this value.
pub struct Teacher {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    go: String,
    bytes: Vec<u8>,
}

/// Why a teacher is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// There is no such program, or it may not be run.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// Its pipes broke.
    #[error("the engine does not listen or speak any more")]
    Pipe(#[source] io::Error),
    /// It ended its output.
    #[error("the engine ended")]
    Ended,
    /// An option that it does not have.
    #[error("the engine has no option `{0}`")]
    Option(String),
    /// Its move is not legal.
    #[error("the engine's move `{played}` is not legal after `{position}`")]
    Illegal {
        /// As it was written.
        played: String,
        /// The command that set up the position.
        position: String,
    },
    /// It told no score.
    #[error("the engine gave no score for `{0}`")]
    Score(String),
}

impl Teacher {
    /// Starts the engine, to think for `nodes` about each move.
    ///
    /// # Errors
    ///
    /// [`TeacherError`] if it cannot be started, ends, or lacks an option.
    pub fn start(spec: &EngineSpec, nodes: u64) -> Result<Self, TeacherError> {
        let failed = |source| TeacherError::Start {
            program: spec.command.display().to_string(),
            source,
        };
        let mut command = Command::new(&spec.command);
        command
            .args(&spec.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(folder) = &spec.folder {
            command.current_dir(folder);
        }
        let mut process = command.spawn().map_err(failed)?;
        let (Some(to), Some(from)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed(io::Error::other("the process has no pipes")));
        };
        let mut teacher = Self {
            process,
            to,
            from: BufReader::new(from),
            go: format!("go nodes {nodes}"),
            bytes: Vec::new(),
        };
        let mut known = Vec::new();
        teacher.ask("uci\n", &Line::UciOk, |line| {
            if let Line::Option(option) = line {
                known.push(option);
            }
        })?;
        for (option, value) in &spec.options {
            if !known.iter().any(|one| one.eq_ignore_ascii_case(option)) {
                return Err(TeacherError::Option(option.clone()));
            }
            teacher.send(&format!("setoption name {option} value {value}\n"))?;
        }
        Ok(teacher)
    }

    /// Lets it forget the game before.
    pub(super) fn new_game(&mut self) -> Result<(), TeacherError> {
        self.ask("ucinewgame\nisready\n", &Line::ReadyOk, |_| {})
    }

    /// Its move and its score for the side to move; `position` is the command that sets up `board`.
    pub(super) fn think(
        &mut self,
        board: &Board,
        position: &str,
    ) -> Result<(Move, Score), TeacherError> {
        let question = format!("{position}\n{}\n", self.go);
        self.send(&question)?;
        let mut info = Info::default();
        loop {
            match self.receive()? {
                Line::Info(newer) => info.update(newer),
                Line::BestMove(played) => {
                    let Some(m) = board.read(&played) else {
                        let position = position.to_owned();
                        return Err(TeacherError::Illegal { played, position });
                    };
                    let score = info.score;
                    let score = score.ok_or_else(|| TeacherError::Score(position.to_owned()))?;
                    return Ok((m, score));
                }
                _ => {}
            }
        }
    }

    /// Sends `message` and reads up to `answer`.
    fn ask(
        &mut self,
        message: &str,
        answer: &Line,
        mut other: impl FnMut(Line),
    ) -> Result<(), TeacherError> {
        self.send(message)?;
        loop {
            let line = self.receive()?;
            if line == *answer {
                return Ok(());
            }
            other(line);
        }
    }

    fn send(&mut self, message: &str) -> Result<(), TeacherError> {
        let sent = self.to.write_all(message.as_bytes());
        sent.map_err(TeacherError::Pipe)
    }

    fn receive(&mut self) -> Result<Line, TeacherError> {
        self.bytes.clear();
        let read = self.from.read_until(b'\n', &mut self.bytes);
        match read.map_err(TeacherError::Pipe)? {
            0 => Err(TeacherError::Ended),
            _ => Ok(Line::parse(&String::from_utf8_lossy(&self.bytes))),
        }
    }
}

impl Drop for Teacher {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
