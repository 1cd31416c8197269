//! One relay under load, and what is done to it until the time is over.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rookery_ledger::record::Clock;
use rookery_ledger::sign::Keypair;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::audit;
use super::player::{Client, Invitation, Pulse};
use super::witness::Witness;
use crate::real::{Cable, Random, Server, Setup};

/// P9: how long it may take until everybody plays on.
const RESUME: Duration = Duration::from_secs(5);
/// How long the first games may take to begin.
const WARM_UP: Duration = Duration::from_secs(20);
/// Long enough that no clock runs out.
const LIVE: Clock = Clock::Live {
    initial_s: 86_400,
    inc_s: 1,
};
const CLOCKS: [Clock; 5] = [
    LIVE,
    Clock::None,
    LIVE,
    Clock::Days { days: 3 },
    Clock::None,
];

/// A campaign that runs. Everything that it started ends when it is dropped.
pub(super) struct Campaign {
    setup: Setup,
    cable: Option<Cable>,
    server: Server,
    witness: Arc<Witness>,
    random: Random,
    begin: Instant,
    boards: Vec<Arc<Invitation>>,
    pulses: Vec<(String, Arc<Pulse>)>,
    clients: JoinSet<()>,
    /// A copy of the log as the first kill left it.
    backup: Option<PathBuf>,
    kills: u64,
    cuts: u64,
    slowest: Duration,
}

impl Campaign {
    /// Starts the relay and sits two clients down at each board.
    pub(super) fn start(
        setup: Setup,
        cable: Option<Cable>,
        witness: Arc<Witness>,
        mut random: Random,
    ) -> Result<Self> {
        let server = setup.start()?;
        let begin = Instant::now();
        let (mut boards, mut pulses, mut clients) = (Vec::new(), Vec::new(), JoinSet::new());
        for (number, clock) in CLOCKS.iter().enumerate() {
            let invitation = Arc::new(watch::Sender::new(None));
            for creates in [true, false] {
                let role = if creates { "creator" } else { "joiner" };
                let name = format!("the {role} at board {number}");
                let pulse = Arc::new(Pulse::default());
                pulses.push((name.clone(), pulse.clone()));
                let client = Client {
                    name,
                    key: Keypair::from_secret(&random.bytes()),
                    address: server.address.clone(),
                    creates,
                    clock: *clock,
                    invitation: invitation.clone(),
                    witness: witness.clone(),
                    pulse,
                    random: random.fork(),
                    begin,
                    player: None,
                    plies: 0,
                };
                clients.spawn(client.run());
            }
            boards.push(invitation);
        }
        Ok(Self {
            setup,
            cable,
            server,
            witness,
            random,
            begin,
            boards,
            pulses,
            clients,
            backup: None,
            kills: 0,
            cuts: 0,
            slowest: Duration::ZERO,
        })
    }

    /// Kills and cuts until the time is over, then looks for everything that was seen. Gives the receipts that were
    /// looked for, and the kills and cuts.
    pub(super) async fn run(mut self, until: Instant) -> Result<(u64, u64)> {
        if !self.resumed(self.begin, WARM_UP).await {
            bail!("the games do not begin");
        }
        loop {
            // A moment of play between any two faults, of no fixed length.
            tokio::time::sleep(self.random.time(400)).await;
            let cuts = self.cable.is_some() && self.random.below(10) < 6;
            let done = if cuts {
                self.cut().await
            } else {
                self.kill().await
            };
            if let Err(error) = done {
                self.witness
                    .broken(&format!("P9: it did not go on: {error:#}"));
                break;
            }
            // What is found first is what has to be mended first.
            if Instant::now() >= until || self.witness.violations() > 0 {
                break;
            }
        }
        self.finish().await
    }

    /// SIGKILL, and a start on the same data; now and then another one before the clients are back, or before it is ready.
    async fn kill(&mut self) -> Result<()> {
        self.server.kill();
        self.kills += 1;
        if self.backup.is_none() {
            let log = self.setup.log()?;
            let backup = log.with_extension("backup");
            fs::copy(log, &backup).context("cannot copy the log")?;
            self.backup = Some(backup);
        }
        while self.random.below(6) == 0 {
            let mut starting = self.setup.spawn()?;
            tokio::time::sleep(self.random.time(150)).await;
            starting.kill();
            self.kills += 1;
        }
        self.server = self.setup.start().context("after a kill")?;
        while self.random.below(6) == 0 {
            tokio::time::sleep(self.random.time(400)).await;
            self.server.kill();
            self.kills += 1;
            self.server = self.setup.start().context("after a kill")?;
        }
        let ready = self.server.ready_at;
        self.check_games().await;
        self.expect_play(ready, "a restart").await
    }

