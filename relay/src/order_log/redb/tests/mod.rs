//! What the redb log promises: one winner for each place, nothing acknowledged is lost, a full disk is survived.

mod archive;
mod restored;

use std::io::{BufRead as _, BufReader};
use std::ops::Bound;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use redb::backends::InMemoryBackend;
use redb::{BackendError, StorageBackend};

use super::rows::{META, decode_entry, encode_entry};
use super::store::{FORMAT_KEY, begin, builder, prepare};
use super::*;

fn chain(name: u8) -> ChainId {
    ChainId {
        game: GameId([name; 32]),
        order_key: OrderKey([7; 32]),
    }
}

fn entry(seq: u64, text: &str) -> Entry {
    Entry {
        epoch: 0,
        seq,
        receipt: text.as_bytes().to_vec(),
        item: seq.is_multiple_of(2).then(|| vec![seq as u8; 300]),
    }
}

fn append(chain: ChainId, expected: Position, text: &str) -> Append {
    let entries = vec![entry(expected.0, text)];
    Append {
        chain,
        expected,
        genesis: Some(b"genesis".to_vec()),
        entries,
        open: Some(true),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap()
}

/// A disk that outlives the database on it, holds `capacity` bytes at most, and can be told to fail its fsync.
#[derive(Debug, Clone)]
struct Disk(Arc<DiskState>);

#[derive(Debug)]
struct DiskState {
    content: Mutex<Vec<u8>>,
    capacity: AtomicU64,
    sync_fails: AtomicBool,
}

impl Disk {
    fn new(capacity: u64) -> Self {
        let (content, sync_fails) = (Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(DiskState {
            content,
            capacity: capacity.into(),
            sync_fails,
        }))
    }

    fn used(&self) -> u64 {
        self.0.content.lock().unwrap().len() as u64
    }

    fn open(&self) -> Result<RedbLog, OpenError> {
        let disk = self.clone();
        Ok(RedbLog::over(Store::open(move || Ok(disk.clone()))?)?)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.used())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let content = self.0.content.lock().unwrap();
        out.copy_from_slice(&content[offset as usize..][..out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        if len > self.0.capacity.load(Ordering::SeqCst) {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.content.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        if self.0.sync_fails.swap(false, Ordering::SeqCst) {
            return Err(std::io::Error::other("the disk did not answer"));
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.content.lock().unwrap()[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}

fn in_memory() -> RedbLog {
    let opened = AtomicBool::new(false);
    let store = Store::open(move || {
        assert!(
            !opened.swap(true, Ordering::SeqCst),
            "memory cannot be opened twice"
        );
        Ok(InMemoryBackend::new())
    });
    RedbLog::over(store.unwrap()).unwrap()
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    for seq in 0..2 {
        assert_eq!(
            decode_entry(&encode_entry(&entry(seq, "receipt"))),
            Some(entry(seq, "receipt"))
        );
    }
    let mut bytes = encode_entry(&entry(1, "receipt"));
    bytes.push(0);
    assert_eq!(
        decode_entry(&bytes),
        None,
        "bytes after the end are not ignored"
    );
    assert_eq!(decode_entry(&bytes[..20]), None);
}

#[test]
fn games_chains_marks_and_values_are_found_again() {
    runtime().block_on(async {
        let log = in_memory();
        let other = ChainId {
            order_key: OrderKey([9; 32]),
            ..chain(2)
        };
        let head = log
            .append(append(chain(1), Position::START, "a"))
            .await
            .unwrap();
        let head = log.append(append(chain(1), head, "b")).await.unwrap();
        log.append(append(chain(2), Position::START, "c"))
            .await
            .unwrap();
        log.append(append(other, Position::START, "d"))
            .await
            .unwrap();
        let close = Append {
            chain: chain(1),
            expected: head,
            genesis: None,
            entries: vec![],
            open: Some(false),
        };
        log.append(close).await.unwrap();

        let game = log.game(GameId([2; 32])).await.unwrap().unwrap();
        assert_eq!(game.genesis, b"genesis");
        assert_eq!(
            game.chains,
            [
                (OrderKey([7; 32]), Position(1)),
                (OrderKey([9; 32]), Position(1))
            ]
        );
        assert_eq!(log.game(GameId([3; 32])).await.unwrap(), None);
        assert_eq!(
            log.games(Which::All, None, 10).await.unwrap(),
            [GameId([1; 32]), GameId([2; 32])]
        );
        assert_eq!(
            log.games(Which::All, Some(GameId([1; 32])), 10)
                .await
                .unwrap(),
            [GameId([2; 32])]
        );
        assert_eq!(
            log.games(Which::Open, None, 10).await.unwrap(),
            [GameId([2; 32])]
        );
        assert_eq!(
            log.read(chain(1), Position(1), 10).await.unwrap(),
            [(Position(2), entry(1, "b"))]
        );
        assert_eq!(
            log.read(chain(1), Position::START, 1).await.unwrap(),
            [(Position(1), entry(0, "a"))]
        );

        log.mark_alive("here", Millis::new(5));
        log.set_meta("k", b"v".to_vec()).await.unwrap();
        assert_eq!(log.alive_mark("here").await.unwrap(), Some(Millis::new(5)));
        assert_eq!(log.alive_mark("there").await.unwrap(), None);
        assert_eq!(log.meta("k").await.unwrap().as_deref(), Some(&b"v"[..]));
    });
}

#[test]
fn of_eight_threads_that_race_for_each_place_exactly_one_wins() {
    const PLACES: u64 = 50;
    let runtime = runtime();
    let log = Arc::new(in_memory());
    let racers: Vec<_> = (0..8)
        .map(|racer| {
            let (log, handle) = (log.clone(), runtime.handle().clone());
            std::thread::spawn(move || {
                let mut won = Vec::new();
                let mut head = Position::START;
                while head.0 < PLACES {
                    let text = format!("{racer} at {}", head.0);
                    match handle.block_on(log.append(append(chain(1), head, &text))) {
                        Ok(position) => {
                            won.push((position, text));
                            head = position;
                        }
                        Err(AppendError::Conflict { actual }) => {
                            assert!(actual > head, "a conflict names a newer head");
                            head = actual;
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
                won
            })
        })
        .collect();
    let mut won: Vec<_> = racers
        .into_iter()
        .flat_map(|racer| racer.join().unwrap())
        .collect();
    won.sort();
    let stored = runtime
        .block_on(log.read(chain(1), Position::START, 1000))
        .unwrap();
    let stored: Vec<_> = stored
        .into_iter()
        .map(|(at, entry)| (at, String::from_utf8(entry.receipt).unwrap()))
        .collect();
    assert_eq!(
        stored, won,
        "what was acknowledged is what is stored, one for each place"
    );
    assert_eq!(won.len() as u64, PLACES);
}

#[test]
fn appends_that_wait_together_share_a_commit() {
    let runtime = runtime();
    let log = in_memory();
    let before = log.counters().commits;
    runtime.block_on(async {
        let all = (0..200).map(|name| log.append(append(chain(name), Position::START, "x")));
        for result in futures::future::join_all(all).await {
            result.unwrap();
        }
    });
    let commits = log.counters().commits - before;
    assert_eq!(log.counters().appends, 200);
    assert!(commits < 100, "200 appends took {commits} commits");
}

#[test]
fn a_full_disk_acknowledges_nothing_lets_reads_go_on_and_recovers_with_room() {
    let disk = Disk::new(u64::MAX);
    let log = disk.open().unwrap();
    runtime().block_on(async {
        let mut head = log
            .append(append(chain(1), Position::START, "first"))
            .await
            .unwrap();
        disk.0.capacity.store(disk.used(), Ordering::SeqCst);
        let filler = "x".repeat(60_000);
        let mut watch = log.watch();
        let refused = loop {
            match log.append(append(chain(1), head, &filler)).await {
                Ok(position) => head = position,
                Err(error) => break error,
            }
        };
        assert_eq!(refused, AppendError::DiskFull);
        assert_eq!(*log.health().borrow(), Health::Full);
        while let Ok(seen) = watch.try_recv() {
            assert!(
                seen.head <= head,
                "watchers hear of nothing that was not acknowledged"
            );
        }
        let stored = log.read(chain(1), Position::START, 10_000).await.unwrap();
        assert_eq!(
            stored.len() as u64,
            head.0,
            "reads go on and show exactly what was acknowledged"
        );

        disk.0.capacity.store(u64::MAX, Ordering::SeqCst);
        let recovered = loop {
            // Refused without a try for a moment after a failure, so that a full disk is not hammered.
            match log.append(append(chain(1), head, "after")).await {
                Ok(position) => break position,
                Err(error) => assert_eq!(error, AppendError::DiskFull),
            }
        };
        assert_eq!(recovered, Position(head.0 + 1));
        assert_eq!(*log.health().borrow(), Health::Ready);
        log.close().await;
    });
    drop(log);
    let log = disk.open().unwrap();
    runtime().block_on(async {
        let stored = log.read(chain(1), Position::START, 10_000).await.unwrap();
        assert_eq!(stored.first().unwrap().1.receipt, b"first");
        assert_eq!(stored.last().unwrap().1.receipt, b"after");
    });
}

#[test]
fn after_a_failed_fsync_the_tail_tells_what_became_of_the_append() {
    let disk = Disk::new(u64::MAX);
    let log = disk.open().unwrap();
    runtime().block_on(async {
        let head = log
            .append(append(chain(1), Position::START, "sure"))
            .await
            .unwrap();
        disk.0.sync_fails.store(true, Ordering::SeqCst);
        let unknown = log
            .append(append(chain(1), head, "unsure"))
            .await
            .unwrap_err();
        assert!(matches!(unknown, AppendError::Unavailable(_)), "{unknown}");
        let tail = log.read(chain(1), head, 10).await.unwrap();
        assert!(tail.len() <= 1);
        let head = Position(head.0 + tail.len() as u64);
        loop {
            match log.append(append(chain(1), head, "next")).await {
                Ok(position) => break assert_eq!(position.0, head.0 + 1),
                Err(AppendError::Unavailable(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
    });
}

#[test]
fn a_log_that_could_not_be_opened_again_is_opened_by_the_next_read() {
    let (disk, gone) = (Disk::new(u64::MAX), Arc::new(AtomicBool::new(false)));
    let (under, away) = (disk.clone(), gone.clone());
    let store = Store::open(move || {
        if away.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("not there"));
        }
        Ok(under.clone())
    });
    let log = RedbLog::over(store.unwrap()).unwrap();
    runtime().block_on(async {
        let head = log
            .append(append(chain(1), Position::START, "sure"))
            .await
            .unwrap();
        gone.store(true, Ordering::SeqCst);
        disk.0.sync_fails.store(true, Ordering::SeqCst);
        let unsure = log.append(append(chain(1), head, "unsure")).await;
        assert!(matches!(unsure, Err(AppendError::Unavailable(_))));
        let unread = log.read(chain(1), Position::START, 10).await;
        assert!(matches!(unread, Err(ReadError::Unavailable(_))));
        // It is there again, and nobody writes: a game is read before anything of it is written.
        gone.store(false, Ordering::SeqCst);
        let stored = log.read(chain(1), Position::START, 10).await.unwrap();
        assert_eq!(stored.first().unwrap().1.receipt, b"sure");
        log.close().await;
        let closed = log.read(chain(1), Position::START, 10).await;
        assert!(matches!(closed, Err(ReadError::Unavailable(_))));
    });
}

#[test]
fn closing_answers_what_was_taken_and_refuses_the_rest() {
    runtime().block_on(async {
        let log = in_memory();
        let waiting = (0..20).map(|name| log.append(append(chain(name), Position::START, "x")));
        let (answers, ()) =
            futures::future::join(futures::future::join_all(waiting), log.close()).await;
        assert!(answers.iter().all(|answer| *answer == Ok(Position(1))));
        let late = log.append(append(chain(99), Position::START, "x")).await;
        assert!(matches!(late, Err(AppendError::Unavailable(_))));
        assert!(matches!(
            log.games(Which::All, None, 1).await,
            Err(ReadError::Unavailable(_))
        ));
    });
}

#[test]
fn a_log_of_another_format_is_not_opened() {
    let disk = Disk::new(u64::MAX);
    let database = builder().create_with_backend(disk.clone()).unwrap();
    prepare(&database).unwrap();
    let tx = begin(&database).unwrap();
    tx.open_table(META)
        .unwrap()
        .insert(FORMAT_KEY, &b"rookery-log/9"[..])
        .unwrap();
    tx.commit().unwrap();
    drop(database);
    let refused = disk.open().err().unwrap();
    assert!(
        matches!(&refused, OpenError::Format { found } if found == "rookery-log/9"),
        "{refused}"
    );
}

const CHILD: &str = "ROOKERY_TEST_LOG_CHILD";

/// Runs in a process of its own, started by the next test: appends for ever and prints what is acknowledged.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else {
        return;
    };
    let runtime = runtime();
    let log = Arc::new(RedbLog::open(path, OrderKey([7; 32])).unwrap());
    let tasks: Vec<_> = (0..8)
        .map(|name| {
            let log = log.clone();
            runtime.spawn(async move {
                let mut head = log
                    .game(chain(name).game)
                    .await
                    .unwrap()
                    .map_or(Position::START, |g| g.chains[0].1);
                loop {
                    head = log.append(append(chain(name), head, "x")).await.unwrap();
                    println!("ack {name} {}", head.0);
                }
            })
        })
        .collect();
    runtime.block_on(futures::future::join_all(tasks));
}

#[test]
fn what_was_acknowledged_survives_sigkill_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut acknowledged = [0; 8];
    for round in 1..=4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "order_log::redb::tests::child_that_appends_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while let Some(Ok(line)) = lines.next() {
            // The test harness may put its own words before the first line.
            let Some((_, ack)) = line.split_once("ack ") else {
                continue;
            };
            let (name, head) = ack.split_once(' ').unwrap();
            let slot: &mut u64 = &mut acknowledged[name.parse::<usize>().unwrap()];
            *slot = (*slot).max(head.parse().unwrap());
            seen += 1;
            if seen == 37 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= 37 * round);

        let log = RedbLog::open(&path, OrderKey([7; 32])).unwrap();
        runtime().block_on(async {
            for (name, acknowledged) in (0..).zip(acknowledged) {
                let stored = log
                    .read(chain(name), Position::START, usize::MAX)
                    .await
                    .unwrap();
                assert!(
                    stored.len() as u64 >= acknowledged,
                    "game {name}: {acknowledged} acknowledged"
                );
                for (place, (position, entry)) in (0..).zip(&stored) {
                    assert_eq!((position.0, entry.seq), (place + 1, place), "gap-free");
                }
            }
            log.close().await;
        });
    }
}
