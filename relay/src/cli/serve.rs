//! `rookery-relay serve`: puts the parts together, says when they serve, and ends them in order.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use futures::StreamExt as _;
use rookery_ledger::id::Millis;
use rookery_ledger::order::RETURN_MS;
use rookery_ledger::sign::Keypair;
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use super::reload::reload;
use super::{LOG_FILE, fail, logging, restored};
use crate::config::{Config, ConfigError, Overrides, Stun};
#[cfg(unix)]
use crate::control;
use crate::games::GameMsg;
use crate::keys::Keys;
use crate::limits::ms;
use crate::node::Inbound;
use crate::order_log::Which;
use crate::relay::Relay;
use crate::trace::{Event, Trace};
use crate::{archivist, fellows, http, lobby, node, session, stun};

/// How long it may take to stamp the outage in every game once its time has come, ms.
const STAMPING_MS: u64 = 2_000;
/// Games that are listed at once.
const PAGE: usize = 256;

/// What `serve` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration file; rookery-relay.example.toml shows every key
    #[arg(long, value_name = "FILE", env = "ROOKERY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

impl Args {
    /// The configuration as it is now.
    pub(super) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref(), &self.overrides)
    }
}

pub(super) fn run(args: &Args) -> ExitCode {
    let config = match args.load() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    logging::init(&config);
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a TLS provider was installed before");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let result = runtime.block_on(serve(args, &config));
    // What still hangs must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::fatal(config.log_format, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Every connection is an open file: takes as many as the system lets this process have.
fn raise_open_files(connections: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
        let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        // Listeners, the log, HTTP.
        if open < connections + 256 {
            tracing::warn!(
                open,
                connections,
                "fewer files may be open than connections; raise the limit (ulimit -n)"
            );
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = connections;
}

async fn serve(args: &Args, config: &Config) -> anyhow::Result<()> {
    raise_open_files(config.limits.connections);
    let mut signals = Signals::install()?;
    let mut keys = Keys::load_or_make(&config.data)?;
    let trace = match &config.trace {
        Some(path) => {
            let words = || format!("cannot write the trace {}", path.display());
            Some(Trace::open(path).with_context(words)?)
        }
        None => None,
    };
    let path = config.data.join(LOG_FILE);
    let log = restored::open(&config.data, &path, &mut keys)?;
    let given_up = log.given_up()?;
    let log = Arc::new(log);
    let (http_listener, http_address) = http::bind(config.http)
        .await
        .map_err(|what| anyhow!(what))?;
    let (metrics_listener, metrics_address) = http::bind(config.metrics)
        .await
        .map_err(|what| anyhow!(what))?;
    let (node, inbound, events) = node::start(config, &keys).await?;

    let key = Keypair::from_secret(&keys.order.to_bytes());
    let relay = Relay::new(config.limits.clone(), key, log.clone(), node);
    relay.govern(
        config.limits.clone(),
        config.access.clone(),
        config.tokens.clone(),
    );
    relay.metrics.config_ok.set(1);
    relay.games.note_forgotten(relay.log.forgotten().await?);
    let _ = relay.given_up.set(given_up);
    let _ = relay.turn.set(config.turn.clone());
    let _ = relay.standby.set(config.standby.clone());
    if let Some(socket) = bind_stun(config.stun).await {
        let _ = relay.stun.set(socket.local_addr()?.port());
        let (limit, counters) = (config.limits.stun_per_minute, relay.stun_counters.clone());
        tokio::spawn(stun::serve(socket, limit, counters));
    }
    if let Some(trace) = trace {
        let _ = relay.trace.set(trace);
    }
    let name = relay.node.local().to_string();
    let serving_since = relay.clock.now();
    let last_mark = relay.log.alive_mark(&name).await?;
    let last_mark = last_mark.map(|mark| mark.min(serving_since));
    if last_mark == Some(serving_since) {
        // A mark that lies ahead was made by a clock that was set right since, and would cut the next outage short.
        relay.log.mark_alive(&name, serving_since);
    }
    if let Some(last_mark) = last_mark {
        let _ = relay.outage.set((last_mark, serving_since));
    }
    relay.note(None, || Event::Start {
        order: relay.order_key().into(),
        last_mark: last_mark.map(Millis::get),
        serving_since: serving_since.get(),
    });
    let sessions = TaskTracker::new();
    tokio::spawn(accept(
        relay.clone(),
        inbound,
        sessions.clone(),
        config.peers.iter().map(|peer| peer.id).collect(),
    ));
    tokio::spawn(fellows::run(relay.clone(), events));
    tokio::spawn(resume(relay.clone()));
    tokio::spawn(keep_time(relay.clone(), name.clone()));
    tokio::spawn(archivist::run(relay.clone()));
    tokio::spawn(http::serve(
        relay.clone(),
        http_listener,
        config.site.clone(),
    ));
    #[cfg(unix)]
    let control = match control::Listener::bind(&config.data) {
        Ok(listener) => {
            let answering = control::serve(listener, relay.clone(), log, path.clone());
            Some(tokio::spawn(answering))
        }
        Err(error) => {
            tracing::warn!(%error, "no socket for `status` and `backup` in the data folder");
            None
        }
    };
    tokio::spawn(http::serve_metrics(relay.clone(), metrics_listener, path));

    let listen: Vec<String> = relay
        .node
        .addresses()
        .borrow()
        .iter()
        .map(ToString::to_string)
        .collect();
    let ready = json!({
        "ready": true,
        "peer_id": name,
        "listen": listen,
        "http": http_address.to_string(),
        "metrics": metrics_address.to_string(),
    });
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{ready}")
            .and_then(|()| out.flush())
            .context("cannot say that the relay is ready")?;
    }
    tracing::info!(http = %http_address, order_key = %relay.order_key(), "the relay serves");

    let signal = loop {
        match signals.next().await {
            Signal::Reload => reload(args, config, &relay),
            Signal::End(name) => break name,
        }
    };
    tracing::info!(signal, "the relay ends; a second signal ends it at once");
    tokio::select! {
        () = drain(&relay, &sessions, &name) => {}
        () = tokio::time::sleep(ms(relay.limits().drain_ms)) => tracing::warn!("not everything ended in time"),
        () = signals.ended() => {}
    }
    #[cfg(unix)]
    if let Some(control) = control {
        control.abort();
        let _ = control.await;
    }
    Ok(())
}

/// The socket for STUN. It is a help and not needed to play, so a port that is taken is no reason not to serve.
async fn bind_stun(stun: Stun) -> Option<UdpSocket> {
    let Stun::At(address) = stun else {
        return None;
    };
    match UdpSocket::bind(address).await {
        Ok(socket) => Some(socket),
        Err(error) => {
            tracing::warn!(%address, %error, "no STUN: its port cannot be taken; name another one, or switch it off");
            None
        }
    }
}

/// Tells clients, lets what was begun be finished, and closes the log. Of the time that all may take, sessions get four
/// fifths, so that the log is closed in order also where a reader hangs.
async fn drain(relay: &Relay, sessions: &TaskTracker, name: &str) {
    relay.note(None, || Event::Draining);
    relay.draining.cancel();
    sessions.close();
    let patience = ms(relay.limits().drain_ms) * 4 / 5;
    if tokio::time::timeout(patience, sessions.wait())
        .await
        .is_err()
    {
        let open = sessions.len();
        tracing::warn!(open, "not every session ended in time");
    }
    // Nobody pays for the time from here to the next start.
    mark_alive(relay, name);
    relay.log.close().await;
    relay.note(None, || Event::Ended);
    relay.node.stop().await;
}

async fn accept(
    relay: Arc<Relay>,
    mut inbound: mpsc::Receiver<Inbound>,
    sessions: TaskTracker,
    relays: Vec<libp2p::PeerId>,
) {
    while let Some(inbound) = inbound.recv().await {
        if relay.draining.is_cancelled() {
            break;
        }
        let is_relay = relays.contains(&inbound.peer);
        sessions.spawn(session::run(relay.clone(), inbound, is_relay));
    }
}

/// Reads the games that go on back into memory, so that their clocks run and the outage is stamped.
async fn resume(relay: Arc<Relay>) {
    // Reading a game is mostly checking signatures; half of the cores stay free for those who play already.
    let at_once = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
    let mut after = None;
    let mut count = 0_u64;
    loop {
        let page = match relay.log.games(Which::Open, after, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "cannot list the games that go on; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let Some(last) = page.last() else { break };
        after = Some(*last);
        count += page.len() as u64;
        let wake = |game| {
            let relay = relay.clone();
            async move {
                let (done, woken) = oneshot::channel();
                match relay
                    .games
                    .send(&relay, game, GameMsg::Wake { done: Some(done) })
                    .await
                {
                    Ok(()) => drop(woken.await),
                    Err(_) => {
                        relay
                            .games
                            .note_unstamped(game, relay.outage.get().is_some());
                        let at = Millis::new(relay.clock.now().get() + RETURN_MS);
                        relay.games.wake_at(game, at);
                    }
                }
            }
        };
        futures::stream::iter(page)
            .map(wake)
            .buffer_unordered(at_once)
            .collect::<()>()
            .await;
    }
    relay.games.note_resumed();
    if count > 0 {
        tracing::info!(count, "games that go on are back");
    }
}

/// Says in the log that this relay serves. Whoever serves next charges nobody for the time since then, so as long as the
/// last outage is not stamped in every game the old mark stands: neither a crash nor an end in order may lose it, however
/// long the log has no room for the stamps.
fn mark_alive(relay: &Relay, name: &str) {
    let at = relay.clock.now();
    let stamped = |since: Millis| Millis::new(since.get() + RETURN_MS + STAMPING_MS);
    let outage = relay.outage.get();
    if outage.is_some_and(|(_, since)| at < stamped(*since) || !relay.games.are_stamped()) {
        return;
    }
    relay.note(None, || Event::Alive { at: at.get() });
    relay.log.mark_alive(name, at);
}

/// What happens by the clock: the alive mark, games that wait for a moment, the lobby.
async fn keep_time(relay: Arc<Relay>, name: String) {
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let lobby_every = lobby::SAY_AGAIN.as_secs();
    for second in 0_u64.. {
        tokio::select! {
            _ = beat.tick() => {}
            () = relay.draining.cancelled() => return,
        }
        mark_alive(&relay, &name);
        let now = relay.clock.now();
        for game in relay.games.due(now) {
            if relay
                .games
                .send(&relay, game, GameMsg::Wake { done: None })
                .await
                .is_err()
            {
                relay.games.wake_at(game, Millis::new(now.get() + 1_000));
            }
        }
        if second % lobby_every == 0 {
            relay.lobby.tick(&relay);
        }
    }
}

/// What a signal asks for.
enum Signal {
    /// To read the configuration again.
    Reload,
    /// To end; the signal's name.
    End(&'static str),
}

/// The signals that the relay obeys.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    fn install() -> anyhow::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .context("cannot listen for SIGTERM")?,
            #[cfg(unix)]
            hang_up: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
                .context("cannot listen for SIGHUP")?,
        })
    }

    async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => Signal::End("SIGTERM"),
            _ = self.hang_up.recv() => Signal::Reload,
            _ = tokio::signal::ctrl_c() => Signal::End("SIGINT"),
        }
        #[cfg(not(unix))]
        {
            let _ = tokio::signal::ctrl_c().await;
            Signal::End("SIGINT")
        }
    }

    /// Waits for one that ends the relay.
    async fn ended(&mut self) {
        while let Signal::Reload = self.next().await {}
    }
}
