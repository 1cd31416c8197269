//! The UCI engine as a process: lines from standard input, lines to standard output.

#[cfg(feature = "datagen")]
mod datagen;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvError, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rookery_engine::Clock;
use rookery_engine::uci::{Activity, Flow, Session};

const HELP: &str = "\
rookery: a chess engine that speaks UCI

  rookery                 speak UCI on standard input and output
  rookery bench [DEPTH]   search fixed positions; prints nodes and nodes a second
  rookery perft DEPTH [FEN]
                          count the legal move tree, split by the first move
  rookery datagen --out FILE --positions N
                          play against itself and write down what a network is trained on
  rookery datagen --help
  rookery --version
  rookery --help";

/// How long the engine thinks before it looks for input again.
const SLICE: Duration = Duration::from_millis(4);
/// Longest line that is read, in bytes: a game of ten thousand moves fits many times over.
const LINE_MAX: u64 = 1 << 20;
/// Lines that may wait; the reader then waits too.
const QUEUE: usize = 64;

enum Input {
    Line(String),
    TooLong,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<Cow<'_, str>> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let result = match words.as_slice() {
        [] => serve(&read_standard_input()),
        ["bench", rest @ ..] => once(&format!("bench {}", rest.join(" ")), None),
        ["perft", depth] => once(&format!("go perft {depth}"), None),
        ["perft", depth, fen @ ..] => once(&format!("go perft {depth}"), Some(fen.join(" "))),
        ["datagen", ..] => return datagen(&arguments[1..]),
        ["--version" | "-V"] => write_line(concat!("rookery ", env!("CARGO_PKG_VERSION"))),
        ["--help" | "-h"] => write_line(HELP),
        _ => {
            eprintln!("rookery: cannot follow these arguments\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    ended(result)
}

fn ended(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has gone; there is nobody left to tell.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rookery: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "datagen")]
fn datagen(arguments: &[OsString]) -> ExitCode {
    if let [word] = arguments
        && ["--help", "-h"].contains(&word.to_string_lossy().as_ref())
    {
        return ended(write_line(&datagen::help()));
    }
    match datagen::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut reason = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(source) = cause {
                reason = format!("{reason}: {source}");
                cause = source.source();
            }
            // Whether anybody reads it makes no difference.
            let _ = writeln!(io::stderr(), "rookery: {reason}");
            ExitCode::from(if error.is_usage() { 2 } else { 1 })
        }
    }
}

#[cfg(not(feature = "datagen"))]
fn datagen(_arguments: &[OsString]) -> ExitCode {
    eprintln!("rookery: this program was built without datagen; build it with --features datagen");
    ExitCode::from(2)
}

fn write_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn session() -> io::Result<Session> {
    let started = Instant::now();
    let clock: Arc<dyn Clock> = Arc::new(move || started.elapsed());
    let seed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64);
    Session::new(clock, seed ^ u64::from(std::process::id())).map_err(io::Error::other)
}

/// Runs one command to its end.
fn once(command: &str, fen: Option<String>) -> io::Result<()> {
    let mut session = session()?;
    let mut refused = false;
    let mut result: io::Result<()> = Ok(());
    let mut out = |line: &str| {
        refused |= line.starts_with("info string refused");
        if result.is_ok() {
            result = write_line(line);
        }
    };
    if let Some(fen) = fen {
        session.line(&format!("position fen {fen}"), &mut out);
    }
    session.line(command, &mut out);
    while session.activity() == Activity::Busy {
        session.step(SLICE, &mut out);
    }
    if refused {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    result
}

/// Reads lines in a thread of its own, so that the engine can look for them while it thinks.
fn read_standard_input() -> Receiver<Input> {
    let (sender, receiver) = sync_channel(QUEUE);
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin().lock());
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line);
            let next = match read {
                Ok(0) | Err(_) => return,
                Ok(n) if n as u64 == LINE_MAX && line.last() != Some(&b'\n') => {
                    if skip_line(&mut input).is_err() {
                        return;
                    }
                    Input::TooLong
                }
                Ok(_) => Input::Line(String::from_utf8_lossy(&line).into_owned()),
            };
            if sender.send(next).is_err() {
                return;
            }
        }
    });
    receiver
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, done) = match buffer.iter().position(|&byte| byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

/// Speaks UCI until `quit` or the end of input.
fn serve(input: &Receiver<Input>) -> io::Result<()> {
    let mut session = session()?;
    let mut result = Ok(());
    loop {
        let next = if session.activity() == Activity::Busy {
            match input.try_recv() {
                Ok(next) => Some(Ok(next)),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(RecvError)),
            }
        } else {
            Some(input.recv())
        };
        let mut out = |line: &str| {
            if result.is_ok() {
                result = write_line(line);
            }
        };
        let flow = match next {
            None => {
                session.step(SLICE, &mut out);
                Flow::Continue
            }
            Some(Ok(Input::Line(line))) => session.line(&line, &mut out),
            Some(Ok(Input::TooLong)) => {
                out("info string refused: the line is too long");
                Flow::Continue
            }
            Some(Err(RecvError)) => {
                // No more input: what ends by itself is answered, the rest is stopped.
                session.input_ended(&mut out);
                while session.activity() == Activity::Busy
                    && session.step(SLICE, &mut out) == Activity::Busy
                {}
                Flow::Quit
            }
        };
        result?;
        if flow == Flow::Quit {
            return Ok(());
        }
        result = Ok(());
    }
}
