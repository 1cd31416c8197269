//! A stream of the game protocol without manners: frames in, any bytes out.

use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::Stream;
use rookery_ledger::id::{GameId, Nonce};
use rookery_ledger::record::{Hello, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Frames, Push, Request, Token};

use super::session::Welcome;
use super::{ClientError, Connection};

/// A stream on which nothing has been said by this side.
#[derive(Debug)]
pub struct RawStream {
    pub(super) stream: Stream,
    pub(super) frames: Frames,
    /// What the relay's welcome named.
    versions: Vec<u32>,
}

impl RawStream {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            frames: Frames::default(),
            versions: Vec::new(),
        }
    }

    /// The stream, and what was read of it and not taken yet.
    pub(crate) fn into_parts(self) -> (Stream, Frames) {
        (self.stream, self.frames)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`] where the stream takes no more.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let sending = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        sending.await.map_err(ClientError::lost)
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// As [`RawStream::send_bytes`].
    pub async fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        self.send_bytes(&wire::frame(request)).await
    }

    /// The next frame; none where the stream is at its end, however it came to it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Frame`] where the relay sends what is no frame.
    pub async fn next(&mut self) -> Result<Option<Push>, ClientError> {
        let mut chunk = [0; 8 * 1024];
        loop {
            if let Some(frame) = self.frames.next_frame()? {
                return Ok(Some(wire::decode_push(frame)?));
            }
            match self.stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(read) => self.frames.push(&chunk[..read]),
            }
        }
    }

    /// Reads the relay's first frame.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`] with the code of a `Bye`, [`ClientError::Unexpected`] for any other frame.
    pub async fn welcome(&mut self) -> Result<Welcome, ClientError> {
        match self.next().await? {
            Some(Push::Welcome {
                versions,
                agent,
                nonce,
                order,
                now_ms,
            }) => {
                self.versions.clone_from(&versions);
                Ok(Welcome {
                    versions,
                    agent,
                    nonce,
                    order,
                    now_ms,
                })
            }
            Some(Push::Bye { code, words }) => Err(ClientError::Closed { code, words }),
            Some(_) => Err(ClientError::Unexpected("a welcome")),
            None => Err(ClientError::lost("no welcome")),
        }
    }

    /// Says hello in answer to a welcome, with a player's key or without one, and waits until it is accepted.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`] with the code of a `Bye`, [`ClientError::Unexpected`] for any other frame.
    pub async fn hello(&mut self, hello: Option<Signed<Hello>>) -> Result<(), ClientError> {
        self.hello_with(hello, None).await
    }

    /// As [`RawStream::hello`], with what opens a private relay. A relay that is too old to ask for a token is not told it.
    ///
    /// # Errors
    ///
    /// As [`RawStream::hello`].
    pub async fn hello_with(
        &mut self,
        hello: Option<Signed<Hello>>,
        token: Option<&Token>,
    ) -> Result<(), ClientError> {
        let asks = self
            .versions
            .iter()
            .any(|version| *version >= wire::TOKEN_SINCE);
        self.send(&Request::Hello {
            versions: wire::VERSIONS.to_vec(),
            agent: concat!("rookery-client/", env!("CARGO_PKG_VERSION")).into(),
            hello,
            token: token.filter(|_| asks).cloned(),
        })
        .await?;
        match self.next().await? {
            Some(Push::Ready { v }) if wire::VERSIONS.contains(&v) => Ok(()),
            Some(Push::Bye { code, words }) => Err(ClientError::Closed { code, words }),
            Some(_) => Err(ClientError::Unexpected("ready")),
            None => Err(ClientError::lost("no answer to the hello")),
        }
    }

    /// Every frame until the relay ends the stream.
    ///
    /// # Errors
    ///
    /// [`ClientError::Timeout`] where it does not within `limit`.
    pub async fn until_closed(&mut self, limit: Duration) -> Result<Vec<Push>, ClientError> {
        let mut frames = Vec::new();
        let reading = async {
            while let Some(push) = self.next().await? {
                frames.push(push);
            }
            Ok(())
        };
        match tokio::time::timeout(limit, reading).await {
            Ok(result) => result.map(|()| frames),
            Err(_) => Err(ClientError::Timeout {
                what: "the relay to end the stream".into(),
                seconds: limit.as_secs(),
            }),
        }
    }
}

/// What a player signs to bind its key to a connection.
#[must_use]
pub(crate) fn hello(key: &Keypair, connection: &Connection, nonce: Nonce) -> Signed<Hello> {
    let hello = Hello {
        player: key.player(),
        from: connection.local().to_bytes(),
        to: connection.remote().to_bytes(),
        nonce,
    };
    key.sign(GameId::NONE, hello)
}
