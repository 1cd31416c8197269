//! Whole games in virtual time: one seed gives one run of players, relays, logs and a network in which things go wrong, on
//! the sequencer, the player and the store that ship.

mod calm;
mod campaign;
mod cast;
mod checks;
mod client;
mod disk;
mod host;
mod log;
mod manners;
mod mishaps;
mod moving;
mod network;
mod relay;
mod replay;
mod table;
mod tally;
mod wires;
mod witness;
mod world;

#[cfg(test)]
mod tests;

use anyhow::Result;
use rookery_ledger::sign::recall;

use tally::Tally;
use world::World;

pub(crate) use campaign::run;

/// What came of one seed.
#[derive(Debug)]
struct Ran {
    plies: Vec<u64>,
    events: u64,
    /// Of all that happened, in order.
    digest: u64,
    records: Tally,
    faults: Tally,
    broken: Vec<String>,
}

/// Runs one seed to its end.
fn run_seed(seed: u64) -> Result<Ran> {
    // Every device checks the same signatures.
    recall::begin();
    let mut world = World::of(seed)?;
    world.told = std::env::var_os("ROOKERY_SIMULATION_TOLD").is_some();
    world.run();
    let plies = if world.witness.broken.is_empty() {
        world.check()
    } else {
        vec![0; world.games]
    };
    if world.told {
        eprintln!("{}", world.tell_chains());
    }
    Ok(Ran {
        plies,
        events: world.events,
        digest: world.digest,
        records: world.witness.records,
        faults: world.witness.faults,
        broken: world.witness.broken,
    })
}
