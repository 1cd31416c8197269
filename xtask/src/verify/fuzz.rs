//! The way `fuzz`: the targets of `ledger/verify/fuzz`, each under libFuzzer for its share of the time. They are built by
//! the pinned compiler into the usual target folder; of all crates only the workspace's own are built a second time.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Share;
use crate::sancov;
use crate::tools;
use crate::workspace::{Workspace, cargo, in_ci};

const PACKAGE: &str = "rookery-fuzz";
const FOLDER: &str = "ledger/verify/fuzz";
/// An input that takes longer is a find, s.
const TIMEOUT_S: u32 = 25;
/// A process that takes more memory is a find, MiB.
const MEMORY_MB: u32 = 2_048;
/// How long each target looks for one deliberate fault, beyond what is kept of its inputs.
const HUNT: Duration = Duration::from_secs(3);
/// Of an input that is a find so many bytes are shown; the file has all of them.
const SHOWN: usize = 200;

/// Builds the targets and runs all of them, as many at once as there are cores; or runs one on a file, whose folder or
/// whose name's beginning says which.
pub(super) fn run(workspace: &Workspace, share: &Share) -> Result<Value> {
    build(workspace, &[])?;
    let targets = targets(workspace)?;
    if let Some(input) = &share.input {
        return replay(workspace, &targets, input, share);
    }
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let at_once = at_once.min(targets.len()).max(1);
    let rounds = targets.len().div_ceil(at_once);
    let each = share.budget / u32::try_from(rounds).unwrap_or(u32::MAX);
    let queue = Mutex::new(VecDeque::from(targets));
    let found = std::thread::scope(|scope| -> Result<Vec<Found>> {
        let worker = || -> Result<Vec<Found>> {
            let mut found = Vec::new();
            loop {
                let next = queue.lock().ok().and_then(|mut queue| queue.pop_front());
                let Some(target) = next else { break };
                let run = Run {
                    target: &target,
                    time: each,
                    seed: share.seed,
                    mutant: None,
                };
                found.push(run.start(workspace)?);
            }
            Ok(found)
        };
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        let mut all = Vec::new();
        for worker in workers {
            let found = worker.join();
            all.extend(found.map_err(|_| anyhow::anyhow!("a thread broke off"))??);
        }
        Ok(all)
    })?;
    Ok(row(share, &found))
}

fn row(share: &Share, found: &[Found]) -> Value {
    json!({
        "way": share.name,
        "cases": found.iter().map(|found| found.runs).sum::<u64>(),
        "states": found.iter().map(|found| found.covered).sum::<u64>(),
        "faults": 0,
        "violations": found.iter().filter(|found| found.broken).count(),
        "seed": share.seed,
    })
}

/// Builds the targets so that they count the branches they take.
fn build(workspace: &Workspace, features: &[&str]) -> Result<()> {
    tools::cpp_compiler()?;
    let wrapper = std::env::current_exe().context("cannot find this program")?;
    let mut build = Command::new(cargo());
    build
        .current_dir(&workspace.root)
        .args(["build", "--release", "--bins", "--package", PACKAGE])
        .args(features)
        .env("RUSTC_WORKSPACE_WRAPPER", wrapper)
        .env(sancov::VARIABLE, "1");
    if in_ci() {
        build.arg("--locked");
    }
    crate::command::run(&mut build, "build the fuzz targets")
}

