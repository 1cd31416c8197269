//! Two players who leave the clock: agreed once, by whatever way is left, and never signed twice.

use std::collections::BTreeSet;

use rookery_ledger::id::{GameId, Hash, Nonce};
use rookery_ledger::record::{Item, Message, Record};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request};
use rookery_ledger::{Player, rook};

use super::{Clock, LIVE, World};
use crate::onward::Saying;

impl World {
    fn leave(&mut self, i: usize, id: GameId) -> Result<(), &'static str> {
        let random = self.fresh::<16>();
        self.act(i, |core, now| core.leave_clock(id, &random, now))
    }

    fn decline(&mut self, i: usize, id: GameId) -> Result<(), &'static str> {
        self.act(i, |core, now| core.decline(id, now))
    }

    /// The game in which both go on, which both have to know.
    fn next(&self, id: GameId) -> GameId {
        let next = |i: usize| self.state(i, id)["goesOnIn"].clone();
        assert_eq!(next(0), next(1));
        let next: GameId = next(0).as_str().expect("nobody went on").parse().unwrap();
        for i in [0, 1] {
            let state = self.state(i, next);
            assert_eq!(state["phase"], "playing");
            assert_eq!(state["clock"]["kind"], "none");
            assert_eq!(state["goesOnFrom"], id.to_string());
            assert_eq!(state["you"], self.state(i, id)["you"]);
        }
        next
    }

    fn all_gone(&mut self) {
        for i in [0, 1] {
            self.disconnect(i);
        }
    }

    /// The Seats that ever left a device or are stored on it.
    fn seats(&self, i: usize) -> BTreeSet<Hash> {
        let stored = self.pages[i].stored.values();
        let stored = stored.flat_map(|(items, _)| rook::read(items).unwrap());
        let sent = self.submitted(i).into_iter().cloned();
        let mut seats = BTreeSet::new();
        for item in stored.chain(sent) {
            match item {
                Item::Continued { seat, .. } => seats.insert(seat.hash()),
                Item::Record(record) if matches!(record.body, Record::Seat(_)) => {
                    seats.insert(record.hash())
                }
                _ => false,
            };
        }
        seats
    }

    fn hears(&mut self, i: usize, id: GameId, by: &Keypair, genesis: &Item, saying: &Saying) {
        let Item::Genesis(genesis) = genesis else {
            panic!("no genesis")
        };
        let player = Player::open(by.clone(), genesis.clone(), None).unwrap();
        let said = player.say(saying.message(), self.now().wall);
        self.push(i, &Push::Said { game: id, said });
        self.settle();
    }

    fn genesis(&self, id: GameId) -> Item {
        let items = rook::read(&self.pages[0].stored[&id].0).unwrap();
        items.into_iter().next().unwrap()
    }
}

