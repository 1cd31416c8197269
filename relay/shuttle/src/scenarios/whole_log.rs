//! The group commit over the store that ships, on a disk whose fsync fails, beside readers: what was acknowledged is there
//! for every reader, and after a power cut at any moment.

use std::sync::{Arc, Mutex, PoisonError};

use shuttle::rand::{Rng as _, thread_rng};

use super::disk::Disk;
use super::group_commit::{append, chain, clock};
use crate::order_log::redb::{Bounds, GroupCommit, Store};
use crate::order_log::{AppendError, ChainId, Position, ReadError};

/// An append that was acknowledged: its chain, the place behind which it stands, its entries' names.
type Told = (ChainId, Position, Vec<u64>);

struct Table {
    group: GroupCommit,
    store: Arc<Store>,
    disk: Disk,
    told: Mutex<Vec<Told>>,
}

impl Table {
    fn told(&self) -> Vec<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }
}

/// All of `told` is in the store, and no chain has a gap; `None` where the store is being opened again.
fn check(store: &Store, told: &[Told]) -> Option<()> {
    for (chain, expected, names) in told {
        let entries = match store.read(*chain, Position::START, usize::MAX) {
            Ok(entries) => entries,
            Err(ReadError::Unavailable(_)) => return None,
            Err(error) => panic!("a log that cannot be read: {error}"),
        };
        for (place, (position, _)) in (1..).zip(&entries) {
            assert_eq!(position.0, place, "a gap in a chain");
        }
        let place = entries.iter().skip(expected.0 as usize).take(names.len());
        let there: Vec<u64> = place.map(|(_, entry)| entry.seq).collect();
        assert_eq!(
            there, *names,
            "acknowledged behind {expected:?}, but not there"
        );
    }
    Some(())
}

async fn call(table: Arc<Table>, n: u8) {
    let chain = if thread_rng().r#gen() {
        chain(0)
    } else {
        chain(n)
    };
    let mut head = Position::START;
    for turn in 0..thread_rng().gen_range(1..=3) {
        let first = u64::from(n) * 100 + turn * 2;
        let names = [first, first + 1];
        let names = &names[..thread_rng().gen_range(1..=2)];
        match table.group.append(append(chain, head, names)).await {
            Ok(now) => {
                let mut all = table.told.lock().unwrap_or_else(PoisonError::into_inner);
                all.push((chain, head, names.to_vec()));
                head = now;
            }
            Err(AppendError::Conflict { actual }) => {
                assert_ne!(actual, head, "refused at the place that was expected");
                head = actual;
            }
            Err(_) => return,
        }
    }
}

async fn look(table: Arc<Table>) {
    for _ in 0..thread_rng().gen_range(1..=3) {
        let told = table.told();
        let _ = check(&table.store, &told);
        shuttle::thread::yield_now();
    }
}

/// The power fails at some moment; later the log is opened on what the disk kept.
async fn cut(table: Arc<Table>) {
    for _ in 0..thread_rng().gen_range(0..8) {
        shuttle::thread::yield_now();
    }
    let (kept, told) = (table.disk.cut(), table.told());
    check_kept(&kept, &told);
}

fn check_kept(kept: &Disk, told: &[Told]) {
    let disk = kept.clone();
    let store = match Store::open(move || Ok(disk.clone())) {
        Ok(store) => store,
        Err(error) => panic!("a log that is not opened after a power cut: {error}"),
    };
    assert!(
        check(&store, told).is_some(),
        "a log that cannot be read after a power cut"
    );
}

pub(crate) fn run() {
    let mut dice = thread_rng();
    let disk = Disk::new(Vec::new());
    let opened = disk.clone();
    let Ok(store) = Store::open(move || Ok(opened.clone())) else {
        panic!("a new log is not opened");
    };
    disk.fail_one_in([0, 0, 8, 24][dice.gen_range(0..4)]);
    let store = Arc::new(store);
    let bounds = Bounds {
        queue: dice.gen_range(1..=4),
        batch: dice.gen_range(1..=3),
        ..Bounds::default()
    };
    let (group, writer) = GroupCommit::new(store.clone(), bounds, clock());
    let writer = shuttle::thread::spawn(move || writer.run());
    let table = Arc::new(Table {
        group,
        store,
        disk: disk.clone(),
        told: Mutex::default(),
    });
    let mut tasks = Vec::new();
    for n in 1..=dice.gen_range(2..=3) {
        tasks.push(shuttle::future::spawn(call(table.clone(), n)));
    }
    tasks.push(shuttle::future::spawn(look(table.clone())));
    tasks.push(shuttle::future::spawn(cut(table.clone())));
    for task in tasks {
        assert!(
            shuttle::future::block_on(task).is_ok(),
            "a task was stopped"
        );
    }
    let told = table.told();
    drop(table);
    assert!(writer.join().is_ok(), "the writer broke off");
    check_kept(&disk.cut(), &told);
}
