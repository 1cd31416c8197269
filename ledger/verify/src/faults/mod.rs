//! Way 8, real faults: the shipped relay is killed by SIGKILL at random moments and cut off from its clients while they
//! play whole games; every receipt that a client ever saw must be there afterwards, byte for byte (P3), no two records
//! may share a place (P2), and the clients go on by themselves (P9).

mod audit;
mod campaign;
mod player;
#[cfg(test)]
mod tests;
mod witness;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use crate::real::{Cable, Random, Setup, enter, program};
use crate::{Plan, Row};

use campaign::Campaign;
use witness::Witness;

/// Runs the way: kills on the loopback, then kills and cuts between namespaces where those can be made.
///
/// # Errors
///
/// Where the relay cannot be started, or the machine does not let the clients run.
pub(crate) fn run(plan: &Plan) -> Result<Row> {
    let program = program(plan)?;
    let mut random = Random::new(plan.seed);
    let begin = Instant::now();
    let mut row = Row {
        way: "faults",
        cases: 0,
        states: 0,
        faults: 0,
        violations: 0,
        seed: plan.seed,
    };
    let cable = match Cable::lay() {
        Ok(cable) => Some(cable),
        Err(error) => {
            eprintln!("faults: no link was cut, and none counts as cut: {error:#}");
            None
        }
    };
    // A share is left for looking at everything in the end.
    let share = if cable.is_some() { 0.45 } else { 0.85 };
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let setup = Setup::new(&program, folder.path(), &mut random)?;
    let until = begin + plan.budget.mul_f64(share);
    add(&mut row, stage(setup, None, until, random.fork())?);
    if let Some(cable) = cable {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let setup = Setup::new(&program, folder.path(), &mut random)?;
        let until = begin + plan.budget.mul_f64(0.85);
        add(&mut row, stage(setup, Some(cable), until, random.fork())?);
    }
    if row.violations > 0 {
        eprintln!(
            "faults: run again: rookery-verify --way faults --seed {} --budget {}s",
            plan.seed,
            plan.budget.as_secs()
        );
    }
    Ok(row)
}

/// What one stage counted.
#[derive(Debug, Default)]
struct Stage {
    receipts: u64,
    faults: u64,
    violations: u64,
}

fn add(row: &mut Row, stage: Stage) {
    row.cases += stage.receipts;
    // A receipt is a step of a game's order.
    row.states += stage.receipts;
    row.faults += stage.faults;
    row.violations += stage.violations;
}

/// One relay, its clients, and what is done to them, on threads of their own.
fn stage(setup: Setup, cable: Option<Cable>, until: Instant, random: Random) -> Result<Stage> {
    let inside = cable.as_ref().map(|cable| cable.pids());
    let setup = match inside {
        Some((_, far)) => setup.inside(far, Cable::RELAY),
        None => setup,
    };
    let near = inside.map(|(near, _)| near);
    let running = std::thread::spawn(move || {
        if let Some(near) = near {
            enter(near)?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .on_thread_start(move || {
                if let Some(Err(error)) = near.map(enter) {
                    eprintln!("faults: a thread stays outside the namespace: {error:#}");
                }
            })
            .build()?;
        let witness = Arc::new(Witness::default());
        let done = runtime.block_on(async {
            let campaign = Campaign::start(setup, cable, witness.clone(), random)?;
            campaign.run(until).await
        });
        runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        let (receipts, faults) = done?;
        Ok(Stage {
            receipts,
            faults,
            violations: witness.violations(),
        })
    });
    running
        .join()
        .map_err(|_| anyhow!("the stage stopped short"))?
}
