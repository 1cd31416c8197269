//! An engine for the tests that misbehaves on purpose: `rookery-match-fake [HABIT [FILE]]`. It plays the first legal move
//! it finds; what it does instead, and from which move on, is its habit. It writes its process's number to the file.

use std::fs;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use shakmaty::fen::Fen;
use shakmaty::uci::UciMove;
use shakmaty::{CastlingMode, Chess, Position};

/// Its own moves that a habit leaves alone.
const GOOD_MOVES: usize = 2;

fn main() -> ExitCode {
    let habit = std::env::args().nth(1).unwrap_or_default();
    if let Some(file) = std::env::args().nth(2) {
        let number = std::process::id().to_string();
        if let Err(error) = fs::write(&file, number) {
            eprintln!("cannot write {file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    match serve(&habit) {
        Ok(code) => code,
        // The referee hung up.
        Err(_) => ExitCode::SUCCESS,
    }
}

fn serve(habit: &str) -> io::Result<ExitCode> {
    let mut out = io::stdout();
    if habit == "mute" {
        wait_for_end();
        return Ok(ExitCode::SUCCESS);
    }
    let mut position = Chess::default();
    let mut mode = CastlingMode::Standard;
    let mut made = 0;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["uci"] => {
                if habit == "chatter" {
                    out.write_all(&[0xff, 0xfe, b'\n', 0, b'\n'])?;
                    writeln!(out, "Loading...\nbestmove e2e4\nreadyok\nuciok uciok?\n")?;
                    writeln!(out, "{}", "x".repeat(500_000))?;
                }
                writeln!(out, "id name Fake\noption name Hash type spin default 1")?;
                writeln!(
                    out,
                    "option name UCI_Chess960 type check default false\nuciok"
                )?;
            }
            ["isready"] => writeln!(out, "readyok")?,
            ["ucinewgame"] => made = 0,
            ["setoption", "name", "UCI_Chess960", "value", "true"] => {
                mode = CastlingMode::Chess960;
            }
            ["position", rest @ ..] => position = read(rest, mode).unwrap_or(position),
            ["go", ..] => {
                made += 1;
                if made > GOOD_MOVES && !matches!(habit, "" | "chatter" | "deaf") {
                    match habit {
                        "crash" => {
                            eprintln!("out of ideas");
                            return Ok(ExitCode::from(3));
                        }
                        "illegal" => writeln!(out, "bestmove e1e8")?,
                        "none" => writeln!(out, "bestmove (none)")?,
                        "empty" => writeln!(out, "bestmove")?,
                        "slow" => {
                            // Its habit, not a way to wait for anything.
                            thread::sleep(Duration::from_millis(1500));
                            answer(&mut out, &position, mode)?;
                        }
                        "hang" => wait_for_end(),
                        "flood" => loop {
                            writeln!(out, "info depth 1 score cp 0 nodes 1")?;
                        },
                        other => eprintln!("no such habit: {other}"),
                    }
                } else {
                    if habit == "chatter" {
                        writeln!(out, "info string bestmove a1a1\ninfo depth x\n\t\n")?;
                        writeln!(
                            out,
                            "info depth 3 score cp 12 pv {}",
                            "e2e4 ".repeat(40_000)
                        )?;
                    }
                    answer(&mut out, &position, mode)?;
                }
            }
            ["quit"] if habit != "deaf" => return Ok(ExitCode::SUCCESS),
            _ => {}
        }
        out.flush()?;
    }
    if habit == "deaf" {
        wait_for_end();
    }
    Ok(ExitCode::SUCCESS)
}

/// Until the process is killed.
fn wait_for_end() {
    loop {
        thread::park();
    }
}

fn answer(out: &mut impl Write, position: &Chess, mode: CastlingMode) -> io::Result<()> {
    let first = position.legal_moves().first().map(|m| m.to_uci(mode));
    let best = first.map_or_else(|| "0000".to_owned(), |uci| uci.to_string());
    writeln!(out, "info depth 1 score cp 7 nodes 20")?;
    writeln!(out, "bestmove {best}")
}

fn read(words: &[&str], mode: CastlingMode) -> Option<Chess> {
    let moves = words.iter().position(|&word| word == "moves");
    let (start, moves) = words.split_at(moves.unwrap_or(words.len()));
    let mut position = match start {
        ["startpos"] => Chess::default(),
        ["fen", fields @ ..] => {
            let fen: Fen = fields.join(" ").parse().ok()?;
            fen.into_position(mode).ok()?
        }
        _ => return None,
    };
    for word in moves.iter().skip(1) {
        let uci: UciMove = word.parse().ok()?;
        let m = uci.to_move(&position).ok()?;
        position.play_unchecked(m);
    }
    Some(position)
}
