//! A game's task over a log that fails in every way: no receipt without durability, one receipt for each record.

use std::sync::Arc;
use std::time::Duration;

use rookery_ledger::id::{GameId, Millis, Nonce};
use rookery_ledger::player::Options;
use rookery_ledger::record::{Clock, Item};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Frames, Push, decode_push};
use rookery_ledger::{Colour, Player};

use crate::client::usual_game;
use crate::config::Config;
use crate::games::GameMsg;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::node;
use crate::order_log::memory::Fate;
use crate::order_log::{AppendError, MemoryLog};
use crate::outbox::queue::Outlet;
use crate::outbox::{Answer, Out, Outbox};
use crate::relay::Relay;

/// A relay without listeners over `log`.
async fn relay(log: &MemoryLog, key: &Keypair) -> Arc<Relay> {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::load_or_make(dir.path()).unwrap();
    let config = Config {
        listen: Vec::new(),
        ..Config::default()
    };
    let (node, _inbound, _events) = node::start(&config, &keys).await.unwrap();
    Relay::new(Limits::default(), key.clone(), Arc::new(log.clone()), node)
}

/// One session's end of the relay, without a stream.
struct Seat {
    relay: Arc<Relay>,
    outbox: Outbox,
    frames: Outlet<Out>,
    next: u32,
}

impl Seat {
    fn new(relay: &Arc<Relay>, player: Option<&Player>) -> Self {
        let peer = libp2p::PeerId::random();
        let (outbox, frames) = Outbox::new(relay.next_session(), peer, false, 64, Arc::default());
        if let Some(player) = player {
            outbox.info().bind(player.key());
            assert!(relay.players.add(player.key(), &outbox, 8));
        }
        Self {
            relay: relay.clone(),
            outbox,
            frames,
            next: 0,
        }
    }

    async fn push(&mut self) -> Push {
        let frame = self.frames.next(self.outbox.info().end());
        let wait = tokio::time::timeout(Duration::from_secs(10), frame);
        let out = wait.await.expect("a frame within 10 s").unwrap();
        let mut frames = Frames::default();
        frames.push(&out.bytes);
        decode_push(frames.next_frame().unwrap().unwrap()).unwrap()
    }

    /// Sends a request, and gives what came before its answer, with the answer's code.
    async fn ask(
        &mut self,
        game: GameId,
        message: impl FnOnce(Answer) -> GameMsg,
    ) -> (Vec<Push>, String) {
        self.next += 1;
        let answer = Answer {
            outbox: self.outbox.clone(),
            id: self.next,
        };
        let sent = self.relay.games.send(&self.relay, game, message(answer));
        sent.await.map_err(|refused| refused.code).unwrap();
        let mut before = Vec::new();
        loop {
            match self.push().await {
                Push::Done { id } if id == self.next => return (before, "done".into()),
                Push::Refused { id, code, .. } if id == self.next => return (before, code),
                push => before.push(push),
            }
        }
    }

    async fn submit(&mut self, game: GameId, item: Item) -> (Vec<Push>, String) {
        let at = self.relay.clock.now();
        self.ask(game, |answer| GameMsg::Submit { item, at, answer })
            .await
    }

    async fn watch(&mut self, game: GameId) -> (Vec<Push>, String) {
        self.ask(game, |answer| GameMsg::Watch {
            after: None,
            answer,
        })
        .await
    }
}

fn receipts(pushes: &[Push]) -> usize {
    let items = pushes.iter().flat_map(|push| match push {
        Push::Items { items, .. } => items.as_slice(),
        _ => &[],
    });
    items
        .filter(|item| matches!(item, Item::Receipt { .. }))
        .count()
}

fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

fn player(n: u8, relay: &Relay, clock: Clock) -> Player {
    let options = Options {
        colour: Some(Colour::White),
        ..usual_game(clock, vec![relay.order_key()])
    };
    Player::create(key(n), options, Nonce([n; 16]), Nonce([n; 16])).unwrap()
}

fn genesis(player: &Player) -> Item {
    Item::Genesis(player.game().genesis().clone())
}

const LIVE: Clock = Clock::Live {
    initial_s: 600,
    inc_s: 0,
};

