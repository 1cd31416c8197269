//! What can go wrong between a client and a relay.

use rookery_ledger::codec::CodecError;
use rookery_ledger::{PlayError, Refusal};

use crate::outbox::Refused;

/// A client could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection.
    #[error("cannot connect to {address}: {what}")]
    Dial {
        /// Where to.
        address: String,
        /// What the transport says.
        what: String,
    },
    /// Connected, but the relay opens no stream of the game protocol.
    #[error("cannot open a stream: {0}")]
    Open(#[from] libp2p_stream::OpenStreamError),
    /// The stream is closed: by the relay with a code, or else by the network.
    #[error("the connection is closed: {code}: {words}")]
    Closed {
        /// The code of the relay's `Bye`, or `lost`.
        code: String,
        /// The relay's sentence.
        words: String,
    },
    /// The relay refused a request.
    #[error("refused: {}: {}", .0.code, .0.words)]
    Refused(Box<Refused>),
    /// The relay sent bytes that are no frame.
    #[error("the relay's frame cannot be read: {0}")]
    Frame(#[from] CodecError),
    /// The relay sent another frame than the protocol has here.
    #[error("the relay sent something else than {0}")]
    Unexpected(&'static str),
    /// No answer in time.
    #[error("no answer within {seconds} s while waiting for {what}")]
    Timeout {
        /// What for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// The player may not do this now.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// An item of the relay's is not valid.
    #[error("the relay sent an item that does not count: {0}")]
    Item(#[from] Refusal),
    /// No random bytes.
    #[error("no random numbers from the system: {0}")]
    Random(#[from] getrandom::Error),
}

impl ClientError {
    /// The stable code of what the relay or the ledger said, or a word for what went wrong here.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Closed { code, .. } => code,
            Self::Refused(refused) => &refused.code,
            Self::Play(error) => error.code(),
            Self::Item(refusal) => refusal.code(),
            Self::Frame(error) => error.code(),
            Self::Dial { .. } => "no-connection",
            Self::Open(_) => "no-stream",
            Self::Unexpected(_) => "unexpected",
            Self::Timeout { .. } => "timeout",
            Self::Random(_) => "no-random",
        }
    }

    pub(crate) fn lost(words: impl std::fmt::Display) -> Self {
        Self::Closed {
            code: "lost".into(),
            words: words.to_string(),
        }
    }
}
