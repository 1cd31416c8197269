//! How fast the engine is: native, native for processors without AVX2, and as the wasm that browsers run, beside the peer
//! that they would run instead. The runs of all four take turns, so that a busy moment of the machine hits them alike.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use super::RUNS;
use super::report::{Peer, Report};
use super::uci::{PEER, Uci, peer_folder};
use crate::command;
use crate::run;
use crate::site;
use crate::workspace::{Workspace, cargo};

const PERFT_DEPTH: u32 = 6;
/// Leaves of that tree under the start position.
const PERFT_LEAVES: u64 = 119_060_324;

/// Opening, middlegame with much tactics, endgame, and a quiet middlegame.
const POSITIONS: [&str; 4] = [
    "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
    "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1",
    "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10",
];
const SEARCH_MS: u64 = 1000;

pub(super) fn run(workspace: &Workspace, report: &mut Report) -> Result<()> {
    site::build(workspace)?;
    run::build_binaries(workspace)?;
    let v2 = build_v2(workspace)?;
    let wasm = workspace.dist.join("packages/engine/uci.mjs");
    let peer = peer_folder(workspace)?.join("stockfish-19-lite-single.js");
    let node = |script: &std::path::Path| {
        let mut node = Command::new("node");
        node.arg(script);
        node
    };
    let programs: [&dyn Fn() -> Command; 4] = [
        &|| Command::new(workspace.binary("rookery")),
        &|| Command::new(&v2),
        &|| node(&wasm),
        &|| node(&peer),
    ];

    let mut measured = programs.map(|_| Measured::default());
    for _ in 0..RUNS {
        for (program, measured) in programs.iter().zip(&mut measured) {
            measured.run(program)?;
        }
    }
    let [native, v2, wasm, peer] = measured;
    let ours = [("native", native), ("x86-64-v2", v2), ("wasm", wasm)];
    let figures: [(_, _, Figure); 3] = [
        ("perft", "Mnps", |one| &one.perft),
        ("search", "nodes/s", |one| &one.search),
        ("first_move", "ms", |one| &one.start),
    ];
    for (name, unit, runs) in figures {
        for (kind, measured) in &ours {
            let peer = Peer {
                name: PEER,
                runs: runs(&peer).clone(),
            };
            report.add(
                format!("{name}.{kind}"),
                unit,
                runs(measured).clone(),
                Some(peer),
            );
        }
    }
    Ok(())
}

/// Builds the engine as it runs on x86-64 processors of the second level, which lack AVX2. Returns the program.
fn build_v2(workspace: &Workspace) -> Result<PathBuf> {
    let target = workspace.target.join("x86-64-v2");
    let mut build = Command::new(cargo());
    build
        .current_dir(&workspace.root)
        .env("RUSTFLAGS", "-C target-cpu=x86-64-v2")
        .args(["build", "--release", "--locked"])
        .args(["--package", "rookery-engine", "--bin", "rookery"])
        .args(["--features", "no-avx2"])
        .arg("--target-dir")
        .arg(&target);
    command::run(&mut build, "build the engine for x86-64-v2")?;
    Ok(target.join(format!("release/rookery{EXE_SUFFIX}")))
}

/// One figure's runs.
type Figure = fn(&Measured) -> &Vec<f64>;

/// The runs of one engine.
#[derive(Default)]
struct Measured {
    /// Million leaves a second.
    perft: Vec<f64>,
    /// Nodes a second over all positions.
    search: Vec<f64>,
    /// From process start to the first best move, in ms.
    start: Vec<f64>,
}

impl Measured {
    fn run(&mut self, program: &dyn Fn() -> Command) -> Result<()> {
        let started = Instant::now();
        let mut engine = Uci::start(program())?;
        engine.ask("position startpos\ngo depth 1", "bestmove")?;
        self.start.push(started.elapsed().as_secs_f64() * 1000.0);

        let leaves = engine.perft(PERFT_DEPTH, PERFT_LEAVES)?;
        self.perft.push(leaves / 1e6);

        let (mut nodes, mut seconds) = (0.0, 0.0);
        for fen in POSITIONS {
            let searched = engine.search(fen, SEARCH_MS)?;
            nodes += searched.nodes;
            seconds += searched.seconds;
        }
        self.search.push(nodes / seconds);
        Ok(())
    }
}
