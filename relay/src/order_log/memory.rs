//! A log in memory for tests, with failures that can be ordered: a full disk, an append whose fate stays unknown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use rookery_ledger::id::{GameId, Millis, OrderKey};
use rookery_ledger::mutant::Mutant;

use super::{
    Append, AppendError, ChainId, Committed, Counts, Entry, Health, OrderLog, Position, ReadError,
    Stock, StoredGame, Which,
};
use crate::sync::{Mutex, MutexGuard, PoisonError, broadcast, watch};

/// What becomes of the next append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It fails with this error and leaves no trace.
    Fail(AppendError),
    /// It is written, but the caller is told that the log is not available.
    LostAnswer,
}

#[derive(Debug, Default)]
struct State {
    games: BTreeMap<GameId, Vec<u8>>,
    chains: BTreeMap<ChainId, Vec<Entry>>,
    open: BTreeSet<GameId>,
    meta: BTreeMap<String, Vec<u8>>,
    marks: BTreeMap<String, Millis>,
    forgotten: BTreeSet<GameId>,
    archived: BTreeSet<GameId>,
    fates: VecDeque<Fate>,
    full: bool,
    closed: bool,
}

/// An [`OrderLog`] that forgets everything when it is dropped. Clones share their contents, so a clone stands for the
/// same disk after a restart.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    state: Arc<Mutex<State>>,
    committed: broadcast::Sender<Committed>,
    health: watch::Sender<Health>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            committed: broadcast::Sender::new(1024),
            health: watch::Sender::new(Health::Ready),
        }
    }
}

impl MemoryLog {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what becomes of the next append for which nothing was decided yet.
    pub fn next_append(&self, fate: Fate) {
        self.lock().fates.push_back(fate);
    }

    /// Fills the disk, or makes room again.
    pub fn set_full(&self, full: bool) {
        self.lock().full = full;
        self.health
            .send_replace(if full { Health::Full } else { Health::Ready });
    }

    fn append_now(&self, append: Append) -> Result<Position, AppendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(AppendError::Unavailable("closed".into()));
        }
        if state.full {
            return Err(AppendError::DiskFull);
        }
        if append.genesis.is_some() && state.forgotten.contains(&append.chain.game) {
            return Err(AppendError::Unavailable("the game was forgotten".into()));
        }
        let fate = state.fates.pop_front();
        if let Some(Fate::Fail(error)) = fate {
            return Err(error);
        }
        let chain = state.chains.entry(append.chain).or_default();
        let head = Position(chain.len() as u64);
        if head != append.expected && !Mutant::APPENDS_ANYWHERE.is_on() {
            return Err(AppendError::Conflict { actual: head });
        }
        chain.extend(append.entries);
        let head = Position(chain.len() as u64);
        let game = append.chain.game;
        state.archived.remove(&game);
        if let Some(genesis) = append.genesis {
            state.games.entry(game).or_insert(genesis);
        }
        match append.open {
            Some(true) => drop(state.open.insert(game)),
            Some(false) => drop(state.open.remove(&game)),
            None => {}
        }
        drop(state);
        let _ = self.committed.send(Committed {
            chain: append.chain,
            head,
        });
        match fate {
            Some(Fate::LostAnswer) => Err(AppendError::Unavailable("the answer was lost".into())),
            _ => Ok(head),
        }
    }
}

impl OrderLog for MemoryLog {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Position, AppendError>> {
        async move { self.append_now(append) }.boxed()
    }

    fn read(
        &self,
        chain: ChainId,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Entry)>, ReadError>> {
        let state = self.lock();
        let entries = state.chains.get(&chain).map_or(&[][..], Vec::as_slice);
        let found = (1..).map(Position).zip(entries.iter().cloned());
        ready(Ok(found
            .filter(|(position, _)| *position > after)
            .take(limit)
            .collect()))
        .boxed()
    }

