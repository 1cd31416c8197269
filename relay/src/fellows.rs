//! Fellow relays: one stream to each, over which this relay follows games that are ordered there and passes on what its
//! own clients offer for them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::gossipsub::MessageAcceptance;
use libp2p::{PeerId, Stream};
use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Millis, OrderKey};
use rookery_ledger::record::Item;
use rookery_ledger::wire::{self, Frames, Push, Request, RequestId};
use tokio::sync::{mpsc, oneshot};

use crate::games::{FellowNews, GameMsg};
use crate::node::{Event, Gossip};
use crate::outbox::{Answer, Refused};
use crate::relay::Relay;

/// Requests that may wait for a fellow.
const QUEUE: usize = 1024;
/// From opening the stream to the fellow's `Ready`.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// A fellow that says nothing for so long is gone: it sends a heartbeat each second.
const SILENCE: Duration = Duration::from_secs(5);
/// Before a fellow that could not take or show something is asked what it has, at least.
const AGAIN: Duration = Duration::from_secs(1);
/// How long to wait before the stream is opened again.
const REOPEN: Duration = Duration::from_millis(500);

type MakeRequest = Box<dyn FnOnce(RequestId) -> Request + Send>;

enum Ask {
    /// A request, with where its answer goes.
    Request(MakeRequest, Option<Reply>),
    Unwatch(GameId),
}

enum Reply {
    Client(Answer),
    Own(oneshot::Sender<bool>),
    /// To something of this game that the fellow is to have too.
    Told(GameId),
    /// To the wish to follow this game.
    Watched(GameId),
}

#[derive(Default)]
struct Fellow {
    /// While connected.
    asks: Option<mpsc::Sender<Ask>>,
    order_key: Option<OrderKey>,
    /// Games that are followed there.
    watched: HashSet<GameId>,
    /// Those of them that it did not know when it was asked.
    unknown: HashSet<GameId>,
    /// Games of which it could not take or show something, so that it is to be asked and told again.
    behind: HashSet<GameId>,
    /// Whether libp2p has a connection.
    up: bool,
}

/// All fellow relays.
#[derive(Default)]
pub struct Fellows(Mutex<HashMap<PeerId, Fellow>>);

impl Fellows {
    fn lock(&self) -> MutexGuard<'_, HashMap<PeerId, Fellow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any fellow is connected.
    #[must_use]
    pub fn any(&self) -> bool {
        self.lock().values().any(|fellow| fellow.asks.is_some())
    }

    /// The connected fellow that signs with `key`.
    #[must_use]
    pub fn with_order_key(&self, key: OrderKey) -> Option<PeerId> {
        let fellows = self.lock();
        let mut all = fellows.iter();
        all.find(|(_, fellow)| fellow.asks.is_some() && fellow.order_key == Some(key))
            .map(|(peer, _)| *peer)
    }

    /// What the connected fellows sign with.
    #[must_use]
    pub fn order_keys(&self) -> Vec<OrderKey> {
        let fellows = self.lock();
        let connected = fellows.values().filter(|fellow| fellow.asks.is_some());
        connected.filter_map(|fellow| fellow.order_key).collect()
    }

    fn ask(&self, to: PeerId, ask: Ask) {
        let asks = self.lock().get(&to).and_then(|fellow| fellow.asks.clone());
        let unsent = match asks {
            Some(asks) => asks.try_send(ask).err().map(|error| match error {
                mpsc::error::TrySendError::Full(ask) | mpsc::error::TrySendError::Closed(ask) => {
                    ask
                }
            }),
            None => Some(ask),
        };
        if let Some(Ask::Request(_, Some(Reply::Client(answer)))) = unsent {
            answer.refused(lost());
        }
    }

    /// Passes a client's request on; its answer goes back to the client.
    pub fn forward(
        &self,
        to: PeerId,
        request: impl FnOnce(RequestId) -> Request + Send + 'static,
        answer: Answer,
    ) {
        self.ask(
            to,
            Ask::Request(Box::new(request), Some(Reply::Client(answer))),
        );
    }

