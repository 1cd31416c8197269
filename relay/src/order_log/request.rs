//! What a log is asked and what it answers, as data: for code that decides what to ask and leaves the waiting to others.

use rookery_ledger::id::GameId;

use super::{Append, AppendError, ChainId, Entry, OrderLog, Position, ReadError, StoredGame};

/// One call of an [`OrderLog`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// As [`OrderLog::game`].
    Game(GameId),
    /// As [`OrderLog::read`].
    Read {
        /// Which chain.
        chain: ChainId,
        /// Behind which entry.
        after: Position,
        /// How many entries at most.
        limit: usize,
    },
    /// As [`OrderLog::append`].
    Append(Append),
}

/// What came of a [`Request`], of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The game, or `None` for one that is not here.
    Game(Result<Option<StoredGame>, ReadError>),
    /// Entries, in order.
    Read(Result<Vec<(Position, Entry)>, ReadError>),
    /// The chain's end behind what was added.
    Append(Result<Position, AppendError>),
}

impl Request {
    /// Puts the request to a log and waits for the answer.
    pub async fn put_to(self, log: &dyn OrderLog) -> Response {
        match self {
            Self::Game(game) => Response::Game(log.game(game).await),
            Self::Read {
                chain,
                after,
                limit,
            } => Response::Read(log.read(chain, after, limit).await),
            Self::Append(append) => Response::Append(log.append(append).await),
        }
    }
}