    fn game(&self, game: GameId) -> BoxFuture<'_, Result<Option<StoredGame>, ReadError>> {
        let state = self.lock();
        let stored = state.games.get(&game).map(|genesis| StoredGame {
            genesis: genesis.clone(),
            chains: state
                .chains
                .range(
                    ChainId {
                        game,
                        order_key: OrderKey([0; 32]),
                    }..=ChainId {
                        game,
                        order_key: OrderKey([0xff; 32]),
                    },
                )
                .filter(|(_, entries)| !entries.is_empty())
                .map(|(chain, entries)| (chain.order_key, Position(entries.len() as u64)))
                .collect(),
            open: state.open.contains(&game),
        });
        ready(Ok(stored)).boxed()
    }

    fn games(
        &self,
        which: Which,
        after: Option<GameId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>> {
        let state = self.lock();
        let wanted = |game: &&GameId| after.is_none_or(|after| **game > after);
        let found = match which {
            Which::All => state
                .games
                .keys()
                .filter(wanted)
                .take(limit)
                .copied()
                .collect(),
            Which::Open => state
                .open
                .iter()
                .filter(wanted)
                .take(limit)
                .copied()
                .collect(),
            Which::Resting => state
                .games
                .keys()
                .filter(wanted)
                .filter(|game| !state.open.contains(game) && !state.archived.contains(game))
                .take(limit)
                .copied()
                .collect(),
        };
        ready(Ok(found)).boxed()
    }

    fn mark_alive(&self, relay: &str, at: Millis) {
        let mut state = self.lock();
        if !state.full && !state.closed {
            state.marks.insert(relay.into(), at);
        }
    }

    fn alive_mark(&self, relay: &str) -> BoxFuture<'_, Result<Option<Millis>, ReadError>> {
        ready(Ok(self.lock().marks.get(relay).copied())).boxed()
    }

    fn meta(&self, key: &str) -> BoxFuture<'_, Result<Option<Vec<u8>>, ReadError>> {
        ready(Ok(self.lock().meta.get(key).cloned())).boxed()
    }

    fn set_meta(&self, key: &str, value: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        let mut state = self.lock();
        let result = if state.full {
            Err(AppendError::DiskFull)
        } else {
            state.meta.insert(key.into(), value);
            Ok(())
        };
        ready(result).boxed()
    }

    fn forget(&self, game: GameId, _at: Millis) -> BoxFuture<'_, Result<(), AppendError>> {
        let mut state = self.lock();
        if state.full {
            return ready(Err(AppendError::DiskFull)).boxed();
        }
        state.games.remove(&game);
        state.open.remove(&game);
        state.chains.retain(|chain, _| chain.game != game);
        state.archived.remove(&game);
        state.forgotten.insert(game);
        ready(Ok(())).boxed()
    }

    fn archive(&self, games: Vec<GameId>) -> BoxFuture<'_, Result<u64, AppendError>> {
        let mut state = self.lock();
        if state.full {
            return ready(Err(AppendError::DiskFull)).boxed();
        }
        let mut taken = 0;
        for game in games {
            if state.games.contains_key(&game) && !state.open.contains(&game) {
                taken += u64::from(state.archived.insert(game));
            }
        }
        ready(Ok(taken)).boxed()
    }

    fn stock(&self) -> BoxFuture<'_, Result<Stock, ReadError>> {
        let state = self.lock();
        let archived = state.archived.len() as u64;
        let live = state.games.len() as u64 - archived;
        ready(Ok(Stock { live, archived })).boxed()
    }

    fn forgotten(&self) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>> {
        ready(Ok(self.lock().forgotten.iter().copied().collect())).boxed()
    }

    fn watch(&self) -> broadcast::Receiver<Committed> {
        self.committed.subscribe()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    fn counters(&self) -> Counts {
        let appends = self
            .lock()
            .chains
            .values()
            .map(|chain| chain.len() as u64)
            .sum();
        Counts {
            commits: appends,
            appends,
            failures: 0,
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.lock().closed = true;
        ready(()).boxed()
    }
}
