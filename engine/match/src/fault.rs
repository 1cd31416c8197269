//! What engines do wrong, and how often.

use std::fmt;

/// A kind of fault. Each loses its game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The process ended by itself.
    Crash,
    /// The process runs, but closed its input or output.
    Disconnect,
    /// No answer for much longer than allowed; the process was killed.
    Hang,
    /// An answer that is no legal move.
    IllegalMove,
    /// An answer after the time had run out.
    TimeForfeit,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Crash,
        Self::Disconnect,
        Self::Hang,
        Self::IllegalMove,
        Self::TimeForfeit,
    ];

    /// One word for it, as in the report's rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Disconnect => "disconnect",
            Self::Hang => "hang",
            Self::IllegalMove => "illegal-move",
            Self::TimeForfeit => "time-forfeit",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind.
    pub kind: FaultKind,
    /// What exactly happened, for a person.
    pub detail: String,
}

impl Fault {
    /// A fault with its circumstances.
    #[must_use]
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}

/// How often one engine did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts([u64; FaultKind::ALL.len()]);

impl FaultCounts {
    /// Counts one.
    pub const fn add(&mut self, kind: FaultKind) {
        self.0[kind as usize] += 1;
    }

    /// How many of a kind.
    #[must_use]
    pub const fn of(&self, kind: FaultKind) -> u64 {
        self.0[kind as usize]
    }

    /// How many of all kinds.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sum() == 0 {
            return f.write_str("none");
        }
        let counted = FaultKind::ALL.into_iter().filter(|&kind| self.of(kind) > 0);
        for (place, kind) in counted.enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{} {kind}", self.of(kind))?;
        }
        Ok(())
    }
}
