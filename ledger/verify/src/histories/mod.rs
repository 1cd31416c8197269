//! Way 4, linearizability: several clients of each game at once submit, repeat and read at the shipped relay, also across
//! a restart, and several writers of each chain append to the shipped logs; what they did and heard is held against a sequential register of places that knows nothing of the relay.

mod checker;
mod client;
mod history;
mod log;
mod recorder;
#[cfg(test)]
mod tests;

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::real::{Random, Setup, program};
use crate::{Plan, Row};

use checker::{Verdict, check};
use history::{Answer, Call, History};
use recorder::Group;

/// Runs the way; with an input it checks the one history in that file.
///
/// # Errors
///
/// Where the relay cannot be started, or the file cannot be read.
pub(crate) fn run(plan: &Plan) -> Result<Row> {
    let mut row = Row {
        way: "linearizability",
        cases: 0,
        states: 0,
        faults: 0,
        violations: 0,
        seed: plan.seed,
    };
    if let Some(input) = &plan.input {
        let text = fs::read_to_string(input)
            .with_context(|| format!("cannot read {}", input.display()))?;
        let history: History = serde_json::from_str(&text)?;
        judge(&history, &mut row)?;
        return Ok(row);
    }
    let program = program(plan)?;
    let mut random = Random::new(plan.seed);
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let setup = Setup::new(&program, folder.path(), &mut random)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let begin = Instant::now();
    let mut server = setup.start()?;
    let mut heard = Heard::default();
    while row.cases == 0 || begin.elapsed() < plan.budget {
        // Every third group has a SIGKILL in its middle.
        let kills = random.below(3) == 0;
        let group = Group {
            setup: &setup,
            kill: kills.then(|| 1 + random.below(120)),
        };
        let recorded = runtime.block_on(group.record(&mut server, &mut random));
        row.faults += u64::from(kills);
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(error) if row.faults > 0 => {
                row.violations += 1;
                eprintln!(
                    "linearizability: VIOLATION: P9: it did not go on after a kill: {error:#}"
                );
                break;
            }
            Err(error) => return Err(error),
        };
        let own = runtime.block_on(log::record(&folder.path().join("own.redb"), &mut random))?;
        for history in recorded.into_iter().chain(own) {
            heard.add(&history);
            judge(&history, &mut row)?;
        }
        if row.violations > 0 {
            break;
        }
    }
    server.kill();
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    eprintln!(
        "linearizability: {} histories of {} operations: {} placed, {} refused, {} reads, {} the relay's own, {} without \
         an answer; {} kills",
        row.cases,
        row.states,
        heard.placed,
        heard.refused,
        heard.reads,
        heard.own,
        heard.nothing,
        row.faults
    );
    Ok(row)
}

/// What clients heard in all.
#[derive(Default)]
struct Heard {
    placed: u64,
    refused: u64,
    reads: u64,
    own: u64,
    nothing: u64,
}

impl Heard {
    fn add(&mut self, history: &History) {
        for op in &history.ops {
            let count = match (&op.call, &op.answer) {
                (Call::Own { .. }, _) => &mut self.own,
                (_, Some((_, Answer::Placed { .. }))) => &mut self.placed,
                (_, Some((_, Answer::Refused { .. }))) => &mut self.refused,
                (_, Some((_, Answer::Chain { .. }))) => &mut self.reads,
                (_, None) => &mut self.nothing,
            };
            *count += 1;
        }
    }
}

fn judge(history: &History, row: &mut Row) -> Result<()> {
    row.cases += 1;
    row.states += history.ops.len() as u64;
    let words = match check(history) {
        Verdict::Linearizable => return Ok(()),
        Verdict::Broken(words) => words,
    };
    row.violations += 1;
    let file = tempfile::Builder::new()
        .prefix("rookery-history-")
        .suffix(".json")
        .tempfile()?;
    let (_, path) = file.keep()?;
    fs::write(&path, serde_json::to_string_pretty(history)?)?;
    eprintln!(
        "linearizability: VIOLATION: game {}: {words}; check it again: rookery-verify --way linearizability --input {}",
        history.game,
        path.display()
    );
    Ok(())
}
