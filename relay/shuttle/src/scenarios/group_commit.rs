//! Callers who append to chains of their own and to one that all want, keep values and marks, give up, and close the log,
//! over a store that fails: what was answered must be what was made durable.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use rookery_ledger::id::{GameId, Millis, OrderKey};
use shuttle::future::JoinHandle;
use shuttle::rand::{Rng as _, thread_rng};

use super::shelf::Shelf;
use crate::order_log::redb::{Bounds, GroupCommit};
use crate::order_log::{Append, AppendError, ChainId, Entry, Health, Position};

/// A clock that moves when it is looked at.
pub(super) fn clock() -> impl Fn() -> Instant + Send + 'static {
    let (start, passed) = (Instant::now(), AtomicU64::new(0));
    move || {
        let steps = [0, 0, 1, 100, 250, 1_500];
        let step = steps[thread_rng().gen_range(0..steps.len())];
        let passed = passed.fetch_add(step, Ordering::Relaxed) + step;
        start + Duration::from_millis(passed)
    }
}

pub(super) fn chain(n: u8) -> ChainId {
    ChainId {
        game: GameId([n; 32]),
        order_key: OrderKey([7; 32]),
    }
}

/// An append of entries with these names.
pub(super) fn append(chain: ChainId, expected: Position, names: &[u64]) -> Append {
    let entry = |name: &u64| Entry {
        epoch: 0,
        seq: *name,
        receipt: name.to_be_bytes().to_vec(),
        item: None,
    };
    Append {
        chain,
        expected,
        genesis: Some(b"genesis".to_vec()),
        entries: names.iter().map(entry).collect(),
        open: Some(true),
    }
}

/// What all callers see of each other.
struct Table {
    group: GroupCommit,
    shelf: Arc<Shelf>,
    /// Whether what one poll hands over is taken: the queue has room for all.
    roomy: bool,
    /// Who won each place.
    places: Mutex<BTreeMap<(ChainId, Position), u64>>,
    /// Appends that won and were told so.
    told: AtomicU64,
    /// Appends that nobody waited for.
    given_up: AtomicU64,
    names: AtomicU64,
}

