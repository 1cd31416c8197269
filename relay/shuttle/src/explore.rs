//! Runs scenarios under schedules that come from a seed, and tells what was seen.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::scenarios;

/// Schedules that come from one seed, half of them by each scheduler.
pub const SCHEDULES_A_SEED: u64 = 100;
/// Places at which a schedule goes against the order of priorities.
const PCT_DEPTH: usize = 4;
/// A task's stack, bytes: a commit of redb's needs more than shuttle gives.
const STACK: usize = 512 << 10;
/// A schedule this long goes round in a circle.
const MAX_STEPS: usize = 100_000;

/// What is run, and watched while it runs.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// One run of it, which panics if a promise is broken.
    pub run: fn(),
    /// Its share of the time.
    pub weight: u32,
}

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "group commit",
        run: scenarios::group_commit::run,
        weight: 2,
    },
    Scenario {
        name: "whole log",
        run: scenarios::whole_log::run,
        weight: 2,
    },
    Scenario {
        name: "mailboxes",
        run: scenarios::mailboxes::run,
        weight: 1,
    },
    Scenario {
        name: "outbox",
        run: scenarios::outbox::run,
        weight: 1,
    },
];

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Schedules that were run to their end.
    pub schedules: u64,
    /// Steps of all of them: places where somebody else might have run.
    pub steps: u64,
    /// Faults that were put in.
    pub faults: u64,
}

/// A promise that one schedule broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// In which scenario.
    pub scenario: &'static str,
    /// From which seed; the same seed breaks it again.
    pub seed: u64,
    /// How.
    pub how: String,
}

thread_local! {
    /// Faults put in by the scenarios of this thread, on which all tasks of a schedule run.
    static FAULTS: Cell<u64> = const { Cell::new(0) };
}

/// Counts a fault.
pub(crate) fn fault() {
    FAULTS.set(FAULTS.get() + 1);
}

impl Scenario {
    /// Runs schedules from `seed`, then from the next one, and so on, until the time is up or a promise is broken.
    pub fn explore(&self, seed: u64, budget: Duration) -> (Counts, Option<Broken>) {
        let begin = Instant::now();
        let mut counts = Counts::default();
        let mut next = seed;
        loop {
            let broken = self.try_seed(next, &mut counts);
            if broken.is_some() || begin.elapsed() >= budget {
                return (counts, broken);
            }
            next = next.wrapping_add(1);
        }
    }

    fn try_seed(&self, seed: u64, counts: &mut Counts) -> Option<Broken> {
        let schedules = SCHEDULES_A_SEED as usize / 2;
        let faults = FAULTS.get();
        let random = RandomScheduler::new_from_seed(seed, schedules);
        let pct = PctScheduler::new_from_seed(seed, PCT_DEPTH, schedules);
        let how = self
            .under(random, counts)
            .or_else(|| self.under(pct, counts));
        counts.faults += FAULTS.get() - faults;
        how.map(|how| Broken {
            scenario: self.name,
            seed,
            how,
        })
    }

    /// How a promise was broken.
    fn under<S: Scheduler + 'static>(&self, scheduler: S, counts: &mut Counts) -> Option<String> {
        let mut config = Config::new();
        config.stack_size = STACK;
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
        config.silence_warnings = true;
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            scheduler,
            steps: steps.clone(),
        };
        let run = self.run;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            Runner::new(counted, config).run(run) as u64
        }));
        counts.steps += steps.load(Ordering::Relaxed);
        match ran {
            Ok(schedules) => {
                counts.schedules += schedules;
                None
            }
            Err(panic) => Some(words_of(&*panic)),
        }
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").into()
}

/// Counts the steps of another scheduler.
struct Counted<S> {
    scheduler: S,
    steps: Arc<AtomicU64>,
}

impl<S: Scheduler> Scheduler for Counted<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.scheduler.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.scheduler.next_task(runnable, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.scheduler.next_u64()
    }
}
