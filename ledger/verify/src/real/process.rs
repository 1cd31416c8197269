//! A relay as a process: started on fixed ports, killed, started again, asked over HTTP.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use libp2p::Multiaddr;
use rookery_ledger::id::GameId;
use rookery_ledger::sign::Keypair;

use super::Random;
use crate::Plan;

/// How long a start may take on a machine that has other work too.
const PATIENCE: Duration = Duration::from_secs(30);
/// Limits that no client of a check reaches: they are not what is checked.
const LIMITS: &str = "submits_per_second=100000,submits_burst=100000,games_per_minute=100000,joins_per_minute=100000,\
     replays_per_minute=100000,refusals_per_minute=100000,connections_per_address=10000,sessions_per_key=1000";

/// The relay to start: the one that the plan names, else the one that was built beside this program.
///
/// # Errors
///
/// Where there is none.
pub(crate) fn program(plan: &Plan) -> Result<PathBuf> {
    let beside = |exe: PathBuf| {
        let mut folders = exe.ancestors().skip(1).take(2);
        folders.find_map(|folder| {
            let program = folder.join("rookery-relay");
            program.is_file().then_some(program)
        })
    };
    let found = match &plan.relay {
        Some(program) => Some(program.clone()),
        None => beside(std::env::current_exe()?),
    };
    found.ok_or_else(|| {
        anyhow!("no rookery-relay beside this program; build it, or name it with --relay")
    })
}

/// A plan for a test; the relay is built where it is not there.
#[cfg(test)]
pub(crate) fn test_plan(budget: Duration) -> Plan {
    let plan = Plan {
        budget,
        seed: 1,
        ..Plan::default()
    };
    if program(&plan).is_err() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "-p", "rookery-relay"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    }
    plan
}

/// Everything with which a relay is started each time.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    /// The folder of its data; its log goes beside that.
    pub(crate) data: PathBuf,
    ip: Ipv4Addr,
    ports: [u16; 3],
    /// The process in whose network namespace it runs.
    inside: Option<u32>,
    /// More arguments.
    more: Vec<String>,
}

impl Setup {
    /// Data in a folder that exists, and ports below those that the system gives to clients: else a client that dials
    /// while the relay is down can get the relay's port.
    ///
    /// # Errors
    ///
    /// Where no port is free.
    pub(crate) fn new(program: &Path, folder: &Path, random: &mut Random) -> Result<Self> {
        // The same seed runs at the same time elsewhere, in this process too.
        static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        let first = u64::from(std::process::id()) * 97;
        let mut ports = [0; 3];
        for port in &mut ports {
            let mut free = |port: &u16| {
                TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok() && given.insert(*port)
            };
            let any = || 10_000 + ((first + random.below(20_000)) % 20_000) as u16;
            let mut tries = std::iter::repeat_with(any).take(1_000);
            *port = tries.find(&mut free).context("no free port")?;
        }
        Ok(Self {
            program: program.to_owned(),
            data: folder.join("data"),
            ip: Ipv4Addr::LOCALHOST,
            ports,
            inside: None,
            more: Vec::new(),
        })
    }

    /// The same in the network namespace of a process, at an address there.
    pub(crate) fn inside(self, pid: u32, ip: Ipv4Addr) -> Self {
        Self {
            ip,
            inside: Some(pid),
            ..self
        }
    }

