//! What every test here uses: a relay as a process, a plain HTTP client, two players at a board, seeded random numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rookery_ledger::id::{GameId, Hash};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Game, rook};
use rookery_relay::client::{ClientError, Session, Table, new_key, usual_game};

/// A short whole game: Morphy's Opera game, which ends in mate.
pub(crate) const OPERA: &str = "e2e4 e7e5 g1f3 d7d6 d2d4 c8g4 d4e5 g4f3 d1f3 d6e5 f1c4 g8f6 f3b3 d8e7 b1c3 c7c6 c1g5 b7b5 \
     c3b5 c6b5 c4b5 b8d7 e1c1 a8d8 d1d7 d8d7 h1d1 e7e6 b5d7 f6d7 b3b8 d7b8 d1d8";
/// A live game in which no clock runs out by itself.
pub(crate) const LIVE: Clock = Clock::Live {
    initial_s: 600,
    inc_s: 2,
};
/// On each transport that the native client tests.
pub(crate) const LISTEN: [&str; 3] = [
    "/ip4/127.0.0.1/tcp/0/ws",
    "/ip4/127.0.0.1/tcp/0",
    "/ip4/127.0.0.1/udp/0/quic-v1",
];

/// Its port is one for the whole machine, where many relays run at once.
pub(crate) const NO_STUN: [&str; 2] = ["--stun", "off"];

/// The relay's program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_rookery-relay");
/// How long a relay may take to become ready or to end. Debug output and two busy cores are no reason to fail.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program of an example of this package.
pub(crate) fn example(name: &str) -> PathBuf {
    // Cargo puts examples beside the folder of this test's own program.
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap().parent().unwrap();
    let program = folder.join("examples").join(name);
    assert!(
        program.is_file(),
        "{} is built with the package's examples",
        program.display()
    );
    program
}

/// A running relay; it is killed when this is dropped.
pub(crate) struct Relay {
    child: Child,
    log: PathBuf,
    pub(crate) peer_id: String,
    pub(crate) listen: Vec<Multiaddr>,
    pub(crate) http: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "--- the relay's log, {}:\n{}",
                self.log.display(),
                self.logged()
            );
        }
    }
}

/// A free port below those that the system gives to clients, one of whom could have it while the relay is down.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(97);
    (0..1_000)
        .map(|_| {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let port = 10_000 + first.wrapping_add(step) % 20_000;
            u16::try_from(port).unwrap()
        })
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free port")
}

/// A command that serves from `data` on free ports of the loopback.
pub(crate) fn serve(data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("serve").arg("--data").arg(data);
    for server in ["--http", "--metrics"] {
        command.args([server, &format!("127.0.0.1:{}", free_port())]);
    }
    command
}

