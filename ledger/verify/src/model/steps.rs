//! What the model counts by numbers: items, the local states of players and relays, logs. The steps between them, in
//! `player_steps` and `relay_steps`, are calls of `Player` and `Orderer` on the state that the call before left.

use rookery_ledger::id::{Millis, Nonce};
use rookery_ledger::order::{Entry, Orderer};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Genesis, Item, Join, Lapsed, Signed, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::{Colour, Player, Refusal, codec};

use super::facts::{Facts, Guilty, Sound};
use super::scenario::Scenario;
use super::table::{Memo, Table};
use super::world::State;

const START: &str = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
const T0: u64 = 1_700_000_000_000;
/// What each side may play. From the position after 1. f3 e5 the first two are mate.
pub(super) const MOVES: [[&str; 2]; 2] = [["g2g4", "a2a3"], ["d8h4", "a7a6"]];
/// No orderer: the relay is down or does not know the game.
pub(super) const NOBODY: u32 = 0;

/// What a log keeps at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LogEntry {
    /// An own receipt with what it is for.
    Order(Box<Entry>),
    /// An own refusal of an epoch.
    Lapse(Lapsed),
    /// What another key ordered, and the signatures under a `Home`.
    Foreign(Box<Item>),
}

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
    Submit(u32, u8),
    Tick(u8),
    Returned(u8),
    Commit(u32),
    /// Reads the log; the outage is from the first moment to the second.
    Load(u32, Option<(u8, u8)>),
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
    pub(super) orderer: Option<Orderer>,
    pub(super) facts: Facts,
}

/// A log as it is: whole batches, and what each entry brings those who read it.
pub(super) struct Log {
    pub(super) batches: Vec<u32>,
    pub(super) entries: Vec<LogEntry>,
    /// Numbers of the items of each entry, the receipt or refusal last.
    pub(super) items: Vec<Vec<u32>>,
    pub(super) broken: u16,
    /// The protocol state of it.
    pub(super) view: u64,
}

/// Entries that are appended together.
pub(super) struct Batch {
    pub(super) entries: Vec<LogEntry>,
    pub(super) view: u64,
}

/// Items that were published by who is not honest.
#[derive(Default)]
pub(super) struct Stash {
    pub(super) items: Vec<u32>,
    pub(super) view: u64,
}

/// Fair continuations that are known to end the game, by the state of the world and the relay that never returns.
pub(super) type Ending = Memo<(State, Option<u8>), bool>;

/// The state after a relay's step, the batch that it asks the log to append, and the promises that the step broke.
pub(super) type RelayStep = (u32, Option<u32>, u16);

pub(super) struct Steps {
    pub(super) scenario: Scenario,
    pub(super) genesis: Signed<Genesis>,
    pub(super) genesis_item: u32,
    pub(super) guilty: Guilty,
    pub(super) sound: Sound,
    pub(super) items: Table<Vec<u8>, Item>,
    pub(super) players: Table<(u8, Vec<u32>, u64), PlayerNode>,
    pub(super) relays: Table<(u8, Vec<u32>, u64), RelayNode>,
    pub(super) batches: Table<Vec<u8>, Batch>,
    pub(super) logs: Table<(u8, Vec<u32>), Log>,
    pub(super) stashes: Table<Vec<u32>, Stash>,
    pub(super) player_steps: Memo<(u32, PlayerInput), (u32, u16)>,
    pub(super) ending: Ending,
    pub(super) relay_steps: Memo<(u8, u32, RelayInput), RelayStep>,
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
            guilty,
            sound: Sound::default(),
            ending: Ending::new(),
            items: Table::new(),
            players: Table::new(),
            relays: Table::new(),
            batches: Table::new(),
            logs: Table::new(),
            stashes: Table::new(),
            player_steps: Memo::new(),
            relay_steps: Memo::new(),
            genesis,
        };
        steps.genesis_item = steps.item(&Item::Genesis(steps.genesis.clone()));
        let nobody = RelayNode {
            orderer: None,
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
