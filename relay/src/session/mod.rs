//! One session: a stream of the game protocol from its welcome to its end. Reads and checks frames, keeps limits, and
//! hands requests to games and lobby; writing is in `writer`.

mod quota;
mod writer;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::io::ReadHalf;
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use libp2p::PeerId;
use rookery_ledger::id::{GameId, Millis, Nonce, PlayerKey};
use rookery_ledger::record::{Hello, Item, Signed};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::wire::{self, Frames, Push, Request, Token};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::conduct::{Misdeed, Standing};
use crate::games::GameMsg;
use crate::limits::ms;
use crate::node::Inbound;
use crate::outbox::{Answer, Outbox, Refused};
use crate::relay::{Relay, Settings};
use crate::tokens::{Refusal, TokenId};

use quota::Quota;
use writer::Pulse;

/// Bytes that are read at once; most frames are smaller, and each session has them in memory all the time.
const CHUNK: usize = 1024;
/// What is said to who is banned.
const BANNED: &str = "Too many of your requests had to be refused; come back in a while.";
/// The longest name of a program, characters.
const MAX_AGENT: usize = 64;

/// Runs the session of a stream that came through the gate to its end.
pub async fn run(relay: Arc<Relay>, inbound: Inbound, is_relay: bool) {
    let Inbound {
        peer,
        stream,
        permit,
        address,
        ..
    } = inbound;
    run_from(relay, stream, peer, is_relay, Some(address)).await;
    drop(permit);
}

/// Runs a session with `peer` over any stream to its end.
pub async fn run_over<S>(relay: Arc<Relay>, stream: S, peer: PeerId, is_relay: bool)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    run_from(relay, stream, peer, is_relay, None).await;
}

async fn run_from<S>(
    relay: Arc<Relay>,
    stream: S,
    peer: PeerId,
    is_relay: bool,
    address: Option<IpAddr>,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let frames = usize::try_from(relay.limits().outbox_frames).unwrap_or(usize::MAX);
    // A fellow relay stands for all its clients.
    let frames = if is_relay {
        frames.saturating_mul(16)
    } else {
        frames
    };
    let metrics = relay.metrics.clone();
    let (outbox, queue) = Outbox::new(relay.next_session(), peer, is_relay, frames, metrics);
    let (read, write) = stream.split();
    let pulse = Pulse::default();
    let writing = tokio::spawn(writer::run(
        relay.clone(),
        write,
        queue,
        outbox.clone(),
        pulse.clone(),
    ));
    relay.metrics.sessions.up();
    let mut session = Session {
        quota: Quota::new(&relay.limits(), relay.clock.now().get(), is_relay),
        peer: peer.to_bytes(),
        address,
        standing: Standing::Good,
        stream: read,
        frames: Frames::default(),
        began: None,
        outbox,
        pulse,
        watched: HashSet::new(),
        settings: relay.settings.subscribe(),
        ready: false,
        token: None,
        relay,
    };
    session.serve().await;
    // What ended it counts too.
    session.judge();
    let (relay, info) = (session.relay.clone(), session.outbox.info().clone());
    for game in std::mem::take(&mut session.watched) {
        relay
            .games
            .tell(game, GameMsg::Unwatch { session: info.id })
            .await;
    }
    relay.lobby.unlisten(info.id);
    if let Some(player) = info.player() {
        relay.metrics.players.down();
        if relay.players.remove(player, info.id) {
            relay.lobby.player_left(&relay, player);
        }
    }
    relay.metrics.sessions.down();
    info.cut("closed", "The stream has ended.");
    let _ = writing.await;
    session.linger().await;
}

struct Session<S> {
    relay: Arc<Relay>,
    peer: Vec<u8>,
    /// Where it comes from, where that is known.
    address: Option<IpAddr>,
    standing: Standing,
    stream: ReadHalf<S>,
    frames: Frames,
    /// When the first byte of the frame that is not whole yet came.
    began: Option<Instant>,
    outbox: Outbox,
    pulse: Pulse,
    quota: Quota,
    watched: HashSet<GameId>,
    /// What the host may change meanwhile.
    settings: watch::Receiver<Settings>,
    /// The hello is accepted.
    ready: bool,
    /// What opened the relay, where it was private.
    token: Option<TokenId>,
}