    /// Tells a fellow something that it is to store too. Where it cannot do so now, it is asked for the game again, and what
    /// it does not show then is told anew.
    pub fn tell(&self, to: PeerId, game: GameId, item: Item) {
        let submit = Box::new(move |id| Request::Submit { id, game, item });
        self.ask(to, Ask::Request(submit, Some(Reply::Told(game))));
    }

    /// Follows a game at a fellow, over reconnections too, until [`Fellows::unwatch`].
    pub fn watch(&self, at: PeerId, game: GameId) {
        if self.lock().entry(at).or_default().watched.insert(game) {
            self.watch_again(at, game);
        }
    }

    /// Asks once more for a game that is followed at a fellow, if that did not know it.
    pub fn watch_unknown(&self, at: PeerId, game: GameId) {
        if self.lock().entry(at).or_default().unknown.remove(&game) {
            self.watch_again(at, game);
        }
    }

    fn set_known(&self, at: PeerId, game: GameId) {
        self.lock().entry(at).or_default().unknown.remove(&game);
    }

    fn set_unknown(&self, at: PeerId, game: GameId) {
        self.lock().entry(at).or_default().unknown.insert(game);
    }

    fn watch_again(&self, at: PeerId, game: GameId) {
        let watch = Box::new(move |id| Request::Watch {
            id,
            game,
            after: None,
        });
        self.ask(at, Ask::Request(watch, Some(Reply::Watched(game))));
    }

    /// Asks for a game again after a while.
    fn catch_up(&self, relay: &Arc<Relay>, at: PeerId, game: GameId, wait: Duration) {
        if !self.lock().entry(at).or_default().behind.insert(game) {
            return;
        }
        let relay = relay.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let followed = {
                let mut fellows = relay.fellows.lock();
                let fellow = fellows.entry(at).or_default();
                fellow.behind.remove(&game);
                fellow.watched.contains(&game)
            };
            if followed {
                relay.fellows.watch_again(at, game);
            }
        });
    }

    /// Follows a game no more.
    pub fn unwatch(&self, game: GameId) {
        let mut fellows = self.lock();
        for fellow in fellows.values_mut() {
            fellow.unknown.remove(&game);
            if fellow.watched.remove(&game)
                && let Some(asks) = &fellow.asks
            {
                let _ = asks.try_send(Ask::Unwatch(game));
            }
        }
    }

    /// Asks one fellow after the other for a game, and follows it at the first that has it.
    pub async fn find(&self, game: GameId) -> Option<PeerId> {
        let connected: Vec<PeerId> = {
            let fellows = self.lock();
            fellows
                .iter()
                .filter(|(_, fellow)| fellow.asks.is_some())
                .map(|(peer, _)| *peer)
                .collect()
        };
        for fellow in connected {
            let (reply, found) = oneshot::channel();
            let watch = Box::new(move |id| Request::Watch {
                id,
                game,
                after: None,
            });
            self.ask(fellow, Ask::Request(watch, Some(Reply::Own(reply))));
            if found.await == Ok(true) {
                self.lock().entry(fellow).or_default().watched.insert(game);
                return Some(fellow);
            }
        }
        None
    }
}

fn lost() -> Refused {
    Refused::retry(
        "no-home",
        "The relay that orders this game cannot be reached just now.",
        1_000,
    )
}

/// After how long a fellow that could not take or show something is asked for the game anew, and told what it lacks, if that
/// may help.
#[must_use]
pub fn told_again(code: &str, retry: Option<Millis>) -> Option<Duration> {
    let behind = matches!(code, "unknown-prev" | "not-seated");
    let wait = retry.map(|retry| Duration::from_millis(retry.get()));
    wait.or(behind.then_some(AGAIN))
        .map(|wait| wait.clamp(AGAIN, 10 * AGAIN))
}

/// Takes what the node tells of fellow relays until the node ends.
pub async fn run(relay: Arc<Relay>, mut events: mpsc::Receiver<Event>) {
    while let Some(event) = events.recv().await {
        match event {
            Event::RelayUp(peer) => {
                relay.fellows.lock().entry(peer).or_default().up = true;
                relay.metrics.fellows.up();
                tokio::spawn(follow(relay.clone(), peer));
            }
            Event::RelayDown(peer) => {
                relay.fellows.lock().entry(peer).or_default().up = false;
                relay.metrics.fellows.down();
            }
            Event::Gossip(gossip) => on_gossip(&relay, &gossip).await,
        }
    }
}