/// Creates a game and seats a joiner; gives both players and the creator's seat, which watches.
async fn seated(relay: &Arc<Relay>, clock: Clock) -> (Player, Player, Seat) {
    let mut white = player(1, relay, clock);
    let mut black = Player::open(key(2), white.game().genesis().clone(), None).unwrap();
    let mut seat = Seat::new(relay, Some(&white));
    let id = white.id();
    assert_eq!(seat.submit(id, genesis(&white)).await.1, "done");
    let (items, _) = seat.watch(id).await;
    take(&mut white, &items);
    take(&mut black, &items);
    let item = white.seat(black.join(Nonce([3; 16])).unwrap()).unwrap();
    let (items, code) = seat.submit(id, item).await;
    assert_eq!(code, "done");
    take(&mut white, &items);
    take(&mut black, &items);
    (white, black, seat)
}

fn take(player: &mut Player, pushes: &[Push]) {
    for push in pushes {
        if let Push::Items { items, .. } = push {
            for item in items {
                player.receive(item.clone()).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_found_in_the_log_and_receipted_once() {
    for clock in [LIVE, Clock::None] {
        let log = MemoryLog::default();
        let relay = relay(&log, &key(9)).await;
        let (mut white, _, mut seat) = seated(&relay, clock).await;
        let item = white.play("e2e4", Millis::ZERO, false).unwrap();
        log.next_append(Fate::LostAnswer);
        let (shown, code) = seat.submit(white.id(), item.clone()).await;
        assert_eq!((receipts(&shown), code.as_str()), (0, "log-unavailable"));
        let (shown, code) = seat.submit(white.id(), item).await;
        assert_eq!((receipts(&shown), code.as_str()), (1, "done"));
        take(&mut white, &shown);
        assert!(white.unsent().is_empty());
        let (all, _) = Seat::new(&relay, None).watch(white.id()).await;
        assert_eq!(receipts(&all), 3, "genesis, Seat, one move");
    }
}

#[tokio::test]
async fn while_the_disk_is_full_nothing_is_receipted_and_new_games_are_refused() {
    let log = MemoryLog::default();
    let relay = relay(&log, &key(9)).await;
    let (mut white, _, mut seat) = seated(&relay, LIVE).await;
    log.set_full(true);
    let item = white.play("e2e4", Millis::ZERO, false).unwrap();
    for _ in 0..2 {
        let (shown, code) = seat.submit(white.id(), item.clone()).await;
        assert_eq!((receipts(&shown), code.as_str()), (0, "log-full"));
    }
    let other = player(4, &relay, LIVE);
    let mut newcomer = Seat::new(&relay, Some(&other));
    let (_, code) = newcomer.submit(other.id(), genesis(&other)).await;
    assert_eq!(code, "log-full");
    assert_eq!(newcomer.watch(other.id()).await.1, "unknown-game");
    log.set_full(false);
    let (shown, code) = seat.submit(white.id(), item).await;
    assert_eq!((receipts(&shown), code.as_str()), (1, "done"));
    let (_, code) = newcomer.submit(other.id(), genesis(&other)).await;
    assert_eq!(code, "done");
}

#[tokio::test]
async fn two_relays_with_one_key_and_one_log_never_give_a_place_twice() {
    let log = MemoryLog::default();
    let relays = [relay(&log, &key(9)).await, relay(&log, &key(9)).await];
    let (mut white, mut black, mut seat) = seated(&relays[0], LIVE).await;
    let mut far = Seat::new(&relays[1], Some(&black));
    let id = white.id();
    far.watch(id).await;
    // The second relay has read the game; what the first appends from here on it learns by losing a race.
    for (turn, uci) in ["e2e4", "e7e5", "g1f3", "b8c6"].into_iter().enumerate() {
        let (mover, at) = if turn % 2 == 0 {
            (&mut white, &mut seat)
        } else {
            (&mut black, &mut far)
        };
        let item = mover.play(uci, Millis::ZERO, false).unwrap();
        let (shown, code) = at.submit(id, item).await;
        assert_eq!(code, "done", "{uci}");
        take(&mut white, &shown);
        take(&mut black, &shown);
    }
    let (all, _) = Seat::new(&relays[0], None).watch(id).await;
    let mut outsider = Player::open(key(8), white.game().genesis().clone(), None).unwrap();
    take(&mut outsider, &all);
    let state = outsider.game().state();
    assert!(state.proofs.is_empty(), "{:?}", state.proofs);
}

#[tokio::test]
async fn a_failed_append_of_a_flag_is_tried_again() {
    let log = MemoryLog::default();
    let relay = relay(&log, &key(9)).await;
    let clock = Clock::Live {
        initial_s: 1,
        inc_s: 0,
    };
    let (mut white, mut black, mut seat) = seated(&relay, clock).await;
    for uci in ["e2e4", "e7e5"] {
        let mover = if uci == "e2e4" {
            &mut white
        } else {
            &mut black
        };
        let item = mover.play(uci, Millis::ZERO, false).unwrap();
        let (shown, code) = seat.submit(white.id(), item).await;
        assert_eq!(code, "done");
        take(&mut white, &shown);
        take(&mut black, &shown);
    }
    log.next_append(Fate::Fail(AppendError::Unavailable("once".into())));
    while white.game().state().outcome().is_none() {
        let push = seat.push().await;
        take(&mut white, &[push]);
    }
    assert_eq!(white.game().state().outcome().unwrap().as_pgn(), "0-1");
}

#[tokio::test]
async fn a_wish_to_sit_down_waits_for_the_creator_and_is_shown_on_return() {
    let log = MemoryLog::default();
    let relay = relay(&log, &key(9)).await;
    let white = player(1, &relay, LIVE);
    let id = white.id();
    assert_eq!(
        Seat::new(&relay, None).submit(id, genesis(&white)).await.1,
        "done"
    );
    let black = Player::open(key(2), white.game().genesis().clone(), None).unwrap();
    let join = black.join(Nonce([3; 16])).unwrap();
    let wish = join.clone();
    let mut joiner = Seat::new(&relay, Some(&black));
    let (_, code) = joiner
        .ask(id, |answer| GameMsg::Join { join: wish, answer })
        .await;
    assert_eq!(code, "done");
    let mut creator = Seat::new(&relay, Some(&white));
    creator.watch(id).await;
    assert_eq!(creator.push().await, Push::Joined { game: id, join });
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_fills_nobodys_queue_and_each_of_it_is_shown_the_whole_game() {
    const CROWD: usize = 200;
    let log = MemoryLog::default();
    let relay = relay(&log, &key(9)).await;
    let (mut white, black, mut seat) = seated(&relay, LIVE).await;
    let mut other = Seat::new(&relay, Some(&black));
    other.watch(white.id()).await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut one = Seat::new(&relay, None);
        let (shown, code) = one.watch(white.id()).await;
        assert_eq!(
            (receipts(&shown), code.as_str()),
            (2, "done"),
            "genesis, Seat"
        );
        let presence = shown.iter().filter(|push| {
            matches!(
                push,
                Push::Presence {
                    creator: true,
                    joiner: true,
                    ..
                }
            )
        });
        assert_eq!(presence.count(), 1, "a newcomer hears who is there");
        crowd.push(one);
    }
    // Queues hold 64 frames here, and nobody has read since it came.
    for one in crowd.iter().chain([&seat, &other]) {
        assert_eq!(one.outbox.info().why_cut(), None);
    }
    let item = white.play("e2e4", Millis::ZERO, false).unwrap();
    let (shown, code) = seat.submit(white.id(), item).await;
    assert_eq!((receipts(&shown), code.as_str()), (1, "done"));
    for one in &mut crowd {
        assert_eq!(receipts(&[one.push().await]), 1);
    }
    let (shown, _) = Seat::new(&relay, None).watch(white.id()).await;
    assert_eq!(
        receipts(&shown),
        3,
        "what was kept for newcomers is not shown when the game has gone on"
    );
}

#[tokio::test]
async fn a_forgotten_game_is_refused_whoever_brings_it_and_the_log_takes_it_no_more() {
    let log = MemoryLog::default();
    let relay = relay(&log, &key(9)).await;
    let (mut white, _, mut seat) = seated(&relay, LIVE).await;
    let id = white.id();
    relay.games.forget(&relay, id).await.unwrap();
    assert_eq!(relay.games.len(), 0);
    let item = white.play("e2e4", Millis::ZERO, false).unwrap();
    for item in [item, genesis(&white)] {
        let at = relay.clock.now();
        let answer = Answer {
            outbox: seat.outbox.clone(),
            id: 99,
        };
        let refused = relay
            .games
            .send(&relay, id, GameMsg::Submit { item, at, answer })
            .await;
        assert_eq!(refused.unwrap_err().code, "forgotten");
    }
    // A relay over the same log, which began before it knew.
    let late = self::relay(&log, &key(9)).await;
    let mut seat_there = Seat::new(&late, Some(&white));
    let (_, code) = seat_there.submit(id, genesis(&white)).await;
    assert_eq!(code, "log-unavailable", "the log itself takes it no more");
    let other = player(4, &relay, LIVE);
    assert_eq!(
        seat.submit(other.id(), genesis(&other)).await.1,
        "done",
        "other games go on"
    );
}
