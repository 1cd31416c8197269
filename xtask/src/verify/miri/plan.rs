//! Which tests are run under Miri, in which order, and for which there is time.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use super::Share;
use crate::tally::Tally;

/// Tests whose seed each run chooses anew.
pub(super) const SHORT: &str = "short";

/// Some of the ledger's tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// The file of `ledger/tests/`, or the unit tests.
    pub(super) file: Option<&'static str>,
    /// The only one of its tests, or all.
    pub(super) test: Option<String>,
    pub(super) seed: u64,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.unwrap_or("unit tests"))?;
        match &self.test {
            Some(test) => write!(f, " {test}"),
            None => Ok(()),
        }
    }
}

/// What is run next, and whether there is time for it.
pub(super) struct Plan {
    /// What runs in any case.
    first: VecDeque<Job>,
    /// What runs while there is time.
    then: VecDeque<Job>,
    /// The names in [`SHORT`].
    short: Vec<String>,
    seed: u64,
    end: Instant,
    /// How long the longest took so far.
    longest: Duration,
    /// Something was found: it is told once, not again by every seed.
    found: bool,
}

impl Plan {
    pub(super) fn new(share: &Share, short: Vec<String>, long: Vec<Job>) -> Self {
        let whole = |file| Job {
            file,
            test: None,
            seed: share.seed,
        };
        let mut then = VecDeque::from(long);
        // So that another seed begins with others: there may not be time for all.
        let turn = share.seed % (then.len().max(1) as u64);
        then.rotate_left(usize::try_from(turn).unwrap_or_default());
        let mut plan = Self {
            first: VecDeque::new(),
            then,
            short,
            seed: share.seed,
            end: Instant::now() + share.budget,
            longest: Duration::ZERO,
            found: false,
        };
        plan.first = plan.seeded();
        plan.first.extend([whole(Some("signature")), whole(None)]);
        plan
    }

    /// The short tests by the seed whose turn it is.
    fn seeded(&mut self) -> VecDeque<Job> {
        let seed = self.seed;
        self.seed = seed.wrapping_add(1);
        let tests = self.short.iter().map(|test| Job {
            file: Some(SHORT),
            test: Some(test.clone()),
            seed,
        });
        tests.collect()
    }

    pub(super) fn next(&mut self) -> Option<Job> {
        if let Some(job) = self.first.pop_front() {
            return Some(job);
        }
        if self.found || Instant::now() + self.longest > self.end {
            return None;
        }
        if self.then.is_empty() {
            self.then = self.seeded();
        }
        self.then.pop_front()
    }

    pub(super) fn took(&mut self, time: Duration, tally: Tally) {
        self.longest = self.longest.max(time);
        self.found |= tally.failed > 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Job, Plan, Share, Tally};

    fn share(seed: u64, seconds: u64) -> Share {
        Share {
            name: "miri",
            budget: Duration::from_secs(seconds),
            seed,
            input: None,
        }
    }

    fn job(file: &'static str, test: &str) -> Job {
        Job {
            file: Some(file),
            test: Some(test.to_owned()),
            seed: 0,
        }
    }

    #[test]
    fn without_time_all_that_always_runs_does_once() {
        let mut plan = Plan::new(&share(7, 0), vec!["one".into()], vec![job("rules", "two")]);
        let run: Vec<String> = std::iter::from_fn(|| plan.next())
            .map(|job| format!("{job}, {}", job.seed))
            .collect();
        assert_eq!(run, ["short one, 7", "signature, 7", "unit tests, 7"]);
    }

    #[test]
    fn with_time_long_tests_follow_and_then_other_seeds() {
        let long = vec![job("rules", "two"), job("codec", "three")];
        let mut plan = Plan::new(&share(7, 3_600), vec!["one".into()], long);
        let run: Vec<String> = std::iter::from_fn(|| plan.next())
            .skip(3)
            .take(4)
            .map(|job| format!("{job}, {}", job.seed))
            .collect();
        let expected = [
            "codec three, 0",
            "rules two, 0",
            "short one, 8",
            "short one, 9",
        ];
        assert_eq!(run, expected);
        plan.took(Duration::from_secs(3_601), Tally::check(true));
        assert_eq!(plan.next(), None);
    }

    #[test]
    fn nothing_more_is_begun_after_a_find() {
        let mut plan = Plan::new(&share(7, 3_600), vec!["one".into()], vec![]);
        plan.took(Duration::ZERO, Tally::check(false));
        assert_eq!(std::iter::from_fn(|| plan.next()).count(), 3);
    }
}