async fn on_gossip(relay: &Arc<Relay>, gossip: &Gossip) {
    let Ok(message) = codec::decode::<wire::Gossip>(&gossip.data, wire::MAX_FRAME_BYTES) else {
        return relay.node.judge(gossip, MessageAcceptance::Reject);
    };
    relay.node.judge(gossip, MessageAcceptance::Accept);
    match message {
        wire::Gossip::Items { game, items } => {
            let news = GameMsg::FromFellow(FellowNews::Items(items));
            relay.games.tell(game, news).await;
        }
        wire::Gossip::Seek(seek) => relay.lobby.add_far(relay, *seek),
        wire::Gossip::Unseek { game } => {
            relay.lobby.remove(relay, game, false);
        }
    }
}

/// Keeps a stream to a fellow open while there is a connection.
async fn follow(relay: Arc<Relay>, peer: PeerId) {
    loop {
        let up = relay
            .fellows
            .lock()
            .get(&peer)
            .is_some_and(|fellow| fellow.up && fellow.asks.is_none());
        if !up || relay.draining.is_cancelled() {
            return;
        }
        match relay.node.open_stream(peer).await {
            Ok(stream) => {
                let reason = Link::new(relay.clone(), peer, stream).run().await;
                tracing::info!(%peer, reason, "the stream to a fellow relay ended");
            }
            Err(error) => tracing::debug!(%peer, %error, "a fellow relay takes no stream"),
        }
        relay.fellows.lock().entry(peer).or_default().asks = None;
        tokio::time::sleep(REOPEN).await;
    }
}

struct Link {
    relay: Arc<Relay>,
    peer: PeerId,
    stream: Stream,
    frames: Frames,
    waiting: HashMap<RequestId, Reply>,
    next: RequestId,
}

impl Link {
    fn new(relay: Arc<Relay>, peer: PeerId, stream: Stream) -> Self {
        Self {
            relay,
            peer,
            stream,
            frames: Frames::default(),
            waiting: HashMap::new(),
            next: 0,
        }
    }

    /// Runs until the stream ends; says why it did.
    async fn run(mut self) -> String {
        let asks = match tokio::time::timeout(HELLO_WITHIN, self.hello()).await {
            Ok(Ok(asks)) => asks,
            Ok(Err(reason)) => return reason,
            Err(_) => return "no hello in time".into(),
        };
        let reason = self.serve(asks).await;
        for (_, reply) in self.waiting.drain() {
            match reply {
                Reply::Client(answer) => answer.refused(lost()),
                Reply::Own(reply) => drop(reply.send(false)),
                Reply::Told(_) | Reply::Watched(_) => {}
            }
        }
        reason
    }

