//! A session: a stream after its hello. Answers go to who asked, heartbeats are echoed, everything else is an event.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::io::{ReadHalf, WriteHalf};
use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::{Multiaddr, Stream};
use rookery_ledger::id::{GameId, Hash, Millis, Nonce, OrderKey};
use rookery_ledger::record::{Item, Join, Said, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Frames, Push, Request, RequestId, Token};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::raw::hello;
use super::{ClientError, Connection, Refused};

/// How long a request may take. A relay under load answers in well below a second; a full restart takes a few.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Events that wait to be taken; when they are full the stream is not read, and the relay sees a slow reader.
const EVENTS: usize = 1024;
/// Frames that wait to be written.
const OUTBOX: usize = 256;
/// Once nothing can be written any more: how long to read on.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The relay's first frame; the fields are those of [`Push::Welcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Protocol versions.
    pub versions: Vec<u32>,
    /// Program and version.
    pub agent: String,
    /// The challenge.
    pub nonce: Nonce,
    /// The key that signs receipts here.
    pub order: OrderKey,
    /// The relay's clock.
    pub now_ms: Millis,
}

/// A frame that answers no request, and when it was read.
#[derive(Debug)]
pub struct Event {
    /// The frame: neither an answer nor a heartbeat.
    pub push: Push,
    /// When it was read.
    pub at: Instant,
}

/// What asks wait for, and how the session ended.
#[derive(Default)]
struct Waiting {
    answers: HashMap<RequestId, oneshot::Sender<Result<(), Box<Refused>>>>,
    next: RequestId,
    ended: Option<(String, String)>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Waiting>>);

impl Shared {
    fn with<T>(&self, then: impl FnOnce(&mut Waiting) -> T) -> T {
        // Nothing panics while it holds the lock, and what it guards is whole after every step.
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn end(&self, code: &str, words: &str) {
        self.with(|waiting| {
            waiting.ended.get_or_insert((code.into(), words.into()));
            waiting.answers.clear();
        });
    }

    fn closed(&self) -> ClientError {
        match self.with(|waiting| waiting.ended.clone()) {
            Some((code, words)) => ClientError::Closed { code, words },
            None => ClientError::lost("the stream ended"),
        }
    }
}

/// Asks the relay; may be cloned and used while events are taken.
#[derive(Clone)]
pub struct Requests {
    outbox: mpsc::Sender<Vec<u8>>,
    shared: Shared,
}

impl Requests {
    /// Sends a request that has no answer.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`]
    pub async fn tell(&self, request: &Request) -> Result<(), ClientError> {
        self.outbox
            .send(wire::frame(request))
            .await
            .map_err(|_| self.shared.closed())
    }

    /// Sends a request and waits for its answer. `request` gets the number that the answer will carry.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`], [`ClientError::Closed`] or [`ClientError::Timeout`].
    pub async fn ask(&self, request: impl FnOnce(RequestId) -> Request) -> Result<(), ClientError> {
        let (answer, answered) = oneshot::channel();
        let id = self.shared.with(|waiting| {
            if waiting.ended.is_some() {
                return None;
            }
            waiting.next = waiting.next.wrapping_add(1);
            waiting.answers.insert(waiting.next, answer);
            Some(waiting.next)
        });
        let id = id.ok_or_else(|| self.shared.closed())?;
        self.tell(&request(id)).await?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(refused))) => Err(ClientError::Refused(refused)),
            Ok(Err(_)) => Err(self.shared.closed()),
            Err(_) => {
                self.shared.with(|waiting| waiting.answers.remove(&id));
                Err(ClientError::Timeout {
                    what: "an answer".into(),
                    seconds: ANSWER_WITHIN.as_secs(),
                })
            }
        }
    }

    /// Offers an item of a game.
    ///
    /// # Errors
    ///
    /// As [`Requests::ask`].
    pub async fn submit(&self, game: GameId, item: Item) -> Result<(), ClientError> {
        self.ask(|id| Request::Submit { id, game, item }).await
    }

    /// Asks for the open seat.
    ///
    /// # Errors
    ///
    /// As [`Requests::ask`].
    pub async fn join(&self, game: GameId, join: Signed<Join>) -> Result<(), ClientError> {
        self.ask(|id| Request::Join { id, game, join }).await
    }

    /// Follows a game; when this resolves, what is known came as events.
    ///
    /// # Errors
    ///
    /// As [`Requests::ask`].
    pub async fn watch(&self, game: GameId, after: Option<Hash>) -> Result<(), ClientError> {
        self.ask(|id| Request::Watch { id, game, after }).await
    }

    /// Lists an open game of one's own, or takes it off.
    ///
    /// # Errors
    ///
    /// As [`Requests::ask`].
    pub async fn list(&self, game: GameId, listed: bool) -> Result<(), ClientError> {
        self.ask(|id| Request::List { id, game, listed }).await
    }

    /// Passes a message on.
    ///
    /// # Errors
    ///
    /// As [`Requests::ask`].
    pub async fn say(&self, game: GameId, said: Signed<Said>) -> Result<(), ClientError> {
        self.ask(|id| Request::Say { id, game, said }).await
    }

    /// Hears of the lobby, or no more.
    ///
    /// # Errors
    ///
    /// As [`Requests::tell`].
    pub async fn lobby(&self, on: bool) -> Result<(), ClientError> {
        self.tell(&Request::Lobby { on }).await
    }
}

