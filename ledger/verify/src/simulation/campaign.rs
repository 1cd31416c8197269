//! Runs of one seed after the other, and what all of them came to. A campaign can be broken off and gone on with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};

use super::tally::Tally;
use super::{Ran, mishaps, run_seed};
use crate::{Plan, Row};

/// From so many games on every kind has to have come up.
const ENOUGH: u64 = 300;
/// The median of the plies has to be as high.
const LEAST_PLIES: u64 = 40;
/// Every kind of record, as the report calls it.
const RECORDS: [&str; 14] = [
    "genesis",
    "seat",
    "move",
    "move with offer",
    "rewind",
    "draw",
    "resign",
    "resign off the chain",
    "abort",
    "receipt",
    "gap",
    "flag",
    "home signature",
    "home commit",
];
/// How often progress is written down.
const WRITE_EVERY: Duration = Duration::from_secs(20);

/// What all runs so far came to.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Sum {
    first_seed: u64,
    /// Every seed below it was run.
    next_seed: u64,
    seconds: u64,
    games: u64,
    events: u64,
    /// Of all that happened in every run: another run of the same seeds gives the same.
    digest: u64,
    /// How many games had so many plies.
    plies: BTreeMap<u64, u64>,
    records: Tally,
    faults: Tally,
    /// Seeds with a violation, and the first one of each.
    violations: BTreeMap<u64, String>,
}

impl Sum {
    fn add(&mut self, seed: u64, ran: &Ran) {
        self.games += ran.plies.len() as u64;
        self.events += ran.events;
        self.digest ^= ran.digest;
        for plies in &ran.plies {
            *self.plies.entry(*plies).or_default() += 1;
        }
        self.records.add(&ran.records);
        self.faults.add(&ran.faults);
        if let Some(words) = ran.broken.first() {
            self.violations.insert(seed, words.clone());
        }
    }

    fn median(&self) -> u64 {
        let (mut below, half) = (0, self.games / 2);
        for (plies, count) in &self.plies {
            below += count;
            if below > half {
                return *plies;
            }
        }
        0
    }

    /// What a long run has to have shown and has not.
    fn lacks(&self) -> Vec<String> {
        if self.games < ENOUGH {
            return Vec::new();
        }
        let mut lacks: Vec<String> = Vec::new();
        for kind in self.records.never(&RECORDS) {
            lacks.push(format!("no game held a {kind}"));
        }
        for kind in self.faults.never(&mishaps::KINDS) {
            lacks.push(format!("never: {kind}"));
        }
        if self.median() < LEAST_PLIES {
            lacks.push(format!("the median game has {} plies", self.median()));
        }
        lacks
    }

    fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let next = file.with_extension("next");
        fs::write(&next, text).with_context(|| format!("cannot write {}", next.display()))?;
        fs::rename(&next, file).with_context(|| format!("cannot write {}", file.display()))
    }

    fn read(file: &Path) -> Result<Option<Self>> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Some(
                serde_json::from_str(&text).context("the progress file")?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }
}

/// Seeds that are run out of order wait here for those before them.
struct Board {
    sum: Sum,
    waiting: BTreeMap<u64, Ran>,
    written: Instant,
}

/// Runs seed after seed, from the plan's on, until the time is up, or until there were as many games as the plan wants.
/// Each violation is told with the command that runs that one seed again.
///
/// # Errors
///
/// Where a run cannot be set up, or the progress cannot be kept.
pub(crate) fn run(plan: &Plan) -> Result<Row> {
    let begin = Instant::now();
    let progress = plan.progress.as_deref();
    let before = progress.map(Sum::read).transpose()?.flatten();
    let sum = before.unwrap_or_else(|| Sum {
        first_seed: plan.seed,
        next_seed: plan.seed,
        ..Sum::default()
    });
    let (spent, from) = (sum.seconds, sum.next_seed);
    let taken = AtomicU64::new(from);
    let stop = AtomicBool::new(false);
    let board = Mutex::new(Board {
        sum,
        waiting: BTreeMap::new(),
        written: Instant::now(),
    });
    let goes_on = |board: &Board, seed: u64| match plan.cases {
        Some(cases) => board.sum.games < cases,
        // At least one, and in the hunt for deliberate faults no more than to the first that is found.
        None => {
            let found = cfg!(feature = "mutants") && !board.sum.violations.is_empty();
            seed == from || (begin.elapsed() < plan.budget && !found)
        }
    };
    let work = || -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            let seed = {
                let board = board.lock().map_err(|_| anyhow!("a run broke off"))?;
                let seed = taken.load(Ordering::Relaxed);
                if !goes_on(&board, seed) {
                    return Ok(());
                }
                taken.fetch_add(1, Ordering::Relaxed)
            };
            let ran = run_seed(seed).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            for words in &ran.broken {
                eprintln!("violation: seed {seed}: {words}");
            }
            if !ran.broken.is_empty() {
                eprintln!("replay: cargo xtask verify --way simulation --budget 0s --seed {seed}");
            }
            let mut board = board.lock().map_err(|_| anyhow!("a run broke off"))?;
            board.waiting.insert(seed, ran);
            let next = board.sum.next_seed;
            let mut at = next;
            while let Some(ran) = board.waiting.remove(&at) {
                board.sum.add(at, &ran);
                at += 1;
            }
            board.sum.next_seed = at;
            board.sum.seconds = spent + begin.elapsed().as_secs();
            if let Some(file) = progress
                && board.written.elapsed() > WRITE_EVERY
            {
                board.sum.write(file)?;
                board.written = Instant::now();
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Result<()> {
        let others: Vec<_> = (1..plan.threads.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        work()?;
        for other in others {
            other.join().map_err(|_| anyhow!("a run broke off"))??;
        }
        Ok(())
    })?;
    let mut board = board.into_inner().map_err(|_| anyhow!("a run broke off"))?;
    for (seed, ran) in std::mem::take(&mut board.waiting) {
        board.sum.add(seed, &ran);
        board.sum.next_seed = seed + 1;
    }
    let sum = board.sum;
    if let Some(file) = progress {
        sum.write(file)?;
    }
    Ok(report(&sum, plan.seed))
}

fn report(sum: &Sum, seed: u64) -> Row {
    eprintln!(
        "seeds {} to {}: {} games, median {} plies, {} events, digest {:016x}, {} s",
        sum.first_seed,
        sum.next_seed.saturating_sub(1),
        sum.games,
        sum.median(),
        sum.events,
        sum.digest,
        sum.seconds
    );
    eprintln!("records: {}", sum.records);
    eprintln!("faults: {}", sum.faults);
    let lacks = sum.lacks();
    for words in &lacks {
        eprintln!("violation: {words}");
    }
    Row {
        way: "simulation",
        cases: sum.games,
        states: sum.events,
        faults: sum.faults.sum(),
        violations: (sum.violations.len() + lacks.len()) as u64,
        seed,
    }
}
