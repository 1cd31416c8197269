//! Way 2: exhaustive exploration, within bounds, of players, relays and logs that take the shipped steps.

mod check;
mod facts;
mod goals;
mod lies;
mod logs;
mod player_steps;
mod possible;
mod progress;
mod relay_steps;
mod scenario;
mod starts;
mod steps;
mod table;
mod words;
mod world;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::{Plan, Row};
use check::{Limits, Tally, World};
use scenario::{SCENARIOS, Scenario};
use steps::Steps;

/// States after which a scenario is cut off, which bounds its memory to about 2 GiB.
const MOST_STATES: u64 = 4_000_000;
/// From this time on a goal that is not reached is a violation: a shorter run need not come to all of them.
const CAMPAIGN: Duration = Duration::from_secs(120);
/// Scenarios that are explored at once.
const WORKERS: usize = 2;

/// What came of one scenario.
#[derive(Default)]
struct Explored {
    views: HashSet<u64>,
    continuations: u64,
    faults: u64,
    violations: u64,
    reached: Vec<&'static str>,
    missed: Vec<&'static str>,
}

fn explore(scenario: Scenario, limits: Limits) -> Result<Explored> {
    let began = Instant::now();
    let steps = Arc::new(Steps::new(scenario)?);
    let start = steps.start().context("the genesis is refused")?;
    let tally = Arc::new(Tally::default());
    let world = World {
        steps: Arc::clone(&steps),
        tally: Arc::clone(&tally),
        start,
        limits,
    };
    let first = HasDiscoveries::AnyFailures;
    let checker = world.checker().finish_when(first).spawn_bfs().join();
    tally.over.store(true, Ordering::Relaxed);
    let mut told = String::new();
    let found = checker.discoveries();
    for (property, path) in &found {
        told += &format!("model: {}: BROKEN: {property}\n", scenario.name);
        for (step, action) in path.clone().into_actions().iter().enumerate() {
            told += &format!("  {:>3}. {}\n", step + 1, steps.words(*action));
        }
        told += "  again: cargo xtask verify --way model\n";
    }
    let reached = tally.reached.load(Ordering::Relaxed);
    let names = |wanted: bool| -> Vec<&'static str> {
        let goals = scenario.goals.iter().enumerate();
        let goals = goals.filter(|(index, _)| (reached & (1 << index) != 0) == wanted);
        goals.map(|(_, goal)| goal.name).collect()
    };
    let (reached, missed) = (names(true), names(false));
    let mut views = tally.views.lock().unwrap_or_else(PoisonError::into_inner);
    let views = std::mem::take(&mut *views);
    let cut = tally.cut.load(Ordering::Relaxed);
    told += &format!(
        "model: {}: {} protocol states in {} states, {} steps, depth {}, {} local states, {}, {} of {} goals{}, {:.0?}\n",
        scenario.name,
        views.len(),
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        steps.players.len() + steps.relays.len(),
        if cut { "cut off" } else { "all there are" },
        reached.len(),
        scenario.goals.len(),
        missed
            .iter()
            .map(|goal| format!(", not \"{goal}\""))
            .collect::<String>(),
        began.elapsed(),
    );
    eprint!("{told}");
    Ok(Explored {
        views,
        continuations: tally.continuations.load(Ordering::Relaxed),
        faults: tally.faults.load(Ordering::Relaxed),
        violations: found.len() as u64,
        reached,
        missed,
    })
}

/// What one worker did, scenario by scenario.
fn work(next: &AtomicUsize, ends: Instant, all: &Mutex<Explored>) -> Result<()> {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(scenario) = SCENARIOS.get(index) else {
            return Ok(());
        };
        let left = ends.saturating_duration_since(Instant::now());
        let rounds = (SCENARIOS.len() - index).div_ceil(WORKERS);
        let share = left / u32::try_from(rounds).unwrap_or(u32::MAX);
        let limits = Limits {
            until: Instant::now() + share,
            states: MOST_STATES,
        };
        let explored = explore(*scenario, limits)?;
        if explored.violations > 0 {
            // What is found first is what has to be mended first.
            next.fetch_max(SCENARIOS.len(), Ordering::Relaxed);
        }
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.views.extend(explored.views);
        all.continuations += explored.continuations;
        all.faults += explored.faults;
        all.violations += explored.violations;
        all.reached.extend(explored.reached);
        all.missed.extend(explored.missed);
    }
}

/// Explores every scenario. `cases` are the fair continuations that were run to their end, `states` the protocol states
/// that differ, over all scenarios. The seed is not used: nothing here is random.
///
/// # Errors
///
/// Where a scenario cannot be set up.
pub(crate) fn run(plan: &Plan) -> Result<Row> {
    let (next, ends) = (AtomicUsize::new(0), Instant::now() + plan.budget);
    let all = Mutex::new(Explored::default());
    thread::scope(|scope| {
        let worker = || scope.spawn(|| work(&next, ends, &all));
        let workers: Vec<_> = (0..WORKERS).map(|_| worker()).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .map(|done| done.unwrap_or_else(|_| anyhow::bail!("a worker broke off")))
            .collect::<Result<Vec<()>>>()
    })?;
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    eprintln!(
        "model: {} protocol states in all, {} goals reached, {} not",
        all.views.len(),
        all.reached.len(),
        all.missed.len()
    );
    let missed = if plan.budget >= CAMPAIGN {
        all.missed.len() as u64
    } else {
        0
    };
    Ok(Row {
        way: "model",
        cases: all.continuations,
        states: all.views.len() as u64,
        faults: all.faults,
        violations: all.violations + missed,
        seed: plan.seed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_exploration_finds_nothing_broken() {
        let mut reached = Vec::new();
        for scenario in SCENARIOS {
            let limits = Limits {
                until: Instant::now() + Duration::from_secs(60),
                states: 300,
            };
            let explored = explore(*scenario, limits).unwrap();
            assert_eq!(explored.violations, 0, "{}", scenario.name);
            assert!(explored.views.len() > 100, "{}", scenario.name);
            reached.extend(explored.reached);
        }
        for goal in [
            goals::STRAY,
            goals::CONFLICT,
            goals::UNSYNCED,
            goals::EQUIVOCATION,
            goals::DOUBLE,
            goals::RESIGNED,
            goals::BEHIND,
            goals::COUNTERSIGNED,
        ] {
            assert!(reached.contains(&goal.name), "not reached: {}", goal.name);
        }
    }
}
