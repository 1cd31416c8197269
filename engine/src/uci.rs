//! The Universal Chess Interface (UCI, Meyer-Kahlen and Huber 2000/2006) as a state machine: lines in, lines out.
//! Who feeds it, a process or a web worker, brings the input, the output and the clock.

mod go;
mod options;

use std::sync::Arc;
use std::time::Duration;

use shakmaty::CastlingMode;

use crate::bench::{BENCH_DEPTH, bench};
use crate::game::Game;
use crate::level::Level;
use crate::perft::Perft;
use crate::rng::Rng;
use crate::search::{Engine, Outcome, Request, Search, Step};
use crate::time::Clock;
use crate::transposition::HashError;
use go::Go;
use options::Options;

/// Takes one line of output, without its line end.
pub type Output<'a> = &'a mut dyn FnMut(&str);

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Continue,
    /// `quit` was read; nothing more will be answered.
    Quit,
}

/// What the session would do with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nothing until the next line.
    Idle,
    /// Think: call [`Session::step`].
    Busy,
    /// Done thinking, but the answer may be given only after `stop` or `ponderhit`.
    Waiting,
}

enum Task {
    Search {
        search: Box<Search>,
        mode: CastlingMode,
        /// Nothing but a command ends it.
        endless: bool,
        waiting: bool,
    },
    Perft {
        perft: Box<Perft>,
        mode: CastlingMode,
        started: Duration,
    },
}

/// One user of the engine.
pub struct Session {
    clock: Arc<dyn Clock>,
    seeds: Rng,
    /// Of this game; decides the misjudgements of the weaker levels.
    seed: u64,
    options: Options,
    game: Game,
    /// Away while a search has it.
    engine: Option<Engine>,
    task: Option<Task>,
}

