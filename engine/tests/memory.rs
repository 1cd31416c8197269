//! What memory the engine takes, and what it does where there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may fail by panicking.
#![cfg(target_os = "linux")]

mod common;
use common::Rookery;

/// What the program may hold beside its hash table, in MiB: the network, the history of the search, its stacks, and the
/// program itself.
const BESIDE_HASH: u64 = 12;

/// The number after `name` in the system's account of the process, in KiB.
fn status(engine: &Rookery, name: &str) -> u64 {
    let path = format!("/proc/{}/status", engine.id());
    let text = std::fs::read_to_string(path).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim_start_matches(':')
        .trim_end_matches("kB")
        .trim()
        .parse()
        .unwrap()
}

fn number_after(line: &str, name: &str) -> u64 {
    let mut words = line.split(' ').skip_while(|word| *word != name);
    words.nth(1).unwrap().parse().unwrap()
}

#[test]
fn memory_stays_near_the_hash_option() {
    for hash in [1, 16, 64] {
        let mut engine = Rookery::start();
        engine.send(&format!("setoption name Hash value {hash}"));
        for fen in [
            "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
            "R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1",
        ] {
            engine.send(&format!("position fen {fen}"));
            engine.go("nodes 300000");
        }
        engine.send("setoption name MultiPV value 256");
        engine.go("nodes 50000");
        let dance = "g1f3 g8f6 f3g1 f6g8 ".repeat(3000);
        engine.send(&format!("position startpos moves {dance}"));
        engine.go("nodes 50000");
        let (now, peak) = (status(&engine, "VmRSS"), status(&engine, "VmHWM"));
        println!("Hash {hash}: {now} KiB, at most {peak} KiB");
        let bound = |hash: u64| 1024 * (hash + BESIDE_HASH);
        assert!(now <= bound(hash), "{now} KiB with Hash {hash}");
        // The default table was there before; it went before the new one came.
        assert!(peak <= bound(hash.max(16)), "{peak} KiB with Hash {hash}");
        assert!(now > 1024 * hash, "{now} KiB: the table is not used");
    }
}

#[test]
fn memory_does_not_grow_from_search_to_search() {
    let mut engine = Rookery::start();
    let round = |engine: &mut Rookery| {
        for _ in 0..40 {
            engine.send("ucinewgame");
            engine.send("setoption name Hash value 8");
            engine.send("position startpos moves e2e4 e7e5");
            engine.go("nodes 8000");
            engine.send("setoption name Hash value 4");
        }
        assert!(engine.settle().is_empty());
        status(engine, "VmRSS")
    };
    let first = round(&mut engine);
    let later = (0..3).map(|_| round(&mut engine)).max().unwrap();
    // The allocator may keep the room of one table more; 120 leaks of 50 kB would still be seen.
    let bound = first + 4 * 1024 + 2048;
    assert!(later <= bound, "{first} KiB, then {later} KiB");
}

#[test]
fn a_table_that_memory_has_no_room_for_is_refused_and_the_old_one_stays() {
    let mut engine = Rookery::start_after("ulimit -v 1000000");
    engine.send("setoption name Hash value 32");
    assert!(engine.settle().is_empty());
    let nodes = |engine: &mut Rookery| {
        let (best, said) = engine.go("depth 10");
        assert_eq!(best.len(), 4);
        number_after(said.last().unwrap(), "nodes")
    };
    let first = nodes(&mut engine);
    for _ in 0..3 {
        engine.send("setoption name Hash value 4096");
        let said = engine.settle();
        assert_eq!(
            said,
            ["info string refused: no memory for a hash table of 4096 MiB"]
        );
        // What was learned before is still known.
        let again = nodes(&mut engine);
        assert!(again < first / 2, "{first} nodes, then {again}");
    }
    let held = status(&engine, "VmRSS");
    assert!(
        held > 32 * 1024 && held < 1024 * (32 + BESIDE_HASH),
        "{held} KiB"
    );
    // Nor is it asked for again with the next option.
    engine.send("setoption name MultiPV value 2");
    assert!(engine.settle().is_empty());
    engine.send("setoption name Hash value 4097");
    assert!(engine.settle()[0].contains("must be 1 to 4096"));
    engine.send("setoption name Hash value 1");
    assert!(engine.settle().is_empty());
    assert_eq!(engine.go("nodes 20000").0.len(), 4);
    assert!(status(&engine, "VmRSS") < 1024 * (1 + BESIDE_HASH));
}
