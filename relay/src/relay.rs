//! What every part of the running relay shares.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rookery_ledger::id::{GameId, Millis, OrderKey, PlayerKey};
use rookery_ledger::sign::Keypair;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::codes::Codes;
use crate::config::Turn;
use crate::fellows::Fellows;
use crate::games::Games;
use crate::limits::Limits;
use crate::live::Live;
use crate::lobby::Lobby;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::order_log::{GivenUp, Health, OrderLog};
use crate::outbox::{Outbox, SessionId};
use crate::stun;
use crate::tokens::{self, Guesses, TokenId, Tokens};
use crate::trace::{Event, Trace};
use crate::wall_clock::WallClock;

/// Exports at once; one core's worth, as most of it is checking signatures.
const EXPORTS: usize = 2;

/// What may change while the relay runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much anyone may use.
    pub limits: Arc<Limits>,
    /// Who may come.
    pub access: Arc<Access>,
    /// What whoever comes must have.
    pub tokens: Arc<Tokens>,
}

/// The shared parts.
pub struct Relay {
    /// What may change, now and as it changes.
    pub settings: watch::Sender<Settings>,
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
    /// Order keys under which the log was written before it was restored from a backup or cut short.
    pub given_up: OnceLock<Vec<GivenUp>>,
    /// Games that are read from the log for HTTP at the same time: each costs some milliseconds of CPU.
    pub exports: Semaphore,
    /// Where the relay writes what it does, if that was asked for.
    pub trace: OnceLock<Trace>,
    /// The UDP port where STUN is answered, if it is.
    pub stun: OnceLock<u16>,
    /// What was done with STUN requests.
    pub stun_counters: Arc<stun::Counters>,
    /// Codes to type, for open games.
    pub codes: Codes,
    /// Wrong tokens of late.
    pub guesses: Guesses,
    /// TURN servers that pages are told of.
    pub turn: OnceLock<Vec<Turn>>,
    /// Relays that take games with a clock over, as pages are told.
    pub standby: OnceLock<Vec<String>>,
    sessions: AtomicU64,
}

impl Relay {
    /// Puts the parts together.
    #[must_use]
    pub fn new(limits: Limits, key: Keypair, log: Arc<dyn OrderLog>, node: Node) -> Arc<Self> {
        let settings = Settings {
            limits: Arc::new(limits),
            access: Arc::default(),
            tokens: Arc::default(),
        };
        Arc::new(Self {
            settings: watch::Sender::new(settings),
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
            given_up: OnceLock::new(),
            exports: Semaphore::new(EXPORTS),
            trace: OnceLock::new(),
            stun: OnceLock::new(),
            stun_counters: Arc::default(),
            codes: Codes::new(Instant::now()),
            guesses: Guesses::new(Instant::now()),
            turn: OnceLock::new(),
            standby: OnceLock::new(),
            sessions: AtomicU64::new(0),
        })
    }

    /// The key under which this relay orders.
    #[must_use]
    pub fn order_key(&self) -> OrderKey {
        self.key.order()
    }

    /// How much anyone may use now.
    #[must_use]
    pub fn limits(&self) -> Arc<Limits> {
        self.settings.borrow().limits.clone()
    }

    /// What whoever comes must have now.
    #[must_use]
    pub fn tokens(&self) -> Arc<Tokens> {
        self.settings.borrow().tokens.clone()
    }

    /// Judges the token that somebody came with, and counts who is refused.
    ///
    /// # Errors
    ///
    /// [`tokens::Refusal`]
    pub fn admit(
        &self,
        token: Option<&str>,
        from: Option<IpAddr>,
    ) -> Result<Option<TokenId>, tokens::Refusal> {
        let (tokens, each) = (self.tokens(), self.limits().token_tries_per_minute);
        let judged = self
            .guesses
            .judge(&tokens, token, from, each, Instant::now());
        judged.inspect_err(|refusal| self.metrics.refused(refusal.code()))
    }

    /// Goes on under these limits, lists and tokens; who may not come any more is cut off.
    pub fn govern(&self, limits: Limits, access: Access, tokens: Tokens) {
        let settings = Settings {
            limits: Arc::new(limits),
            access: Arc::new(access),
            tokens: Arc::new(tokens),
        };
        self.node.govern(settings.clone());
        self.settings.send_replace(settings);
    }

    /// Order keys that were given up, the oldest first.
    #[must_use]
    pub fn given_up(&self) -> &[GivenUp] {
        self.given_up.get().map_or(&[], Vec::as_slice)
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

    /// Whether it takes connections, and moves into its log.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn readiness(&self) -> Result<(), NotReady> {
        if self.draining.is_cancelled() {
            return Err(NotReady::Draining);
        }
        if self.node.addresses().borrow().is_empty() {
            return Err(NotReady::NoListener);
        }
        match *self.log.health().borrow() {
            Health::Ready | Health::Busy => Ok(()),
            Health::Full => Err(NotReady::DiskFull),
            Health::Down => Err(NotReady::LogDown),
        }
    }

    /// Whether moves have to wait for the log.
    #[must_use]
    pub fn log_busy(&self) -> bool {
        *self.log.health().borrow() != Health::Ready
    }
}

/// Why a relay is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// It is ending.
    #[error("the relay is ending")]
    Draining,
    /// Nobody can connect.
    #[error("the relay listens on no address")]
    NoListener,
    /// Nothing can be stored.
    #[error("the disk is full")]
    DiskFull,
    /// Nothing can be stored.
    #[error("the log cannot be written")]
    LogDown,
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