impl Relay {
    /// Starts a relay on every transport, with more arguments.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        let mut command = serve(data);
        let listen =
            LISTEN.map(|address| address.replace("tcp/0", &format!("tcp/{}", free_port())));
        command.arg("--listen").args(listen).args(more);
        if !more.contains(&"--stun") {
            command.args(NO_STUN);
        }
        Self::spawn(command, data)
    }

    /// Starts the relay that `command` runs, and waits until it is ready. Its log goes beside `data`.
    pub(crate) fn spawn(mut command: Command, data: &Path) -> Self {
        let log = data.with_extension("log");
        let stderr = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut child = command.spawn().unwrap();
        let line = first_line(&mut child);
        let ready: serde_json::Value = match line.as_deref().map(serde_json::from_str) {
            Some(Ok(ready)) => ready,
            other => {
                let _ = child.kill();
                let logged = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("not ready: {other:?}, its log: {logged}");
            }
        };
        assert_eq!(ready["ready"], true, "{ready}");
        let listen = ready["listen"].as_array().unwrap().iter();
        let socket = |key: &str| {
            let text = ready[key].as_str().unwrap();
            text.trim_start_matches("http://")
                .trim_end_matches('/')
                .parse()
                .unwrap()
        };
        Self {
            peer_id: ready["peer_id"].as_str().unwrap().into(),
            listen: listen
                .map(|address| address.as_str().unwrap().parse().unwrap())
                .collect(),
            http: socket("http"),
            metrics: socket("metrics"),
            child,
            log,
        }
    }

    /// The address with this part, such as `ws`.
    pub(crate) fn at(&self, part: &str) -> Multiaddr {
        let wanted = |address: &&Multiaddr| address.to_string().split('/').any(|word| word == part);
        match part {
            "tcp" => self
                .listen
                .iter()
                .find(|address| wanted(address) && !address.to_string().contains("/ws")),
            _ => self.listen.iter().find(wanted),
        }
        .unwrap()
        .clone()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Asks the process to read its configuration again.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// Starts it again on the same data, ports and identity.
    pub(crate) fn restart(&mut self, data: &Path, more: &[&str]) {
        let mut command = Command::new(PROGRAM);
        command.arg("serve").arg("--data").arg(data).arg("--listen");
        for address in &self.listen {
            let mut address = address.clone();
            address.pop();
            command.arg(address.to_string());
        }
        command
            .args([
                "--http",
                &self.http.to_string(),
                "--metrics",
                &self.metrics.to_string(),
            ])
            .args(NO_STUN)
            .args(more);
        let again = Self::spawn(command, data);
        assert_eq!(
            (&again.listen, &again.peer_id),
            (&self.listen, &self.peer_id)
        );
        *self = again;
    }

    /// What the relay logged so far.
    pub(crate) fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `GET path` from the public listener.
    pub(crate) fn get(&self, path: &str) -> Answer {
        get(self.http, path)
    }

    /// The signed game as the relay gives it to anyone.
    pub(crate) fn rook(&self, game: GameId) -> Vec<u8> {
        let answer = self.get(&format!("/games/{game}.rook"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// An outsider's replay of that file: every item in it counts.
    pub(crate) fn replay(&self, game: GameId) -> Game {
        let (replayed, refused) = rook::open(&self.rook(game)).unwrap();
        assert_eq!(refused, None);
        replayed
    }
}

fn first_line(child: &mut Child) -> Option<String> {
    let stdout = child.stdout.take().unwrap();
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut first = String::new();
        let mut stdout = BufReader::new(stdout);
        let _ = stdout.read_line(&mut first);
        let _ = line.send(first);
        // What else is printed is read, so that the relay never waits for a reader.
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
    });
    lines.recv_timeout(PATIENCE).ok()
}

/// Waits for a process, but not for ever.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let late = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(
            Instant::now() < late,
            "the process {} does not end",
            child.id()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs the relay's program to its end.
pub(crate) fn run(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let status = wait(&mut child);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is at a path.
pub(crate) fn get(at: SocketAddr, path: &str) -> Answer {
    request(at, "GET", path)
}

/// A plain HTTP/1.1 request, as a script would send it; the path goes out as it is.
pub(crate) fn request(at: SocketAddr, method: &str, path: &str) -> Answer {
    request_with(at, method, path, "")
}

/// The same with more header lines, each with its end.
pub(crate) fn request_with(at: SocketAddr, method: &str, path: &str, more: &str) -> Answer {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{more}\r\n"
    )
    .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = bytes[end + 4..].to_vec();
    if headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding == "chunked")
    {
        body = unchunk(&body);
    }
    Answer {
        status,
        headers,
        body,
    }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        bytes = &bytes[line + 2..];
        body.extend_from_slice(&bytes[..size]);
        bytes = &bytes[size + 2..];
    }
}

/// Two players at one game, the creator first.
pub(crate) struct Pair {
    pub(crate) tables: [Table; 2],
    pub(crate) keys: [Keypair; 2],
}

impl Pair {
    /// Sits two new players down at a new game: the creator dials the first address, the joiner the second.
    pub(crate) async fn sit(addresses: [&Multiaddr; 2], clock: Clock) -> Result<Self, ClientError> {
        let keys = [new_key()?, new_key()?];
        let creator = Session::connect(addresses[0], Some(&keys[0])).await?;
        let joiner = Session::connect(addresses[1], Some(&keys[1])).await?;
        let options = usual_game(clock, vec![creator.welcome().order]);
        Self::sit_with([creator, joiner], keys, options).await
    }

