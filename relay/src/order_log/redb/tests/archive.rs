//! A game in the archive is the game that it was, for whoever reads, writes, copies, forgets or kills.

use std::collections::BTreeMap;

use redb::{ReadableDatabase as _, TableDefinition};

use super::*;
use crate::order_log::redb::backup::Copied;
use crate::order_log::redb::rows::{
    ENTRIES, GAMES, HEADS, OPEN, chain_key, encode_entry, entry_key,
};
use crate::order_log::redb::store::FORMAT_1;
use crate::order_log::{Stock, StoredGame};

/// The same by another key.
fn foreign(name: u8) -> ChainId {
    ChainId {
        order_key: OrderKey([9; 32]),
        ..chain(name)
    }
}

fn resting(chain: ChainId, expected: u64, count: u64, text: &str) -> Append {
    Append {
        entries: (expected..expected + count)
            .map(|seq| entry(seq, text))
            .collect(),
        open: Some(false),
        ..append(chain, Position(expected), text)
    }
}

type Seen = (Option<StoredGame>, Vec<Vec<(Position, Entry)>>);

/// All that a game shows, read in pages of any size.
async fn seen(log: &RedbLog, name: u8) -> Seen {
    let mut pages = Vec::new();
    for chain in [chain(name), foreign(name), chain(99)] {
        for (after, limit) in [(0, usize::MAX), (0, 3), (2, 1), (7, 9)] {
            pages.push(log.read(chain, Position(after), limit).await.unwrap());
        }
    }
    (log.game(chain(name).game).await.unwrap(), pages)
}

#[test]
fn a_game_in_the_archive_shows_the_same_and_goes_on_where_it_stood() {
    runtime().block_on(async {
        let log = in_memory();
        log.append(resting(chain(1), 0, 7, "own")).await.unwrap();
        log.append(resting(foreign(1), 0, 2, "foreign"))
            .await
            .unwrap();
        log.append(append(chain(2), Position::START, "goes on"))
            .await
            .unwrap();
        let (before, all) = (seen(&log, 1).await, [chain(1).game, chain(2).game]);
        assert_eq!(
            log.games(Which::Resting, None, 9).await.unwrap(),
            [chain(1).game]
        );

        let nobody = chain(3).game;
        let taken = log
            .archive(vec![chain(1).game, chain(2).game, nobody])
            .await;
        assert_eq!(taken, Ok(1), "one goes on, one is not there");
        let archived = Stock {
            live: 1,
            archived: 1,
        };
        assert_eq!(log.stock().await.unwrap(), archived);
        assert_eq!(log.archive(vec![chain(1).game]).await, Ok(0), "it is there");
        assert_eq!(seen(&log, 1).await, before);
        assert_eq!(log.games(Which::All, None, 9).await.unwrap(), all);
        assert_eq!(log.games(Which::All, None, 1).await.unwrap(), all[..1]);
        assert_eq!(log.games(Which::Resting, None, 9).await.unwrap(), []);
        assert_eq!(log.games(Which::Open, None, 9).await.unwrap(), all[1..]);

        // A second order of its places is refused as ever, also by who takes it for new.
        for expected in [0, 6, 8] {
            let second = log.append(resting(chain(1), expected, 1, "second")).await;
            let actual = Position(7);
            assert_eq!(second, Err(AppendError::Conflict { actual }));
        }
        assert_eq!(
            log.stock().await.unwrap(),
            archived,
            "and brings nothing back"
        );
        assert_eq!(seen(&log, 1).await, before);

        let late = log.append(resting(foreign(1), 2, 1, "late")).await;
        assert_eq!(late, Ok(Position(3)));
        assert_eq!(
            log.stock().await.unwrap(),
            Stock {
                live: 2,
                archived: 0
            }
        );
        let after = seen(&log, 1).await;
        assert_eq!(after.1[0], before.1[0], "the other chain is as it was");
        let foreign = &after.1[4];
        assert_eq!(foreign[..2], before.1[4]);
        assert_eq!(foreign[2], (Position(3), entry(2, "late")));
        assert_eq!(log.archive(vec![chain(1).game]).await, Ok(1));
        assert_eq!(seen(&log, 1).await, after);
        // A chain that is new in an archived game.
        let third = ChainId {
            order_key: OrderKey([1; 32]),
            ..chain(1)
        };
        assert_eq!(
            log.append(resting(third, 0, 1, "third")).await,
            Ok(Position(1))
        );
        let game = log.game(chain(1).game).await.unwrap().unwrap();
        let ends: Vec<u64> = game.chains.iter().map(|(_, end)| end.0).collect();
        assert_eq!(ends, [1, 7, 3]);
    });
}