/// The stream has ended, or the session was cut off.
struct Over;

impl<S: AsyncRead + Unpin> Session<S> {
    async fn serve(&mut self) {
        let mut nonce = Nonce([0; Nonce::LEN]);
        if getrandom::fill(&mut nonce.0).is_err() {
            return self.cut("no-version", "The relay has no random numbers.");
        }
        self.outbox.push(&Push::Welcome {
            versions: wire::VERSIONS.to_vec(),
            agent: concat!("rookery-relay/", env!("CARGO_PKG_VERSION")).into(),
            nonce,
            order: self.relay.order_key(),
            now_ms: self.relay.clock.now(),
        });
        let deadline = Instant::now() + ms(self.relay.limits().hello_timeout_ms);
        let hello = match tokio::time::timeout_at(deadline, self.next()).await {
            Ok(Ok((request, _))) => request,
            Ok(Err(Over)) => return,
            Err(_) => return self.cut("timeout", "No hello came in time."),
        };
        if !self.on_hello(hello, nonce) {
            return;
        }
        while let Ok((request, at)) = self.next().await {
            if self.quota.frame(at.get()).is_err() {
                return self.cut(
                    "rate-limited",
                    "Far too many frames; connect again and slow down.",
                );
            }
            self.on_request(request, at).await;
            if let Standing::Banned(_) = self.judge() {
                return self.cut("banned", BANNED);
            }
            if let Err(words) = self.quota.refusals(self.outbox.info().refusals(), at.get()) {
                return self.cut("too-many-refusals", words);
            }
        }
    }

    /// Counts the misdeeds that came to light since the last call, and has what follows from them.
    fn judge(&mut self) -> Standing {
        let info = self.outbox.info().clone();
        let (points, before) = (info.take_points(), self.standing);
        if points == 0 && before == Standing::Good {
            return before;
        }
        let (limits, conduct) = (self.relay.limits(), self.relay.node.conduct());
        let (player, now) = (info.player(), self.relay.clock.now().get());
        self.standing = if points > 0 {
            conduct.count(player, self.address, points, &limits, now)
        } else {
            let by_key = player.map(|player| conduct.of_key(player, &limits, now));
            let by_address = self
                .address
                .map(|address| conduct.of_address(address, &limits, now));
            by_key
                .into_iter()
                .chain(by_address)
                .max()
                .unwrap_or(Standing::Good)
        };
        info.warn(self.standing >= Standing::Warned);
        self.quota.throttle(self.standing >= Standing::Throttled);
        if self.standing > before {
            // The log names no player and no address; `bans` does, to the host alone.
            tracing::warn!(standing = self.standing.as_str(), "somebody misbehaves");
            if let Standing::Banned(_) = self.standing {
                self.relay.metrics.bans.up();
            }
        }
        self.standing
    }

    /// Reads on after the last word, for a while: a connection that is closed over unread bytes is reset, and takes
    /// along what the other end had not read yet.
    async fn linger(&mut self) {
        let mut chunk = [0; CHUNK];
        let reading = async { while matches!(self.stream.read(&mut chunk).await, Ok(1..)) {} };
        let _ = tokio::time::timeout(LAST_WORDS, reading).await;
    }

    fn cut(&self, code: &'static str, words: impl Into<String>) {
        self.outbox.info().cut(code, words);
    }

