//! Logs that lose power: a plain one, quick, and the shipped store on a simulated disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rookery_ledger::id::{GameId, Millis, OrderKey};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::sign::Keypair;
use rookery_relay::order_log::redb::{
    CommitStore as _, MARK_LEN, MarkStorage, OpenError, Sign, Store, Write,
};
use rookery_relay::order_log::{
    Append, AppendError, ChainId, Entry, Position, ReadError, Request, Response, StoredGame, Which,
};

use rookery_relay::sequencer::signed_for_good;

use super::disk::Disk;
use crate::real::Random;

/// What is left of a commit when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing of it, or all.
    Whole,
    /// Some of its appends and not others, or sectors of a write and not others.
    Torn,
}

/// One log, with every relay that shares it.
pub(super) enum Log {
    /// Maps in memory.
    Plain(Plain),
    /// The shipped store.
    Shipped(Box<Shipped>),
}

/// What is on the disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Plain {
    games: BTreeMap<GameId, Vec<u8>>,
    chains: BTreeMap<ChainId, Vec<Entry>>,
    open: BTreeSet<GameId>,
    marks: BTreeMap<String, Millis>,
    full: bool,
}

/// The shipped store, on a disk of its own.
pub(super) struct Shipped {
    disk: Disk,
    mark: MarkCell,
    owner: OrderKey,
    store: Store,
}

/// A copy of a log that may be put back later.
pub(super) enum Backup {
    Plain(Plain),
    Shipped(Vec<u8>),
}

#[derive(Debug, Clone, Default)]
struct MarkCell(Arc<Mutex<Option<[u8; MARK_LEN]>>>);

impl MarkStorage for MarkCell {
    fn read(&self) -> std::io::Result<Option<[u8; MARK_LEN]>> {
        Ok(*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, mark: &[u8; MARK_LEN]) -> std::io::Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(*mark);
        Ok(())
    }

