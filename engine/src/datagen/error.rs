//! What can go wrong with `rookery datagen`, and what its user can do about it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use rookery_engine::bench::BenchError;
use rookery_engine::{GameError, HashError};
use rookery_games::{ReadError, WriteError};

/// Why there are no games, or no more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("datagen does not know {0:?}; `rookery datagen --help` lists what it takes")]
    Unknown(OsString),
    #[error("{0} needs a value")]
    Missing(&'static str),
    #[error("{0} is given twice")]
    Twice(&'static str),
    #[error("{name} must be {min} to {max}, got {value:?}")]
    Number {
        name: &'static str,
        min: u64,
        max: u64,
        value: OsString,
    },
    #[error("datagen needs --out FILE")]
    NoOut,
    #[error("datagen needs --games N or --positions N")]
    NoTarget,

    #[error("cannot {doing} {}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} is no plain file", .0.display())]
    NotAFile(PathBuf),
    #[error("another process is writing {}", .0.display())]
    Busy(PathBuf),
    #[error(
        "{} has something in it and no {} beside it, so datagen did not write it: move it away or choose another",
        path.display(), progress.display()
    )]
    Foreign { path: PathBuf, progress: PathBuf },
    #[error("{} is no progress file of datagen: {reason}", path.display())]
    Progress { path: PathBuf, reason: String },
    #[error(
        "{} was begun with {name} {begun}, not {wanted}: go on with that, or choose another file",
        path.display()
    )]
    Other {
        path: PathBuf,
        name: &'static str,
        begun: u64,
        wanted: u64,
    },
    #[error(
        "{} was begun by an engine that plays otherwise (benchmark of {begun} nodes, this one {own}): choose another file",
        path.display()
    )]
    OtherEngine { path: PathBuf, begun: u64, own: u64 },
    #[error("{} should have {expected} bytes or more and has {found}: something has changed it", path.display())]
    Short {
        path: PathBuf,
        expected: u64,
        found: u64,
    },
    #[error("{} is damaged", path.display())]
    Damaged { path: PathBuf, source: ReadError },
    #[error("{} has not the games that its progress file counts: something has changed it", .0.display())]
    Counts(PathBuf),

    #[error("cannot start thread {number} of {threads}")]
    Thread {
        number: usize,
        threads: usize,
        source: io::Error,
    },
    #[error("a thread that played games has died")]
    Died,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error(transparent)]
    Position(#[from] GameError),
    #[error("cannot pack a game")]
    Pack(#[from] WriteError),
}

impl Error {
    /// Whether the command line is at fault.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(
            self,
            Error::Unknown(_)
                | Error::Missing(_)
                | Error::Twice(_)
                | Error::Number { .. }
                | Error::NoOut
                | Error::NoTarget
        )
    }
}
