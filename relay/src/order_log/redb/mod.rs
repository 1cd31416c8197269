//! The embedded log: one redb file, which a [`Store`] reads and writes, and one writer thread, whose [`GroupCommit`] lets
//! appends that wait together share one durable commit.

pub mod group_commit;
pub mod store;

mod archive;
mod backend;
mod backup;
mod high_water;
mod reads;
mod retire;
mod rows;
mod transaction;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rookery_ledger::id::{GameId, Millis, OrderKey};

use super::{
    Append, AppendError, ChainId, Committed, Counts, Entry, Health, OrderLog, Position, ReadError,
    Stock, StoredGame, Which,
};
use crate::sync::{broadcast, watch};
use backend::PreallocatedFile;
use high_water::MarkFile;

pub use backup::{Copied, CopyError, Put, Table};
pub use group_commit::{Bounds, CommitStore, GroupCommit};
pub use high_water::{MARK_LEN, MarkStorage, Stale};
pub use retire::{GivenUp, Sign};
pub use rows::{decode_entry, encode_entry};
pub use store::{OpenError, Store, Write};

/// An [`OrderLog`] in one file.
#[derive(Debug)]
pub struct RedbLog {
    store: Arc<Store>,
    group: GroupCommit,
}

impl RedbLog {
    /// Opens the log in the file `path`, or makes it. `owner` is the order key under which its entries are signed; a
    /// mark beside the file tells when the log is not the one that was written under that key.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the file cannot be opened, is open elsewhere, is of another format or must not go on under that
    /// key: then [`RedbLog::retire`] comes next.
    pub fn open(path: impl Into<PathBuf>, owner: OrderKey) -> Result<Self, OpenError> {
        let path = path.into();
        let mark = path.with_extension("mark");
        let store = Store::open(move || PreallocatedFile::open(&path))?;
        let mark = MarkFile::open(mark).map_err(OpenError::Mark)?;
        Ok(Self::over(store.with_mark(Box::new(mark), owner)?)?)
    }

    /// As [`Store::retire`] for the log in the file `path`, which nobody has open.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the file cannot be opened, is open elsewhere, is of another format or cannot be written.
    pub fn retire(
        path: impl Into<PathBuf>,
        keys: &[OrderKey],
        at: Millis,
        sign: Sign<'_>,
    ) -> Result<u64, OpenError> {
        let path = path.into();
        let store = Store::open(move || PreallocatedFile::open(&path))?;
        let count = store.retire(keys, at, sign)?;
        store.close();
        Ok(count)
    }

    /// As [`Store::compact`] for the log in the file `path`, which nobody has open.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the file is not there, cannot be opened, is open elsewhere, is of another format or cannot be
    /// written.
    pub fn compact(path: impl Into<PathBuf>) -> Result<(), OpenError> {
        let path = path.into();
        if let Err(error) = std::fs::metadata(&path) {
            return Err(Box::new(redb::Error::Io(error)).into());
        }
        let store = Store::open(move || PreallocatedFile::open(&path))?;
        store.compact().map_err(Box::new)?;
        store.close();
        Ok(())
    }

    /// As [`Store::given_up`].
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the log is closed or cannot be read.
    pub fn given_up(&self) -> Result<Vec<GivenUp>, ReadError> {
        self.store.given_up()
    }

    /// As [`Store::export`]; waits for the disk and for `put`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn export(
        &self,
        owner: OrderKey,
        at: Millis,
        sign: Sign<'_>,
        put: Put<'_>,
    ) -> Result<u64, CopyError> {
        self.store.export(owner, at, sign, put)
    }

    /// As [`Store::position`]; waits for the disk.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn position(&self) -> Result<u64, ReadError> {
        self.store.position()
    }

    /// The order key under which the log was written before, where that was another one and was not given up here.
    #[must_use]
    pub fn former_owner(&self) -> Option<OrderKey> {
        self.store.former_owner
    }

    /// The log in an open store, with a writer of its own.
    ///
    /// # Errors
    ///
    /// Where there is no thread for the writer.
    pub fn over(store: Store) -> io::Result<Self> {
        let store = Arc::new(store);
        let (group, writer) = GroupCommit::new(store.clone(), Bounds::default(), Instant::now);
        std::thread::Builder::new()
            .name("order-log".into())
            .spawn(move || writer.run())?;
        Ok(Self { store, group })
    }

    fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Store) -> Result<T, ReadError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, ReadError>> {
        let store = self.store.clone();
        async move {
            tokio::task::spawn_blocking(move || read(&store))
                .await
                .unwrap_or_else(|error| Err(ReadError::Unavailable(error.to_string())))
        }
        .boxed()
    }
}

impl OrderLog for RedbLog {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Position, AppendError>> {
        self.group.append(append).boxed()
    }

    fn read(
        &self,
        chain: ChainId,
        after: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Entry)>, ReadError>> {
        self.reading(move |store| store.read(chain, after, limit))
    }

    fn game(&self, game: GameId) -> BoxFuture<'_, Result<Option<StoredGame>, ReadError>> {
        self.reading(move |store| store.game(game))
    }

    fn games(
        &self,
        which: Which,
        after: Option<GameId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>> {
        self.reading(move |store| store.games(which, after, limit))
    }

    fn mark_alive(&self, relay: &str, at: Millis) {
        self.group.mark_alive(relay, at);
    }

    fn alive_mark(&self, relay: &str) -> BoxFuture<'_, Result<Option<Millis>, ReadError>> {
        let relay = relay.to_owned();
        self.reading(move |store| store.alive_mark(&relay))
    }

    fn meta(&self, key: &str) -> BoxFuture<'_, Result<Option<Vec<u8>>, ReadError>> {
        let key = key.to_owned();
        self.reading(move |store| store.meta(&key))
    }

    fn set_meta(&self, key: &str, value: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        let key = key.to_owned();
        async move { self.group.set_meta(&key, value).await }.boxed()
    }

    fn forget(&self, game: GameId, at: Millis) -> BoxFuture<'_, Result<(), AppendError>> {
        self.group.forget(game, at).boxed()
    }

    fn archive(&self, games: Vec<GameId>) -> BoxFuture<'_, Result<u64, AppendError>> {
        self.group.archive(games).boxed()
    }

    fn stock(&self) -> BoxFuture<'_, Result<Stock, ReadError>> {
        self.reading(Store::stock)
    }

    fn forgotten(&self) -> BoxFuture<'_, Result<Vec<GameId>, ReadError>> {
        self.reading(Store::forgotten)
    }

    fn watch(&self) -> broadcast::Receiver<Committed> {
        self.group.watch()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.group.health()
    }

    fn counters(&self) -> Counts {
        self.group.counters()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.group.close().boxed()
    }
}

#[cfg(test)]
mod tests;
