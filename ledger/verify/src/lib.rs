//! Ways in which a machine tries to break what Rookery promises: P1 to P9 of `docs/architecture.md`. Each way is a
//! folder of its own and runs the code that ships; `docs/verification.md` says what each one shows and what it does not.

mod faults;
mod histories;
mod interleavings;
mod model;
pub mod mutants;
mod plain;
mod plan;
pub mod properties;
mod real;
pub mod reference;
mod report;
mod simulation;
mod trace;

use anyhow::Result;

pub use plan::Plan;
pub use report::Row;

/// A way of checking.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What `--way` calls it.
    pub name: &'static str,
    /// Runs it. It tells its counts and each violation, with the command that replays it, on standard error.
    pub run: fn(&Plan) -> Result<Row>,
}

/// All ways that run as ordinary programs.
pub const WAYS: &[Way] = &[
    Way {
        name: "properties",
        run: properties::run,
    },
    Way {
        name: "model",
        run: model::run,
    },
    Way {
        name: "simulation",
        run: simulation::run,
    },
    Way {
        name: "linearizability",
        run: histories::run,
    },
    Way {
        name: "faults",
        run: faults::run,
    },
    Way {
        name: "trace",
        run: trace::run,
    },
    Way {
        name: "shuttle",
        run: interleavings::run,
    },
];
