//! The relay's process as the load tool sees it from outside: started, killed and started again, its processor time and
//! its memory.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use libp2p::Multiaddr;

use super::{LoadError, is_loopback};

/// Clock ticks a second in `/proc` (`USER_HZ`), the same on every architecture that the relay is built for.
const TICKS_PER_SECOND: u64 = 100;

/// A relay that the tool runs. It is killed when this is dropped.
pub(super) struct RelayProcess {
    /// The program and its arguments.
    words: Vec<String>,
    child: Child,
    /// Its WebSocket address on the loopback.
    pub(super) address: Multiaddr,
    /// Of the processes before this one.
    cpu_before: Duration,
    /// A data folder that goes with it.
    folder: Option<PathBuf>,
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        // It may have ended by itself; what is left in a temporary folder is the system's to clear.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl RelayProcess {
    /// Runs `words`, a program and its arguments, and waits for its ready line.
    pub(super) fn start(words: Vec<String>) -> Result<Self, LoadError> {
        let (child, address) = spawn(&words)?;
        Ok(Self {
            words,
            child,
            address,
            cpu_before: Duration::ZERO,
            folder: None,
        })
    }

    /// Runs this program with every limit at its default, its log in a fresh folder under `parent`. More connections
    /// than the default are let in only where the run needs them.
    pub(super) fn start_own(parent: Option<&Path>, limits: &[String]) -> Result<Self, LoadError> {
        let failed = |error: std::io::Error| LoadError::Start(error.to_string());
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let folder = parent.join(format!("rookery-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let program = std::env::current_exe().map_err(failed)?;
        let mut words: Vec<String> = vec![program.display().to_string(), "serve".into()];
        words.extend(["--data".into(), folder.display().to_string()]);
        words.extend(
            "--listen /ip4/127.0.0.1/tcp/0/ws --http 127.0.0.1:0 --metrics 127.0.0.1:0 --stun off --log error"
                .split(' ')
                .map(str::to_owned),
        );
        for limit in limits {
            words.extend(["--limit".into(), limit.clone()]);
        }
        match Self::start(words) {
            Ok(mut relay) => {
                relay.folder = Some(folder);
                Ok(relay)
            }
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    /// SIGKILL, and the same command again.
    pub(super) fn kill_and_restart(&mut self) -> Result<(), LoadError> {
        self.cpu_before = self.cpu();
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map_err(|error| LoadError::Start(error.to_string()))?;
        (self.child, self.address) = spawn(&self.words)?;
        Ok(())
    }

    /// The processor time that it has used since it was first started.
    pub(super) fn cpu(&self) -> Duration {
        self.cpu_before + cpu_of(self.child.id()).unwrap_or_default()
    }

    /// Its resident memory, kB.
    pub(super) fn rss_kb(&self) -> Option<u64> {
        rss_kb(self.child.id())
    }
}

fn spawn(words: &[String]) -> Result<(Child, Multiaddr), LoadError> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| LoadError::Start("the command is empty".into()))?;
    let failed = |error: std::io::Error| LoadError::Start(format!("{program}: {error}"));
    let mut command = Command::new(program);
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let mut line = String::new();
    let read = match child.stdout.take() {
        Some(stdout) => BufReader::new(stdout).read_line(&mut line),
        None => Ok(0),
    };
    let address = read.map_err(failed).and_then(|_| {
        loopback_address(&line).ok_or_else(|| {
            LoadError::Start(format!(
                "{program} gave no ready line with a WebSocket address of the loopback: {line:?}"
            ))
        })
    });
    match address {
        Ok(address) => Ok((child, address)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

/// The first WebSocket address of the loopback in a relay's ready line.
fn loopback_address(ready: &str) -> Option<Multiaddr> {
    let ready: serde_json::Value = serde_json::from_str(ready).ok()?;
    let listen = ready.get("listen")?.as_array()?.iter();
    listen
        .filter_map(|address| address.as_str()?.parse::<Multiaddr>().ok())
        .find(is_loopback)
}

/// The processor time of a process, where the system tells it.
pub(super) fn cpu_of(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; user and system time are the 12th and 13th field behind it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(
        (user + system) * 1_000 / TICKS_PER_SECOND,
    ))
}

/// The resident memory of a process, kB, where the system tells it.
pub(super) fn rss_kb(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_a_websocket_of_this_machine() {
        let ready = |listen: &str| format!("{{\"ready\":true,\"listen\":[{listen}]}}");
        let found = loopback_address(&ready(
            "\"/ip4/10.1.1.1/tcp/1/ws\",\"/ip4/127.0.0.1/tcp/2\",\"/ip4/127.0.0.1/tcp/3/ws\"",
        ));
        assert_eq!(found.unwrap().to_string(), "/ip4/127.0.0.1/tcp/3/ws");
        assert!(loopback_address(&ready("\"/ip4/10.1.1.1/tcp/1/ws\"")).is_none());
        assert!(loopback_address("").is_none());
    }

    #[test]
    fn this_process_has_used_time_and_memory() {
        let pid = std::process::id();
        assert!(rss_kb(pid).unwrap() > 1_000);
        let before = cpu_of(pid).unwrap();
        let mut sum = 0_u64;
        while cpu_of(pid).unwrap() < before + Duration::from_millis(20) {
            sum = sum.wrapping_add(1);
        }
        assert!(sum > 0 && cpu_of(u32::MAX).is_none());
    }

    #[test]
    fn what_is_no_relay_is_said_so() {
        let start = |command: &str| {
            let words = command.split_whitespace().map(str::to_owned).collect();
            RelayProcess::start(words).err().unwrap().to_string()
        };
        assert!(start("").contains("empty"));
        assert!(start("/nonexistent/relay serve").contains("/nonexistent/relay"));
        assert!(start("echo hello").contains("no ready line"));
    }
}
