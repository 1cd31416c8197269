//! Random histories, handed about in random orders and parts: everyone must see one state, and the reference the same
//! one.

pub(crate) mod adapter;
mod bytes;
mod checks;
mod history;
pub mod lies;
mod links;
mod seen;
mod table;

use std::cell::RefCell;
use std::time::Instant;

use anyhow::{Result, anyhow};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::{Plan, Row};
pub use bytes::{check_bytes, check_items};
pub use checks::proven;
use seen::Seen;

/// How many cases come from one seed.
const CASES_A_SEED: u32 = 32;
/// From how many cases on each kind of record must have come up.
const ENOUGH: u64 = 1_000;

/// Runs cases until the time is up or a promise is found broken: from the plan's seed, then from the next one, and so on.
///
/// # Errors
///
/// Where proptest itself gives up.
pub fn run(plan: &Plan) -> Result<Row> {
    let begin = Instant::now();
    let seen = RefCell::new(Seen::default());
    let mut violations = 0;
    let mut seed = plan.seed;
    // What is found first is what has to be mended first.
    while violations == 0 && (seed == plan.seed || begin.elapsed() < plan.budget) {
        if let Err(what) = run_seed(seed, &seen)? {
            violations += 1;
            eprintln!("violation: {what}");
            eprintln!("replay: cargo xtask verify --way properties --budget 0s --seed {seed}");
        }
        seed = seed.wrapping_add(1);
    }
    let seen = seen.into_inner();
    eprintln!("{seen}");
    if violations == 0 && seen.cases >= ENOUGH {
        for kind in seen.never() {
            violations += 1;
            eprintln!("violation: no history held a {kind}");
        }
    }
    Ok(Row {
        way: "properties",
        cases: seen.cases,
        states: seen.states.len() as u64,
        faults: seen.faults,
        violations,
        seed: plan.seed,
    })
}

/// What was found broken, in its smallest form.
fn run_seed(seed: u64, seen: &RefCell<Seen>) -> Result<Result<(), String>> {
    let config = Config {
        cases: CASES_A_SEED,
        failure_persistence: None,
        // A smaller case is worth no more than this, ms.
        max_shrink_time: 20_000,
        // In the hunt for deliberate faults it is worth nothing.
        max_shrink_iters: if cfg!(feature = "mutants") { 0 } else { 10_000 },
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let ran = runner.run(&history::case(), |case| {
        checks::check(&case, &mut seen.borrow_mut())
    });
    match ran {
        Ok(()) => Ok(Ok(())),
        Err(TestError::Fail(reason, case)) => Ok(Err(format!("{reason}\nin {case:#?}"))),
        Err(TestError::Abort(reason)) => Err(anyhow!("proptest gave up: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::run;
    use crate::Plan;

    #[test]
    fn every_order_and_part_of_random_histories_shows_the_state_of_the_reference() {
        let plan = Plan {
            budget: Duration::ZERO,
            seed: 1,
            ..Plan::default()
        };
        let row = run(&plan).unwrap();
        assert_eq!(row.violations, 0);
        assert_eq!(row.cases, 32);
    }
}