#[test]
fn with_every_relay_gone_they_go_on_by_their_channel_and_the_old_game_ends_when_its_home_is_back() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    world.play(1, id, "e7e5").unwrap();
    world.open_channel(id);
    world.all_gone();
    world.leave(0, id).unwrap();
    assert_eq!(world.state(0, id)["leaving"], "offered");
    assert_eq!(world.state(1, id)["leaving"], "asked");
    world.leave(1, id).unwrap();
    let next = world.next(id);
    for i in [0, 1] {
        assert_eq!(world.state(i, next)["path"], "direct");
        assert_eq!(world.state(i, id)["phase"], "playing");
        assert_eq!(world.state(i, id)["can"]["move"], false);
    }
    assert_eq!(world.play(0, id, "g1f3"), Err("gone-on"));
    for (i, uci) in ["g1f3", "b8c6", "f1b5"].into_iter().enumerate() {
        world.play(i % 2, next, uci).unwrap();
    }
    for i in [0, 1] {
        assert_eq!(world.state(i, next)["ply"], 5);
        assert_eq!(world.state(i, next)["pending"], serde_json::Value::Null);
    }
    world.connect(1);
    world.connect(0);
    for i in [0, 1] {
        assert_eq!(world.state(i, id)["result"]["reason"], "continued");
        assert_eq!(world.state(i, id)["goesOnIn"], next.to_string());
        assert!(
            world.state(i, id)["findings"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
    assert_eq!(world.games[&next].game().state().line.ply().get(), 5);
    world.play(1, next, "a7a6").unwrap();
    assert_eq!(world.state(0, next)["ply"], 6);
    assert_eq!(world.seats(0).len(), 2, "one for each game");
}

#[test]
fn over_the_relay_both_may_agree_at_any_time_and_whoever_created_the_first_game_has_no_part_in_it()
{
    for offers in [0, 1] {
        let (mut world, id) = World::game(LIVE);
        world.play(0, id, "d2d4").unwrap();
        world.leave(offers, id).unwrap();
        assert_eq!(world.state(1 - offers, id)["leaving"], "asked");
        world.leave(1 - offers, id).unwrap();
        let next = world.next(id);
        for i in [0, 1] {
            assert_eq!(world.state(i, id)["result"]["reason"], "continued");
        }
        world.play(1, next, "g8f6").unwrap();
        assert_eq!(world.state(0, next)["ply"], 2);
        assert_eq!(world.leave(0, next), Err("bad-input"));
        assert_eq!(world.leave(0, id), Err("gone-on"));
    }
}

#[test]
fn who_declines_or_takes_it_back_is_asked_again_only_for_another_game() {
    let (mut world, id) = World::game(LIVE);
    world.leave(0, id).unwrap();
    world.decline(1, id).unwrap();
    assert_eq!(world.state(0, id)["leaving"], "none");
    assert_eq!(world.state(1, id)["leaving"], "none");
    assert!(world.pages[0].notices.contains(&"declined".to_owned()));
    world.leave(0, id).unwrap();
    assert_eq!(world.state(1, id)["leaving"], "asked");
    world.decline(0, id).unwrap();
    assert_eq!(world.state(1, id)["leaving"], "none");
    assert_eq!(world.decline(1, id), Err("nothing-there"));
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.state(1, id)["ply"], 1);
    assert_eq!(world.seats(0).len(), 1);
}

#[test]
fn an_offer_lapses_with_the_next_move_and_a_late_answer_seats_nobody() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    world.leave(0, id).unwrap();
    world.play(1, id, "e7e5").unwrap();
    for i in [0, 1] {
        assert_eq!(world.state(i, id)["leaving"], "none");
    }
    // The answer crosses the move of the other one.
    world.leave(1, id).unwrap();
    world.pages[1].connected = false;
    world.play(0, id, "g1f3").unwrap();
    world.pages[1].connected = true;
    world.leave(0, id).unwrap();
    assert_eq!(world.state(0, id)["goesOnIn"], serde_json::Value::Null);
    assert_eq!(world.seats(0).len() + world.seats(1).len(), 2);
}

#[test]
fn where_both_offer_at_once_one_game_follows() {
    for order in [[0, 1], [1, 0]] {
        let (mut world, id) = World::game(LIVE);
        world.open_channel(id);
        world.all_gone();
        for i in order {
            let random = world.fresh::<16>();
            let now = world.now();
            let outputs = world.pages[i].core.leave_clock(id, &random, now).unwrap();
            world.outputs(i, outputs);
        }
        world.settle();
        let next = world.next(id);
        world.play(0, next, "e2e4").unwrap();
        assert_eq!(world.state(1, next)["ply"], 1);
        let seats: BTreeSet<_> = [0, 1].iter().flat_map(|i| world.seats(*i)).collect();
        assert_eq!(seats.len(), 2, "that of each game");
    }
}