#[test]
fn a_game_that_is_too_large_for_one_row_stays_as_it_is() {
    runtime().block_on(async {
        let log = in_memory();
        let large = "x".repeat(100_000);
        for (name, count) in [(1, 3), (2, 5)] {
            let append = resting(chain(name), 0, count, &large);
            log.append(append).await.unwrap();
        }
        let taken = log.archive(vec![chain(1).game, chain(2).game]).await;
        assert_eq!(taken, Ok(1));
        let left = log.games(Which::Resting, None, 9).await.unwrap();
        assert_eq!(left, [chain(2).game]);
    });
}

#[test]
fn a_game_that_is_forgotten_leaves_the_archive_and_is_never_new_again() {
    runtime().block_on(async {
        let log = in_memory();
        log.append(resting(chain(1), 0, 3, "own")).await.unwrap();
        log.archive(vec![chain(1).game]).await.unwrap();
        log.forget(chain(1).game, Millis::new(5)).await.unwrap();
        assert_eq!(log.stock().await.unwrap(), Stock::default());
        assert_eq!(log.game(chain(1).game).await.unwrap(), None);
        let again = log.append(resting(chain(1), 0, 1, "again")).await;
        assert!(
            matches!(again, Err(AppendError::Unavailable(_))),
            "{again:?}"
        );
    });
}

#[test]
fn what_a_key_that_is_given_up_signed_is_signed_in_the_archive_too_and_in_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("log.redb"), dir.path().join("copy"));
    let (old, new) = (chain(0).order_key, OrderKey([8; 32]));
    let runtime = runtime();
    let sign = |by, _: GameId, entry: &Entry| {
        (by == old && entry.receipt == b"own").then(|| b"signed".to_vec())
    };
    let signed = |log: &RedbLog| {
        runtime.block_on(async {
            // More than are rewritten in one commit.
            assert_eq!(
                log.stock().await.unwrap(),
                Stock {
                    live: 0,
                    archived: 600
                }
            );
            for n in 0..600_u16 {
                let chain = ChainId {
                    game: numbered(n),
                    ..chain(0)
                };
                let stored = log.read(chain, Position::START, 9).await.unwrap();
                assert_eq!(stored.len(), 2);
                assert!(stored.iter().all(|(_, entry)| entry.receipt == b"signed"));
            }
            log.close().await;
        });
    };
    let log = RedbLog::open(&path, old).unwrap();
    runtime.block_on(async {
        for n in 0..600 {
            let chain = ChainId {
                game: numbered(n),
                ..chain(0)
            };
            log.append(resting(chain, 0, 2, "own")).await.unwrap();
        }
        let all = (0..600).map(numbered).collect();
        assert_eq!(log.archive(all).await, Ok(600));
    });
    let mut copy = Copied::create(&file).unwrap();
    let at = Millis::new(1_234);
    let rows = log.export(old, at, &sign, &mut |table, key, value| {
        copy.put(table, key, value).unwrap();
        Ok(())
    });
    copy.finish().unwrap();
    assert!(rows.unwrap() >= 600);
    signed(&RedbLog::open(&file, new).unwrap());
    runtime.block_on(log.close());
    drop(log);
    assert_eq!(RedbLog::retire(&path, &[old], at, &sign).unwrap(), 1_200);
    assert_eq!(RedbLog::retire(&path, &[old], at, &sign).unwrap(), 0);
    signed(&RedbLog::open(&path, new).unwrap());
}

fn numbered(n: u16) -> GameId {
    let mut game = [0; 32];
    game[..2].copy_from_slice(&n.to_be_bytes());
    GameId(game)
}