impl Session {
    /// A new session. `seed` makes the weaker levels vary from game to game.
    ///
    /// # Errors
    ///
    /// [`HashError`] if there is no memory for the default hash table.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Result<Session, HashError> {
        let options = Options::default();
        let mut seeds = Rng::new(seed);
        Ok(Session {
            clock,
            seed: seeds.next_u64(),
            seeds,
            game: Game::default(),
            engine: Some(Engine::new(options.hash)?),
            options,
            task: None,
        })
    }

    /// What to do next.
    #[must_use]
    pub const fn activity(&self) -> Activity {
        match self.task {
            None => Activity::Idle,
            Some(Task::Search { waiting: true, .. }) => Activity::Waiting,
            Some(_) => Activity::Busy,
        }
    }

    /// Reads one line. What it cannot follow it refuses with an `info string`, and nothing changes.
    pub fn line(&mut self, line: &str, out: Output<'_>) -> Flow {
        let mut words = line.split_ascii_whitespace();
        let Some(command) = words.next() else {
            return Flow::Continue;
        };
        match command {
            "uci" => self.introduce(out),
            "isready" => out("readyok"),
            "stop" => self.stop(out),
            "ponderhit" => self.ponder_hit(out),
            "quit" => {
                self.stop(out);
                return Flow::Quit;
            }
            "debug" | "register" => {}
            "ucinewgame" | "setoption" | "position" | "go" | "bench" | "d" => {
                if self.task.is_some() {
                    refuse(
                        out,
                        &format!("{command} while a search is running; send stop first"),
                    );
                } else if let Err(reason) = self.command(command, line, &mut words, out) {
                    refuse(out, &reason);
                }
            }
            other => refuse(out, &format!("unknown command {}", quote(other))),
        }
        Flow::Continue
    }

    fn command<'a>(
        &mut self,
        command: &str,
        line: &str,
        words: &mut impl Iterator<Item = &'a str>,
        out: Output<'_>,
    ) -> Result<(), String> {
        match command {
            "ucinewgame" => {
                self.seed = self.seeds.next_u64();
                if let Some(engine) = &mut self.engine {
                    engine.clear();
                }
                Ok(())
            }
            "setoption" => self.set_option(line),
            "position" => self.position(words),
            "go" => self.go(words, out),
            "bench" => self.bench(words, out),
            _ => {
                out(&format!("info string fen {}", self.game.fen()));
                Ok(())
            }
        }
    }

    fn introduce(&self, out: Output<'_>) {
        out(concat!("id name Rookery ", env!("CARGO_PKG_VERSION")));
        out("id author the Rookery contributors");
        for line in Options::describe() {
            out(&line);
        }
        out("uciok");
    }

    fn set_option(&mut self, line: &str) -> Result<(), String> {
        if self.options.set(line)? {
            // The button.
            if let Some(engine) = &mut self.engine {
                engine.clear();
            }
        }
        if let Some(engine) = &mut self.engine
            && engine.hash_mib() != self.options.hash
        {
            let set = engine.set_hash_mib(self.options.hash);
            self.options.hash = engine.hash_mib();
            set.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn mode(&self) -> CastlingMode {
        CastlingMode::from_chess960(self.options.chess960)
    }

    fn position<'a>(&mut self, words: &mut impl Iterator<Item = &'a str>) -> Result<(), String> {
        const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
        let kind = words.next();
        let mut fen = String::new();
        let mut moves = false;
        for word in words.by_ref() {
            if word == "moves" {
                moves = true;
                break;
            }
            if fen.len() > 200 {
                return Err("the FEN is too long".to_owned());
            }
            fen.push_str(word);
            fen.push(' ');
        }
        let fen = match kind {
            Some("startpos") if fen.is_empty() => START,
            Some("fen") if !fen.is_empty() => &fen,
            _ => return Err("position needs startpos or fen, then moves".to_owned()),
        };
        let mut game = Game::from_fen(fen, self.mode()).map_err(|error| error.to_string())?;
        if moves {
            game.play_all(words).map_err(|error| error.to_string())?;
        }
        self.game = game;
        Ok(())
    }

    fn go<'a>(
        &mut self,
        words: &mut impl Iterator<Item = &'a str>,
        out: Output<'_>,
    ) -> Result<(), String> {
        let mode = self.game.position().castling_mode();
        match go::parse(words, &self.game)? {
            Go::Perft(depth) => {
                self.task = Some(Task::Perft {
                    perft: Box::new(Perft::new(self.game.position().clone(), depth)),
                    mode,
                    started: self.clock.now(),
                });
            }
            Go::Search(limits) => {
                let Some(engine) = self.engine.take() else {
                    return Err("the engine is away".to_owned());
                };
                let endless = limits.infinite
                    || limits.ponder
                    || (self.options.level == Level::MAX
                        && limits.depth.is_none()
                        && limits.nodes.is_none()
                        && limits.movetime.is_none()
                        && limits.time[self.game.position().turn()].is_none());
                let request = Request {
                    game: self.game.clone(),
                    limits: *limits,
                    multipv: self.options.multipv,
                    level: self.options.level,
                    seed: if self.options.seed == 0 {
                        self.seed
                    } else {
                        self.options.seed
                    },
                    overhead: self.options.overhead,
                };
                let search = engine.start(request, Arc::clone(&self.clock));
                self.task = Some(Task::Search {
                    search: Box::new(search),
                    mode,
                    endless,
                    waiting: false,
                });
                // Short searches are over before anybody could read another line.
                self.step(Duration::ZERO, out);
            }
        }
        Ok(())
    }

    fn bench<'a>(
        &self,
        words: &mut impl Iterator<Item = &'a str>,
        out: Output<'_>,
    ) -> Result<(), String> {
        let depth = match words.next() {
            None => BENCH_DEPTH,
            Some(word) => go::number(word, "bench depth", 1, 40)? as u32,
        };
        let result = bench(depth, &self.clock).map_err(|error| error.to_string())?;
        out(&format!("{} nodes {} nps", result.nodes, result.nps()));
        Ok(())
    }

    /// Thinks for about `slice`.
    pub fn step(&mut self, slice: Duration, out: Output<'_>) -> Activity {
        match self.task.take() {
            None => {}
            Some(Task::Search {
                mut search,
                mode,
                endless,
                ..
            }) => {
                let step = search.step(slice, |info| out(&info.to_uci(mode)));
                let waiting = matches!(step, Step::Waiting);
                if let Step::Done(done) = step {
                    let (engine, outcome) = *done;
                    self.engine = Some(engine);
                    answer(&outcome, mode, out);
                } else {
                    self.task = Some(Task::Search {
                        search,
                        mode,
                        endless,
                        waiting,
                    });
                }
            }
            Some(Task::Perft {
                mut perft,
                mode,
                started,
            }) => {
                let done = perft.step(slice, &*self.clock, |m, leaves| {
                    out(&format!("{}: {leaves}", m.to_uci(mode)));
                });
                if done {
                    let micros = (self.clock.now().saturating_sub(started))
                        .as_micros()
                        .max(1);
                    let nps = u128::from(perft.total()) * 1_000_000 / micros;
                    out(&format!(
                        "info string perft time {} nps {nps}",
                        micros / 1000
                    ));
                    out("");
                    out(&format!("Nodes searched: {}", perft.total()));
                } else {
                    self.task = Some(Task::Perft {
                        perft,
                        mode,
                        started,
                    });
                }
            }
        }
        self.activity()
    }

    /// Ends a running search with its answer, or a running count without.
    fn stop(&mut self, out: Output<'_>) {
        if let Some(Task::Search { search, .. }) = &self.task {
            search.stop();
            while self.step(Duration::MAX, out) == Activity::Busy {}
        } else if self.task.take().is_some() {
            out("info string perft stopped");
        }
    }

    fn ponder_hit(&mut self, out: Output<'_>) {
        if let Some(Task::Search {
            search, waiting, ..
        }) = &mut self.task
        {
            search.ponder_hit();
            *waiting = false;
            self.step(Duration::ZERO, out);
        }
    }

    /// There will be no more input: ends what only a command could end. The rest may be stepped to its end.
    pub fn input_ended(&mut self, out: Output<'_>) {
        if let Some(Task::Search { endless: true, .. }) = &self.task {
            self.stop(out);
        }
    }
}

fn answer(outcome: &Outcome, mode: CastlingMode, out: Output<'_>) {
    let best = outcome
        .best
        .map_or_else(|| "(none)".to_owned(), |m| m.to_uci(mode).to_string());
    match outcome.ponder {
        Some(ponder) => out(&format!("bestmove {best} ponder {}", ponder.to_uci(mode))),
        None => out(&format!("bestmove {best}")),
    }
}

fn refuse(out: Output<'_>, reason: &str) {
    out(&format!("info string refused: {reason}"));
}

/// Repeats what a user sent without letting it flood or disturb the output.
fn quote(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(32).collect();
    format!("'{clean}'")
}