    async fn read(&mut self) -> Result<Push, String> {
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(frame) = self
                .frames
                .next_frame()
                .map_err(|error| error.to_string())?
            {
                return wire::decode_push(frame).map_err(|error| error.to_string());
            }
            let read = self
                .stream
                .read(&mut chunk)
                .await
                .map_err(|error| error.to_string())?;
            if read == 0 {
                return Err("closed by the other side".into());
            }
            self.frames.push(&chunk[..read]);
        }
    }

    async fn write(&mut self, request: &Request) -> Result<(), String> {
        let write = async {
            self.stream.write_all(&wire::frame(request)).await?;
            self.stream.flush().await
        };
        match tokio::time::timeout(SILENCE, write).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("too slow".into()),
        }
    }

    async fn hello(&mut self) -> Result<mpsc::Receiver<Ask>, String> {
        let Push::Welcome { order, .. } = self.read().await? else {
            return Err("it did not begin with a welcome".into());
        };
        let agent = concat!("rookery-relay/", env!("CARGO_PKG_VERSION")).to_owned();
        self.write(&Request::Hello {
            versions: wire::VERSIONS.to_vec(),
            agent,
            hello: None,
            token: None,
        })
        .await?;
        loop {
            match self.read().await? {
                Push::Ready { .. } => break,
                Push::Bye { code, .. } => return Err(code),
                _ => {}
            }
        }
        let (asks, queue) = mpsc::channel(QUEUE);
        let watched: Vec<GameId> = {
            let mut fellows = self.relay.fellows.lock();
            let fellow = fellows.entry(self.peer).or_default();
            fellow.asks = Some(asks);
            fellow.order_key = Some(order);
            fellow.watched.iter().copied().collect()
        };
        tracing::info!(peer = %self.peer, %order, "a fellow relay answers");
        // Games that it orders could not be followed before it was in reach, and who watches them here may stay silent.
        let relay = self.relay.clone();
        tokio::spawn(async move { relay.games.wake_all().await });
        for game in watched {
            self.next = self.next.wrapping_add(1);
            let id = self.next;
            self.waiting.insert(id, Reply::Watched(game));
            self.write(&Request::Watch {
                id,
                game,
                after: None,
            })
            .await?;
        }
        Ok(queue)
    }

    async fn serve(&mut self, mut asks: mpsc::Receiver<Ask>) -> String {
        let draining = self.relay.draining.clone();
        loop {
            let step = tokio::select! {
                push = tokio::time::timeout(SILENCE, self.read()) => match push {
                    Ok(Ok(push)) => self.on_push(push).await,
                    Ok(Err(reason)) => Err(reason),
                    Err(_) => Err("silent".into()),
                },
                ask = asks.recv() => match ask {
                    Some(Ask::Request(request, reply)) => {
                        self.next = self.next.wrapping_add(1);
                        if let Some(reply) = reply {
                            self.waiting.insert(self.next, reply);
                        }
                        let request = request(self.next);
                        self.write(&request).await
                    }
                    Some(Ask::Unwatch(game)) => self.write(&Request::Unwatch { game }).await,
                    None => Err("replaced".into()),
                },
                () = draining.cancelled() => Err("draining".into()),
            };
            if let Err(reason) = step {
                return reason;
            }
        }
    }

    async fn on_push(&mut self, push: Push) -> Result<(), String> {
        let (game, news) = match push {
            Push::Beat { n, .. } => return self.write(&Request::Echo { n }).await,
            Push::Bye { code, .. } => return Err(code),
            Push::Done { id } => {
                match self.waiting.remove(&id) {
                    Some(Reply::Client(answer)) => answer.done(),
                    Some(Reply::Own(reply)) => drop(reply.send(true)),
                    // It knows the game by now.
                    Some(Reply::Told(game)) => self.relay.fellows.watch_unknown(self.peer, game),
                    Some(Reply::Watched(game)) => self.relay.fellows.set_known(self.peer, game),
                    None => {}
                }
                return Ok(());
            }
            Push::Refused {
                id,
                code,
                words,
                head,
                item,
                retry_ms,
            } => {
                match self.waiting.remove(&id) {
                    Some(Reply::Client(answer)) => {
                        answer.refused(Refused {
                            code,
                            words,
                            head,
                            item,
                            retry_ms,
                        });
                    }
                    Some(Reply::Own(reply)) => drop(reply.send(false)),
                    Some(Reply::Told(game)) => {
                        if let Some(wait) = told_again(&code, retry_ms) {
                            let relay = &self.relay;
                            relay.fellows.catch_up(relay, self.peer, game, wait);
                        }
                    }
                    Some(Reply::Watched(game)) => {
                        let relay = &self.relay;
                        if let Some(wait) = told_again(&code, retry_ms) {
                            relay.fellows.catch_up(relay, self.peer, game, wait);
                            return Ok(());
                        }
                        relay.fellows.set_unknown(self.peer, game);
                        let unknown = GameMsg::FromFellow(FellowNews::Unknown);
                        relay.games.tell(game, unknown).await;
                    }
                    None => {}
                }
                return Ok(());
            }
            Push::Items { game, items } => (game, FellowNews::Items(items)),
            Push::Joined { game, join } => (game, FellowNews::Joined(join)),
            Push::Said { game, said } => (game, FellowNews::Said(said)),
            Push::Presence {
                game,
                creator,
                joiner,
            } => (game, FellowNews::Presence { creator, joiner }),
            Push::Welcome { .. } | Push::Ready { .. } | Push::Lobby { .. } => return Ok(()),
        };
        self.relay.games.tell(game, GameMsg::FromFellow(news)).await;
        Ok(())
    }
}
