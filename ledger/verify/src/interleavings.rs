//! The relay's queues under a scheduler that decides after each step who runs next; what is run is `rookery-shuttle`'s.

use std::time::Duration;

use anyhow::Result;
use rookery_shuttle::explore::SCENARIOS;

use crate::{Plan, Row};

/// Explores each scenario for its share of the time.
///
/// # Errors
///
/// None so far.
pub(crate) fn run(plan: &Plan) -> Result<Row> {
    let mut row = Row {
        way: "shuttle",
        cases: 0,
        states: 0,
        faults: 0,
        violations: 0,
        seed: plan.seed,
    };
    let weights: u32 = SCENARIOS.iter().map(|scenario| scenario.weight).sum();
    for scenario in SCENARIOS {
        let budget: Duration = plan.budget * scenario.weight / weights;
        let (counts, broken) = scenario.explore(plan.seed, budget);
        eprintln!(
            "{}: {} schedules of {} steps, {} faults",
            scenario.name, counts.schedules, counts.steps, counts.faults
        );
        row.cases += counts.schedules;
        row.states += counts.steps;
        row.faults += counts.faults;
        if let Some(broken) = broken {
            row.violations += 1;
            eprintln!("violation: {}: {}", broken.scenario, broken.how);
            let seed = broken.seed;
            eprintln!("replay: cargo xtask verify --way shuttle --budget 0s --seed {seed}");
        }
    }
    Ok(row)
}
