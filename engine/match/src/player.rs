//! An engine at the board: it is started, told positions and asked for moves. What it does wrong is a [`Fault`], after
//! which the next game starts it anew.

use std::io;
use std::time::{Duration, Instant};

use crate::fault::{Fault, FaultKind};
use crate::process::{End, Process, Silence};
use crate::spec::EngineSpec;
use crate::uci::{Info, Line};

/// An engine, running or to be started.
pub struct Player {
    spec: EngineSpec,
    chess960: bool,
    patience: Duration,
    process: Option<Process>,
}

/// Why an engine cannot play at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such program, or it may not be run.
    #[error("cannot start {name} (`{program}`): {source}")]
    Spawn {
        /// The engine.
        name: String,
        /// Its program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It does not speak UCI, or not for long.
    #[error("{name} does not answer in UCI: {fault}")]
    Greeting {
        /// The engine.
        name: String,
        /// What it did instead.
        fault: Fault,
    },
    /// An option that it does not have.
    #[error("{name} has no option `{option}`; it has: {known}")]
    Option {
        /// The engine.
        name: String,
        /// The missing option.
        option: String,
        /// Those that it announced.
        known: String,
    },
}

/// An engine's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thought {
    /// The move as the engine wrote it.
    pub best: String,
    /// What it said of its search last.
    pub info: Info,
    /// From the question to the answer.
    pub used: Duration,
}

impl Player {
    /// Starts the engine and sets its options. `patience` is how long it may be silent beyond its time.
    ///
    /// # Errors
    ///
    /// [`StartError`] if it cannot be started, does not speak UCI or lacks an option.
    pub fn start(spec: EngineSpec, chess960: bool, patience: Duration) -> Result<Self, StartError> {
        let mut player = Self {
            spec,
            chess960,
            patience,
            process: None,
        };
        player.greet()?;
        Ok(player)
    }

    /// What it was started from.
    #[must_use]
    pub const fn spec(&self) -> &EngineSpec {
        &self.spec
    }

    fn greet(&mut self) -> Result<(), StartError> {
        let name = self.spec.name.clone();
        let spawned = Process::start(&self.spec).map_err(|source| StartError::Spawn {
            name: name.clone(),
            program: self.spec.command.display().to_string(),
            source,
        })?;
        let mut options = self.spec.options.clone();
        if self.chess960 {
            options.push(("UCI_Chess960".to_owned(), "true".to_owned()));
        }

        self.process = Some(spawned);
        let mut known = Vec::new();
        self.exchange("uci\n", &Line::UciOk, |line| {
            if let Line::Option(option) = line {
                known.push(option);
            }
        })
        .map_err(|fault| self.no_greeting(fault))?;

        let mut settings = String::new();
        for (option, value) in &options {
            if !known.iter().any(|one| one.eq_ignore_ascii_case(option)) {
                return Err(StartError::Option {
                    name,
                    option: option.clone(),
                    known: known.join(", "),
                });
            }
            settings += &format!("setoption name {option} value {value}\n");
        }
        settings += "isready\n";
        self.exchange(&settings, &Line::ReadyOk, |_| {})
            .map_err(|fault| self.no_greeting(fault))
    }

    fn no_greeting(&self, fault: Fault) -> StartError {
        StartError::Greeting {
            name: self.spec.name.clone(),
            fault,
        }
    }

    /// Makes the engine ready for a new game, after a fault by starting it anew. The inner fault is the engine's.
    ///
    /// # Errors
    ///
    /// [`StartError`] if it cannot be started any more.
    pub fn new_game(&mut self) -> Result<Result<(), Fault>, StartError> {
        if self.process.is_none() {
            self.greet()?;
        }
        Ok(self.exchange("ucinewgame\nisready\n", &Line::ReadyOk, |_| {}))
    }

    /// Asks for a move: `position` and `go` are the commands. `allowed` is the time there is, if that is the limit.
    ///
    /// # Errors
    ///
    /// [`Fault`] if no answer came: the engine is gone then.
    pub fn think(
        &mut self,
        position: &str,
        go: &str,
        allowed: Option<Duration>,
    ) -> Result<Thought, Fault> {
        let started = Instant::now();
        let deadline = started + allowed.unwrap_or_default() + self.patience;
        self.send(format!("{position}\n{go}\n"))?;
        let mut info = Info::default();
        loop {
            match self.receive(deadline)? {
                // Left over from before.
                (came, _) if came < started => {}
                (_, Line::Info(newer)) => info.update(newer),
                (came, Line::BestMove(best)) => {
                    let used = came - started;
                    return Ok(Thought { best, info, used });
                }
                _ => {}
            }
        }
    }

    /// Sends `message` and reads up to `answer`, within the patience.
    fn exchange(
        &mut self,
        message: &str,
        answer: &Line,
        mut other: impl FnMut(Line),
    ) -> Result<(), Fault> {
        let deadline = Instant::now() + self.patience;
        self.send(message.to_owned())?;
        loop {
            let (_, line) = self.receive(deadline)?;
            if line == *answer {
                return Ok(());
            }
            other(line);
        }
    }

    fn send(&mut self, message: String) -> Result<(), Fault> {
        let sent = match &self.process {
            Some(process) => process.send(message),
            None => Err(Silence::Closed),
        };
        sent.map_err(|silence| self.give_up(silence))
    }

    fn receive(&mut self, deadline: Instant) -> Result<(Instant, Line), Fault> {
        let received = match &self.process {
            Some(process) => process.receive(deadline),
            None => Err(Silence::Closed),
        };
        received.map_err(|silence| self.give_up(silence))
    }

    /// Ends the process and tells why.
    fn give_up(&mut self, silence: Silence) -> Fault {
        let Some(mut process) = self.process.take() else {
            return Fault::new(FaultKind::Crash, "the engine is not running");
        };
        let (kind, mut detail) = match silence {
            Silence::Late => (
                FaultKind::Hang,
                format!("silent for {:?} beyond its time, killed", self.patience),
            ),
            Silence::Closed => match process.end() {
                End::Exited(status) => {
                    (FaultKind::Crash, format!("the process ended with {status}"))
                }
                End::Closed => (
                    FaultKind::Disconnect,
                    "closed its output while its process runs, killed".to_owned(),
                ),
            },
        };
        let errors = process.stderr();
        if !errors.is_empty() {
            detail += &format!("; its last errors: {errors}");
        }
        Fault::new(kind, detail)
    }

    /// Ends the engine, kindly at first.
    pub fn quit(mut self) {
        if let Some(process) = self.process.take() {
            process.quit();
        }
    }
}