/// The names of the targets: each has a corpus.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join(FOLDER).join("corpus");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Puts one deliberate fault after the other into a build of its own, which is never shipped, and tells which target finds
/// it first. Fails if none is found.
pub(super) fn run_mutants(workspace: &Workspace, seed: u64) -> Result<ExitCode> {
    build(workspace, &["--features", "rookery-fuzz/mutants"])?;
    let (targets, mut found) = (targets(workspace)?, 0);
    println!("| n | deliberate fault | found by |\n|---|---|---|");
    for (number, words) in mutants(workspace)? {
        let mut by = None;
        for target in &targets {
            let run = Run {
                target,
                time: HUNT,
                seed,
                mutant: Some(number),
            };
            if run.start(workspace)?.broken {
                by = Some(target.as_str());
                break;
            }
        }
        found += u32::from(by.is_some());
        println!("| {number} | {words} | {} |", by.unwrap_or("none"));
    }
    Ok(if found > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The deliberate faults, as the ledger lists them.
fn mutants(workspace: &Workspace) -> Result<Vec<(u32, String)>> {
    let file = workspace.root.join("ledger/src/mutant.rs");
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let listed = text.lines().filter_map(|line| {
        let (number, rest) = line.trim().split_once(' ')?;
        let (_, words) = rest.split_once('"')?;
        Some((number.parse().ok()?, words.trim_end_matches('"').to_owned()))
    });
    Ok(listed.collect())
}

/// What came of one target.
struct Found {
    runs: u64,
    covered: u64,
    broken: bool,
}

/// One run of one target.
struct Run<'a> {
    target: &'a str,
    time: Duration,
    seed: u64,
    /// The deliberate fault to put in, in a build that has them.
    mutant: Option<u32>,
}

impl Run<'_> {
    /// Runs it, from what is kept of its inputs on. New ones go to the target folder, where the next run begins afresh.
    fn start(&self, workspace: &Workspace) -> Result<Found> {
        let target = self.target;
        let home = workspace.target.join("fuzz");
        let (corpus, finds) = (home.join("corpus").join(target), home.join("finds"));
        let _ = fs::remove_dir_all(&corpus);
        for folder in [&corpus, &finds] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let kept = workspace.root.join(FOLDER).join("corpus").join(target);
        let prefix = match self.mutant {
            Some(number) => format!("mutant-{number}-{target}-"),
            None => format!("{target}-"),
        };
        let mut command = Command::new(workspace.binary(target));
        command
            .arg(format!("-seed={}", libfuzzer_seed(self.seed)))
            .arg(format!("-max_total_time={}", self.time.as_secs().max(1)))
            .arg(format!("-timeout={TIMEOUT_S}"))
            .arg(format!("-rss_limit_mb={MEMORY_MB}"))
            .arg(format!("-artifact_prefix={}", finds.join(prefix).display()))
            .arg("-print_final_stats=1")
            .arg(&corpus)
            .arg(kept)
            .stdin(Stdio::null());
        if let Some(number) = self.mutant {
            command.env("ROOKERY_MUTANT", number.to_string());
        }
        let output = command
            .output()
            .with_context(|| format!("cannot start the fuzz target `{target}`"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        let found = Found {
            runs: number_behind(&text, "stat::number_of_executed_units:"),
            covered: number_behind(&text, " cov: "),
            broken: !output.status.success(),
        };
        if self.mutant.is_some() {
            return Ok(found);
        }
        println!(
            "{target:<10} {:>10} inputs, {:>6} branches",
            found.runs, found.covered
        );
        if found.broken {
            tell(&text, target, output.status.code());
        } else if found.runs == 0 {
            bail!("the fuzz target `{target}` ran nothing:\n{text}");
        }
        Ok(found)
    }
}

/// libFuzzer takes 32 bits, and 0 would mean a random one.
fn libfuzzer_seed(seed: u64) -> u32 {
    u32::try_from(seed % u64::from(u32::MAX)).map_or(1, |seed| seed.max(1))
}

/// The last number that stands behind `words`.
fn number_behind(text: &str, words: &str) -> u64 {
    let Some((_, rest)) = text.rsplit_once(words) else {
        return 0;
    };
    let digits = rest.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().unwrap_or(0)
}

/// Tells what was found: the words of the panic or of libFuzzer, the input, and how to see it again.
fn tell(text: &str, target: &str, code: Option<i32>) {
    let is_word = |line: &&str| line.contains("panicked at") || line.contains("ERROR: libFuzzer");
    let from = text.lines().position(|line| is_word(&line)).unwrap_or(0);
    let words: Vec<&str> = text.lines().skip(from).take(12).collect();
    let ended = code.map_or("by a signal".to_owned(), |code| format!("with {code}"));
    eprintln!("violation: {target} ended {ended}: {}", words.join("\n"));
    let written = text
        .lines()
        .find_map(|line| line.split_once("Test unit written to "));
    let Some((_, file)) = written else { return };
    let file = Path::new(file.trim());
    if let Ok(input) = fs::read(file) {
        let hex: String = input
            .iter()
            .take(SHOWN)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let more = if input.len() > SHOWN { ".." } else { "" };
        eprintln!("input, {} bytes: {hex}{more}", input.len());
    }
    eprintln!(
        "replay: cargo xtask verify --way fuzz --input {}",
        file.display()
    );
}

/// Runs one target on one file.
fn replay(workspace: &Workspace, targets: &[String], input: &Path, share: &Share) -> Result<Value> {
    let Some(target) = target_of(targets, input) else {
        bail!(
            "which target reads {}? Its folder must be called as the target, or its name must begin with that and `-`; \
             there are: {}",
            input.display(),
            targets.join(", ")
        );
    };
    let status = Command::new(workspace.binary(target))
        .arg(format!("-timeout={TIMEOUT_S}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        .arg(input)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start the fuzz target `{target}`"))?;
    let found = Found {
        runs: 1,
        covered: 0,
        broken: !status.success(),
    };
    Ok(row(share, &[found]))
}

fn target_of<'a>(targets: &'a [String], input: &Path) -> Option<&'a String> {
    let name = input.file_name()?.to_str()?;
    let folder = input.parent().and_then(Path::file_name);
    targets.iter().find(|target| {
        folder.is_some_and(|folder| folder == target.as_str())
            || name
                .strip_prefix(target.as_str())
                .is_some_and(|rest| rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{libfuzzer_seed, number_behind, target_of};

    #[test]
    fn the_last_count_is_read() {
        let text = "#2 INITED cov: 17 ft: 20\n#9 DONE   cov: 31 ft: 40 corp: 2\n\
                    stat::number_of_executed_units: 1234\n";
        assert_eq!(number_behind(text, " cov: "), 31);
        assert_eq!(number_behind(text, "stat::number_of_executed_units:"), 1234);
        assert_eq!(number_behind("nothing", " cov: "), 0);
    }

    #[test]
    fn a_seed_is_never_zero() {
        assert_eq!(libfuzzer_seed(0), 1);
        assert_eq!(libfuzzer_seed(7), 7);
        assert_eq!(libfuzzer_seed(u64::from(u32::MAX)), 1);
    }

    #[test]
    fn a_file_says_for_which_target_it_is() {
        let targets = ["file".to_owned(), "fold".to_owned()];
        let of = |path| target_of(&targets, Path::new(path)).map(String::as_str);
        assert_eq!(of("corpus/fold/0123"), Some("fold"));
        assert_eq!(of("target/fuzz/finds/file-crash-0123"), Some("file"));
        assert_eq!(of("somewhere/0123"), None);
    }
}