impl Table {
    fn name(&self) -> u64 {
        self.names.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether the log may refuse what is no conflict.
    fn may_refuse(&self) -> bool {
        self.shelf.has_failed() || self.shelf.is_closing()
    }

    /// Appends at `expected` and holds the answer against the store. Gives the chain's end as far as the answer tells.
    async fn append(&self, chain: ChainId, expected: Position) -> Option<Position> {
        let many = thread_rng().gen_range(1..=2);
        let names: Vec<u64> = (0..many).map(|_| self.name()).collect();
        let mut answer = Box::pin(self.group.append(append(chain, expected, &names)));
        let at_once = (&mut answer).now_or_never();
        // Taken before anybody asked to close.
        let taken = self.roomy && !self.shelf.is_closing();
        let answer = match at_once {
            Some(answer) => answer,
            None if thread_rng().gen_range(0..8) == 0 => {
                self.given_up.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            None => answer.await,
        };
        let stored = self.shelf.chain(chain);
        match answer {
            Ok(head) => {
                assert_eq!(head.0, expected.0 + many, "the place that was won");
                let place = expected.0 as usize..head.0 as usize;
                assert_eq!(
                    stored.get(place),
                    Some(&names[..]),
                    "acknowledged, but not durable"
                );
                let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
                let rival = places.insert((chain, expected), names[0]);
                assert_eq!(rival, None, "two won one place");
                self.told.fetch_add(1, Ordering::Relaxed);
                Some(head)
            }
            Err(AppendError::Conflict { actual }) => {
                assert_ne!(actual, expected, "refused at the place that was expected");
                assert!(
                    actual.0 <= stored.len() as u64,
                    "a conflict with what is not there"
                );
                let there = names.iter().any(|name| stored.contains(name));
                assert!(!there, "refused, but written");
                Some(actual)
            }
            Err(error) => {
                assert!(self.may_refuse(), "refused without a reason: {error}");
                if taken && !self.shelf.has_failed() {
                    panic!("taken before the log was closed, but not served: {error}");
                }
                // What became of it is unknown: the tail tells.
                Some(Position(stored.len() as u64))
            }
        }
    }
}

/// Runs one caller.
async fn call(table: Arc<Table>, own: ChainId, shared: ChainId) {
    let mut heads: BTreeMap<ChainId, Position> = BTreeMap::new();
    for _ in 0..thread_rng().gen_range(1..=3) {
        match thread_rng().gen_range(0..8) {
            0 => {
                let value = vec![table.name() as u8];
                let key = format!("{own:?}");
                match table.group.set_meta(&key, value.clone()).await {
                    Ok(()) => {
                        assert_eq!(table.shelf.meta(&key), Some(value), "kept, but not durable")
                    }
                    Err(error) => assert!(table.may_refuse(), "refused without a reason: {error}"),
                }
            }
            1 => table.group.mark_alive("here", Millis::new(table.name())),
            n => {
                let chain = if n < 5 { shared } else { own };
                let expected = heads.get(&chain).copied().unwrap_or_default();
                let head = table.append(chain, expected).await;
                // Who gave up looks for himself.
                let head = head.unwrap_or_else(|| Position(table.shelf.chain(chain).len() as u64));
                heads.insert(chain, head);
            }
        }
    }
}

/// Hears of nothing that is not durable.
async fn watch(table: Arc<Table>) {
    let mut news = table.group.watch();
    for _ in 0..4 {
        while let Ok(seen) = news.try_recv() {
            let there = table.shelf.chain(seen.chain).len() as u64;
            assert!(seen.head.0 <= there, "watchers hear of what is not durable");
        }
        shuttle::thread::yield_now();
    }
}

async fn close(table: Arc<Table>) {
    for _ in 0..thread_rng().gen_range(0..6) {
        shuttle::thread::yield_now();
    }
    table.shelf.close_begins();
    table.group.close().await;
    assert!(
        table.shelf.is_closed(),
        "said to be closed, but the store is open"
    );
    let before = table.shelf.commits();
    let late = table
        .group
        .append(append(chain(99), Position::START, &[u64::MAX]));
    let late = late.await;
    assert!(
        matches!(late, Err(AppendError::Unavailable(_))),
        "taken after the log was closed: {late:?}"
    );
    assert_eq!(table.shelf.commits(), before, "a commit after the close");
}

pub(crate) fn run() {
    let mut dice = thread_rng();
    let roomy = dice.r#gen::<bool>();
    let bounds = Bounds {
        queue: if roomy { 32 } else { dice.gen_range(1..=3) },
        batch: dice.gen_range(1..=3),
        ..Bounds::default()
    };
    let fails_one_in = [0, 0, 2, 4][dice.gen_range(0..4)];
    let shelf = Arc::new(Shelf::new(bounds, fails_one_in));
    let (group, writer) = GroupCommit::new(shelf.clone(), bounds, clock());
    let health = group.health();
    let table = Arc::new(Table {
        group,
        shelf: shelf.clone(),
        roomy,
        places: Mutex::default(),
        told: AtomicU64::new(0),
        given_up: AtomicU64::new(0),
        names: AtomicU64::new(0),
    });
    let writer = shuttle::thread::spawn(move || writer.run());
    let mut tasks: Vec<JoinHandle<()>> = Vec::new();
    for n in 0..dice.gen_range(2..=4) {
        let caller = call(table.clone(), chain(n + 1), chain(0));
        tasks.push(shuttle::future::spawn(caller));
    }
    if dice.r#gen() {
        tasks.push(shuttle::future::spawn(watch(table.clone())));
    }
    for _ in 0..[0, 1, 2][dice.gen_range(0..3)] {
        tasks.push(shuttle::future::spawn(close(table.clone())));
    }
    for task in tasks {
        let Ok(()) = shuttle::future::block_on(task) else {
            panic!("a task was stopped");
        };
    }
    let counts = table.group.counters();
    let (told, given_up) = (
        table.told.load(Ordering::Relaxed),
        table.given_up.load(Ordering::Relaxed),
    );
    // Nobody can write any more: the writer ends by itself.
    drop(table);
    assert!(writer.join().is_ok(), "the writer broke off");
    assert!(
        shelf.is_closed(),
        "the writer ended and left the store open"
    );
    shelf.check_names();
    let won = shelf.won();
    assert!(
        told <= won && won <= told + given_up,
        "{won} won, {told} were told so, {given_up} gave up"
    );
    assert!(
        counts.appends <= won,
        "{} of {won} appends counted",
        counts.appends
    );
    let expected: &[Health] = match shelf.last_failure() {
        None => &[Health::Ready, Health::Busy],
        Some(AppendError::DiskFull) => &[Health::Full, Health::Down],
        Some(_) => &[Health::Down],
    };
    let health = *health.borrow();
    assert!(expected.contains(&health), "the log says {health:?}");
}