#[test]
fn a_file_of_the_version_before_is_read_and_from_then_on_refused_by_that_version() {
    let disk = Disk::new(u64::MAX);
    let owner = OrderKey([7; 32]);
    {
        // As the version before wrote it: the same tables without the archive.
        let database = builder().create_with_backend(disk.clone()).unwrap();
        let tx = begin(&database).unwrap();
        {
            let (game, chain) = (chain(1).game, chain(1));
            let mut entries = tx.open_table(ENTRIES).unwrap();
            for n in 0..3 {
                let row = encode_entry(&entry(n, "old"));
                entries
                    .insert(&entry_key(chain, n + 1), row.as_slice())
                    .unwrap();
            }
            tx.open_table(HEADS)
                .unwrap()
                .insert(&chain_key(chain), 3)
                .unwrap();
            let mut games = tx.open_table(GAMES).unwrap();
            games
                .insert(game.as_bytes(), b"genesis".as_slice())
                .unwrap();
            tx.open_table(OPEN).unwrap();
            let mut meta = tx.open_table(META).unwrap();
            meta.insert("commits", 4_u64.to_be_bytes().as_slice())
                .unwrap();
            meta.insert("owner", owner.0.as_slice()).unwrap();
            meta.insert(FORMAT_KEY, FORMAT_1).unwrap();
        }
        tx.commit().unwrap();
    }
    let log = disk.open().unwrap();
    runtime().block_on(async {
        let before = seen(&log, 1).await;
        assert_eq!(before.1[0].len(), 3);
        assert_eq!(log.archive(vec![chain(1).game]).await, Ok(1));
        assert_eq!(seen(&log, 1).await, before);
        log.close().await;
    });
    drop(log);
    // What that version compares with its own "rookery-log/1", before it touches anything.
    let database = builder().create_with_backend(disk.clone()).unwrap();
    let tx = database.begin_read().unwrap();
    const META_THEN: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
    let meta = tx.open_table(META_THEN).unwrap();
    assert_eq!(
        meta.get("format").unwrap().unwrap().value(),
        b"rookery-log/2"
    );
    assert_eq!(
        meta.get("commits").unwrap().unwrap().value(),
        5_u64.to_be_bytes()
    );
}

const CHILD: &str = "ROOKERY_TEST_ARCHIVE_CHILD";

/// Runs in a process of its own, started by the next test: archives games and brings them back for ever, and prints what is
/// acknowledged.
#[test]
fn child_that_archives_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else {
        return;
    };
    let runtime = runtime();
    let log = Arc::new(RedbLog::open(path, OrderKey([7; 32])).unwrap());
    let tasks = (0..8).map(|name| {
        let log = log.clone();
        runtime.spawn(async move {
            let game = log.game(chain(name).game).await.unwrap();
            let mut head = game.map_or(0, |game| game.chains[0].1.0);
            loop {
                let count = 1 + head % 5;
                let more = resting(chain(name), head, count, "x");
                head = log.append(more).await.unwrap().0;
                println!("ack {name} {head} live");
                assert_eq!(log.archive(vec![chain(name).game]).await, Ok(1));
                println!("ack {name} {head} archived");
            }
        })
    });
    runtime.block_on(futures::future::join_all(tasks.collect::<Vec<_>>()));
}

#[test]
fn killed_while_games_move_into_the_archive_and_back_it_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut acknowledged = BTreeMap::new();
    let mut archived = 0;
    for round in 1..=6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "order_log::redb::tests::archive::child_that_archives_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while let Some(Ok(line)) = lines.next() {
            let Some((_, ack)) = line.split_once("ack ") else {
                continue;
            };
            let mut words = ack.split(' ');
            let name: u8 = words.next().unwrap().parse().unwrap();
            let head: u64 = words.next().unwrap().parse().unwrap();
            archived += u64::from(words.next() == Some("archived"));
            acknowledged.insert(name, head);
            seen += 1;
            if seen == 29 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= 29 * round);

        let log = RedbLog::open(&path, OrderKey([7; 32])).unwrap();
        runtime().block_on(async {
            let stock = log.stock().await.unwrap();
            let all = log.games(Which::All, None, 99).await.unwrap();
            assert_eq!(stock.live + stock.archived, all.len() as u64, "each once");
            for (name, acknowledged) in &acknowledged {
                let stored = log.read(chain(*name), Position::START, usize::MAX).await;
                let stored = stored.unwrap();
                assert!(stored.len() as u64 >= *acknowledged, "game {name}");
                let game = log.game(chain(*name).game).await.unwrap().unwrap();
                let end = Position(stored.len() as u64);
                assert_eq!(game.chains, [(chain(*name).order_key, end)]);
                for (place, (position, found)) in (0..).zip(&stored) {
                    assert_eq!((position.0, found), (place + 1, &entry(place, "x")));
                }
            }
            log.close().await;
        });
    }
    assert!(archived > 0, "some were archived");
}
