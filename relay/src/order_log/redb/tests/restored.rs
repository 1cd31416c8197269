//! Logs that are not the newest, keys that are given up, copies.

use super::*;
use crate::order_log::redb::backup::Copied;

#[test]
fn a_log_that_was_replaced_by_an_older_copy_is_not_opened_under_its_old_key() {
    let dir = tempfile::tempdir().unwrap();
    let (path, backup) = (dir.path().join("log.redb"), dir.path().join("backup"));
    let (owner, next) = (OrderKey([7; 32]), OrderKey([8; 32]));
    let write = |owner, text: &str, head| {
        let log = RedbLog::open(&path, owner).unwrap();
        runtime().block_on(async {
            log.append(append(chain(1), head, text)).await.unwrap();
            log.close().await;
        });
    };
    let stale = |owner| match RedbLog::open(&path, owner).err().unwrap() {
        OpenError::RolledBack(stale) => stale,
        other => panic!("{other}"),
    };
    write(owner, "first", Position::START);
    std::fs::copy(&path, &backup).unwrap();
    write(owner, "second", Position(1));
    std::fs::copy(&backup, &path).unwrap();
    assert!(matches!(stale(owner), Stale::Behind { .. }));
    std::fs::remove_file(path.with_extension("mark")).unwrap();
    assert_eq!(stale(owner), Stale::NoMark);
    for n in 0..9 {
        write(next, "later", Position(1 + n));
    }
    // Further than the mark, but not the log that the mark tells of.
    std::fs::copy(&path, dir.path().join("of next")).unwrap();
    std::fs::remove_file(path.with_extension("mark")).unwrap();
    std::fs::remove_file(&path).unwrap();
    write(owner, "another log", Position::START);
    std::fs::copy(dir.path().join("of next"), &path).unwrap();
    assert_eq!(stale(owner), Stale::Foreign);
}

#[test]
fn what_a_key_that_is_given_up_signed_is_rewritten_once_and_the_log_opens_under_it_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.redb");
    let (old, new) = (chain(0).order_key, OrderKey([8; 32]));
    let runtime = runtime();
    let log = RedbLog::open(&path, old).unwrap();
    // More rows than are rewritten in one commit, some of them of nobody who signs here.
    runtime.block_on(async {
        for name in 0..3 {
            let mut entries = Vec::new();
            for n in 0..2_000 {
                entries.push(entry(n, "own"));
            }
            let append = Append {
                entries,
                ..append(chain(name), Position::START, "own")
            };
            log.append(append).await.unwrap();
        }
        let other = ChainId {
            order_key: OrderKey([3; 32]),
            ..chain(1)
        };
        let foreign = append(other, Position::START, "foreign");
        log.append(foreign).await.unwrap();
        log.close().await;
    });
    let sign = |by, _: GameId, entry: &Entry| {
        (by == old && entry.receipt == b"own").then(|| b"signed".to_vec())
    };
    let at = Millis::new(1_234);
    assert_eq!(RedbLog::retire(&path, &[old], at, &sign).unwrap(), 6_000);
    assert_eq!(
        RedbLog::retire(&path, &[old], at, &sign).unwrap(),
        0,
        "signed already"
    );
    let refused = RedbLog::open(&path, old).err().unwrap();
    assert!(
        matches!(refused, OpenError::RolledBack(Stale::GivenUp)),
        "{refused}"
    );
    let log = RedbLog::open(&path, new).unwrap();
    assert_eq!(log.given_up().unwrap(), [(old, at)]);
    runtime.block_on(async {
        for name in 0..3 {
            let game = log.game(chain(name).game).await.unwrap().unwrap();
            for (order_key, head) in game.chains {
                let chain = ChainId {
                    order_key,
                    ..chain(name)
                };
                let stored = log.read(chain, Position::START, usize::MAX).await.unwrap();
                let words: &[u8] = if order_key == old {
                    b"signed"
                } else {
                    b"foreign"
                };
                assert!(stored.iter().all(|(_, entry)| entry.receipt == words));
                assert_eq!(stored.last().unwrap().0, head);
                let seqs = stored.iter().map(|(_, entry)| entry.seq);
                assert!(seqs.eq(0..stored.len() as u64), "the rest is as it was");
            }
        }
        log.close().await;
    });
}

#[test]
fn a_copy_is_of_one_moment_and_ends_when_the_log_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("log.redb"), dir.path().join("copy"));
    let owner = chain(0).order_key;
    let log = RedbLog::open(&path, owner).unwrap();
    let runtime = runtime();
    runtime.block_on(async {
        for name in 0..9 {
            let entries = (0..1_000).map(|n| entry(n, "own")).collect();
            let append = Append {
                entries,
                ..append(chain(name), Position::START, "own")
            };
            log.append(append).await.unwrap();
        }
    });
    let sign = |_, _: GameId, _: &Entry| Some(b"signed".to_vec());
    let at = Millis::new(1_234);
    let mut copy = Copied::create(&file).unwrap();
    let mut first = true;
    let rows = log.export(owner, at, &sign, &mut |table, key, value| {
        if std::mem::take(&mut first) {
            // What is written from here on belongs to another moment.
            let late = append(chain(0), Position(1_000), "late");
            runtime.block_on(log.append(late)).unwrap();
        }
        copy.put(table, key, value).unwrap();
        Ok(())
    });
    copy.finish().unwrap();
    assert!(rows.unwrap() > 9_000);
    let made = RedbLog::open(&file, OrderKey([8; 32])).unwrap();
    assert_eq!(made.given_up().unwrap(), [(owner, at)]);
    assert_eq!(made.former_owner(), None, "given up in order");
    runtime.block_on(async {
        assert_eq!(made.games(Which::Open, None, 99).await.unwrap().len(), 9);
        for name in 0..9 {
            let game = made.game(chain(name).game).await.unwrap().unwrap();
            assert_eq!(game.chains, [(owner, Position(1_000))]);
            let stored = made.read(chain(name), Position::START, usize::MAX).await;
            let stored = stored.unwrap();
            assert_eq!(stored.len(), 1_000);
            assert!(stored.iter().all(|(_, entry)| entry.receipt == b"signed"));
        }
        made.close().await;
    });

    // Whoever closes the log does not wait for whoever reads the copy.
    let broken_off = log.export(owner, at, &sign, &mut |_, _, _| {
        runtime.block_on(log.close());
        Ok(())
    });
    assert!(broken_off.is_err());
}
