//! Counts of passed, failed and skipped tests, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub(crate) fn check(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            skipped: 0,
        }
    }

    /// One check that was left out.
    pub(crate) fn skip() -> Self {
        Self {
            skipped: 1,
            ..Self::default()
        }
    }

    /// Counts a summary line of `cargo test`; other lines count nothing.
    pub(crate) fn read_cargo(&mut self, line: &str) {
        let Some(summary) = line.strip_prefix("test result: ") else {
            return;
        };
        // "ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s"
        let counts = summary.split_once(". ").map_or("", |(_, counts)| counts);
        for part in counts.split("; ") {
            if let Some((number, word)) = part.split_once(' ')
                && let Ok(number) = number.parse::<u64>()
            {
                match word {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.skipped += number,
                    _ => {}
                }
            }
        }
    }

    /// Counts a summary line of `node --test` in the TAP format; other lines count nothing.
    pub(crate) fn read_node(&mut self, line: &str) {
        let Some((word, number)) = line
            .strip_prefix("# ")
            .and_then(|rest| rest.split_once(' '))
        else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match word {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }

    /// A runner that ended badly without a failed test (it did not build, or it crashed) counts as one failure.
    pub(crate) fn ended(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn cargo_summaries_add_up() {
        let mut sum = Tally::default();
        for line in [
            "running 14 tests",
            "test tests::ignored ... ignored, needs an hour",
            "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 9 filtered out; finished in 1.50s",
        ] {
            sum.read_cargo(line);
        }
        assert_eq!(sum, tally(13, 3, 2));
    }

    #[test]
    fn node_summaries_add_up() {
        let mut sum = Tally::default();
        for line in [
            "ok 1 - passes",
            "    # a comment of a subtest",
            "# tests 9",
            "# suites 1",
            "# pass 4",
            "# fail 1",
            "# cancelled 1",
            "# skipped 2",
            "# todo 1",
            "# duration_ms 45.6",
        ] {
            sum.read_node(line);
        }
        assert_eq!(sum, tally(4, 2, 3));
    }

    #[test]
    fn a_runner_that_crashes_is_one_failure() {
        assert_eq!(tally(5, 0, 0).ended(false), tally(5, 1, 0));
        assert_eq!(tally(5, 2, 0).ended(false), tally(5, 2, 0));
        assert_eq!(tally(5, 0, 1).ended(true), tally(5, 0, 1));
    }

    #[test]
    fn the_last_line_reads_as_agreed() {
        assert_eq!(tally(7, 0, 1).to_string(), "7 passed, 0 failed, 1 skipped");
    }
}
