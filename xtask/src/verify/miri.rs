//! The way `miri`: tests of the ledger under Miri, which stops at undefined behaviour. Signatures are a stand-in there, but
//! for the one test that makes and checks one of Ed25519.

mod plan;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use super::Share;
use crate::tally::Tally;
use crate::tools;
use crate::workspace::{Workspace, in_ci};
use plan::{Job, Plan};

/// What a variable of the environment would change in the build or the tests.
const UNSET: [&str; 9] = [
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "MIRI_SYSROOT",
    "ROOKERY_MUTANT",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
];
/// Tests of 5 s to many minutes each. There is time for them only in a run that is longer than [`LONG_RUN`].
const LONG: [&str; 7] = [
    "codec", "refusals", "rules", "receipts", "orderer", "player", "arrival",
];
const LONG_RUN: Duration = Duration::from_secs(300);
/// CPU time after which one of these is cut off, s: so that no run is much longer than it was told to be.
const CUT_OFF_S: u32 = 180;
/// What cargo says then: the signal's number is the same on Linux and macOS.
const CUT_OFF: &str = "(signal: 24";
/// Lines that are shown of a failed test's output, from the first that says what went wrong.
const SHOWN: usize = 60;

/// Builds the tests, then runs as many at once as there are cores: those that always run, and others while there is time.
pub(super) fn run(workspace: &Workspace, share: &Share) -> Result<Value> {
    if share.input.is_some() {
        bail!("the way `miri` checks no file; leave --input out");
    }
    let miri = Miri {
        rustup: tools::miri()?,
        root: workspace.root.clone(),
        target: workspace.target.join("miri"),
    };
    let long_run = share.budget > LONG_RUN;
    let (short, long) = miri.tests(long_run)?;
    let plan = Mutex::new(Plan::new(share, short, long));
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let sum = std::thread::scope(|scope| -> Result<Tally> {
        let worker = || -> Result<Tally> {
            let mut sum = Tally::default();
            // The guard must not outlive this statement: the other workers wait for it.
            while let Some(job) = { lock(&plan).next() } {
                let begun = Instant::now();
                let tally = miri.start(&job)?;
                lock(&plan).took(begun.elapsed(), tally);
                sum += tally;
            }
            Ok(sum)
        };
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        let mut sum = Tally::default();
        for worker in workers {
            sum += worker.join().map_err(|_| anyhow!("a thread broke off"))??;
        }
        Ok(sum)
    })?;
    Ok(json!({
        "way": share.name,
        "cases": sum.passed,
        "states": 0,
        "faults": 0,
        "violations": sum.failed,
        "seed": share.seed,
    }))
}

fn lock(plan: &Mutex<Plan>) -> MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the tests are started.
struct Miri {
    rustup: PathBuf,
    root: PathBuf,
    target: PathBuf,
}

impl Miri {
    /// Builds what will run, and gives the tests by name: the short ones, and if `long`, those of the other files.
    fn tests(&self, long: bool) -> Result<(Vec<String>, Vec<Job>)> {
        let mut build = self.cargo();
        build.args([
            "--no-run",
            "--lib",
            "--test",
            "signature",
            "--test",
            plan::SHORT,
        ]);
        if long {
            build.args(LONG.iter().flat_map(|file| ["--test", file]));
        }
        crate::command::run(&mut build, "build the ledger's tests for Miri")?;
        let mut jobs = Vec::new();
        for file in LONG.iter().filter(|_| long) {
            jobs.extend(self.names(file)?.into_iter().map(|test| Job {
                file: Some(file),
                test: Some(test),
                seed: 0,
            }));
        }
        Ok((self.names(plan::SHORT)?, jobs))
    }

    /// The tests of one file that Miri is to run.
    fn names(&self, file: &str) -> Result<Vec<String>> {
        let mut list = self.cargo();
        list.args(["--quiet", "--test", file, "--", "--list", "--format=terse"]);
        let of = |list: &mut Command| {
            let text = crate::command::read(list);
            text.with_context(|| format!("cannot list the tests of ledger/tests/{file}.rs"))
        };
        let all = of(&mut list)?;
        let ignored = of(list.arg("--ignored"))?;
        let names: Vec<String> = test_names(&all, &ignored);
        if names.is_empty() {
            bail!("there are no tests in ledger/tests/{file}.rs");
        }
        Ok(names)
    }

