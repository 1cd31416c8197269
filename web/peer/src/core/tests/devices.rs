//! One key on two devices: the second one signs in a game only after it took it over and heard how it stands.

use super::{Clock, Core, LIVE, World};
use rookery_ledger::id::GameId;

impl World {
    /// The second page's player on a third page: another device, to which the key was brought.
    fn second_device(&mut self) -> usize {
        let mut core = Core::new(&[2; 32]);
        core.set_writer(true);
        self.pages[2].core = core;
        self.disconnect(2);
        self.connect(2);
        2
    }

    fn take_up(&mut self, i: usize, id: GameId) -> Result<(), &'static str> {
        self.act(i, |core, _| core.take_up(id))
    }

    /// A game of the first two pages, and a third one that is not there yet.
    fn with_room(clock: Clock) -> (Self, GameId) {
        let mut world = Self::new(3);
        let id = world.create(0, super::new_game(clock));
        world.open(1, id);
        world.join(1, id).unwrap();
        (world, id)
    }

    fn nobody_lied(&self, id: GameId) {
        for (i, page) in self.pages.iter().enumerate() {
            if let Some(table) = page.core.tables.get(&id) {
                assert!(table.player.game().state().proofs.is_empty(), "page {i}");
            }
        }
        assert!(self.games[&id].game().state().proofs.is_empty());
    }
}

#[test]
fn another_device_with_the_key_signs_nothing_before_the_game_is_taken_over_there() {
    for clock in [LIVE, Clock::None] {
        let (mut world, id) = World::with_room(clock);
        world.play(0, id, "e2e4").unwrap();
        let other = world.second_device();
        world.open(other, id);
        let state = world.state(other, id);
        assert_eq!(
            (&state["you"], &state["device"]),
            (&"black".into(), &"elsewhere".into())
        );
        assert_eq!(state["can"]["move"], false);
        assert_eq!(world.play(other, id, "e7e5"), Err("elsewhere"));
        assert_eq!(
            world.act(other, |core, now| core.resign(id, now)),
            Err("elsewhere")
        );
        world.take_up(other, id).unwrap();
        assert_eq!(world.state(other, id)["device"], "here");
        world.play(other, id, "e7e5").unwrap();
        for i in [0, 1, other] {
            assert_eq!(world.state(i, id)["ply"], 2, "{i}");
        }
        assert_eq!(world.take_up(other, id), Err("nothing-there"));
        assert_eq!(world.take_up(0, id), Err("nothing-there"));
        // The first device goes on as well, as long as one hears the other.
        world.play(0, id, "g1f3").unwrap();
        world.play(1, id, "b8c6").unwrap();
        assert_eq!(world.play(other, id, "d7d6"), Err("not-your-turn"));
        world.nobody_lied(id);
    }
}

#[test]
fn after_a_reload_and_without_a_relay_it_waits_until_it_heard_the_head_again() {
    for clock in [LIVE, Clock::None] {
        let (mut world, id) = World::with_room(clock);
        world.play(0, id, "e2e4").unwrap();
        let other = world.second_device();
        world.open(other, id);
        world.disconnect(other);
        assert_eq!(world.take_up(other, id), Err("unheard"));
        world.connect(other);
        world.take_up(other, id).unwrap();
        world.disconnect(other);
        assert_eq!(world.state(other, id)["device"], "unheard");
        assert_eq!(world.play(other, id, "e7e5"), Err("unheard"));
        // Meanwhile the first device moves. The other one, loaded again, must not answer the same move anew.
        world.play(1, id, "c7c5").unwrap();
        let (items, notes) = world.pages[other].stored[&id].clone();
        let mut core = Core::new(&[2; 32]);
        core.set_writer(true);
        core.load(&items, &notes, world.now()).unwrap();
        world.pages[other].core = core;
        assert_eq!(world.state(other, id)["ply"], 1);
        assert_eq!(world.play(other, id, "e7e5"), Err("unheard"));
        world.connect(other);
        assert_eq!(world.state(other, id)["ply"], 2);
        assert_eq!(world.play(other, id, "e7e5"), Err("not-your-turn"));
        world.nobody_lied(id);
    }
}

#[test]
fn an_invitation_of_one_device_is_answered_by_that_one_alone() {
    let mut world = World::new(3);
    let id = world.create(1, super::new_game(LIVE));
    let other = world.second_device();
    world.open(other, id);
    assert_eq!(world.take_up(other, id), Err("not-a-player"));
    world.open(0, id);
    world.join(0, id).unwrap();
    assert_eq!(world.state(0, id)["seat"], "seated");
    assert_eq!(world.submitted(other).len(), 0);
    world.nobody_lied(id);
}

#[test]
fn where_it_cannot_be_stored_it_is_not_taken_over() {
    let (mut world, id) = World::with_room(LIVE);
    world.play(0, id, "e2e4").unwrap();
    let other = world.second_device();
    world.open(other, id);
    world.pages[other].held = Some(Vec::new());
    world.take_up(other, id).unwrap();
    assert_eq!(world.play(other, id, "e7e5"), Err("on-its-way"));
    let held = world.pages[other].held.take().unwrap();
    for output in held {
        if let crate::Output::Store {
            token: Some(token), ..
        } = output
        {
            world.pages[other].core.not_stored(token);
        }
    }
    assert_eq!(world.state(other, id)["device"], "elsewhere");
    assert_eq!(world.play(other, id, "e7e5"), Err("elsewhere"));
}