    /// The next request and when its last byte arrived.
    async fn next(&mut self) -> Result<(Request, Millis), Over> {
        let mut chunk = [0; CHUNK];
        let idle = Instant::now() + ms(self.relay.limits().idle_timeout_ms);
        loop {
            match self
                .frames
                .next_frame()
                .and_then(|frame| frame.map(wire::decode_request).transpose())
            {
                Ok(Some(request)) => {
                    self.began = None;
                    self.relay.metrics.frames_in.up();
                    return Ok((request, self.relay.clock.now()));
                }
                Ok(None) => {}
                Err(error) => {
                    self.outbox.info().misdeed(Misdeed::Malformed);
                    self.cut(
                        error.code(),
                        format!("That is no frame of this protocol: {error}."),
                    );
                    return Err(Over);
                }
            }
            if self.frames.pending() > 0 {
                self.began.get_or_insert_with(Instant::now);
            }
            let frame = ms(self.relay.limits().frame_timeout_ms);
            let deadline = self.began.map_or(idle, |began| began + frame);
            tokio::select! {
                read = self.stream.read(&mut chunk) => match read {
                    Ok(0) | Err(_) => return Err(Over),
                    Ok(read) => self.frames.push(&chunk[..read]),
                },
                () = self.outbox.info().cut_off() => return Err(Over),
                () = tokio::time::sleep_until(deadline) => {
                    self.cut("timeout", "Nothing came for too long.");
                    return Err(Over);
                }
                Ok(()) = self.settings.changed() => {
                    // Before a hello nobody has a key to go by.
                    let player = self.outbox.info().player();
                    if self.ready && !(self.is_still_open() && self.admits(player)) {
                        return Err(Over);
                    }
                }
                () = self.relay.draining.cancelled() => {
                    self.cut("draining", "The relay is being restarted; connect again in a moment.");
                    return Err(Over);
                }
            }
        }
    }

    /// Whether the session goes on.
    fn on_hello(&mut self, request: Request, nonce: Nonce) -> bool {
        let Request::Hello {
            versions,
            agent,
            hello,
            token,
        } = request
        else {
            self.cut("malformed", "The first frame must be a hello.");
            return false;
        };
        if agent.chars().count() > MAX_AGENT {
            self.cut("too-large", "The program's name has at most 64 characters.");
            return false;
        }
        let Some(version) = wire::shared_version(&versions) else {
            let own = wire::VERSIONS;
            self.cut(
                "no-version",
                format!("This relay speaks versions {own:?} of the protocol."),
            );
            return false;
        };
        if !self.opens(token.as_ref()) {
            return false;
        }
        if !self.admits(hello.as_ref().map(|hello| hello.body.player)) {
            return false;
        }
        if let Some(hello) = hello {
            let Some(player) = self.check_hello(&hello, nonce) else {
                self.outbox.info().misdeed(Misdeed::BadSignature);
                self.cut(
                    "bad-signature",
                    "The hello is not signed for this connection.",
                );
                return false;
            };
            let (limits, now) = (self.relay.limits(), self.relay.clock.now().get());
            if let Standing::Banned(_) = self.relay.node.conduct().of_key(player, &limits, now) {
                self.relay.metrics.refused("banned");
                self.cut("banned", BANNED);
                return false;
            }
            if !self
                .relay
                .players
                .add(player, &self.outbox, self.relay.limits().sessions_per_key)
            {
                self.cut(
                    "too-many-sessions",
                    "This player has as many sessions here as may be.",
                );
                return false;
            }
            self.outbox.info().bind(player);
            self.relay.metrics.players.up();
        }
        self.outbox.push(&Push::Ready { v: version });
        self.pulse.start();
        self.ready = true;
        true
    }

    /// Whether this player may have a session here; else it is cut off. A fellow relay speaks for others.
    fn admits(&self, player: Option<PlayerKey>) -> bool {
        let admitted = self.outbox.info().is_relay
            || self.relay.settings.borrow().access.admits_player(player);
        if !admitted {
            self.relay.metrics.refused("denied");
            self.cut("denied", "The host of this relay does not admit you.");
        }
        admitted
    }

    /// Whether this token opens the relay; else the session is cut off. Fellow relays need none: the host named them.
    fn opens(&mut self, token: Option<&Token>) -> bool {
        if self.outbox.info().is_relay {
            return true;
        }
        let token = token.map(|token| token.0.as_str());
        match self.relay.admit(token, self.address) {
            Ok(token) => {
                self.token = token;
                true
            }
            Err(refusal) => {
                if refusal == Refusal::Wrong {
                    self.outbox.info().misdeed(Misdeed::WrongToken);
                }
                self.cut(refusal.code(), refusal.to_string());
                false
            }
        }
    }

    /// Whether what opened the relay for this session still does; else it is cut off.
    fn is_still_open(&self) -> bool {
        let open = self.outbox.info().is_relay || self.relay.tokens().hold(self.token);
        if !open {
            let refusal = match self.token {
                Some(_) => Refusal::Wrong,
                None => Refusal::Needed,
            };
            self.relay.metrics.refused(refusal.code());
            self.cut(refusal.code(), refusal.to_string());
        }
        open
    }