    /// Runs some tests and tells how they ended.
    fn start(&self, job: &Job) -> Result<Tally> {
        let limited = job.file.is_some_and(|file| LONG.contains(&file));
        let mut command = if limited {
            self.limited()
        } else {
            self.cargo()
        };
        command.arg("--quiet");
        match job.file {
            Some(file) => command.args(["--test", file]),
            None => command.arg("--lib"),
        };
        if let Some(test) = &job.test {
            command.args(["--", "--exact", test]);
        }
        command.env("ROOKERY_SEED", job.seed.to_string());
        let begun = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("cannot start {}", self.rustup.display()))?;
        let mut tally = Tally::default();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            tally.read_cargo(line);
        }
        let cut_off = limited && String::from_utf8_lossy(&output.stderr).contains(CUT_OFF);
        let tally = if cut_off {
            Tally::skip()
        } else {
            // Undefined behaviour ends the process where it is, before it sums up.
            tally.ended(output.status.success())
        };
        if tally == Tally::default() {
            bail!("of {job} nothing ran");
        }
        println!(
            "{job}, seed {}: {tally}, {:.1} s",
            job.seed,
            begun.elapsed().as_secs_f64()
        );
        if tally.failed > 0 {
            tell(job, &output);
        }
        Ok(tally)
    }

    fn cargo(&self) -> Command {
        self.test(Command::new(&self.rustup))
    }

    /// The same with a limit to what CPU time a process of it may take, where there is one.
    fn limited(&self) -> Command {
        if cfg!(not(unix)) {
            return self.cargo();
        }
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("ulimit -S -t {CUT_OFF_S}; exec \"$0\" \"$@\""))
            .arg(&self.rustup);
        self.test(shell)
    }

    fn test(&self, mut cargo: Command) -> Command {
        cargo
            .current_dir(&self.root)
            .args(["run", tools::NIGHTLY, "cargo", "miri", "test"])
            .args(["--package", "rookery-ledger", "--target-dir"])
            .arg(&self.target)
            .stdin(Stdio::null())
            // Random seeds and kept failures of proptest need the machine's own.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            .env("PROPTEST_CASES", "1");
        for variable in UNSET {
            cargo.env_remove(variable);
        }
        if in_ci() {
            cargo.arg("--locked");
        }
        cargo
    }
}

/// The names in what `--list` says of all tests, without those in what it says of the ignored ones.
fn test_names(all: &str, ignored: &str) -> Vec<String> {
    let names = |text: &str| -> Vec<String> {
        let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
        names.map(str::to_owned).collect()
    };
    let ignored = names(ignored);
    let mut names = names(all);
    names.retain(|name| !ignored.contains(name));
    names
}

/// Tells what Miri or the test said, and how to see it again.
fn tell(job: &Job, output: &Output) {
    for (from, bytes) in [("", &output.stdout), ("Miri: ", &output.stderr)] {
        let text = String::from_utf8_lossy(bytes);
        if let Some(words) = words(&text) {
            eprintln!("violation: {job}: {from}{words}");
        }
    }
    let mut again = format!("cargo +{} miri test -p rookery-ledger", tools::NIGHTLY);
    again += &job
        .file
        .map_or(" --lib".to_owned(), |file| format!(" --test {file}"));
    if let Some(test) = &job.test {
        again += &format!(" -- --exact {test}");
    }
    eprintln!(
        "replay: MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=1 ROOKERY_SEED={} {again}",
        job.seed
    );
}

/// The lines from the first that says what went wrong.
fn words(text: &str) -> Option<String> {
    let says = |line: &str| line.starts_with("error") || line.contains("panicked at");
    let lines: Vec<&str> = text
        .lines()
        .skip_while(|line| !says(line))
        .take(SHOWN)
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{test_names, words};

    #[test]
    fn ignored_tests_are_left_out() {
        assert_eq!(
            test_names("one: test\nmany: test\n\nfew: benchmark\n", "many: test\n"),
            ["one"]
        );
    }

    #[test]
    fn what_went_wrong_is_cut_from_what_was_said() {
        let text = "running 1 test\nerror: Undefined Behavior: out of bounds\n --> a.rs:1\n";
        assert_eq!(
            words(text).unwrap(),
            "error: Undefined Behavior: out of bounds\n --> a.rs:1"
        );
        assert_eq!(words("all is well"), None);
    }
}