    /// The same over sessions that are there.
    pub(crate) async fn sit_with(
        [creator, joiner]: [Session; 2],
        keys: [Keypair; 2],
        options: Options,
    ) -> Result<Self, ClientError> {
        let mut creator = Table::create(creator, keys[0].clone(), options).await?;
        let mut joiner = Table::watch(joiner, keys[1].clone(), creator.id()).await?;
        let seated = creator.until("the joiner to sit", |game| {
            game.state().line.players().is_some()
        });
        let (joined, seated) = tokio::join!(joiner.join(), seated);
        joined?;
        seated?;
        Ok(Self {
            tables: [creator, joiner],
            keys,
        })
    }

    pub(crate) fn id(&self) -> GameId {
        self.tables[0].id()
    }

    /// The side to move, then the other.
    pub(crate) fn by_turn(&mut self) -> (&mut Table, &mut Table) {
        let [first, second] = &mut self.tables;
        if first.colour() == Some(first.game().state().line.turn()) {
            (first, second)
        } else {
            (second, first)
        }
    }

    /// The side to move plays, and both have the move with its receipt. Gives its hash.
    pub(crate) async fn play(&mut self, uci: &str) -> Result<Hash, ClientError> {
        let (mover, waiter) = self.by_turn();
        let item = mover.sign(uci)?;
        let Item::Record(record) = &item else {
            panic!("{item:?}")
        };
        let hash = record.hash();
        mover.submit(item).await?;
        for table in [mover, waiter] {
            table
                .until("a move with its receipt", |game| is_settled(game, hash))
                .await?;
        }
        Ok(hash)
    }

    /// Plays a whole script.
    pub(crate) async fn play_all(&mut self, script: &str) -> Result<Vec<Hash>, ClientError> {
        let mut played = Vec::new();
        for uci in script.split_whitespace() {
            played.push(self.play(uci).await?);
        }
        Ok(played)
    }
}

/// Whether the record counts and has its receipt.
pub(crate) fn is_settled(game: &Game, record: Hash) -> bool {
    game.state().line.find(record).is_some() && game.is_receipted(record)
}

pub(crate) fn moves_of(game: &Game) -> Vec<String> {
    game.state()
        .line
        .moves()
        .iter()
        .map(|played| played.uci.clone())
        .collect()
}

/// The receipts among items, by hash.
pub(crate) fn receipts_of(items: &[Item]) -> BTreeSet<Hash> {
    let receipts = items.iter().filter_map(|item| match item {
        Item::Receipt { receipt, .. } => Some(receipt.hash()),
        _ => None,
    });
    receipts.collect()
}

/// Asserts that a chain of receipts has no gap and no place twice.
pub(crate) fn assert_one_order(game: &Game) {
    let mut receipts: Vec<_> = game
        .items()
        .into_iter()
        .filter_map(|item| match item {
            Item::Receipt { by, receipt } => {
                Some((by, receipt.body.epoch, receipt.body.seq, receipt))
            }
            _ => None,
        })
        .collect();
    receipts.sort_by_key(|(by, epoch, seq, _)| (*by, *epoch, *seq));
    for (i, (_, _, seq, receipt)) in receipts.iter().enumerate() {
        assert_eq!(
            seq.get(),
            i as u64,
            "one key, one epoch: places without gaps or doubles"
        );
        let before = i.checked_sub(1).map(|before| receipts[before].3.hash());
        assert_eq!(
            receipt.body.prev, before,
            "each receipt links the one before"
        );
    }
    assert_eq!(
        game.state().proofs,
        [],
        "nobody signed what could not honestly be signed"
    );
}

/// Seeded random numbers (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    /// From `ROOKERY_TEST_SEED`, or from the clock; prints the seed, which a failing test shows.
    pub(crate) fn new() -> Self {
        let seed = std::env::var("ROOKERY_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| {
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap();
            u64::try_from(now.as_micros()).unwrap()
        });
        println!("ROOKERY_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}