#[test]
fn what_a_stranger_offers_is_nothing_and_the_opponent_can_offer_no_other_game() {
    let (mut world, id) = World::game(LIVE);
    let genesis = world.genesis(id);
    world.leave(1, id).unwrap();
    let said = world.pages[1].log.iter().find_map(|request| match request {
        Request::Say { said, .. } => match &said.body.message {
            Message::Signal { data } => Saying::read(data),
            _ => None,
        },
        _ => None,
    });
    let Some(Saying::Offer { genesis: offer }) = said else {
        panic!("no offer");
    };
    world.decline(0, id).unwrap();
    let (stranger, opponent) = (
        Keypair::from_secret(&[77; 32]),
        Keypair::from_secret(&[2; 32]),
    );
    let again = |change: &dyn Fn(&mut rookery_ledger::record::Genesis)| {
        let mut body = offer.body.clone();
        body.nonce = Nonce([9; 16]);
        change(&mut body);
        let by = if body.creator == opponent.player() {
            &opponent
        } else {
            &stranger
        };
        Saying::Offer {
            genesis: by.sign(body.id(), body),
        }
    };
    let same = again(&|_| {});
    world.hears(0, id, &stranger, &genesis, &same);
    assert_eq!(world.state(0, id)["leaving"], "none");
    for other in [
        again(&|body| body.creator = stranger.player()),
        again(&|body| body.moves = vec!["f2f3".into()]),
        again(&|body| body.homes.clear()),
        again(&|body| body.seat = None),
        again(&|body| body.takebacks = !body.takebacks),
        again(&|body| body.from = None),
        again(&|body| body.colours = rookery_ledger::record::Colours::White),
        again(&|body| body.clock = LIVE),
    ] {
        world.hears(0, id, &opponent, &genesis, &other);
        assert_eq!(world.state(0, id)["leaving"], "none", "{other:?}");
    }
    world.hears(0, id, &opponent, &genesis, &same);
    assert_eq!(world.state(0, id)["leaving"], "asked");
}

#[test]
fn after_a_reload_in_the_middle_the_same_is_said_again_and_one_seat_is_signed() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    world.disconnect(1);
    world.leave(0, id).unwrap();
    world.reload(0);
    world.connect(0);
    assert_eq!(world.state(0, id)["leaving"], "offered");
    let present = |creator, joiner| Push::Presence {
        game: id,
        creator,
        joiner,
    };
    world.connect(1);
    world.push(0, &present(true, true));
    world.settle();
    assert_eq!(world.state(1, id)["leaving"], "asked");
    // The answer is stored and not heard; the one who gave it is loaded again.
    world.disconnect(0);
    world.leave(1, id).unwrap();
    world.reload(1);
    world.connect(1);
    assert_eq!(world.state(1, id)["leaving"], "accepted");
    world.connect(0);
    // The Seat is signed, and the device dies before it is stored: nobody has seen it.
    world.pages[0].held = Some(Vec::new());
    world.push(1, &present(true, true));
    world.settle();
    assert!(world.seats(0).len() == 1 && world.seats(1).len() == 1);
    world.pages[0].held = None;
    world.reload(0);
    world.connect(0);
    world.push(1, &present(true, true));
    world.settle();
    let next = world.next(id);
    // Between the two games, and after them.
    let (items, notes) = world.pages[0].stored.remove(&next).unwrap();
    world.reload(0);
    world.open(0, next);
    assert_eq!(world.state(0, next)["phase"], "playing");
    world.pages[0].stored.insert(next, (items, notes));
    for i in [0, 1] {
        world.reload(i);
        world.connect(i);
    }
    assert_eq!(world.next(id), next);
    assert_eq!(world.seats(0).len(), 2);
}

#[test]
fn a_move_on_its_way_when_the_relay_died_goes_along() {
    let (mut world, id) = World::game(LIVE);
    world.open_channel(id);
    world.all_gone();
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.state(0, id)["ply"], 0);
    world.leave(1, id).unwrap();
    world.leave(0, id).unwrap();
    let next = world.next(id);
    assert_eq!(world.state(1, next)["ply"], 1);
    world.play(1, next, "c7c5").unwrap();
    world.connect(1);
    world.connect(0);
    for i in [0, 1] {
        let state = world.state(i, id);
        assert_eq!(
            (&state["result"]["reason"], &state["ply"]),
            (&"continued".into(), &1.into())
        );
    }
    assert_eq!(world.state(0, next)["ply"], 2);
}

#[test]
fn days_can_be_left_and_a_game_without_a_clock_cannot() {
    let (mut world, id) = World::game(Clock::Days { days: 3 });
    world.leave(0, id).unwrap();
    world.leave(1, id).unwrap();
    assert_eq!(world.state(0, id)["result"]["outcome"], "*");
    let (mut world, id) = World::game(Clock::None);
    assert_eq!(world.leave(0, id), Err("bad-input"));
    assert_eq!(world.state(0, id)["can"]["leaveClock"], false);
}
