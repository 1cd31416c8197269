//! One client of a game whose operations are recorded: no honest player, for it signs what it likes for its key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use libp2p::Multiaddr;
use rookery_ledger::Game;
use rookery_ledger::id::{GameId, Hash, Millis, Nonce};
use rookery_ledger::record::{Genesis, Item, Join, Move, Place as At, Record, Seat, Signed, What};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request, RequestId};
use shakmaty::{CastlingMode, Position as _};

use super::history::{Answer, Call, Op, Place};
use crate::real::{Link, Lost, Random};

/// Longer than a restart takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a client that has nothing to say listens.
const LISTEN: Duration = Duration::from_millis(5);
/// How many of the newest records are offered again.
const RECENT: usize = 6;

/// What all clients of a game share.
pub(super) struct Shared {
    pub(super) genesis: Signed<Genesis>,
    pub(super) address: Multiaddr,
    /// When time began.
    pub(super) begin: Instant,
    /// The creator's key, and the wishes of those who want to join.
    pub(super) creator: Keypair,
    pub(super) joins: Vec<Signed<Join>>,
    pub(super) ops: Mutex<Vec<Op>>,
    /// Every record that anybody signed, newest last.
    pub(super) signed: Mutex<Vec<Signed<Record>>>,
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A client of its own connection.
pub(super) struct Client {
    pub(super) number: usize,
    pub(super) key: Keypair,
    pub(super) shared: Arc<Shared>,
    pub(super) random: Random,
    game: Game,
    link: Option<Link>,
}

impl Client {
    /// # Errors
    ///
    /// Where the genesis is not valid.
    pub(super) fn new(
        number: usize,
        key: Keypair,
        shared: Arc<Shared>,
        random: Random,
    ) -> Result<Self> {
        Ok(Self {
            number,
            key,
            game: Game::new(shared.genesis.clone())?,
            shared,
            random,
            link: None,
        })
    }

    fn id(&self) -> GameId {
        self.game.id()
    }

    /// Makes so many operations.
    ///
    /// # Errors
    ///
    /// Where no session can be had.
    pub(super) async fn run(mut self, operations: usize) -> Result<()> {
        for _ in 0..operations {
            self.connect().await?;
            let record = self.choose();
            let done = match record {
                Some(record) => self.submit(record).await,
                None if self.random.below(3) == 0 => self.read().await,
                None => self.listen(Instant::now() + LISTEN).await,
            };
            if done.is_err() {
                self.link = None;
            }
        }
        Ok(())
    }

    /// The last read of a history, after everything else.
    ///
    /// # Errors
    ///
    /// Where no session can be had.
    pub(super) async fn read_at_last(mut self) -> Result<()> {
        let late = Instant::now() + PATIENCE;
        while Instant::now() < late {
            self.connect().await?;
            if self.read().await.is_ok() {
                return Ok(());
            }
            self.link = None;
        }
        bail!("the last read gets no answer")
    }

