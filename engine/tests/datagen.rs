//! `rookery datagen` as a process: the same file however it is made, and an error for whatever stands in its way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rookery_games::{Game, Reader};

/// Few nodes, so that a game takes milliseconds.
const QUICK: &str = "--nodes 40 --hard-factor 2 --hash 1 --seed 9";

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rookery"));
    command.current_dir(folder).arg("datagen");
    command.args(line.split_whitespace());
    command
}

fn run(folder: &Path, line: &str) -> Output {
    command(folder, line).output().unwrap()
}

fn succeed(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {said}");
    said
}

/// Runs it to a failure; its last words and its exit code.
fn fail(mut command: Command) -> (String, Option<i32>) {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    (said, output.status.code())
}

fn games(path: &Path) -> Vec<Game> {
    let bytes = fs::read(path).unwrap();
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.map(Result::unwrap).collect()
}

/// The number after `name` in the progress file beside `path`.
fn progress(path: &Path, name: &str) -> Option<u64> {
    let mut beside = path.to_owned().into_os_string();
    beside.push(".progress");
    let text = fs::read_to_string(beside).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it and waits until the file has more than `games` games.
fn start(folder: &Path, line: &str, path: &Path, games: u64) -> Killed {
    let mut command = command(folder, line);
    let child = Killed(command.stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while progress(path, "games").is_none_or(|written| written <= games) {
        assert!(began.elapsed() < Duration::from_secs(60), "no progress");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn threads_and_kills_do_not_change_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    succeed(
        folder,
        &format!("--out one --games 300 --threads 1 {QUICK}"),
    );
    let line = format!("--out two --games 300 --threads 3 {QUICK}");
    let two = folder.join("two");
    let mut written = 0;
    while written < 160 {
        drop(start(folder, &line, &two, written));
        written = progress(&two, "games").unwrap();
    }
    let said = succeed(folder, &line);
    assert!(said.contains("goes on after"), "{said}");
    assert!(said.contains("300 games"), "{said}");
    let bytes = fs::read(folder.join("one")).unwrap();
    assert_eq!(bytes, fs::read(&two).unwrap());

    // A finished file stays as it is, and can be made longer.
    assert!(succeed(folder, &line).contains("300 games"));
    assert_eq!(bytes, fs::read(&two).unwrap());
    succeed(
        folder,
        &format!("--out two --games 310 --threads 2 {QUICK}"),
    );
    let (first, longer) = (games(&folder.join("one")), games(&two));
    assert_eq!(longer.len(), 310);
    assert_eq!(longer[..300], first);
    // Another seed, other games.
    let other = QUICK.replace("--seed 9", "--seed 10");
    succeed(folder, &format!("--out other --games 3 {other}"));
    assert!(
        games(&folder.join("other"))
            .iter()
            .all(|game| !first.contains(game))
    );
}

#[test]
fn as_many_positions_are_written_as_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = succeed(
        folder,
        &format!("--out a --positions 3000 --threads 2 {QUICK}"),
    );
    assert!(said.contains("positions/s"), "{said}");
    let path = folder.join("a");
    let games = games(&path);
    let scored = |game: &Game| game.plies.iter().filter(|ply| ply.score.is_some()).count();
    let all: usize = games.iter().map(scored).sum();
    let last = scored(games.last().unwrap());
    assert!(all >= 3000 && all - last < 3000, "{all} {last}");
    assert_eq!(progress(&path, "positions"), Some(all as u64));
    assert_eq!(progress(&path, "games"), Some(games.len() as u64));
    for game in &games {
        game.replay(|_, _, _, _| {}).unwrap();
    }
}

#[test]
fn bad_arguments_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "",
        "--games 3",
        "--out a",
        "--out a --games",
        "--out a --games 0",
        "--out a --games -1",
        "--out a --games 1e3",
        "--out a --games 99999999999999999999999",
        "--out a --games 3 --threads 0",
        "--out a --games 3 --threads 99999",
        "--out a --games 3 --nodes banana",
        "--out a --games 3 --hash 4097",
        "--out a --games 3 --fast",
        "--out a --out b --games 3",
        "games",
    ] {
        let (said, code) = fail(command(folder.path(), line));
        assert_eq!(code, Some(2), "{line}: {said}");
        assert!(said.starts_with("rookery: "), "{line}: {said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let help = run(folder.path(), "--help");
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("--draw-after N")
    );
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let odd = OsStr::from_bytes(b"games-\xff");
    let mut quick = command(folder.path(), QUICK);
    quick.args(["--games", "1", "--out"]).arg(odd);
    assert!(quick.output().unwrap().status.success());
    assert_eq!(games(&folder.path().join(odd)).len(), 1);
    let mut wrong = command(folder.path(), "--out a --games");
    wrong.arg(odd);
    let (said, code) = fail(wrong);
    assert_eq!(code, Some(2), "{said}");
    let mut program = Command::new(env!("CARGO_BIN_EXE_rookery"));
    program.arg(odd);
    assert_eq!(fail(program).1, Some(2));
}

#[test]
fn what_stands_in_the_way_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let try_out = |out: &str, more: &str| {
        let (said, code) = fail(command(
            folder,
            &format!("--out {out} --games 2 {QUICK} {more}"),
        ));
        assert_eq!(code, Some(1), "{said}");
        said
    };
    assert!(try_out("none/a", "").contains("cannot open none/a: "));
    fs::create_dir(folder.join("folder")).unwrap();
    assert!(try_out("folder", "").contains("folder is no plain file"));
    fs::write(folder.join("letter"), "Dear reader").unwrap();
    assert!(try_out("letter", "").contains("datagen did not write it"));
    assert_eq!(fs::read(folder.join("letter")).unwrap(), b"Dear reader");
    fs::write(folder.join("b.progress"), "Dear reader").unwrap();
    assert!(try_out("b", "").contains("b.progress is no progress file"));
    fs::create_dir(folder.join("c.progress")).unwrap();
    assert!(try_out("c", "").contains("c.progress"));

    succeed(folder, &format!("--out d --games 2 {QUICK}"));
    let other = try_out("d", "--balance 300");
    assert!(other.contains("begun with balance 400, not 300"), "{other}");
    let bytes = fs::read(folder.join("d")).unwrap();
    fs::write(folder.join("d"), &bytes[..bytes.len() - 3]).unwrap();
    assert!(try_out("d", "").contains("should have"));
    let mut changed = bytes;
    let middle = changed.len() / 2;
    changed[middle] ^= 0x40;
    fs::write(folder.join("d"), &changed).unwrap();
    assert!(try_out("d", "").contains("d is damaged: "));
    if cfg!(unix) {
        assert!(try_out("/dev/full", "").contains("no plain file"));
    }
}

