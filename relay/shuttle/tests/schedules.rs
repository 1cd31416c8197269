//! Some schedules of each scenario; `cargo xtask verify --way shuttle` runs more.

#![allow(missing_docs)]

use std::time::Duration;

use rookery_shuttle::explore::{SCENARIOS, SCHEDULES_A_SEED};

/// Each order of events that ever broke a promise came up within these.
#[test]
fn no_order_of_events_breaks_a_promise() {
    for scenario in SCENARIOS {
        for seed in 1..=10 {
            let (counts, broken) = scenario.explore(seed, Duration::ZERO);
            assert_eq!(broken, None);
            assert_eq!(counts.schedules, SCHEDULES_A_SEED);
        }
    }
}

#[test]
fn a_seed_gives_the_same_schedules_again() {
    for scenario in SCENARIOS {
        let [first, second] = [(); 2].map(|()| scenario.explore(7, Duration::ZERO).0);
        assert_eq!(first, second, "in {}", scenario.name);
    }
}