    /// Pulls the cable at either end for a while; now and then the relay is killed meanwhile.
    async fn cut(&mut self) -> Result<()> {
        let Some(cable) = &self.cable else {
            return Ok(());
        };
        let near = self.random.below(2) == 0;
        cable.plug(near, false)?;
        self.cuts += 1;
        let long = if self.random.below(2) == 0 {
            600
        } else {
            6_000
        };
        tokio::time::sleep(self.random.time(long)).await;
        if self.random.below(4) == 0 {
            self.server.kill();
            self.kills += 1;
            self.server = self.setup.start().context("after a kill behind a cut")?;
        }
        cable.plug(near, true)?;
        let back = Instant::now();
        self.expect_play(back, "a cut").await?;
        self.check_games().await;
        Ok(())
    }

    /// The games that are on, as the relay gives them now.
    async fn check_games(&self) {
        for board in &self.boards {
            let game = board.borrow().as_ref().map(|genesis| genesis.body.id());
            if let Some(game) = game {
                let seen = self.witness.of(game);
                if !seen.receipts.is_empty()
                    && !audit::online(&self.witness, self.server.http, game, seen).await
                {
                    self.witness
                        .broken(&format!("P3: game {game} cannot be had from the relay"));
                }
            }
        }
    }

    /// A log that lost its end must never go on under the key that signed what it lost, and what that key signed before is
    /// shown as it was.
    async fn restore_backup(&mut self) -> Result<()> {
        let Some(backup) = &self.backup else {
            return Ok(());
        };
        let old = self.setup.order_key()?.order();
        let held = audit::held(backup, old, self.witness.seen().into_keys()).await?;
        fs::copy(backup, self.setup.log()?).context("cannot restore the log")?;
        match self.setup.start() {
            Ok(server) => self.server = server,
            Err(error) => {
                self.witness
                    .broken(&format!("P9: no start on a restored log: {error:#}"));
                return Ok(());
            }
        }
        audit::restored(&self.witness, self.server.http, old, &held).await?;
        self.server.kill();
        Ok(())
    }

    async fn expect_play(&mut self, since: Instant, after: &str) -> Result<()> {
        if self.resumed(since, RESUME).await {
            return Ok(());
        }
        let late = self.late(since);
        self.witness.broken(&format!(
            "P9: 5 s after {after} these did not play on: {}",
            late.join(", ")
        ));
        for (_, pulse) in &self.pulses {
            pulse.tell.store(true, Ordering::Relaxed);
        }
        // What never goes on is told once, and nothing more can be learnt from it.
        if !self.resumed(since, WARM_UP).await {
            bail!(
                "never played on after {after}: {}",
                self.late(since).join(", ")
            );
        }
        Ok(())
    }

    /// Waits until each client has seen a new receipt after `since`.
    async fn resumed(&mut self, since: Instant, within: Duration) -> bool {
        loop {
            if self.late(since).is_empty() {
                self.slowest = self.slowest.max(since.elapsed());
                return true;
            }
            if since.elapsed() > within {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn late(&self, since: Instant) -> Vec<String> {
        let since = since.duration_since(self.begin).as_millis();
        self.pulses
            .iter()
            .filter(|(_, pulse)| u128::from(pulse.fresh_ms.load(Ordering::Relaxed)) <= since)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// One last kill under load; then all of it is looked for, in the relay and in the log.
    async fn finish(mut self) -> Result<(u64, u64)> {
        self.server.kill();
        self.kills += 1;
        for (_, pulse) in &self.pulses {
            pulse.stop.store(true, Ordering::Relaxed);
        }
        while self.clients.join_next().await.is_some() {}
        match self.setup.start() {
            Ok(server) => self.server = server,
            Err(error) => {
                self.witness
                    .broken(&format!("P9: no start after the last kill: {error:#}"));
                return Ok((0, self.kills + self.cuts));
            }
        }
        let seen = self.witness.seen();
        let games = seen.len();
        for (game, seen) in seen {
            // Of a game whose creation was never acknowledged the relay need not know.
            let nothing = seen.receipts.is_empty() && seen.acknowledged.is_empty();
            if !nothing && !audit::online(&self.witness, self.server.http, game, seen).await {
                self.witness
                    .broken(&format!("P3: game {game} cannot be had from the relay"));
            }
        }
        self.server.kill();
        self.kills += 1;
        let receipts = audit::offline(&self.witness, &self.setup).await?;
        self.restore_backup().await?;
        eprintln!(
            "faults: {} kills, {} cuts{}, {games} games ({} seen to their end), {receipts} receipts looked for; slowest \
             to play on {:.2} s",
            self.kills,
            self.cuts,
            if self.cable.is_some() {
                ""
            } else {
                " (on the loopback)"
            },
            self.witness.finished() / 2,
            self.slowest.as_secs_f64()
        );
        Ok((receipts, self.kills + self.cuts))
    }
}
