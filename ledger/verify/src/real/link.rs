//! A session with a relay as the protocol wants it of a client: beats are echoed, and a stream that is silent is dead.

use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::record::Hello;
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request, RequestId};
use rookery_relay::client::{ClientError, Connection, RawStream};

/// A stream with no beat for so long is dead.
const SILENCE: Duration = Duration::from_secs(2);
/// From dialling to a session; then it is dialled again.
const OPEN_WITHIN: Duration = Duration::from_millis(1_500);

/// The session is over: the relay's code, or what happened to the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost(pub(crate) String);

impl From<ClientError> for Lost {
    fn from(error: ClientError) -> Self {
        Self(error.to_string())
    }
}

/// An open session.
pub(crate) struct Link {
    raw: RawStream,
    _connection: Connection,
    last_id: RequestId,
    last_beat: Instant,
    /// The key that signs receipts there.
    pub(crate) order: OrderKey,
}

impl Link {
    /// Dials a relay and says hello.
    ///
    /// # Errors
    ///
    /// Where it does not answer at once.
    pub(crate) async fn open(address: &Multiaddr, key: &Keypair) -> Result<Self, Lost> {
        let opening = async {
            let connection = Connection::dial(address).await?;
            let mut raw = connection.open().await?;
            let welcome = raw.welcome().await?;
            let hello = Hello {
                player: key.player(),
                from: connection.local().to_bytes(),
                to: connection.remote().to_bytes(),
                nonce: welcome.nonce,
            };
            raw.hello(Some(key.sign(GameId::NONE, hello))).await?;
            Ok::<_, ClientError>(Self {
                raw,
                _connection: connection,
                last_id: 0,
                last_beat: Instant::now(),
                order: welcome.order,
            })
        };
        match tokio::time::timeout(OPEN_WITHIN, opening).await {
            Ok(opened) => Ok(opened?),
            Err(_) => Err(Lost("no session in time".into())),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// Where the stream takes no more.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<(), Lost> {
        match tokio::time::timeout(SILENCE, self.raw.send(request)).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(Lost("nothing can be written".into())),
        }
    }

    /// Sends the request that gets this number.
    ///
    /// # Errors
    ///
    /// As [`Link::send`].
    pub(crate) async fn ask(
        &mut self,
        request: impl FnOnce(RequestId) -> Request,
    ) -> Result<RequestId, Lost> {
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        self.send(&request(id)).await?;
        Ok(id)
    }

    /// The next frame that is no beat; none where none came until then.
    ///
    /// # Errors
    ///
    /// Where the session is over.
    pub(crate) async fn next(&mut self, until: Instant) -> Result<Option<Push>, Lost> {
        loop {
            let dead = self.last_beat + SILENCE;
            // Only reading is given up when the time is over: half a frame must never be written.
            let reading = self.raw.next();
            match tokio::time::timeout_at(until.min(dead).into(), reading).await {
                Ok(frame) => match frame? {
                    Some(Push::Beat { n, .. }) => {
                        self.last_beat = Instant::now();
                        self.send(&Request::Echo { n }).await?;
                    }
                    Some(Push::Bye { code, words }) => {
                        return Err(Lost(format!("{code}: {words}")));
                    }
                    Some(push) => return Ok(Some(push)),
                    None => return Err(Lost("the stream has ended".into())),
                },
                Err(_) if Instant::now() >= dead => return Err(Lost("no beat".into())),
                Err(_) => return Ok(None),
            }
        }
    }
}
