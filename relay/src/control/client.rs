//! The asking end: what the commands of the host call. It waits for the relay.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rookery_ledger::id::GameId;

use super::backup::receive;
use super::{Answer, BackupError, Bans, Request, SOCKET_FILE, Status};

/// How long the relay may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest line of an answer, bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// The relay does not do it.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody is there.
    #[error("no relay answers at {}: {source}; does it run, with this data folder, and may you use it?", path.display())]
    NotThere {
        /// The socket.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// It broke off.
    #[error("the relay broke off: {0}")]
    Lost(#[from] io::Error),
    /// It answered what it was not asked.
    #[error("the relay's answer cannot be read: it is of another version than this program")]
    Unreadable,
    /// It says why not.
    #[error("{0}")]
    Refused(String),
    /// The copy cannot be made.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// How the relay is that runs on the data folder `data`.
///
/// # Errors
///
/// [`ControlError`].
pub fn status(data: &Path) -> Result<Status, ControlError> {
    match ask(data, Request::Status)? {
        (Answer::Status(status), _) => Ok(*status),
        (Answer::Refused(words), _) => Err(ControlError::Refused(words)),
        _ => Err(ControlError::Unreadable),
    }
}

/// Who may not come to the relay that runs on the data folder `data`.
///
/// # Errors
///
/// [`ControlError`].
pub fn bans(data: &Path) -> Result<Bans, ControlError> {
    match ask(data, Request::Bans)? {
        (Answer::Bans(bans), _) => Ok(bans),
        (Answer::Refused(words), _) => Err(ControlError::Refused(words)),
        _ => Err(ControlError::Unreadable),
    }
}

/// Has the relay that runs on the data folder `data` forget a game for good. Gives whether it had it.
///
/// # Errors
///
/// [`ControlError`].
pub fn forget(data: &Path, game: GameId) -> Result<bool, ControlError> {
    match ask(data, Request::Forget(game.to_string()))? {
        (Answer::Forgotten(was_there), _) => Ok(was_there),
        (Answer::Refused(words), _) => Err(ControlError::Refused(words)),
        _ => Err(ControlError::Unreadable),
    }
}

/// Copies the log of the relay that runs on the data folder `data` into the new file `to`. Gives how many rows it has.
///
/// # Errors
///
/// [`ControlError`]; then there is no such file.
pub fn backup(data: &Path, to: &Path) -> Result<u64, ControlError> {
    if to.exists() {
        return Err(BackupError::Exists(to.into()).into());
    }
    match ask(data, Request::Backup)? {
        (Answer::Rows, mut rows) => Ok(receive(&mut rows, to)?),
        (Answer::Refused(words), _) => Err(ControlError::Refused(words)),
        _ => Err(ControlError::Unreadable),
    }
}

/// The answer, and what may follow it.
fn ask(data: &Path, request: Request) -> Result<(Answer, BufReader<UnixStream>), ControlError> {
    let path = data.join(SOCKET_FILE);
    let not_there = |source| ControlError::NotThere {
        path: path.clone(),
        source,
    };
    let mut stream = UnixStream::connect(&path).map_err(not_there)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = serde_json::to_string(&request).map_err(io::Error::other)?;
    writeln!(stream, "{request}")?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    (&mut stream).take(LONGEST_LINE).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let answer = serde_json::from_str(&line).map_err(|_| ControlError::Unreadable)?;
    Ok((answer, stream))
}
