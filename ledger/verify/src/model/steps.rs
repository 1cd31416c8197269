//! What the model counts by numbers: items, the local states of players and relays, logs. The steps between them, in
//! `player_steps` and `relay_steps`, are calls of `Player` and `Sequencer` on the state that the call before left.

use rookery_ledger::id::{Millis, Nonce, OrderKey};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Genesis, Item, Join, Signed, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Player, Refusal, codec};
use rookery_relay::order_log::Position;
use rookery_relay::sequencer::Sequencer;

use super::facts::{Facts, Guilty, Sound};
use super::logs::{Appending, Log};
use super::scenario::Scenario;
use super::table::{Memo, Table};
use super::world::State;

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
const T0: u64 = 1_700_000_000_000;
/// What each side may play. From the position after 1. f3 e5 the first two are mate.
pub(super) const MOVES: [[&str; 2]; 2] = [["g2g4", "a2a3"], ["d8h4", "a7a6"]];
/// A relay that is down.
pub(super) const NOBODY: u32 = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PlayerInput {
    Receive(u32),
    Seat(u8),
    Play(u8),
    Resign,
    MoveHome(u8),
    AgreeHome(u32),
    Reload,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RelayInput {
    /// Begins to serve and reads the log; the outage is from the first moment to the second.
    Start(Option<(u8, u8)>),
    /// Reads the log again.
    Read,
    /// Is offered an item.
    Submit(u32, u8),
    /// Hears an entry of another relay's log: which log, which entry.
    Learn(u32, u16, u8),
    Tick(u8),
    Returned(u8),
    /// Hears what became of the append that it asked for.
    Answered(u32, Fate),
}

/// What became of an append, as its relay hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    Durable,
    /// The end of the log was another one.
    Conflict,
    /// The answer was lost.
    Unknown,
}

pub(super) struct PlayerNode {
    pub(super) player: Player,
    pub(super) who: u8,
    pub(super) facts: Facts,
    /// Its items in the order in which it would send them.
    pub(super) sends: Vec<u32>,
    /// Of these the records, and the signatures under a `Home`.
    pub(super) held: Vec<(u32, bool)>,
    /// The last receipt that counts lies before the `after` of an open `Home`.
    pub(super) behind: bool,
    /// Records without a receipt, in the order in which a relay can take them.
    pub(super) forwards: Vec<u32>,
}

pub(super) struct RelayNode {
    /// None where the relay is down.
    pub(super) sequencer: Option<Sequencer>,
    pub(super) facts: Facts,
}

impl RelayNode {
    /// Whether the relay is up and knows the game.
    pub(super) fn knows_game(&self) -> bool {
        let sequencer = self.sequencer.as_ref();
        sequencer.is_some_and(|sequencer| sequencer.orderer().is_some())
    }

    /// The end of its own chain in the log, as far as it knows.
    pub(super) fn seen(&self) -> Position {
        let sequencer = self.sequencer.as_ref();
        sequencer.map_or(Position::START, Sequencer::head)
    }
}

/// Items that were published by who is not honest.
#[derive(Default)]
pub(super) struct Stash {
    pub(super) items: Vec<u32>,
    pub(super) view: u64,
}

/// Fair continuations that are known to end the game, by the state of the world and the relay that never returns.
pub(super) type Ending = Memo<(State, Option<u8>), bool>;

/// The state after a relay's step, the append that it asks the log for, and the promises that the step broke.
pub(super) type RelayStep = (u32, Option<u32>, u16);

pub(super) struct Steps {
    pub(super) scenario: Scenario,
    pub(super) genesis: Signed<Genesis>,
    pub(super) genesis_item: u32,
    /// The hosts' order keys, which take long to derive.
    pub(super) order_keys: [OrderKey; 2],
    pub(super) guilty: Guilty,
    pub(super) sound: Sound,
    pub(super) items: Table<Vec<u8>, Item>,
    pub(super) players: Table<(u8, Vec<u32>, u64), PlayerNode>,
    pub(super) relays: Table<(u8, Vec<u32>, u64), RelayNode>,
    pub(super) appends: Table<Vec<u8>, Appending>,
    pub(super) logs: Table<(u8, Vec<u32>), Log>,
    pub(super) stashes: Table<Vec<u32>, Stash>,
    pub(super) player_steps: Memo<(u32, PlayerInput), (u32, u16)>,
    pub(super) ending: Ending,
    /// By host, state, log and input.
    pub(super) relay_steps: Memo<(u8, u32, u32, RelayInput), RelayStep>,
}

pub(super) fn player_key(who: u8) -> Keypair {
    Keypair::from_secret(&[1 + who; 32])
}

pub(super) fn order_key(host: u8) -> Keypair {
    Keypair::from_secret(&[101 + host; 32])
}

impl Steps {
    pub(super) fn new(scenario: Scenario) -> Result<Self, Refusal> {
        let options = Options {
            variant: Variant::Standard,
            start: START.into(),
            moves: vec!["f2f3".into(), "e7e5".into()],
            clock: scenario.clock,
            colour: Some(Colour::White),
            seat: None,
            takebacks: false,
            homes: (0..scenario.hosts)
                .map(|host| order_key(host).order())
                .collect(),
            from: None,
        };
        let creator = Player::create(player_key(0), options, Nonce([1; 16]), Nonce([2; 16]))?;
        let genesis = creator.game().genesis().clone();
        let guilty = Guilty {
            player: (scenario.equivocations > 0).then(|| player_key(scenario.equivocator).player()),
            relay: (scenario.lies > 0).then(|| order_key(scenario.liar).order()),
        };
        let mut steps = Self {
            scenario,
            genesis_item: 0,
            order_keys: [0, 1].map(|host| order_key(host).order()),
            guilty,
            sound: Sound::default(),
            ending: Ending::new(),
            items: Table::new(),
            players: Table::new(),
            relays: Table::new(),
            appends: Table::new(),
            logs: Table::new(),
            stashes: Table::new(),
            player_steps: Memo::new(),
            relay_steps: Memo::new(),
            genesis,
        };
        steps.genesis_item = steps.item(&Item::Genesis(steps.genesis.clone()));
        let nobody = RelayNode {
            sequencer: None,
            facts: Facts::default(),
        };
        steps.relays.put((0, Vec::new(), 0), nobody);
        steps.stashes.put(Vec::new(), Stash::default());
        Ok(steps)
    }

    /// The moment of a level of time. Beyond the levels of the scenario, which only fair continuations reach, 11 s each.
    pub(super) fn at(&self, level: u8) -> Millis {
        let levels = self.scenario.levels;
        let (index, last) = (usize::from(level), levels.len() - 1);
        let beyond = index.saturating_sub(last) as u64;
        Millis::new(T0 + levels[index.min(last)] + 11_000 * beyond)
    }

    pub(super) fn item(&self, item: &Item) -> u32 {
        let bytes = codec::encode(item);
        self.items
            .find(&bytes)
            .unwrap_or_else(|| self.items.put(bytes, item.clone()))
    }

    pub(super) fn known(&self, items: &[Item]) -> Vec<u32> {
        let mut known: Vec<u32> = items.iter().map(|item| self.item(item)).collect();
        known.sort_unstable();
        known.dedup();
        known
    }

    pub(super) fn join(&self, joiner: u8) -> Signed<Join> {
        let key = player_key(joiner);
        let body = Join {
            player: key.player(),
            nonce: Nonce([joiner; 16]),
        };
        key.sign(self.genesis.body.id(), body)
    }
}
