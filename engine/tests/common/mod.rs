//! Drives the real binary: a process, its input, and its output as lines with a deadline.
#![allow(dead_code, unreachable_pub)] // Each test file uses its own part.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

pub mod inside;

/// Far beyond what anything here should take, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Rookery {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Rookery {
    pub fn start() -> Rookery {
        Rookery::run(&mut Command::new(env!("CARGO_BIN_EXE_rookery")))
    }

    /// Starts it in a shell that first does `before`.
    #[cfg(unix)]
    pub fn start_after(before: &str) -> Rookery {
        let program = env!("CARGO_BIN_EXE_rookery");
        let script = format!("{before}; exec '{program}'");
        Rookery::run(Command::new("sh").args(["-c", &script]))
    }

    fn run(command: &mut Command) -> Rookery {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Rookery {
            input: child.stdin.take(),
            child,
            lines,
        }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("input is open");
        input.write_all(bytes).expect("the engine reads");
        input.flush().expect("the engine reads");
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// The next line, or nothing when the output has ended.
    pub fn next_line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the engine says nothing"),
        }
    }

    /// Reads up to the line that begins with `start`; returns all that was read.
    pub fn until(&mut self, start: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let line = self
                .next_line()
                .unwrap_or_else(|| panic!("the engine ended before {start:?}: {seen:?}"));
            let found = line.starts_with(start);
            seen.push(line);
            if found {
                return seen;
            }
        }
    }

    /// Everything said until the engine is ready for more.
    pub fn settle(&mut self) -> Vec<String> {
        self.send("isready");
        let mut said = self.until("readyok");
        said.pop();
        said
    }

    /// Sends `go` and returns the move and the information before it.
    pub fn go(&mut self, limits: &str) -> (String, Vec<String>) {
        self.send(&format!("go {limits}"));
        let mut said = self.until("bestmove");
        let best = said.pop().unwrap();
        (best.split(' ').nth(1).unwrap().to_owned(), said)
    }

    /// The position it stands at.
    pub fn fen(&mut self) -> String {
        self.send("d");
        let said = self.until("info string fen ");
        said.last().unwrap()["info string fen ".len()..].to_owned()
    }

    /// Waits for the process to end by itself and returns its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let start = Instant::now();
        while self.next_line().is_some() {
            assert!(start.elapsed() < PATIENCE, "the engine does not end");
        }
        self.child.wait().unwrap().code()
    }
}

impl Drop for Rookery {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
