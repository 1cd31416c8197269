//! Engines as processes that speak UCI, ours and the peer's, and the little that the benches ask of them.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::workspace::Workspace;

/// The engine that browsers run elsewhere.
pub(super) const PEER: &str = "Stockfish 19 lite (wasm)";
const PEER_PACKAGE: &str = "stockfish@19.0.0";

/// The folder of the peer's program, which is installed there if it is missing. It is measured against, not part of
/// anything.
pub(super) fn peer_folder(workspace: &Workspace) -> Result<PathBuf> {
    let peers = workspace.tools().join("peers");
    let folder = peers.join("node_modules/stockfish/bin");
    if !folder.join("stockfish-19-lite-single.js").is_file() {
        println!("Installing {PEER_PACKAGE} to measure against (about 100 MB)");
        fs::create_dir_all(&peers).with_context(|| format!("cannot create {}", peers.display()))?;
        let mut install = Command::new("npm");
        install
            .args(["install", "--no-save", "--ignore-scripts", "--no-audit"])
            .args(["--no-fund", "--loglevel=error", "--prefix"])
            .args([peers.as_os_str(), PEER_PACKAGE.as_ref()]);
        command::run(&mut install, &format!("install {PEER_PACKAGE}"))
            .context("check the network connection")?;
    }
    Ok(folder)
}

/// A running engine. Ends with this value.
pub(super) struct Uci {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// What a search did, by its last word.
pub(super) struct Searched {
    pub(super) nodes: f64,
    pub(super) seconds: f64,
}

impl Uci {
    /// Starts `command` and waits until it is ready.
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let program = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{program} has no input or output");
        };
        let mut engine = Self {
            child,
            input,
            output: BufReader::new(output).lines(),
        };
        engine.ask("uci", "uciok")?;
        engine.ask("isready", "readyok")?;
        Ok(engine)
    }

    /// Sends a line.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        writeln!(self.input, "{line}")
            .and_then(|()| self.input.flush())
            .context("the engine does not listen")
    }

    /// Sends a line and reads up to the answer that begins with `answer`. All that was read, the answer last.
    pub(super) fn ask(&mut self, line: &str, answer: &str) -> Result<Vec<String>> {
        self.tell(line)?;
        let mut read = Vec::new();
        for line in self.output.by_ref() {
            let line = line.context("the engine's output ended")?;
            let done = line.starts_with(answer);
            read.push(line);
            if done {
                return Ok(read);
            }
        }
        bail!("the engine ended without an answer to `{line}`")
    }

    /// Counts the leaves of the tree of `depth` plies under the start position. Leaves a second.
    pub(super) fn perft(&mut self, depth: u32, leaves: u64) -> Result<f64> {
        self.tell("position startpos")?;
        let started = Instant::now();
        let answer = self.ask(&format!("go perft {depth}"), "Nodes searched")?;
        let seconds = started.elapsed().as_secs_f64();
        let counted = answer
            .last()
            .and_then(|line| line.rsplit(' ').next())
            .and_then(|number| number.parse::<u64>().ok());
        if counted != Some(leaves) {
            bail!("perft {depth} counted {counted:?}, not {leaves}");
        }
        Ok(leaves as f64 / seconds)
    }

    /// Searches `fen` for `millis`.
    pub(super) fn search(&mut self, fen: &str, millis: u64) -> Result<Searched> {
        self.ask("ucinewgame\nisready", "readyok")?;
        self.tell(&format!("position fen {fen}"))?;
        let answer = self.ask(&format!("go movetime {millis}"), "bestmove")?;
        let field = |name: &str| {
            answer.iter().rev().find_map(|line| {
                let mut words = line.split(' ').skip_while(|word| *word != name);
                words.nth(1)?.parse::<f64>().ok()
            })
        };
        let (Some(nodes), Some(time)) = (field("nodes"), field("time")) else {
            bail!("the search of {fen} told no nodes or time");
        };
        Ok(Searched {
            nodes,
            seconds: time / 1000.0,
        })
    }
}

impl Drop for Uci {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.tell("quit");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
