//! A relay that the load tool starts for itself, with limits that let one machine be many clients.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use libp2p::Multiaddr;

use super::LoadError;

/// Limits that hold one address or one session back; here one address is everybody.
const RAISED: [&str; 9] = [
    "connections=100000",
    "connections_per_address=100000",
    "submits_per_second=100000",
    "submits_burst=100000",
    "joins_per_minute=100000",
    "games_per_minute=100000",
    "replays_per_minute=100000",
    "refusals_per_minute=100000",
    "games=1000000",
];

/// A running relay. It is killed, and its folder removed, when this is dropped.
pub(super) struct Started {
    /// Its WebSocket address.
    pub(super) address: Multiaddr,
    child: Child,
    folder: PathBuf,
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself; what is left in the temporary folder is the system's to clear.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Started {
    /// Starts a relay with its log in a fresh folder under `parent`.
    pub(super) async fn start(parent: Option<&Path>) -> Result<Self, LoadError> {
        let failed = |error: &dyn std::fmt::Display| LoadError::Start(error.to_string());
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let folder = parent.join(format!("rookery-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        let program = std::env::current_exe().map_err(|error| failed(&error))?;
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg("--data")
            .arg(&folder)
            .args(["--listen", "/ip4/127.0.0.1/tcp/0/ws"])
            .args([
                "--http",
                "127.0.0.1:0",
                "--metrics",
                "127.0.0.1:0",
                "--stun",
                "off",
            ])
            .args(["--log", "error"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        for limit in RAISED {
            command.args(["--limit", limit]);
        }
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let line = match child.stdout.take() {
            Some(stdout) => tokio::task::spawn_blocking(move || {
                let mut line = String::new();
                BufReader::new(stdout).read_line(&mut line).map(|_| line)
            })
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?,
            None => String::new(),
        };
        let address = address_in(&line);
        let mut started = Self {
            address: Multiaddr::empty(),
            child,
            folder,
        };
        started.address = address
            .ok_or_else(|| LoadError::Start(format!("it did not become ready: {line:?}")))?;
        Ok(started)
    }

    /// Its resident memory, where the system tells it.
    pub(super) fn rss_kb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }
}

fn address_in(ready: &str) -> Option<Multiaddr> {
    let ready: serde_json::Value = serde_json::from_str(ready).ok()?;
    ready.get("listen")?.get(0)?.as_str()?.parse().ok()
}
