//! Two network namespaces with one cable between them, which can be pulled. Both belong to a process that ends with
//! its standard input, so nothing of them outlives this program, whatever becomes of it; interfaces of the host are
//! never touched.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const NEAR: &str = "near";
const FAR: &str = "far";

/// A namespace, for as long as this lives.
struct Space(Child);

impl Drop for Space {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Space {
    fn open() -> Result<Self> {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", "echo open; exec cat"]);
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run unshare")?;
        let mut space = Self(child);
        let mut line = String::new();
        if let Some(stdout) = space.0.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        if line.trim() != "open" {
            bail!("no network namespace may be made here");
        }
        space.ip(&["link", "set", "lo", "up"])?;
        Ok(space)
    }

    fn ip(&self, arguments: &[&str]) -> Result<()> {
        let net = format!("--net=/proc/{}/ns/net", self.0.id());
        let output = Command::new("nsenter")
            .arg(net)
            .arg("ip")
            .args(arguments)
            .output()
            .context("cannot run nsenter")?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("ip {}: {words}", arguments.join(" "));
        }
        Ok(())
    }
}

/// The near end is the clients', the far end the relay's.
pub(crate) struct Cable {
    near: Space,
    far: Space,
}

impl Cable {
    /// The address of the far end.
    pub(crate) const RELAY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

    /// Lays a cable.
    ///
    /// # Errors
    ///
    /// Where the system does not let this program have namespaces.
    pub(crate) fn lay() -> Result<Self> {
        let (near, far) = (Space::open()?, Space::open()?);
        let netns = far.0.id().to_string();
        near.ip(&[
            "link", "add", NEAR, "type", "veth", "peer", "name", FAR, "netns", &netns,
        ])?;
        near.ip(&["addr", "add", "10.77.0.1/24", "dev", NEAR])?;
        far.ip(&["addr", "add", &format!("{}/24", Self::RELAY), "dev", FAR])?;
        let cable = Self { near, far };
        cable.plug(true, true)?;
        cable.plug(false, true)?;
        Ok(cable)
    }

    /// Sets one end up or down.
    ///
    /// # Errors
    ///
    /// Where `ip` fails.
    pub(crate) fn plug(&self, near: bool, up: bool) -> Result<()> {
        let state = if up { "up" } else { "down" };
        if near {
            self.near.ip(&["link", "set", NEAR, state])
        } else {
            self.far.ip(&["link", "set", FAR, state])
        }
    }

    /// The process that has the clients' namespace, then the one that has the relay's.
    pub(crate) fn pids(&self) -> (u32, u32) {
        (self.near.0.id(), self.far.0.id())
    }
}

/// Moves the calling thread into the network namespace of a process.
///
/// # Errors
///
/// Where the process is gone or this program may not.
pub(crate) fn enter(pid: u32) -> Result<()> {
    let file = File::open(format!("/proc/{pid}/ns/net"))?;
    Ok(move_into_link_name_space(
        file.as_fd(),
        Some(LinkNameSpaceType::Network),
    )?)
}
