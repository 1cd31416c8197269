//! The door for the host: a Unix socket in the data folder that only the relay's own user and root may use. A request is
//! one line of JSON; the answer is one line of JSON, and for a backup the rows of the copy behind it.
//!
//! Both ends are of one program; this is no interface for others.

mod backup;
mod bans;
mod client;
mod server;
mod status;

use serde::{Deserialize, Serialize};

pub use backup::BackupError;
pub use bans::{Ban, Bans};
pub use client::{ControlError, backup, bans, forget, status};
pub use server::{Listener, serve};
pub use status::{LogStatus, Status};

/// The socket's name in the data folder.
pub const SOCKET_FILE: &str = "control.sock";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Request {
    /// How the relay is.
    Status,
    /// Who may not come.
    Bans,
    /// To forget the game of this name, in hexadecimal.
    Forget(String),
    /// A copy of the log.
    Backup,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// How the relay is.
    Status(Box<Status>),
    /// Who may not come.
    Bans(Bans),
    /// The game is forgotten; whether it was there.
    Forgotten(bool),
    /// The rows of the copy follow.
    Rows,
    /// It is not done; a sentence.
    Refused(String),
}
