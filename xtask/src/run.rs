//! `cargo xtask run`: builds everything, then becomes the relay that serves page and peers on this machine.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::command;
use crate::site;
use crate::tools;
use crate::workspace::{Workspace, cargo, in_ci};

/// The hidden command of the process that waits for the relay's ready line.
pub(crate) const ANNOUNCE: &str = "announce";

/// What the engine's binary is built with, here and wherever it is built, so that nothing is built twice.
pub(crate) const ENGINE_FEATURES: [&str; 2] = ["--features", "rookery-engine/datagen"];

/// How many other ports are tried when the wanted one is taken.
const OTHER_PORTS: u16 = 9;
/// From one to the next, which leaves room for the peers' port.
const PORT_STEP: u16 = 10;

/// What the user chose.
#[derive(Debug)]
pub(crate) struct Options {
    /// The page's port; 0 for any.
    pub(crate) port: u16,
    /// Whether to open the page in a browser.
    pub(crate) open: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 8321,
            open: false,
        }
    }
}

/// Builds the binaries that hosts and players use, in release.
pub(crate) fn build_binaries(workspace: &Workspace) -> Result<()> {
    tools::c_compiler()?;
    let mut build = Command::new(cargo());
    build
        .current_dir(&workspace.root)
        .args(["build", "--release", "--bins"])
        .args(["--package", "rookery-relay", "--package", "rookery-engine"])
        .args(ENGINE_FEATURES);
    if in_ci() {
        build.arg("--locked");
    }
    command::run(&mut build, "build the relay and the engine")
}

/// Prepares everything and hands this process over to the relay, so that every signal reaches it. Returns only if
/// that fails.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    site::build(workspace)?;
    build_binaries(workspace)?;

    let port = free_port(options.port)?;
    // Each port is a relay of its own, with its own identity: two of them can run side by side.
    let data = workspace.target.join("run").join(port.to_string());
    fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;

    let (ready, relay_output) = std::io::pipe().context("cannot create a pipe")?;
    let mut announcer =
        Command::new(std::env::current_exe().context("cannot find this program's own file")?);
    announcer.arg(ANNOUNCE).stdin(Stdio::from(ready));
    if options.open {
        announcer.arg("--open");
    }
    announcer.spawn().context("cannot start a helper process")?;

    // Peers keep the addresses of their relay, so these stay the same from run to run where they can.
    let peers = peer_port(port);
    let error = Command::new(workspace.binary("rookery-relay"))
        .arg("serve")
        .arg("--data")
        .arg(&data)
        .args(["--listen", &format!("/ip4/127.0.0.1/tcp/{peers}/ws")])
        .args([
            "--listen",
            &format!("/ip4/127.0.0.1/udp/{peers}/webrtc-direct"),
        ])
        .args(["--http", &format!("127.0.0.1:{port}")])
        .args(["--metrics", "127.0.0.1:0"])
        .args(["--log", "warn"])
        .arg("--site")
        .arg(&workspace.dist)
        .stdin(Stdio::null())
        .stdout(Stdio::from(relay_output))
        .exec();
    Err(anyhow!(error).context("cannot start the relay"))
}

/// Reads the relay's ready line from standard input and says where the page is.
pub(crate) fn announce(arguments: &[String]) -> Result<ExitCode> {
    let mut line = String::new();
    BufReader::new(std::io::stdin())
        .read_line(&mut line)
        .context("cannot read the relay's output")?;
    if line.is_empty() {
        // The relay has said on its own why it stopped.
        return Ok(ExitCode::FAILURE);
    }
    let address = page_address(&line)?;
    println!(
        "\n  Rookery is ready: {address}\n\n  Open it in a browser to play. Ctrl-C stops it.\n"
    );
    if arguments.iter().any(|argument| argument == "--open") {
        let opener = if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        if command::run(Command::new(opener).arg(&address), "open a browser").is_err() {
            println!("  No browser could be opened from here: open the address yourself.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn page_address(ready_line: &str) -> Result<String> {
    let ready: Value = serde_json::from_str(ready_line)
        .with_context(|| format!("the relay's first line is not its ready line: {ready_line}"))?;
    let Some(http) = ready["http"].as_str() else {
        bail!("the relay's ready line names no http address: {ready_line}");
    };
    Ok(if http.contains("://") {
        http.to_owned()
    } else {
        format!("http://{http}/")
    })
}

/// `wanted` if nobody uses it, otherwise the next of a few that is free, saying so.
fn free_port(wanted: u16) -> Result<u16> {
    let local = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let refused = match local(wanted) {
        Ok(listener) => return port_of(&listener),
        Err(error) => error,
    };
    // The same ones each time: a browser keeps its games by the page's address.
    let other = (1..=OTHER_PORTS)
        .filter_map(|step| wanted.checked_add(step * PORT_STEP))
        .find_map(|port| local(port).ok());
    let Some(other) = other else {
        bail!("port {wanted} cannot be used ({refused}): choose another with --port");
    };
    let port = port_of(&other)?;
    println!("Port {wanted} cannot be used ({refused}), so this run takes port {port}.");
    Ok(port)
}

fn port_of(listener: &TcpListener) -> Result<u16> {
    let address = listener.local_addr().context("a socket has no address")?;
    Ok(address.port())
}

/// The port after the page's, for WebSocket (TCP) and WebRTC (UDP); 0, any, if it is taken.
fn peer_port(page: u16) -> u16 {
    page.checked_add(1)
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .filter(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_gives_way_to_a_free_one() {
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = port_of(&busy).unwrap();
        let other = free_port(port).unwrap();
        assert_ne!(other, port);
        drop(busy);
        // A process that another test starts just now holds a copy of the socket until it runs its program.
        let freed = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            free_port(port).unwrap() == port
        });
        assert!(freed, "port {port} is free and not taken");
    }

    #[test]
    fn the_address_is_read_from_the_ready_line() {
        let line = r#"{"ready":true,"http":"127.0.0.1:8321"}"#;
        assert_eq!(page_address(line).unwrap(), "http://127.0.0.1:8321/");
        assert!(page_address(r#"{"ready":true}"#).is_err());
        assert!(page_address("listening").is_err());
    }
}