    fn check_hello(&self, hello: &Signed<Hello>, nonce: Nonce) -> Option<PlayerKey> {
        let body = &hello.body;
        let bound = body.from == self.peer
            && body.to == self.relay.node.local().to_bytes()
            && body.nonce == nonce;
        (bound && body.player.signed(GameId::NONE, hello)).then_some(body.player)
    }

    async fn on_request(&mut self, request: Request, at: Millis) {
        let (relay, outbox) = (self.relay.clone(), self.outbox.clone());
        let answer = |id| Answer {
            outbox: outbox.clone(),
            id,
        };
        let now = at.get();
        match request {
            Request::Hello { .. } => self.cut("malformed", "A second hello."),
            Request::Echo { n } => {
                if let Some(rtt) = self.pulse.echo(n) {
                    outbox.info().set_rtt(rtt);
                }
            }
            Request::Submit { id, game, item } => {
                let is_new = matches!(item, Item::Genesis(_));
                let allowed = self
                    .quota
                    .submit(now)
                    .and_then(|()| if is_new { self.quota.game(now) } else { Ok(()) });
                self.pass(
                    allowed,
                    game,
                    GameMsg::Submit {
                        item,
                        at,
                        answer: answer(id),
                    },
                    answer(id),
                )
                .await;
            }
            Request::Join { id, game, join } => {
                let allowed = self.quota.join(now);
                self.pass(
                    allowed,
                    game,
                    GameMsg::Join {
                        join,
                        answer: answer(id),
                    },
                    answer(id),
                )
                .await;
            }
            Request::Watch { id, game, after } => {
                let most = if outbox.info().is_relay {
                    u64::MAX
                } else {
                    relay.limits().watches_per_session
                };
                if !self.watched.contains(&game) && self.watched.len() as u64 >= most {
                    let words = "You watch as many games as may be; leave one first.";
                    return answer(id).refused(Refused::new("rate-limited", words));
                }
                let allowed = self.quota.replay(now);
                if allowed.is_ok() {
                    self.watched.insert(game);
                }
                self.pass(
                    allowed,
                    game,
                    GameMsg::Watch {
                        after,
                        answer: answer(id),
                    },
                    answer(id),
                )
                .await;
            }
            Request::Unwatch { game } => {
                if self.watched.remove(&game) {
                    relay
                        .games
                        .tell(
                            game,
                            GameMsg::Unwatch {
                                session: outbox.info().id,
                            },
                        )
                        .await;
                }
            }
            Request::List { id, game, listed } => {
                let allowed = self.quota.seek(now);
                self.pass(
                    allowed,
                    game,
                    GameMsg::List {
                        listed,
                        answer: answer(id),
                    },
                    answer(id),
                )
                .await;
            }
            Request::Lobby { on: true } => {
                if self.quota.replay(now).is_ok() {
                    relay.lobby.listen(&outbox);
                }
            }
            Request::Lobby { on: false } => relay.lobby.unlisten(outbox.info().id),
            Request::Say { id, game, said } => {
                let allowed = self.quota.say(now);
                self.pass(
                    allowed,
                    game,
                    GameMsg::Say {
                        said,
                        answer: answer(id),
                    },
                    answer(id),
                )
                .await;
            }
        }
    }

    async fn pass(&self, allowed: Result<(), u64>, game: GameId, message: GameMsg, answer: Answer) {
        let refused = match allowed {
            Err(wait) => {
                let info = self.outbox.info();
                match &message {
                    GameMsg::Watch { .. } => info.misdeed(Misdeed::Scraping),
                    GameMsg::Join { .. } | GameMsg::List { .. } | GameMsg::Say { .. } => {
                        info.misdeed(Misdeed::Spam);
                    }
                    // Whoever played offline brings a whole game, and waits when told to.
                    _ => {}
                }
                Refused::retry(
                    "rate-limited",
                    "Too many requests of this kind; slow down.",
                    wait,
                )
            }
            Ok(()) => match self.relay.games.send(&self.relay, game, message).await {
                Ok(()) => return,
                Err(refused) => refused,
            },
        };
        answer.refused(refused);
    }
}

/// How long the writer may take for the last frames of a session that ends.
const LAST_WORDS: Duration = Duration::from_secs(1);
