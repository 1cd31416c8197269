//! The command line: what there is to say, and what each command does.

mod check;
mod compact;
#[cfg(unix)]
mod host;
mod identity;
mod load;
mod logging;
mod reload;
mod restored;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::tokens;

/// The relay of Rookery: keeps the order of chess games and passes signed moves on.
///
/// Players' moves are signed by the players; the relay puts them in one order, keeps them on disk before it says so, and
/// keeps the clocks. It cannot make a move up or change one.
#[derive(Debug, Parser)]
#[command(
    name = "rookery-relay",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay
    ///
    /// When it serves it prints one line of JSON on standard output: {"ready":true,"peer_id":...,"listen":[...],
    /// "http":...,"metrics":...}. Logs go to standard error. SIGTERM or SIGINT ends it in an orderly way, SIGHUP makes it
    /// read limits, lists and tokens again.
    ///
    /// A flag goes over its environment variable, that over the configuration file, that over the default.
    Serve(serve::Args),
    /// Say whether the relay would start with a configuration
    ///
    /// Every problem is printed with its line and what to do about it. Exit code 0: fine; 1: not.
    Check(check::Args),
    /// Check a signed game (.rook) offline
    ///
    /// Checks every signature, rule and clock. Exit code 0: verified; 1: broken, or proof of someone's misdeed; 2: the
    /// file cannot be read.
    Verify(verify::Args),
    /// Put a relay under load and measure it
    ///
    /// Real clients, each from an address of its own, play whole games over WebSocket. Afterwards an oracle checks every
    /// byte that they got. Exit code 1 where anything was lost, doubled, diverging or not allowed.
    Load(crate::load::Args),
    /// What `load` starts for its clients
    #[command(hide = true)]
    LoadGenerator,
    /// Say how the relay is that runs on a data folder
    ///
    /// Whether it is ready, who is connected, how far its log has come.
    #[cfg(unix)]
    Status(host::StatusArgs),
    /// Copy the log of the relay that runs on a data folder into a file, while games go on
    ///
    /// The copy is of one moment. To restore it put it in the place of order.redb while no relay runs: the relay goes on
    /// under a new order key, since the copy knows nothing of what was played later.
    #[cfg(unix)]
    Backup(host::BackupArgs),
    /// Give the room that archived and forgotten games left in the log's file back to the disk
    ///
    /// No relay may run on the data folder meanwhile. Broken off at any moment the log is whole.
    Compact(compact::Args),
    /// Print who may not come to the relay that runs on a data folder, as it holds now
    #[cfg(unix)]
    Bans(host::StatusArgs),
    /// Have the relay that runs on a data folder forget a game for good
    ///
    /// It leaves the relay's memory, lobby and log, and is refused from then on, whoever brings it. The players' own devices
    /// and other relays keep what they have.
    #[cfg(unix)]
    Forget(host::ForgetArgs),
    /// Print the relay's peer id and order key, and make them if there are none yet
    ///
    /// The peer id is what a fellow relay puts into `peers`.
    Identity(identity::Args),
    /// Print a new token for a private relay
    ///
    /// 100 random bits, to be put on a line of its own into the file that `token_file` names.
    Token,
}

/// Runs the command that was given.
#[must_use]
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Load(args) => load::run(&args),
        Command::LoadGenerator => load::generate(),
        #[cfg(unix)]
        Command::Status(args) => host::status(&args),
        #[cfg(unix)]
        Command::Bans(args) => host::bans(&args),
        #[cfg(unix)]
        Command::Forget(args) => host::forget(&args),
        #[cfg(unix)]
        Command::Backup(args) => host::backup(&args),
        Command::Compact(args) => compact::run(&args),
        Command::Identity(args) => identity::run(&args),
        Command::Token => token(),
    }
}

fn token() -> ExitCode {
    match tokens::make() {
        Ok(token) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

/// The log's file in the data folder.
const LOG_FILE: &str = "order.redb";

/// Prints what went wrong, for a person.
fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("rookery-relay: {error}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