    /// The same with more arguments.
    pub(crate) fn with(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.more.extend(more);
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Where it does not become ready.
    pub(crate) fn start(&self) -> Result<Server> {
        self.spawn()?.ready()
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where the program cannot be run.
    pub(crate) fn spawn(&self) -> Result<Server> {
        let mut command = match self.inside {
            Some(pid) => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net=/proc/{pid}/ns/net"));
                command.arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        let [ws, http, metrics] = self.ports;
        let log = self.data.with_extension("log");
        let stderr = File::options().create(true).append(true).open(&log)?;
        command.arg("serve").arg("--data").arg(&self.data);
        command.args(["--listen", &format!("/ip4/{}/tcp/{ws}/ws", self.ip)]);
        command.args(["--http", &format!("{}:{http}", self.ip)]);
        command.args(["--metrics", &format!("{}:{metrics}", self.ip)]);
        command.args(["--stun", "off"]);
        command.args(["--limit", LIMITS]);
        command.args(&self.more);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // A deliberate fault, where this run has one.
            .envs(std::env::var_os("ROOKERY_MUTANT").map(|number| ("ROOKERY_MUTANT", number)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let (line, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut first = String::new();
                let mut stdout = BufReader::new(stdout);
                let _ = stdout.read_line(&mut first);
                let _ = line.send(first);
                // What else is printed is read, so that the relay never waits for a reader.
                let _ = std::io::copy(&mut stdout, &mut std::io::sink());
            });
        }
        Ok(Server {
            child,
            lines,
            log,
            http: (self.ip, http).into(),
            address: Multiaddr::empty(),
            ready_at: Instant::now(),
        })
    }

    /// The key with which the relay signs.
    ///
    /// # Errors
    ///
    /// Where it has none yet.
    pub(crate) fn order_key(&self) -> Result<Keypair> {
        let bytes = fs::read(self.data.join("order.key"))?;
        let seed = bytes
            .as_slice()
            .try_into()
            .context("order.key has 32 bytes")?;
        Ok(Keypair::from_secret(seed))
    }

    /// The file of the order log.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub(crate) fn log(&self) -> Result<PathBuf> {
        for entry in fs::read_dir(&self.data)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "redb")
            {
                return Ok(path);
            }
        }
        bail!("{} holds no log", self.data.display())
    }
}

/// A relay's process; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    lines: mpsc::Receiver<String>,
    log: PathBuf,
    /// Where clients dial.
    pub(crate) address: Multiaddr,
    pub(crate) http: SocketAddr,
    pub(crate) ready_at: Instant,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// Waits for the line that says so.
    ///
    /// # Errors
    ///
    /// Where it does not come; with the end of the relay's log.
    pub(crate) fn ready(mut self) -> Result<Self> {
        let line = self.lines.recv_timeout(PATIENCE).unwrap_or_default();
        let listens = serde_json::from_str::<serde_json::Value>(&line)
            .ok()
            .and_then(|ready| ready["listen"][0].as_str()?.parse().ok());
        let Some(address) = listens else {
            let logged = fs::read_to_string(&self.log).unwrap_or_default();
            let mut last: Vec<&str> = logged.lines().rev().take(5).collect();
            last.reverse();
            bail!(
                "the relay does not become ready; its log ends: {}",
                last.join("\n")
            );
        };
        self.address = address;
        self.ready_at = Instant::now();
        Ok(self)
    }

    /// Ends it by SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// Where it does not end by itself.
    pub(crate) fn terminate(&mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status()?;
        let late = Instant::now() + PATIENCE;
        while asked.success() && Instant::now() < late {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        bail!("the relay does not end")
    }

    /// The signed game as the relay gives it to anyone.
    ///
    /// # Errors
    ///
    /// Where it does not.
    pub(crate) fn rook(http: SocketAddr, game: GameId) -> Result<Vec<u8>> {
        Self::get(http, &format!("/games/{game}.rook"))
    }

    /// What the relay gives at `path` to anyone.
    ///
    /// # Errors
    ///
    /// Where it gives nothing.
    pub(crate) fn get(http: SocketAddr, path: &str) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&http, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: {http}\r\nConnection: close\r\n\r\n"
        )?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .context("no HTTP answer")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.lines().next().unwrap_or_default();
        if status.split(' ').nth(1) != Some("200") {
            bail!("{status}");
        }
        if head.to_lowercase().contains("transfer-encoding") {
            bail!("an answer in chunks to HTTP/1.0");
        }
        Ok(bytes.split_off(end + 4))
    }
}
