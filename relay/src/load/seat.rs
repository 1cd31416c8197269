//! One participant's place at one game: what it knows of the order, what it has asked and not been answered, and the
//! bytes it got. Nothing is verified here: that is the oracle's, afterwards.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use rookery_ledger::id::{GameId, Hash, Height, Nonce};
use rookery_ledger::record::{Item, Join, Place, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Request, RequestId};

use super::line::{Clock, Frame, Line};
use super::oracle::Copy;
use super::oracle::cbor::{Malformed, Node};
use super::oracle::item::{Item as Seen, What};

/// The longest wait that a refusal may ask for.
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// After how long a refused request may be made again; none where that is of no use.
pub(super) fn retry_after(code: &str, retry_ms: Option<u64>) -> Option<Duration> {
    match code {
        "rate-limited" | "too-many-games" | "log-unavailable" | "log-full" | "clock-behind" => {
            let wait = Duration::from_millis(retry_ms.unwrap_or(1_000).max(1));
            Some(wait.min(LONGEST_RETRY))
        }
        _ => None,
    }
}

/// What a request asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To order what has this hash: a record, or the genesis by its game's name.
    Submit(Hash),
    Watch,
    Join,
}

/// What a frame means to the board.
#[derive(Debug)]
pub(super) enum Heard {
    /// Nothing to be done.
    Nothing,
    /// Somebody wishes to sit: player and nonce, and the wish as it came.
    Wish(Signed<Join>),
    /// A request was refused; again after so many ms, if at all.
    Refused {
        asked: Asked,
        code: String,
        retry_ms: Option<u64>,
    },
}

/// What is known of the game.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) head: Hash,
    pub(super) height: u64,
    /// When the receipt of the head was read.
    pub(super) head_at: Instant,
    pub(super) receipt: Option<Hash>,
    /// Places below this one were seen.
    seen: u64,
    pub(super) is_over: bool,
}

impl View {
    fn of(game: GameId) -> Self {
        Self {
            head: game.as_hash(),
            height: 0,
            head_at: Instant::now(),
            receipt: None,
            seen: 0,
            is_over: false,
        }
    }
}

/// A participant.
pub(super) struct Seat {
    /// None for one that only watches.
    pub(super) key: Option<Keypair>,
    pub(super) source: Ipv4Addr,
    pub(super) line: Line,
    pub(super) view: View,
    pub(super) copy: Copy,
    /// What was said to be durable.
    pub(super) acknowledged: Vec<Hash>,
    /// What has no receipt yet, to be sent again as the same bytes after a reconnection.
    pub(super) pending: Option<(Hash, Item)>,
    /// A wish to sit that nobody has answered.
    pub(super) wish: Option<Signed<Join>>,
    pub(super) follows: bool,
    pub(super) game: GameId,
    /// The relay's time of the newest receipt, until it is taken.
    stamp: Option<u64>,
    asked: HashMap<RequestId, Asked>,
    next: RequestId,
}

impl Seat {
    pub(super) fn new(key: Option<Keypair>, source: Ipv4Addr, line: Line) -> Self {
        Self {
            key,
            source,
            line,
            view: View::of(GameId::NONE),
            copy: Copy::default(),
            acknowledged: Vec::new(),
            pending: None,
            wish: None,
            follows: false,
            game: GameId::NONE,
            stamp: None,
            asked: HashMap::new(),
            next: 0,
        }
    }

    /// Another game; gives what it got of the one before.
    pub(super) fn turn_to(&mut self, game: GameId) -> Copy {
        self.game = game;
        self.view = View::of(game);
        // An answer that comes late is the other game's.
        self.asked.clear();
        self.acknowledged.clear();
        self.pending = None;
        self.wish = None;
        self.follows = false;
        std::mem::take(&mut self.copy)
    }

    /// The relay's time of the newest receipt, ms since 1970, once.
    pub(super) fn take_stamp(&mut self) -> Option<u64> {
        self.stamp.take()
    }

    /// Whether anything that was asked for has no answer yet.
    pub(super) fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    fn ask(&mut self, asked: Asked) -> RequestId {
        self.next = self.next.wrapping_add(1);
        self.asked.insert(self.next, asked);
        self.next
    }

    /// Sends what was asked for once more.
    pub(super) async fn again(&mut self, asked: Asked) {
        match asked {
            Asked::Submit(_) => self.send_pending().await,
            Asked::Watch => self.follow().await,
            Asked::Join => self.send_wish().await,
        }
    }

    pub(super) async fn submit(&mut self, hash: Hash, item: Item) {
        self.pending = Some((hash, item));
        self.send_pending().await;
    }

