//! An untimed game whose moves are passed on by hand.

use rookery_ledger::id::GameId;
use rookery_ledger::record::Clock;

use super::{LIVE, World};

impl World {
    /// One player hands over what the other lacks.
    fn hand_over(&mut self, from: usize, id: GameId) -> Result<(), &'static str> {
        let bytes = self.pages[from].core.by_hand(id).ok_or("nothing")?;
        self.act(1 - from, |core, now| core.take_by_hand(id, &bytes, now))
    }

    /// A game that both players were cut off from after the first move.
    fn cut_off() -> (Self, GameId) {
        let (mut world, id) = Self::game(Clock::None);
        world.play(0, id, "e2e4").unwrap();
        world.disconnect(0);
        world.disconnect(1);
        (world, id)
    }
}

#[test]
fn a_game_goes_on_by_hand_and_the_relay_gets_all_of_it_on_reunion() {
    let (mut world, id) = World::cut_off();
    for (ply, uci) in ["e7e5", "g1f3", "b8c6", "f1b5"].into_iter().enumerate() {
        let mover = 1 - ply % 2;
        world.play(mover, id, uci).unwrap();
        world.hand_over(mover, id).unwrap();
        assert_eq!(world.state(1 - mover, id)["ply"], ply + 2);
    }
    // Handed over again it is no news, and does no harm.
    assert_eq!(world.hand_over(0, id), Err("nothing-there"));
    // What was handed over is kept.
    world.reload(1);
    assert_eq!(world.state(1, id)["ply"], 5);
    world.connect(1);
    assert_eq!(world.games[&id].game().state().line.ply().get(), 5);
    world.connect(0);
    assert_eq!(world.state(0, id)["fen"], world.state(1, id)["fen"]);
    assert_eq!(world.state(0, id)["pending"], serde_json::Value::Null);
}

#[test]
fn a_resignation_goes_by_hand_as_well() {
    let (mut world, id) = World::cut_off();
    world.act(0, |core, now| core.resign(id, now)).unwrap();
    world.hand_over(0, id).unwrap();
    assert_eq!(world.state(1, id)["result"]["outcome"], "0-1");

    // With the move before it, which nobody has yet.
    let (mut world, id) = World::cut_off();
    world.play(1, id, "e7e5").unwrap();
    world.act(1, |core, now| core.resign(id, now)).unwrap();
    world.hand_over(1, id).unwrap();
    let state = world.state(0, id);
    assert_eq!(
        (&state["ply"], &state["result"]["outcome"]),
        (&2.into(), &"1-0".into())
    );
}

#[test]
fn what_is_no_move_of_this_game_is_refused_in_words_and_changes_nothing() {
    let (mut world, id) = World::cut_off();
    world.play(1, id, "e7e5").unwrap();
    let good = world.pages[1].core.by_hand(id).unwrap();
    let mut take = |bytes: &[u8]| {
        let now = world.now();
        let taken = world.pages[0].core.take_by_hand(id, bytes, now);
        let failure = taken.unwrap_err();
        assert!(failure.to_string().len() > 20, "{failure}");
        assert_eq!(world.state(0, id)["ply"], 1);
        failure.code()
    };
    assert_eq!(take(&[]), "bad-input");
    assert_eq!(take(&good[..20]), "bad-input");
    assert_eq!(take(&good[..32]), "bad-input");
    assert_eq!(take(&good[..good.len() - 1]), "bad-input");
    assert_eq!(take(&[&good[..], &[0xff; 10]].concat()), "bad-input");
    assert_eq!(take(&vec![0; 100_000]), "bad-input");
    let mut other = good.clone();
    other[3] ^= 1;
    assert_eq!(take(&other), "bad-input");
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(take(&forged), "bad-signature");
    // Whatever one byte is changed to, it is refused by a value and counts for nothing.
    for at in 32..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0x40;
        take(&changed);
    }
    world.hand_over(1, id).unwrap();
    assert_eq!(world.state(0, id)["ply"], 2);
}

#[test]
fn a_move_before_it_that_is_missing_is_asked_for() {
    let (mut world, id) = World::cut_off();
    world.play(1, id, "e7e5").unwrap();
    let first = world.pages[1].core.by_hand(id).unwrap();
    world.hand_over(1, id).unwrap();
    world.play(0, id, "g1f3").unwrap();
    let second = world.pages[0].core.by_hand(id).unwrap();
    // A device that was put back to before.
    let (mut old, same) = World::cut_off();
    assert_eq!(same, id);
    let refused = old.act(1, |core, now| core.take_by_hand(id, &second, now));
    assert_eq!(refused, Err("bad-input"));
    assert_eq!(
        old.act(1, |core, now| core.take_by_hand(id, &first, now)),
        Ok(())
    );
}

#[test]
fn in_a_game_with_a_clock_nothing_goes_by_hand() {
    let (mut world, id) = World::game(LIVE);
    world.play(0, id, "e2e4").unwrap();
    assert_eq!(world.pages[0].core.by_hand(id), None);
    let taken = world.act(1, |core, now| core.take_by_hand(id, &[0; 40], now));
    assert_eq!(taken, Err("bad-input"));
}
