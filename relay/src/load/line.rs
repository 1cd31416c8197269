//! A player's connection: one libp2p connection over WebSocket from an address of its own, one stream. Heartbeats are
//! answered at once; every other frame is kept as it came, with the moment at which it was read.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::{Multiaddr, Stream};
use rookery_ledger::id::OrderKey;
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Frames, Request, Token};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::oracle::cbor::{Malformed, Node};
use crate::client::{ClientError, Connection, hello};

/// How long the relay may take from an open connection to `ready`.
const HELLO_WITHIN: Duration = Duration::from_secs(20);
/// Frames that wait to be taken. When they are full the stream is not read, and the relay sees a slow reader.
const INBOX: usize = 1_024;
const OUTBOX: usize = 64;

/// The wall clock, read once and carried on by the monotonic one, as the relay does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Instant,
    wall: Duration,
}

impl Clock {
    pub(super) fn read() -> Self {
        // A clock before 1970 is no clock; every receipt is then found to have a wrong time.
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            start: Instant::now(),
            wall,
        }
    }

    /// Milliseconds since 1970.
    pub(super) fn ms(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start);
        u64::try_from((self.wall + since).as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment that is so many milliseconds after 1970; the start for what lies before it.
    pub(super) fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms).saturating_sub(self.wall)
    }
}

/// A frame of the relay's.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) at: Instant,
    pub(super) bytes: Vec<u8>,
}

/// An open session. It ends when this is dropped.
pub(super) struct Line {
    /// The key with which the relay signs.
    pub(super) order: OrderKey,
    /// Frames of the relay's; the end of them is the end of the session.
    pub(super) inbox: mpsc::Receiver<Frame>,
    outbox: mpsc::Sender<Vec<u8>>,
    task: JoinHandle<()>,
    _connection: Connection,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    /// Connects from `source` and says hello, as a player or without a key, with what opens the relay where that is private.
    pub(super) async fn open(
        address: &Multiaddr,
        source: Ipv4Addr,
        key: Option<&Keypair>,
        token: Option<&Token>,
    ) -> Result<Self, ClientError> {
        let connection = Connection::dial_from(address, Some(source)).await?;
        let greeting = async {
            let mut raw = connection.open().await?;
            let welcome = raw.welcome().await?;
            let said = key.map(|key| hello(key, &connection, welcome.nonce));
            raw.hello_with(said, token).await?;
            Ok::<_, ClientError>((raw, welcome))
        };
        let greeting = tokio::time::timeout(HELLO_WITHIN, greeting).await;
        let (raw, welcome) = greeting.map_err(|_| ClientError::Timeout {
            what: "ready".into(),
            seconds: HELLO_WITHIN.as_secs(),
        })??;
        let (stream, frames) = raw.into_parts();
        let (told, inbox) = mpsc::channel(INBOX);
        let (outbox, writes) = mpsc::channel(OUTBOX);
        Ok(Self {
            order: welcome.order,
            inbox,
            outbox,
            task: tokio::spawn(carry(stream, frames, told, writes)),
            _connection: connection,
        })
    }

    /// Sends a frame. Where the session has ended nothing happens, and [`Line::inbox`] says so.
    pub(super) async fn send(&self, request: &Request) {
        let _ = self.outbox.send(wire::frame(request)).await;
    }
}

/// Carries frames both ways until either end is gone.
async fn carry(
    stream: Stream,
    mut frames: Frames,
    told: mpsc::Sender<Frame>,
    mut writes: mpsc::Receiver<Vec<u8>>,
) {
    let (mut read, mut write) = stream.split();
    let mut chunk = vec![0; 4 * 1024];
    loop {
        loop {
            let at = Instant::now();
            let bytes = match frames.next_frame() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break,
                Err(_) => return,
            };
            match beat(bytes) {
                Ok(None) => {
                    let bytes = bytes.to_vec();
                    if told.send(Frame { at, bytes }).await.is_err() {
                        return;
                    }
                }
                Ok(Some(n)) => {
                    let echo = wire::frame(&Request::Echo { n });
                    if write.write_all(&echo).await.is_err() || write.flush().await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
        tokio::select! {
            got = read.read(&mut chunk) => match got {
                Ok(0) | Err(_) => return,
                Ok(len) => frames.push(&chunk[..len]),
            },
            frame = writes.recv() => {
                let Some(frame) = frame else { return };
                if write.write_all(&frame).await.is_err() || write.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The number of a heartbeat; none for another frame. Only a heartbeat is read further than its kind.
fn beat(frame: &[u8]) -> Result<Option<u32>, Malformed> {
    if !frame.starts_with(b"\xa1\x64beat") {
        return Ok(None);
    }
    let node = Node::read(frame)?;
    let (_, inner) = node.kind()?;
    let inner = inner.ok_or(Malformed("an empty heartbeat"))?;
    let [n, _, _, _] = inner.fields(["n", "now_ms", "log_busy", "rtt_ms"])?;
    let n = u32::try_from(n.int()?).map_err(|_| Malformed("a heartbeat's number"))?;
    Ok(Some(n))
}
