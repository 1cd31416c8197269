//! Sequencers step by step over a log in memory, without a runtime.

mod given_up;
mod moving;
mod steps;
mod untimed;

use futures::FutureExt as _;
use rookery_ledger::id::Nonce;
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, What};
use rookery_ledger::{Colour, Game, Player};

use super::*;
use crate::client::usual_game;
use crate::order_log::memory::Fate;
use crate::order_log::{MemoryLog, OrderLog as _, ReadError, Which};

const LIVE: Clock = Clock::Live {
    initial_s: 60,
    inc_s: 0,
};

fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

fn put(log: &MemoryLog, request: Request) -> Response {
    let response = request.put_to(log).now_or_never();
    response.expect("a log in memory answers at once")
}

/// A relay's sequencer over a log, with what it was told to do.
struct Relay {
    sequencer: Sequencer,
    log: MemoryLog,
    commands: Vec<Command>,
}

impl Relay {
    fn new(log: &MemoryLog, order_key: u8, game: GameId) -> Self {
        let sequencer = Sequencer::new(game, Arc::new(key(order_key)), None);
        let mut relay = Self {
            sequencer,
            log: log.clone(),
            commands: Vec::new(),
        };
        relay.take(Input::Read);
        relay
    }

    fn finish(&mut self, mut step: Step) {
        loop {
            self.commands.extend(step.commands);
            let Some(request) = step.ask else { return };
            let response = put(&self.log, request);
            step = self.sequencer.answered(response);
        }
    }

    fn take(&mut self, input: Input) -> Vec<Command> {
        let step = self.sequencer.begin(input);
        self.finish(step);
        std::mem::take(&mut self.commands)
    }

    fn submit(&mut self, item: &Item, at: u64) -> Vec<Command> {
        self.take(offered(item, at))
    }

    fn game(&self) -> &Game {
        self.sequencer.orderer().unwrap().game()
    }
}

fn offered(item: &Item, at: u64) -> Input {
    Input::Submit {
        item: Box::new(item.clone()),
        at: Millis::new(at),
        lag: Millis::ZERO,
        now: Millis::new(at),
    }
}

fn replies(commands: &[Command]) -> Vec<Reply> {
    let replies = commands.iter().filter_map(|command| match command {
        Command::Answer(reply) => Some(reply.clone()),
        _ => None,
    });
    replies.collect()
}

fn published(commands: &[Command]) -> Vec<Item> {
    let items = commands.iter().filter_map(|command| match command {
        Command::Publish(items) => Some(items.clone()),
        _ => None,
    });
    items.flatten().collect()
}

fn receipts(items: &[Item]) -> usize {
    let receipts = items
        .iter()
        .filter(|item| matches!(item, Item::Receipt { .. }));
    receipts.count()
}

fn hear(players: &mut [Player; 2], items: &[Item]) {
    for player in players {
        for item in items {
            player.receive(item.clone()).unwrap();
        }
    }
}

/// A seated game at relay 9 over a log, its time being 1 s.
fn seated(clock: Clock) -> (MemoryLog, Relay, [Player; 2]) {
    let options = Options {
        colour: Some(Colour::White),
        ..usual_game(clock, vec![key(9).order(), key(8).order()])
    };
    let white = Player::create(key(1), options, Nonce([1; 16]), Nonce([2; 16])).unwrap();
    let genesis = white.game().genesis().clone();
    let black = Player::open(key(2), genesis.clone(), None).unwrap();
    let log = MemoryLog::default();
    let mut relay = Relay::new(&log, 9, white.id());
    let mut players = [white, black];
    let created = relay.submit(&Item::Genesis(genesis), 1_000);
    assert_eq!(replies(&created), [Reply::Done]);
    hear(&mut players, &published(&created));
    let seat = players[0].seat(players[1].join(Nonce([3; 16])).unwrap());
    let seated = relay.submit(&seat.unwrap(), 1_000);
    assert!(seated.contains(&Command::Reached(Event::Seated)));
    hear(&mut players, &published(&seated));
    (log, relay, players)
}

fn hash_of(item: &Item) -> Hash {
    match item {
        Item::Record(record) => record.hash(),
        other => panic!("no record: {other:?}"),
    }
}

fn play(player: &mut Player, uci: &str) -> Item {
    player.play(uci, Millis::ZERO, false).unwrap()
}

/// What the relay that is followed is told.
fn told_upstream(commands: Vec<Command>) -> Vec<Item> {
    let told = commands.into_iter().filter_map(|command| match command {
        Command::Upstream(item) => Some(item),
        _ => None,
    });
    told.collect()
}
