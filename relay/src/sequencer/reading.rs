//! Reading a game back from the log.

use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order::Orderer;
use rookery_ledger::record::Item;
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Game, codec};

use super::entries::signed_over;
use super::{Progress, out_of_turn};
use crate::order_log::{ChainId, Entry, Position, ReadError, Request, Response, StoredGame};

/// Entries that are read at once.
const PAGE: usize = 512;

/// A game as it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The game at this relay's order key.
    pub orderer: Orderer,
    /// The end of this relay's own chain.
    pub head: Position,
    /// Whether the log counts the game as one that goes on.
    pub open: bool,
}

/// A game that is being read, chain by chain and page by page.
#[derive(Debug, Clone)]
pub struct Reading {
    game: GameId,
    stored: Option<StoredGame>,
    /// How many chains are read.
    chains: usize,
    after: Position,
    head: Position,
    entries: Vec<(OrderKey, Entry)>,
}

impl Reading {
    /// Begins to read; the request goes to the log, and its answer to [`Reading::next`].
    #[must_use]
    pub fn start(game: GameId) -> (Self, Request) {
        let reading = Self {
            game,
            stored: None,
            chains: 0,
            after: Position::START,
            head: Position::START,
            entries: Vec::new(),
        };
        (reading, Request::Game(game))
    }

    /// Takes the log's answer to the last request. In the end the game, or `None` where the log does not hold it.
    pub fn next(
        &mut self,
        key: &Keypair,
        response: Response,
    ) -> Progress<Result<Option<Loaded>, ReadError>> {
        match response {
            Response::Game(Ok(Some(stored))) => self.stored = Some(stored),
            Response::Game(Ok(None)) => return Progress::Ended(Ok(None)),
            Response::Read(Ok(page)) => self.take(key.order(), page),
            Response::Game(Err(error)) | Response::Read(Err(error)) => {
                return Progress::Ended(Err(error));
            }
            Response::Append(_) => {
                return Progress::Ended(Err(ReadError::Unavailable(out_of_turn())));
            }
        }
        let stored = self.stored.as_ref();
        let chain = stored.and_then(|stored| stored.chains.get(self.chains));
        if let Some((order_key, _)) = chain {
            return Progress::Ask(Request::Read {
                chain: ChainId {
                    game: self.game,
                    order_key: *order_key,
                },
                after: self.after,
                limit: PAGE,
            });
        }
        Progress::Ended(self.build(key))
    }

    fn take(&mut self, own: OrderKey, page: Vec<(Position, Entry)>) {
        let chain = self
            .stored
            .as_ref()
            .and_then(|stored| stored.chains.get(self.chains));
        let Some((order_key, last)) = chain else {
            return;
        };
        if let Some((end, _)) = page.last() {
            self.after = *end;
        }
        if page.is_empty() || self.after >= *last {
            if *order_key == own {
                self.head = self.after;
            }
            self.chains += 1;
            self.after = Position::START;
        }
        let page = page.into_iter().map(|(_, entry)| (*order_key, entry));
        self.entries.extend(page);
    }

    fn build(&mut self, key: &Keypair) -> Result<Option<Loaded>, ReadError> {
        let (game, own) = (self.game, key.order());
        let Some(stored) = self.stored.take() else {
            return Ok(None);
        };
        let Item::Genesis(genesis) = decode(game, &stored.genesis)? else {
            return Err(corrupt(game, "does not begin with a genesis"));
        };
        let mut state = Game::new(genesis).map_err(|refusal| corrupt(game, refusal))?;
        let mut entries = std::mem::take(&mut self.entries);
        if Mutant::LAST_FORGOTTEN.is_on() {
            entries.pop();
        }
        if state.is_clocked() {
            // Epochs follow each other across keys. A lapse has no place in that order and comes last in its epoch.
            entries.sort_by_key(|(_, entry)| (entry.epoch, entry.seq));
        } else {
            entries.sort_by_cached_key(|(_, entry)| (height(entry), entry.seq));
        }
        let mut lapsed = Vec::new();
        for (order_key, entry) in entries {
            if let Some(item) = &entry.item {
                insert(&mut state, decode(game, item)?);
            }
            if order_key == own {
                let item = signed_over(key, game, &entry).map_err(|error| corrupt(game, error))?;
                if let Item::Lapsed { lapsed: signed, .. } = &item {
                    if Mutant::LAPSE_FORGOTTEN.is_on() {
                        continue;
                    }
                    lapsed.push(signed.body.epoch);
                }
                insert(&mut state, item);
            } else {
                // What other keys signed is kept signed. Where it is not, nobody had the key when it was given up.
                match codec::decode::<Item>(&entry.receipt, codec::MAX_ITEM_BYTES) {
                    Ok(item) => insert(&mut state, item),
                    Err(error) => {
                        tracing::debug!(%error, %game, "an entry of a key that was given up unsigned")
                    }
                }
            }
        }
        Ok(Some(Loaded {
            orderer: Orderer::new(state, own, lapsed),
            head: self.head,
            open: stored.open,
        }))
    }
}

fn corrupt(game: GameId, what: impl std::fmt::Display) -> ReadError {
    ReadError::Corrupt(format!("game {game}: {what}"))
}

fn decode<T: serde::Serialize + serde::de::DeserializeOwned>(
    game: GameId,
    bytes: &[u8],
) -> Result<T, ReadError> {
    codec::decode(bytes, codec::MAX_ITEM_BYTES).map_err(|error| corrupt(game, error))
}

/// The height of an untimed game's record: what rests on another record comes after it.
fn height(entry: &Entry) -> u64 {
    let item = entry
        .item
        .as_ref()
        .and_then(|item| codec::decode(item, codec::MAX_ITEM_BYTES).ok());
    match item {
        Some(Item::Genesis(_)) => 0,
        Some(Item::Record(record)) => record
            .body
            .place()
            .map_or(u64::MAX, |place| place.height.get()),
        _ => u64::MAX,
    }
}

/// What was accepted before may stand in the log beside what it made void, so a refusal says nothing here.
fn insert(game: &mut Game, item: Item) {
    if let Err(refusal) = game.insert(item) {
        tracing::debug!(%refusal, game = %game.id(), "an item of the log changes nothing");
    }
}
