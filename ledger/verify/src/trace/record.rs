//! Records traces: the shipped relay under whole games, killed by SIGKILL, told to end and started again in the midst.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rookery_ledger::record::Clock;
use tokio::task::JoinSet;

use super::table::Table;
use crate::real::{Random, Server, Setup};

/// At these tables: one whose clock runs out, one whose does not, one by days, two without a clock.
const CLOCKS: [Clock; 5] = [
    Clock::Live {
        initial_s: 1,
        inc_s: 0,
    },
    Clock::Live {
        initial_s: 600,
        inc_s: 2,
    },
    Clock::Days { days: 3 },
    Clock::None,
    Clock::None,
];

/// A relay that was killed or told to end does not serve again on the same data.
#[derive(Debug)]
pub(super) struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the relay does not serve again after a kill")
    }
}

/// A trace, and how often its relay was killed or told to end.
pub(super) struct Recorded {
    pub(super) text: String,
    pub(super) kills: u64,
}

/// What is recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    /// One relay, or two that pass on to each other what comes to them.
    pub(super) relays: usize,
    /// How often one is killed or told to end.
    pub(super) faults: u64,
    /// How long they are then left alone, so that outages are stamped although nobody comes back.
    pub(super) rest: Duration,
}

/// One relay of a session.
struct Traced {
    setup: Setup,
    server: Server,
    file: PathBuf,
    kills: u64,
}

impl Session {
    /// Records a trace of each relay.
    ///
    /// # Errors
    ///
    /// Where a relay does not start, start again or end.
    pub(super) async fn record(self, program: &Path, random: &mut Random) -> Result<Vec<Recorded>> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut relays = Vec::new();
        for number in 0..self.relays {
            let own = folder.path().join(number.to_string());
            fs::create_dir(&own)?;
            let file = own.join("trace.jsonl");
            let setup = Setup::new(program, &own, random)?.with([
                "--limit".to_owned(),
                "game_idle_ms=200".to_owned(),
                "--trace".to_owned(),
                file.display().to_string(),
            ]);
            let server = setup.start()?;
            relays.push(Traced {
                setup,
                server,
                file,
                kills: 0,
            });
        }
        if let [first, second] = &mut relays[..] {
            acquaint(first, second)?;
            acquaint(second, first)?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut tables = JoinSet::new();
        for clock in CLOCKS {
            let mut address = || {
                let at = usize::try_from(random.below(self.relays as u64)).unwrap_or(0);
                relays[at].server.address.clone()
            };
            let table = Table {
                addresses: [address(), address()],
                clock,
                random: random.fork(),
                stop: stop.clone(),
            };
            tables.spawn(table.run());
        }
        for _ in 0..self.faults {
            tokio::time::sleep(Duration::from_millis(250) + random.time(700)).await;
            let at = usize::try_from(random.below(self.relays as u64)).unwrap_or(0);
            relays[at].fault(random)?;
        }
        let until = Instant::now() + self.rest + random.time(500);
        tokio::time::sleep_until(until.into()).await;
        stop.store(true, Ordering::Relaxed);
        // Once more in the midst of it; what is begun then is begun in vain.
        if random.below(2) == 0 {
            relays[0].server.kill();
        }
        while tables.join_next().await.is_some() {}
        let mut recorded = Vec::new();
        for mut relay in relays {
            relay.server.kill();
            recorded.push(Recorded {
                text: fs::read_to_string(&relay.file).context("the relay left no trace")?,
                kills: relay.kills + 1,
            });
        }
        Ok(recorded)
    }
}

/// Starts a relay again as a fellow of another one.
fn acquaint(relay: &mut Traced, fellow: &Traced) -> Result<()> {
    let peer = ["--peer".to_owned(), fellow.server.address.to_string()];
    relay.setup = relay.setup.clone().with(peer);
    relay.server.kill();
    relay.kills += 1;
    relay.server = relay.setup.start()?;
    Ok(())
}

impl Traced {
    /// SIGKILL or SIGTERM, and a start; now and then another SIGKILL before it is ready.
    fn fault(&mut self, random: &mut Random) -> Result<()> {
        if random.below(4) == 0 {
            self.server.terminate()?;
        } else {
            self.server.kill();
        }
        self.kills += 1;
        while random.below(5) == 0 {
            let mut starting = self.setup.spawn()?;
            std::thread::sleep(random.time(150));
            starting.kill();
            self.kills += 1;
        }
        self.server = self.setup.start().context(Gone)?;
        Ok(())
    }
}
