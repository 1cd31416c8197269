//! Records the histories of a few games that run side by side.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use rookery_ledger::id::Nonce;
use rookery_ledger::record::Clock;
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Player};
use rookery_relay::client::usual_game;
use tokio::task::JoinSet;

use super::client::{Client, Shared, create, wish};
use super::history::{Answer, Call, History, Op};
use crate::real::{Link, Random, Server, Setup};

/// Games side by side.
const GAMES: usize = 2;
/// Connections of the creator's key.
const CREATORS: usize = 3;
/// Keys that want the seat.
const JOINERS: usize = 2;
/// Connections of each of those.
const CONNECTIONS: usize = 2;
/// Operations of each client.
const OPERATIONS: usize = 14;
/// So that no clock runs out.
const CLOCK: Clock = Clock::Live {
    initial_s: 86_400,
    inc_s: 0,
};

/// When a relay that is to be killed is killed, if too few operations are called by then.
const KILL_WITHIN: Duration = Duration::from_secs(1);

/// How one group of histories is recorded.
pub(super) struct Group<'a> {
    pub(super) setup: &'a Setup,
    /// After how many operations the relay is killed and started again, if it is.
    pub(super) kill: Option<u64>,
}

impl Group<'_> {
    /// Plays and records.
    ///
    /// # Errors
    ///
    /// Where the relay cannot be started again, or clients get no session.
    pub(super) async fn record(
        &self,
        server: &mut Server,
        random: &mut Random,
    ) -> Result<Vec<History>> {
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        let mut games = Vec::new();
        for _ in 0..GAMES {
            let shared = open(server, begin, random).await?;
            for (number, key) in keys(&shared, random).into_iter().enumerate() {
                let client = Client::new(number, key, shared.0.clone(), random.fork())?;
                clients.spawn(client.run(OPERATIONS));
            }
            games.push(shared.0);
        }
        if let Some(operations) = self.kill {
            let late = Instant::now() + KILL_WITHIN;
            while called(&games) < operations && Instant::now() < late {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            server.kill();
            *server = self.setup.start().context("after a kill")?;
        }
        while let Some(ended) = clients.join_next().await {
            ended.map_err(|error| anyhow!("a client stopped short: {error}"))??;
        }
        let mut histories = Vec::new();
        for shared in games {
            let key = Keypair::from_secret(&random.bytes());
            let reader = Client::new(usize::MAX, key, shared.clone(), random.fork())?;
            reader.read_at_last().await?;
            histories.push(history(&shared));
        }
        Ok(histories)
    }
}

/// How many operations clients have called so far.
fn called(games: &[Arc<Shared>]) -> u64 {
    let of = |shared: &Arc<Shared>| {
        let ops = shared.ops.lock().unwrap_or_else(PoisonError::into_inner);
        ops.len() as u64
    };
    games.iter().map(of).sum()
}

/// A game that is created, and the keys of those who want to join.
async fn open(
    server: &Server,
    begin: Instant,
    random: &mut Random,
) -> Result<(Arc<Shared>, Vec<Keypair>)> {
    let creator = Keypair::from_secret(&random.bytes());
    let mut link = Link::open(&server.address, &creator)
        .await
        .map_err(|lost| anyhow!("no session: {}", lost.0))?;
    let mut options = usual_game(CLOCK, vec![link.order]);
    options.colour = Some(Colour::White);
    let [secret, nonce] = [(); 2].map(|()| Nonce(random.bytes()));
    let player = Player::create(creator.clone(), options, secret, nonce)?;
    let genesis = player.game().genesis().clone();
    create(&mut link, &genesis).await?;
    let joiners: Vec<Keypair> = (0..JOINERS)
        .map(|_| Keypair::from_secret(&random.bytes()))
        .collect();
    let joins = joiners
        .iter()
        .map(|key| wish(key, player.id(), random))
        .collect();
    let shared = Shared {
        genesis,
        address: server.address.clone(),
        begin,
        creator,
        joins,
        ops: Mutex::default(),
        signed: Mutex::default(),
    };
    Ok((Arc::new(shared), joiners))
}

/// The key of each client; the last one only watches and repeats what others signed.
fn keys((shared, joiners): &(Arc<Shared>, Vec<Keypair>), random: &mut Random) -> Vec<Keypair> {
    let mut keys = vec![shared.creator.clone(); CREATORS];
    for joiner in joiners {
        keys.extend(vec![joiner.clone(); CONNECTIONS]);
    }
    keys.push(Keypair::from_secret(&random.bytes()));
    keys
}

/// What was recorded, with the relay's own entries that anybody read: those may have come at any time.
fn history(shared: &Shared) -> History {
    let mut ops = shared
        .ops
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let own: BTreeSet<String> = ops
        .iter()
        .filter_map(|op| match &op.answer {
            Some((_, Answer::Chain { places })) => Some(places),
            _ => None,
        })
        .flatten()
        .filter(|place| !place.record)
        .map(|place| place.holds.clone())
        .collect();
    ops.extend(own.into_iter().map(|entry| Op {
        client: usize::MAX,
        invoked: 0,
        call: Call::Own { entry },
        answer: None,
    }));
    History {
        game: shared.genesis.body.id().to_string(),
        ops,
    }
}