    fn sync(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn open(disk: &Disk, mark: &MarkCell, owner: OrderKey) -> Result<Store, OpenError> {
    let disk = disk.clone();
    Store::open(move || Ok(disk.clone()))?.with_mark(Box::new(mark.clone()), owner)
}

impl Log {
    /// An empty log for relays with the key `owner`.
    pub(super) fn new(shipped: bool, owner: OrderKey) -> Result<Self, OpenError> {
        if !shipped {
            return Ok(Self::Plain(Plain::default()));
        }
        let (disk, mark) = (Disk::default(), MarkCell::default());
        let store = open(&disk, &mark, owner)?;
        Ok(Self::Shipped(Box::new(Shipped {
            disk,
            mark,
            owner,
            store,
        })))
    }

    /// Answers a question; appends go through [`Log::commit`].
    pub(super) fn answer(&self, request: &Request) -> Response {
        match request {
            Request::Game(game) => Response::Game(self.game(*game)),
            Request::Read {
                chain,
                after,
                limit,
            } => Response::Read(self.read(*chain, *after, *limit)),
            Request::Append(_) => {
                Response::Append(Err(AppendError::Unavailable("not asked so".into())))
            }
        }
    }

    pub(super) fn game(&self, game: GameId) -> Result<Option<StoredGame>, ReadError> {
        match self {
            Self::Plain(plain) => Ok(plain.game(game)),
            Self::Shipped(shipped) => shipped.store.game(game),
        }
    }

    pub(super) fn read(
        &self,
        chain: ChainId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Entry)>, ReadError> {
        match self {
            Self::Plain(plain) => {
                let entries = plain.chains.get(&chain).map_or(&[][..], Vec::as_slice);
                let placed = (1..).map(Position).zip(entries.iter().cloned());
                let behind = placed.filter(|(position, _)| *position > after);
                Ok(behind.take(limit).collect())
            }
            Self::Shipped(shipped) => shipped.store.read(chain, after, limit),
        }
    }

    /// The games that go on.
    pub(super) fn open_games(&self) -> Vec<GameId> {
        match self {
            Self::Plain(plain) => plain.open.iter().copied().collect(),
            Self::Shipped(shipped) => shipped
                .store
                .games(Which::Open, None, usize::MAX)
                .unwrap_or_default(),
        }
    }

    /// Makes appends durable together.
    pub(super) fn commit(&mut self, appends: &[Append]) -> Vec<Result<Position, AppendError>> {
        match self {
            Self::Plain(plain) => appends.iter().map(|append| plain.append(append)).collect(),
            Self::Shipped(shipped) => {
                let writes = with_archive(appends);
                if !shipped.store.is_open() {
                    shipped.store.reopen();
                }
                let committed = shipped.store.commit(&writes);
                let mut results = committed.unwrap_or_else(|error| {
                    shipped.store.reopen();
                    appends.iter().map(|_| Err(error.clone())).collect()
                });
                results.truncate(appends.len());
                results
            }
        }
    }

    /// The power goes while `appends` are on their way to the disk. The relay that comes back opens what is there.
    pub(super) fn power_cut(
        &mut self,
        appends: &[Append],
        random: &mut Random,
    ) -> Result<Left, OpenError> {
        match self {
            Self::Plain(plain) => {
                let some = random.below(appends.len() as u64 + 1);
                let some = usize::try_from(some).unwrap_or(0);
                for append in appends.iter().take(some) {
                    let _ = plain.append(append);
                }
                let torn = some > 0 && some < appends.len();
                Ok(if torn { Left::Torn } else { Left::Whole })
            }
            Self::Shipped(shipped) => {
                shipped.disk.fail_after(random.below(24));
                let writes = with_archive(appends);
                let _ = shipped.store.commit(&writes);
                // Nothing that the store does on its way out reaches the disk.
                shipped.disk.fail_after(0);
                shipped.store.close();
                let torn = shipped.disk.power_cut(random);
                shipped.store = open(&shipped.disk, &shipped.mark, shipped.owner)?;
                Ok(if torn { Left::Torn } else { Left::Whole })
            }
        }
    }

    /// The process goes while `appends` are on their way; the machine does not.
    pub(super) fn kill(
        &mut self,
        appends: &[Append],
        random: &mut Random,
    ) -> Result<(), OpenError> {
        if random.below(2) == 0 {
            let _ = self.commit(appends);
        }
        if let Self::Shipped(shipped) = self {
            shipped.disk.fail_after(0);
            shipped.store.close();
            shipped.disk.revive();
            shipped.store = open(&shipped.disk, &shipped.mark, shipped.owner)?;
        }
        Ok(())
    }

    pub(super) fn set_full(&mut self, full: bool) {
        match self {
            Self::Plain(plain) => plain.full = full,
            Self::Shipped(shipped) => shipped.disk.set_full(full),
        }
    }

    pub(super) fn mark_alive(&mut self, relay: &str, at: Millis) {
        match self {
            Self::Plain(plain) => drop(plain.marks.insert(relay.into(), at)),
            Self::Shipped(shipped) => {
                let mark = Write::Mark(relay.into(), at);
                if shipped.store.commit(&[mark]).is_err() {
                    shipped.store.reopen();
                }
            }
        }
    }

    pub(super) fn alive_mark(&self, relay: &str) -> Option<Millis> {
        match self {
            Self::Plain(plain) => plain.marks.get(relay).copied(),
            Self::Shipped(shipped) => shipped.store.alive_mark(relay).ok().flatten(),
        }
    }

    pub(super) fn backup(&self) -> Backup {
        match self {
            Self::Plain(plain) => Backup::Plain(plain.clone()),
            Self::Shipped(shipped) => Backup::Shipped(shipped.disk.bytes()),
        }
    }

    /// Puts an old copy back. Whether the log may go on under the key that it had; else `keys`, all that its relays ever had,
    /// sign over it for the last time, and it belongs to `next` from here.
    pub(super) fn restore(
        &mut self,
        backup: &Backup,
        keys: &[Keypair],
        next: OrderKey,
    ) -> Result<bool, OpenError> {
        let sign = |by, game, entry: &Entry| signed_for_good(keys, by, game, entry);
        match (self, backup) {
            (Self::Plain(plain), Backup::Plain(old)) => {
                // How much room there is was no part of the copy.
                *plain = Plain {
                    full: plain.full,
                    ..old.clone()
                };
                // The shipped store finds it out by its mark; this one is told.
                let goes_on = Mutant::BACKUP_GOES_ON.is_on();
                if !goes_on {
                    plain.retire(&sign);
                }
                Ok(goes_on)
            }
            (Self::Shipped(shipped), Backup::Shipped(old)) => {
                shipped.store.close();
                shipped.disk.replace(old.clone());
                match open(&shipped.disk, &shipped.mark, shipped.owner) {
                    Ok(store) => {
                        shipped.store = store;
                        Ok(true)
                    }
                    Err(OpenError::RolledBack(_)) => {
                        let disk = shipped.disk.clone();
                        let store = Store::open(move || Ok(disk.clone()))?;
                        let names: Vec<_> = keys.iter().map(Keypair::order).collect();
                        store.retire(&names, Millis::ZERO, &sign)?;
                        store.close();
                        shipped.owner = next;
                        shipped.store = open(&shipped.disk, &shipped.mark, next)?;
                        Ok(false)
                    }
                    Err(error) => Err(error),
                }
            }
            _ => Ok(true),
        }
    }
}

/// The appends, and that every game of theirs that need not be watched is archived right behind them: whatever comes of it
/// later, and whatever breaks the commit off, has to show the same as if nothing ever were.
fn with_archive(appends: &[Append]) -> Vec<Write> {
    let games = appends.iter().map(|append| append.chain.game);
    let games: BTreeSet<GameId> = games.collect();
    let appends = appends.iter().cloned().map(Write::Append);
    appends
        .chain(games.into_iter().map(Write::Archive))
        .collect()
}

impl Plain {
    fn retire(&mut self, sign: Sign<'_>) {
        for (chain, entries) in &mut self.chains {
            for entry in entries {
                if let Some(signed) = sign(chain.order_key, chain.game, entry) {
                    entry.receipt = signed;
                }
            }
        }
    }

    fn game(&self, game: GameId) -> Option<StoredGame> {
        let genesis = self.games.get(&game)?.clone();
        let chain = |key| ChainId {
            game,
            order_key: OrderKey([key; 32]),
        };
        let chains = self.chains.range(chain(0)..=chain(0xff));
        let chains = chains.filter(|(_, entries)| !entries.is_empty());
        let ends = chains.map(|(chain, entries)| (chain.order_key, Position(entries.len() as u64)));
        Some(StoredGame {
            genesis,
            chains: ends.collect(),
            open: self.open.contains(&game),
        })
    }

    fn append(&mut self, append: &Append) -> Result<Position, AppendError> {
        if self.full {
            return Err(AppendError::DiskFull);
        }
        let chain = self.chains.entry(append.chain).or_default();
        let head = Position(chain.len() as u64);
        if head != append.expected && !Mutant::APPENDS_ANYWHERE.is_on() {
            return Err(AppendError::Conflict { actual: head });
        }
        chain.extend(append.entries.iter().cloned());
        let head = Position(chain.len() as u64);
        let game = append.chain.game;
        if let Some(genesis) = &append.genesis {
            let kept = self.games.entry(game);
            kept.or_insert_with(|| genesis.clone());
        }
        match append.open {
            Some(true) => drop(self.open.insert(game)),
            Some(false) => drop(self.open.remove(&game)),
            None => {}
        }
        Ok(head)
    }
}
