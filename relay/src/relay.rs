//! What every part of the running relay shares.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rookery_ledger::id::{GameId, Millis, OrderKey, PlayerKey};
use rookery_ledger::sign::Keypair;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Turn;
use crate::fellows::Fellows;
use crate::games::Games;
use crate::limits::Limits;
use crate::live::Live;
use crate::lobby::Lobby;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::order_log::{Health, OrderLog};
use crate::outbox::{Outbox, SessionId};
use crate::stun;
use crate::trace::{Event, Trace};
use crate::wall_clock::WallClock;

/// Exports at once; one core's worth, as most of it is checking signatures.
const EXPORTS: usize = 2;

/// The shared parts.
pub struct Relay {
    /// How much anyone may use.
    pub limits: Limits,
    /// Signs receipts.
    pub key: Arc<Keypair>,
    /// The time.
    pub clock: WallClock,
    /// Where the order of games is kept.
    pub log: Arc<dyn OrderLog>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The libp2p node.
    pub node: Node,
    /// Games in memory.
    pub games: Games,
    /// Open games.
    pub lobby: Lobby,
    /// Games that anyone may watch.
    pub live: Live,
    /// Fellow relays.
    pub fellows: Fellows,
    /// Sessions by player.
    pub players: Players,
    /// Set when the relay is to end.
    pub draining: CancellationToken,
    /// The last alive mark before this process, and when this process began to serve.
    pub outage: OnceLock<(Millis, Millis)>,
    /// Games that are read from the log for HTTP at the same time: each costs some milliseconds of CPU.
    pub exports: Semaphore,
    /// Where the relay writes what it does, if that was asked for.
    pub trace: OnceLock<Trace>,
    /// The UDP port where STUN is answered, if it is.
    pub stun: OnceLock<u16>,
    /// What was done with STUN requests.
    pub stun_counters: Arc<stun::Counters>,
    /// TURN servers that pages are told of.
    pub turn: OnceLock<Vec<Turn>>,
    sessions: AtomicU64,
}

impl Relay {
    /// Puts the parts together.
    #[must_use]
    pub fn new(limits: Limits, key: Keypair, log: Arc<dyn OrderLog>, node: Node) -> Arc<Self> {
        Arc::new(Self {
            limits,
            key: Arc::new(key),
            clock: WallClock::start(),
            log,
            metrics: Arc::default(),
            node,
            games: Games::default(),
            lobby: Lobby::default(),
            live: Live::default(),
            fellows: Fellows::default(),
            players: Players::default(),
            draining: CancellationToken::new(),
            outage: OnceLock::new(),
            exports: Semaphore::new(EXPORTS),
            trace: OnceLock::new(),
            stun: OnceLock::new(),
            stun_counters: Arc::default(),
            turn: OnceLock::new(),
            sessions: AtomicU64::new(0),
        })
    }

    /// The key under which this relay orders.
    #[must_use]
    pub fn order_key(&self) -> OrderKey {
        self.key.order()
    }

    /// Writes down what happens, where that was asked for; to be called before anybody can see it.
    pub fn note(&self, game: Option<GameId>, event: impl FnOnce() -> Event) {
        if let Some(trace) = self.trace.get() {
            trace.write(&self.clock, game, event());
        }
    }

    /// The name of a new session.
    pub fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether moves have to wait for the log.
    #[must_use]
    pub fn log_busy(&self) -> bool {
        *self.log.health().borrow() != Health::Ready
    }
}

/// Which sessions a player has here.
#[derive(Debug, Default)]
pub struct Players(Mutex<HashMap<PlayerKey, Vec<Outbox>>>);

impl Players {
    /// Adds a session; `false` where the player has `most` already.
    pub fn add(&self, player: PlayerKey, outbox: &Outbox, most: u64) -> bool {
        let mut players = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sessions = players.entry(player).or_default();
        if sessions.len() as u64 >= most {
            return false;
        }
        sessions.push(outbox.clone());
        true
    }

    /// Removes a session; `true` where it was the player's last.
    pub fn remove(&self, player: PlayerKey, session: SessionId) -> bool {
        let mut players = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sessions) = players.get_mut(&player) else {
            return false;
        };
        sessions.retain(|outbox| outbox.info().id != session);
        let last = sessions.is_empty();
        if last {
            players.remove(&player);
        }
        last
    }

    /// The sessions of a player.
    #[must_use]
    pub fn of(&self, player: PlayerKey) -> Vec<Outbox> {
        let players = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        players.get(&player).cloned().unwrap_or_default()
    }
}
