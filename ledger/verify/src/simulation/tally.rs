//! Counts by kind.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How often each kind came up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(super) fn count(&mut self, kind: &str) {
        *self.0.entry(kind.to_owned()).or_default() += 1;
    }

    pub(super) fn of(&self, kind: &str) -> u64 {
        self.0.get(kind).copied().unwrap_or(0)
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            *self.0.entry(kind.clone()).or_default() += count;
        }
    }

    /// Those of `kinds` that never came up.
    pub(super) fn never<'a>(&self, kinds: &[&'a str]) -> Vec<&'a str> {
        let never = kinds.iter().filter(|kind| self.of(kind) == 0);
        never.copied().collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|(kind, count)| format!("{kind} {count}"));
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}