#[test]
fn only_one_process_writes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("a");
    let line = format!("--out a --games 1000000 --threads 1 {QUICK}");
    let first = start(folder, &line, &path, 0);
    let (said, code) = fail(command(folder, &line));
    assert!(said.contains("another process is writing a"), "{said}");
    assert_eq!(code, Some(1));
    drop(first);
}

/// Runs it in a shell that first does `before`.
#[cfg(unix)]
fn limited(folder: &Path, before: &str, line: &str) -> Command {
    let rookery = PathBuf::from(env!("CARGO_BIN_EXE_rookery"));
    let mut shell = Command::new("sh");
    shell.current_dir(folder).arg("-c");
    shell.arg(format!(
        "{before}; exec {} datagen {line}",
        rookery.display()
    ));
    shell
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let line = format!("--games 200 --threads 2 {QUICK}");
    succeed(folder, &format!("--out whole {line}"));
    // Files of at most 60 blocks (of 512 bytes, in some shells 1024); the system says so by an error instead of a signal.
    let full = limited(
        folder,
        "trap '' XFSZ; ulimit -f 60",
        &format!("--out cut {line}"),
    );
    let (said, code) = fail(full);
    assert!(said.contains("cannot write cut: "), "{said}");
    assert_eq!(code, Some(1));
    let path = folder.join("cut");
    let written = progress(&path, "games").unwrap();
    assert!(written > 0 && written < 200, "{written}");
    // With more room it goes on.
    succeed(folder, &format!("--out cut {line}"));
    let whole = fs::read(folder.join("whole")).unwrap();
    assert_eq!(whole, fs::read(&path).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn no_threads_and_no_memory_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A stack that no address space has room for.
    let mut threads = command(folder, &format!("--out a --games 2 --threads 2 {QUICK}"));
    threads.env("RUST_MIN_STACK", (1_u64 << 47).to_string());
    let (said, code) = fail(threads);
    assert!(said.contains("cannot start thread 1 of 2: "), "{said}");
    assert_eq!(code, Some(1));
    let line = "--out b --games 2 --threads 2 --nodes 40 --hash 2000";
    let (said, code) = fail(limited(folder, "ulimit -v 1500000", line));
    assert!(said.contains("no memory for a hash table"), "{said}");
    assert_eq!(code, Some(1));
}
