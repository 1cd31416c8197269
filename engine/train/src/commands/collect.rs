//! `rookery-train collect`.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use rookery_match::spec::EngineSpec;
use rookery_train::collect::{Begun, Collected, Teacher, collect, file_name};

#[derive(Args)]
pub(crate) struct Options {
    /// The engine, as `rookery-match` has it: `cmd=PROGRAM arg=X option.NAME=VALUE`.
    #[arg(long, value_name = "SPEC")]
    engine: EngineSpec,
    /// How long it thinks about each move.
    #[arg(long, value_name = "N", default_value_t = 200)]
    nodes: u64,
    /// The folder for the files of games. Those that are there already, of the same settings, are not made again.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// How many files.
    #[arg(long, value_name = "N")]
    files: u64,
    /// Games in each file.
    #[arg(long, value_name = "N", default_value_t = 4096)]
    games: u64,
    /// Where the random openings come from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many engines play at the same time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        options.nodes > 0 && options.games > 0 && options.threads > 0,
        "--nodes, --games and --threads are at least 1"
    );
    ensure!(
        options.files.checked_mul(options.games).is_some(),
        "--files times --games is too large"
    );
    fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make the folder {}", options.out.display()))?;
    let (seed, engine) = (options.seed, &options.engine);
    let _begun = Begun::open(&options.out, seed, engine, options.nodes, options.games)?;
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Collected::default());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads)
            .map(|_| {
                scope.spawn(|| {
                    let done = work(options, &next, &sum);
                    if done.is_err() {
                        // The others end with the files that they are at.
                        next.store(options.files, Ordering::Relaxed);
                    }
                    done
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a thread failed")))
        })
    })
}

/// Makes files until there is none left to make.
fn work(options: &Options, next: &AtomicU64, sum: &Mutex<Collected>) -> Result<()> {
    let mut teacher = Teacher::start(&options.engine, options.nodes)?;
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= options.files {
            return Ok(());
        }
        let path = file_name(&options.out, options.seed, index);
        if path.exists() {
            continue;
        }
        let started = Instant::now();
        let done = collect(&mut teacher, options.seed, index, options.games, &path)?;
        let rate = done.positions as f64 / started.elapsed().as_secs_f64();
        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.games += done.games;
        sum.positions += done.positions;
        println!(
            "{}: {} games, {} positions, {rate:.0} a second; {} positions so far",
            path.display(),
            done.games,
            done.positions,
            sum.positions
        );
    }
}
