//! The answering end, in the relay.

use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rookery_ledger::id::GameId;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::backup::{write_end, write_row};
use super::{Answer, Bans, LogStatus, Request, SOCKET_FILE, Status};
use crate::disk;
use crate::order_log::RedbLog;
use crate::order_log::redb::CopyError;
use crate::relay::Relay;
use crate::sequencer::signed_for_good;

/// Requests at once; a host has no more.
const AT_ONCE: usize = 8;
/// The longest request, bytes.
const LONGEST_LINE: u64 = 4096;
/// How long a request may take to come, and a reader to take what it asked for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The socket, as long as the relay answers there.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
    /// Who may ask, beside root.
    owner: u32,
}

impl Listener {
    /// Opens the socket in the data folder `data`. One that is there is of a relay that was killed, for this one has the
    /// log.
    ///
    /// # Errors
    ///
    /// The system's; a path of more than about 100 bytes is too long for a socket.
    pub fn bind(data: &Path) -> io::Result<Self> {
        let path = data.join(SOCKET_FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // Whoever is faster than this is asked who it is.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let owner = std::fs::metadata(&path)?.uid();
        Ok(Self {
            listener,
            path,
            owner,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What the answers come from.
struct Desk {
    relay: Arc<Relay>,
    log: Arc<RedbLog>,
    log_file: PathBuf,
    /// One copy at a time: each holds on to what the log would use again.
    copies: Semaphore,
}

/// Answers until the relay drains; then requests that came are answered still.
pub async fn serve(listener: Listener, relay: Arc<Relay>, log: Arc<RedbLog>, log_file: PathBuf) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let desk = Arc::new(Desk {
        relay,
        log,
        log_file,
        copies: Semaphore::new(1),
    });
    loop {
        let Ok((stream, _)) = listener.listener.accept().await else {
            // No file is left for the connection; others will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let allowed = stream
            .peer_cred()
            .is_ok_and(|who| who.uid() == listener.owner || who.uid() == 0);
        let Ok(permit) = at_once.clone().try_acquire_owned() else {
            continue;
        };
        if allowed {
            let desk = desk.clone();
            tokio::spawn(async move {
                if let Err(error) = desk.answer(stream).await {
                    tracing::debug!(%error, "a request of the host was not answered");
                }
                drop(permit);
            });
        }
    }
}

impl Desk {
    async fn answer(&self, mut stream: UnixStream) -> io::Result<()> {
        let mut line = String::new();
        let reading = async {
            let mut stream = BufReader::new(&mut stream).take(LONGEST_LINE);
            stream.read_line(&mut line).await
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        match serde_json::from_str(&line) {
            Ok(Request::Status) => {
                let answer = Answer::Status(Box::new(self.status().await));
                tell(&mut stream, &answer).await
            }
            Ok(Request::Bans) => {
                let relay = &self.relay;
                let access = relay.settings.borrow().access.clone();
                let bans = Bans::of(&access, relay.node.conduct(), relay.clock.now().get());
                tell(&mut stream, &Answer::Bans(bans)).await
            }
            Ok(Request::Forget(game)) => {
                let answer = match game.parse() {
                    Ok(game) => self.forget(game).await,
                    Err(_) => Answer::Refused("That is no game's name.".into()),
                };
                tell(&mut stream, &answer).await
            }
            Ok(Request::Backup) => self.backup(stream).await,
            Err(_) => {
                let words = "The relay does not know this request: it is of another version.";
                tell(&mut stream, &Answer::Refused(words.into())).await
            }
        }
    }

    async fn forget(&self, game: GameId) -> Answer {
        let relay = &self.relay;
        let was_there = matches!(relay.log.game(game).await, Ok(Some(_)));
        match relay.games.forget(relay, game).await {
            Ok(()) => {
                tracing::info!(%game, was_there, "a game was forgotten");
                Answer::Forgotten(was_there)
            }
            Err(error) => Answer::Refused(format!("The game is not forgotten: {error}.")),
        }
    }

    async fn status(&self) -> Status {
        let relay = &self.relay;
        let (log, file) = (self.log.clone(), self.log_file.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let position = log.position().ok();
            (position, disk::size(&file), disk::free(&file))
        });
        let (position, bytes, free_bytes) = looked.await.unwrap_or_default();
        let stock = relay.log.stock().await.ok();
        let readiness = relay.readiness();
        let addresses = relay.node.addresses();
        let listen = addresses.borrow().iter().map(ToString::to_string).collect();
        let up = relay.clock.now().saturating_sub(relay.clock.started());
        let gate = relay.node.counters();
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            uptime_s: up.get() / 1000,
            peer_id: relay.node.local().to_string(),
            order_key: relay.order_key().to_string(),
            given_up: relay
                .given_up()
                .iter()
                .map(|(key, _)| key.to_string())
                .collect(),
            listen,
            ready: readiness.is_ok(),
            why_not: readiness.err().map(|why| why.to_string()),
            draining: relay.draining.is_cancelled(),
            connections: gate.connections.load(std::sync::atomic::Ordering::Relaxed),
            sessions: relay.metrics.sessions.get(),
            players: relay.metrics.players.get(),
            games: relay.metrics.games.get(),
            games_created: relay.metrics.games_created.get(),
            seeks: relay.metrics.seeks.get(),
            receipts: relay.metrics.receipts.get(),
            fellow_relays: relay.metrics.fellows.get(),
            log: LogStatus {
                state: relay.log.health().borrow().as_str().into(),
                position,
                live_games: stock.map(|stock| stock.live),
                archived_games: stock.map(|stock| stock.archived),
                bytes,
                free_bytes,
                failures: relay.log.counters().failures,
            },
        }
    }

    async fn backup(&self, mut stream: UnixStream) -> io::Result<()> {
        let Ok(_permit) = self.copies.try_acquire() else {
            let words = "A backup is under way already.";
            return tell(&mut stream, &Answer::Refused(words.into())).await;
        };
        tell(&mut stream, &Answer::Rows).await?;
        let stream = stream.into_std()?;
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (log, key, at) = (
            self.log.clone(),
            self.relay.key.clone(),
            self.relay.clock.now(),
        );
        let copying = tokio::task::spawn_blocking(move || {
            let mut out = io::BufWriter::with_capacity(1 << 16, stream);
            let (owner, keys) = (key.order(), [key.as_ref().clone()]);
            let sign = |by, game, entry: &_| signed_for_good(&keys, by, game, entry);
            let mut put = |table, row: &[u8], value: &[u8]| write_row(&mut out, table, row, value);
            let rows = log.export(owner, at, &sign, &mut put)?;
            write_end(&mut out, rows)?;
            out.flush()?;
            Ok::<_, CopyError>(rows)
        });
        match copying.await.map_err(io::Error::other)? {
            Ok(rows) => tracing::info!(rows, "a backup was made"),
            Err(error) => tracing::warn!(%error, "a backup was broken off"),
        }
        Ok(())
    }
}

async fn tell(stream: &mut UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer).map_err(io::Error::other)?;
    line.push(b'\n');
    let telling = async {
        stream.write_all(&line).await?;
        stream.flush().await
    };
    tokio::time::timeout(PATIENCE, telling)
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
}