/// A session with a relay. It ends when this is dropped.
pub struct Session {
    welcome: Welcome,
    requests: Requests,
    events: mpsc::Receiver<Event>,
    connection: Connection,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Session {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Session {
    /// Dials a relay and says hello, with a player's key or as one who watches.
    ///
    /// # Errors
    ///
    /// [`ClientError`]
    pub async fn connect(address: &Multiaddr, key: Option<&Keypair>) -> Result<Self, ClientError> {
        Self::over(Connection::dial(address).await?, key, None).await
    }

    /// As [`Session::connect`], with what opens a private relay.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `token-needed` and `wrong-token` among the relay's codes.
    pub async fn connect_with(
        address: &Multiaddr,
        key: Option<&Keypair>,
        token: &Token,
    ) -> Result<Self, ClientError> {
        Self::over(Connection::dial(address).await?, key, Some(token)).await
    }

    /// Opens a session on a connection, with what opens the relay where that is private.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `timeout` where the relay does not speak.
    pub async fn over(
        connection: Connection,
        key: Option<&Keypair>,
        token: Option<&Token>,
    ) -> Result<Self, ClientError> {
        let opening = async {
            let mut raw = connection.open().await?;
            let welcome = raw.welcome().await?;
            let hello = key.map(|key| hello(key, &connection, welcome.nonce));
            raw.hello_with(hello, token).await?;
            Ok::<_, ClientError>((raw, welcome))
        };
        let (raw, welcome) = match tokio::time::timeout(ANSWER_WITHIN, opening).await {
            Ok(opened) => opened?,
            Err(_) => {
                return Err(ClientError::Timeout {
                    what: "a hello to be answered".into(),
                    seconds: ANSWER_WITHIN.as_secs(),
                });
            }
        };
        let (read, write) = raw.stream.split();
        let (outbox, frames) = mpsc::channel(OUTBOX);
        let (told, events) = mpsc::channel(EVENTS);
        let shared = Shared::default();
        let requests = Requests {
            outbox: outbox.clone(),
            shared: shared.clone(),
        };
        let reader = Reader {
            stream: read,
            frames: raw.frames,
            events: told,
            outbox,
            shared: shared.clone(),
        };
        let tasks = [
            tokio::spawn(reader.run()),
            tokio::spawn(write_all(write, frames, shared)),
        ];
        Ok(Self {
            welcome,
            requests,
            events,
            connection,
            tasks,
        })
    }

    /// The relay's first frame.
    #[must_use]
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Asks the relay.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`] once the session has ended and every event is taken.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        match self.events.recv().await {
            Some(event) => Ok(event),
            None => Err(self.requests.shared.closed()),
        }
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

struct Reader {
    stream: ReadHalf<Stream>,
    frames: Frames,
    events: mpsc::Sender<Event>,
    outbox: mpsc::Sender<Vec<u8>>,
    shared: Shared,
}

impl Reader {
    async fn run(mut self) {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            loop {
                let push = match self.frames.next_frame() {
                    Ok(None) => break,
                    Ok(Some(frame)) => wire::decode_push(frame),
                    Err(error) => Err(error),
                };
                match push {
                    Ok(push) => {
                        if self.take(push).await.is_none() {
                            return self.shared.end("lost", "the session was dropped");
                        }
                    }
                    Err(error) => return self.shared.end(error.code(), &error.to_string()),
                }
            }
            match self.stream.read(&mut chunk).await {
                Ok(0) => return self.shared.end("lost", "the stream ended"),
                Err(error) => return self.shared.end("lost", &error.to_string()),
                Ok(read) => self.frames.push(&chunk[..read]),
            }
        }
    }

    /// None where nobody is left to hear.
    async fn take(&self, push: Push) -> Option<()> {
        let at = Instant::now();
        match push {
            Push::Done { id } => self.answer(id, Ok(())),
            Push::Refused {
                id,
                code,
                words,
                head,
                item,
                retry_ms,
            } => {
                let refused = Refused {
                    code,
                    words,
                    head,
                    item,
                    retry_ms,
                };
                self.answer(id, Err(Box::new(refused)));
            }
            Push::Beat { n, .. } => {
                let echo = wire::frame(&Request::Echo { n });
                self.outbox.send(echo).await.ok()?;
            }
            Push::Bye { code, words } => {
                self.shared.end(&code, &words);
                let push = Push::Bye { code, words };
                self.events.send(Event { push, at }).await.ok()?;
            }
            push => self.events.send(Event { push, at }).await.ok()?,
        }
        Some(())
    }

    fn answer(&self, id: RequestId, answer: Result<(), Box<Refused>>) {
        if let Some(asked) = self.shared.with(|waiting| waiting.answers.remove(&id)) {
            // Who gave up waiting does not want it any more.
            let _ = asked.send(answer);
        }
    }
}

async fn write_all(
    mut stream: WriteHalf<Stream>,
    mut frames: mpsc::Receiver<Vec<u8>>,
    shared: Shared,
) {
    while let Some(frame) = frames.recv().await {
        let written = async {
            stream.write_all(&frame).await?;
            stream.flush().await
        };
        if let Err(error) = written.await {
            // A relay that cuts the session off has said why, and the reader comes to it.
            tokio::time::sleep(LAST_WORDS).await;
            return shared.end("lost", &error.to_string());
        }
    }
}
