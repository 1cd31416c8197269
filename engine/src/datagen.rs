//! `rookery datagen`: the engine plays against itself and writes down what its network is trained on.
//!
//! A game's number and the settings decide it, and games are written in the order of their numbers: the file is the
//! same on any number of threads and however often the run was cut off.

mod error;
mod options;
mod output;
mod selfplay;
mod workers;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rookery_engine::Clock;
use rookery_engine::bench::bench;

pub(crate) use error::Error;
use options::{Options, Target};
use output::{Output, Written};

/// Depth of the benchmark that tells engines apart.
const BENCH_DEPTH: u32 = 7;
/// From one line of progress to the next.
const INTERVAL: Duration = Duration::from_secs(10);

/// What `rookery datagen --help` prints.
pub(crate) fn help() -> String {
    Options::help()
}

/// Follows the arguments after `datagen`. Progress goes to standard error.
pub(crate) fn run(arguments: &[OsString]) -> Result<(), Error> {
    let options = Options::parse(arguments)?;
    let clock: Arc<dyn Clock> = Arc::new(|| Duration::ZERO);
    let engine = bench(BENCH_DEPTH, &clock)?.nodes;
    let mut output = Output::open(&options.out, options.settings, engine)?;
    let mut report = Report::new(options.target, output.written());
    if !report
        .target
        .is_reached(output.written().games, output.written().positions)
    {
        let first = output.written().games;
        workers::play(&options.settings, options.threads, first, |game| {
            output.add(game)?;
            let written = output.written();
            if options.target.is_reached(written.games, written.positions) {
                return Ok(ControlFlow::Break(()));
            }
            report.tell(written);
            Ok(ControlFlow::Continue(()))
        })?;
        output.flush()?;
    }
    report.end(output.written());
    Ok(())
}

/// Says how far it is, now and then.
struct Report {
    target: Target,
    started: Instant,
    begun: Written,
    told: Instant,
}

impl Report {
    fn new(target: Target, begun: Written) -> Report {
        let now = Instant::now();
        if begun.games > 0 {
            say(&format!(
                "goes on after {} games, {} positions",
                begun.games, begun.positions
            ));
        }
        Report {
            target,
            started: now,
            begun,
            told: now,
        }
    }

    fn tell(&mut self, written: Written) {
        if self.told.elapsed() < INTERVAL {
            return;
        }
        self.told = Instant::now();
        let spent = self.started.elapsed();
        say(&format!(
            "{}, {} left",
            line(written, self.begun, spent),
            left(self.target, self.begun, written, spent).map_or_else(|| "?".to_owned(), clock)
        ));
    }

    fn end(&self, written: Written) {
        let spent = self.started.elapsed();
        say(&format!("{}, done", line(written, self.begun, spent)));
    }
}

/// Tells the user. Whether anybody reads it makes no difference.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn line(written: Written, begun: Written, spent: Duration) -> String {
    let fresh = written.positions - begun.positions;
    let speed = fresh as f64 / spent.as_secs_f64().max(1e-9);
    format!(
        "{} games, {} positions, {speed:.0} positions/s",
        written.games, written.positions
    )
}

/// The time that is left at the pace of this run.
fn left(target: Target, begun: Written, written: Written, spent: Duration) -> Option<Duration> {
    let before = target.share(begun.games, begun.positions);
    let now = target.share(written.games, written.positions);
    let seconds = spent.as_secs_f64() * (1.0 - now) / (now - before);
    Duration::try_from_secs_f64(seconds).ok()
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_by_the_pace_of_this_run() {
        let written = |games| {
            let mut written = Written::default();
            written.games = games;
            written
        };
        let target = Target {
            games: Some(400),
            positions: None,
        };
        let spent = Duration::from_secs(60);
        let time = left(target, written(100), written(200), spent).unwrap();
        assert_eq!(clock(time), "0:02:00");
        assert_eq!(left(target, written(100), written(100), spent), None);
        assert_eq!(clock(Duration::from_secs(100_000)), "27:46:40");
    }
}
