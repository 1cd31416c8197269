//! Why a wish of the page is not carried out.

use rookery_ledger::{PlayError, Refusal};

/// A refusal by this device, before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The rules of the game forbid it now.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// Another tab plays with this key.
    #[error("another tab plays with this key; this one only watches")]
    ReadOnlyTab,
    /// It needs the relay.
    #[error("there is no connection to a relay now")]
    Offline,
    /// The game is not open here.
    #[error("this game is not known here")]
    NoSuchGame,
    /// A value that the page passed is out of its range; the text says which.
    #[error("{0}")]
    BadInput(&'static str),
    /// There is nothing to answer, or no move of one's own to take back.
    #[error("{0}")]
    NothingThere(&'static str),
    /// Another device with this key plays it.
    #[error("this game is played on another device with your key: take it over here first")]
    Elsewhere,
    /// What another device with this key signed may not be known here yet.
    #[error("this device took the game over, and signs nothing before it heard how it stands")]
    Unheard,
    /// Both players left this game for one without a clock.
    #[error("this game goes on without a clock: open that one")]
    GoneOn,
    /// The relay sent what is no frame of the protocol.
    #[error("the relay sent what cannot be read: {0}")]
    BadFrame(&'static str),
}

impl Failure {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Play(error) => error.code(),
            Self::ReadOnlyTab => "read-only-tab",
            Self::Offline => "offline",
            Self::NoSuchGame => "no-such-game",
            Self::BadInput(_) => "bad-input",
            Self::NothingThere(_) => "nothing-there",
            Self::Elsewhere => "elsewhere",
            Self::Unheard => "unheard",
            Self::GoneOn => "gone-on",
            Self::BadFrame(_) => "bad-frame",
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Play(refusal.into())
    }
}