    async fn send_pending(&mut self) {
        if let Some((hash, item)) = self.pending.clone() {
            let id = self.ask(Asked::Submit(hash));
            let game = self.game;
            self.line.send(&Request::Submit { id, game, item }).await;
        }
    }

    pub(super) async fn follow(&mut self) {
        self.follows = true;
        let id = self.ask(Asked::Watch);
        let (game, after) = (self.game, self.view.receipt);
        self.line.send(&Request::Watch { id, game, after }).await;
    }

    /// Asks for the seat, whoever sits already: the wish may have crossed the Seat.
    pub(super) async fn join(&mut self, wish: Signed<Join>) {
        self.wish = Some(wish);
        self.send_wish().await;
    }

    async fn send_wish(&mut self) {
        if let Some(join) = self.wish.clone() {
            let id = self.ask(Asked::Join);
            let game = self.game;
            self.line.send(&Request::Join { id, game, join }).await;
        }
    }

    /// Goes on over a new session.
    pub(super) async fn resume(&mut self, line: Line) {
        self.line = line;
        self.asked.clear();
        self.send_pending().await;
        if self.follows {
            self.follow().await;
        }
        if self.view.height == 0 {
            self.send_wish().await;
        }
    }

    pub(super) async fn leave(&self) {
        let game = self.game;
        self.line.send(&Request::Unwatch { game }).await;
    }

    /// Where the next record stands.
    pub(super) fn place(&self) -> Place {
        Place {
            prev: self.view.head,
            height: Height::new(self.view.height + 1),
            on: self.view.receipt,
        }
    }

    /// Takes a frame in.
    pub(super) fn hear(&mut self, frame: Frame, clock: &Clock) -> Result<Heard, Malformed> {
        let Frame { at, bytes } = frame;
        let node = Node::read(&bytes)?;
        let (kind, inner) = node.kind()?;
        let inner = inner.ok_or(Malformed("an empty frame"))?;
        match kind {
            "items" => {
                let [game, items] = inner.fields(["game", "items"])?;
                if game.array::<32>()? == self.game.0 {
                    for item in items.list()? {
                        self.see(&Seen::read(item)?, at);
                    }
                    self.copy.frames.push((clock.ms(at), bytes));
                }
            }
            "done" => {
                let id = request(inner.fields(["id"])?[0])?;
                if let Some(Asked::Submit(hash)) = self.asked.remove(&id) {
                    self.acknowledged.push(hash);
                }
            }
            "refused" => {
                let [id, code, _, _, _, retry_ms] =
                    inner.fields(["id", "code", "words", "head", "item", "retry_ms"])?;
                if let Some(asked) = self.asked.remove(&request(id)?) {
                    return Ok(Heard::Refused {
                        asked,
                        code: code.text()?.to_owned(),
                        retry_ms: retry_ms.some().map(Node::int).transpose()?,
                    });
                }
            }
            "joined" => {
                let [game, join] = inner.fields(["game", "join"])?;
                let [wish, sig] = join.fields(["body", "sig"])?;
                let [player, nonce] = wish.fields(["player", "nonce"])?;
                if game.array::<32>()? == self.game.0 {
                    return Ok(Heard::Wish(Signed {
                        body: Join {
                            player: rookery_ledger::id::PlayerKey(player.array()?),
                            nonce: Nonce(nonce.array()?),
                        },
                        sig: rookery_ledger::id::Signature(sig.array()?),
                    }));
                }
            }
            // `bye` is followed by the end of the session; the rest is for people.
            _ => {}
        }
        Ok(Heard::Nothing)
    }

    fn see(&mut self, item: &Seen<'_>, at: Instant) {
        let Seen::Receipt(receipt) = item else {
            return;
        };
        if receipt.seq < self.view.seen {
            return;
        }
        self.view.seen = receipt.seq + 1;
        self.stamp = Some(receipt.at_ms);
        self.view.receipt = Some(Hash(receipt.signed.hash));
        match receipt.what {
            What::Record(hash) => {
                self.view.head = Hash(hash);
                self.view.height += 1;
                self.view.head_at = at;
                self.settle(Hash(hash));
            }
            What::Genesis => self.settle(self.game.as_hash()),
            What::Flag => self.view.is_over = true,
            What::Gap(_) | What::Home(_) | What::Continued(_) => {}
        }
    }

    fn settle(&mut self, hash: Hash) {
        if self.pending.as_ref().is_some_and(|(sent, _)| *sent == hash) {
            self.pending = None;
        }
    }
}

fn request(node: &Node<'_>) -> Result<RequestId, Malformed> {
    RequestId::try_from(node.int()?).map_err(|_| Malformed("a request's number"))
}