    /// Connects and follows the game, if that is not so already.
    async fn connect(&mut self) -> Result<()> {
        let late = Instant::now() + PATIENCE;
        while self.link.is_none() {
            if Instant::now() > late {
                bail!("no session with the relay");
            }
            if let Ok(link) = Link::open(&self.shared.address, &self.key).await {
                self.link = Some(link);
                let after = None;
                let game = self.id();
                let followed = self.ask(|id| Request::Watch { id, game, after }).await;
                if !matches!(followed, Ok((Ok(()), _))) {
                    self.link = None;
                }
            }
            if self.link.is_none() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// A new record for the head as this client knows it, where its key may sign there; or an old one again.
    fn choose(&mut self) -> Option<Signed<Record>> {
        let again = self.random.below(5) == 0;
        if again {
            let signed = self
                .shared
                .signed
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let recent: Vec<_> = signed.iter().rev().take(RECENT).cloned().collect();
            return self.random.pick(&recent).cloned();
        }
        let state = self.game.state();
        let line = &state.line;
        if line.author() != self.key.player() || state.outcome().is_some() {
            return None;
        }
        let at = At {
            prev: line.head(),
            height: line.height().next(),
            on: Some(state.last_receipt()?.hash),
        };
        let record = if line.players().is_none() {
            let join = self.random.pick(&self.shared.joins)?.clone();
            Record::Seat(Seat {
                at,
                join,
                reveal: None,
            })
        } else {
            let moves = line.position().legal_moves();
            let uci = self.random.pick(&moves)?.to_uci(CastlingMode::Standard);
            Record::Move(Move {
                at,
                uci: uci.to_string(),
                // Two moves of one place may be the same; their records are not.
                think_ms: Millis::new(self.random.below(1_000_000)),
                offer: false,
            })
        };
        let record = self.key.sign(self.id(), record);
        let mut signed = self
            .shared
            .signed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        signed.push(record.clone());
        Some(record)
    }

    fn called(&self, call: Call) -> usize {
        let op = Op {
            client: self.number,
            invoked: self.shared.now(),
            call,
            answer: None,
        };
        let mut ops = self
            .shared
            .ops
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        ops.push(op);
        ops.len() - 1
    }

    fn answered(&self, op: usize, at: u64, answer: Answer) {
        let mut ops = self
            .shared
            .ops
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        ops[op].answer = Some((at, answer));
    }

    async fn submit(&mut self, record: Signed<Record>) -> Result<(), Lost> {
        let (hash, game) = (record.hash(), self.id());
        let prev = record
            .body
            .place()
            .map_or(String::new(), |at| at.prev.to_string());
        let op = self.called(Call::Submit {
            record: hash.to_string(),
            prev,
        });
        let item = Item::Record(record);
        let (answer, _) = self.ask(|id| Request::Submit { id, game, item }).await?;
        let at = self.shared.now();
        match answer {
            Ok(()) => {
                // The receipt comes by items; it is the answer's content, whenever it is read.
                let late = Instant::now() + PATIENCE;
                while self.place_of(hash).is_none() && Instant::now() < late {
                    self.listen(Instant::now() + LISTEN).await?;
                }
                let seq = self
                    .place_of(hash)
                    .ok_or_else(|| Lost("done, and no receipt came".into()))?;
                self.answered(op, at, Answer::Placed { seq });
            }
            Err((code, head)) => {
                let head = head.map(|head| head.to_string());
                // These say that nothing was decided.
                if !matches!(
                    code.as_str(),
                    "log-unavailable" | "rate-limited" | "clock-behind"
                ) {
                    self.answered(op, at, Answer::Refused { code, head });
                }
            }
        }
        Ok(())
    }

    /// The place of a record among the receipts that came.
    fn place_of(&self, record: Hash) -> Option<u64> {
        let counted = &self.game.state().counted;
        let found = counted
            .iter()
            .find(|counted| counted.receipt.what == What::Record(record));
        found.map(|counted| counted.receipt.seq.get())
    }

    async fn read(&mut self) -> Result<(), Lost> {
        let game = self.id();
        let op = self.called(Call::Read);
        let link = self
            .link
            .as_mut()
            .ok_or_else(|| Lost("no session".into()))?;
        link.send(&Request::Unwatch { game }).await?;
        let after = None;
        let (answer, items) = self.ask(|id| Request::Watch { id, game, after }).await?;
        let at = self.shared.now();
        if answer.is_ok() {
            let places = places(game, &items);
            self.answered(op, at, Answer::Chain { places });
        }
        Ok(())
    }

    async fn listen(&mut self, until: Instant) -> Result<(), Lost> {
        let link = self
            .link
            .as_mut()
            .ok_or_else(|| Lost("no session".into()))?;
        if let Some(Push::Items { items, .. }) = link.next(until).await? {
            self.learn(&items)?;
        }
        Ok(())
    }

    fn learn(&mut self, items: &[Item]) -> Result<(), Lost> {
        for item in items {
            self.game
                .insert(item.clone())
                .map_err(|refusal| Lost(format!("an item that does not count: {refusal}")))?;
        }
        Ok(())
    }

    /// Asks and waits. Gives the answer, and the items that came meanwhile.
    #[allow(clippy::type_complexity)]
    async fn ask(
        &mut self,
        request: impl FnOnce(RequestId) -> Request,
    ) -> Result<(Result<(), (String, Option<Hash>)>, Vec<Item>), Lost> {
        let link = self
            .link
            .as_mut()
            .ok_or_else(|| Lost("no session".into()))?;
        let asked = link.ask(request).await?;
        let late = Instant::now() + PATIENCE;
        let mut came = Vec::new();
        let answer = loop {
            match link.next(late).await? {
                None => return Err(Lost("no answer".into())),
                Some(Push::Items { items, .. }) => came.extend(items),
                Some(Push::Done { id }) if id == asked => break Ok(()),
                Some(Push::Refused { id, code, head, .. }) if id == asked => {
                    break Err((code, head.map(|head| head.hash)));
                }
                Some(_) => {}
            }
        };
        self.learn(&came)?;
        Ok((answer, came))
    }
}

/// What a relay's items say of the places, by number; a place that is there twice comes twice.
fn places(game: GameId, items: &[Item]) -> Vec<Place> {
    let mut receipts = BTreeMap::new();
    for item in items {
        if let Item::Receipt { receipt, .. } = item {
            receipts.insert((receipt.body.seq.get(), receipt.hash()), receipt.body);
        }
    }
    let place = |((seq, hash), receipt): ((u64, Hash), rookery_ledger::record::Receipt)| {
        let (holds, record) = match receipt.what {
            What::Genesis => (game.to_string(), true),
            What::Record(record) => (record.to_string(), true),
            _ => (hash.to_string(), false),
        };
        Place { seq, holds, record }
    };
    receipts.into_iter().map(place).collect()
}

/// A wish to join.
pub(super) fn wish(key: &Keypair, game: GameId, random: &mut Random) -> Signed<Join> {
    let join = Join {
        player: key.player(),
        nonce: Nonce(random.bytes()),
    };
    key.sign(game, join)
}

/// Submits a genesis and waits until it is on disk.
///
/// # Errors
///
/// Where the relay does not take it.
pub(super) async fn create(link: &mut Link, genesis: &Signed<Genesis>) -> Result<()> {
    let (game, item) = (genesis.body.id(), Item::Genesis(genesis.clone()));
    let lost = |Lost(words)| anyhow!("the relay does not take a game: {words}");
    let asked = link
        .ask(|id| Request::Submit { id, game, item })
        .await
        .map_err(lost)?;
    let late = Instant::now() + PATIENCE;
    loop {
        match link.next(late).await.map_err(lost)? {
            None => bail!("the relay does not take a game: no answer"),
            Some(Push::Done { id }) if id == asked => return Ok(()),
            Some(Push::Refused { id, code, .. }) if id == asked => {
                bail!("the relay does not take a game: {code}")
            }
            Some(_) => {}
        }
    }
}
