//! Days for each move: a player stays away for days, comes back by whatever relay is there, and finds the game and whose turn it is.

use super::*;

const DAY_MS: u64 = 86_400_000;

/// White has made the last move, and both have left.
fn parted() -> World {
    let mut world = World::with(Clock::Days { days: 3 });
    world.play_all("e2e4 e7e5");
    world.run(1_000);
    for relay in [0, 1] {
        world.disconnect(1, relay);
    }
    world.play(0, "g1f3").unwrap();
    world.run(2_000);
    assert_eq!(
        world.state(1)["ply"],
        2,
        "it has not heard of the last move"
    );
    for relay in [0, 1] {
        world.disconnect(0, relay);
    }
    world
}

#[test]
fn who_comes_back_after_days_finds_the_move_the_turn_and_what_is_left_of_the_time() {
    let mut world = parted();
    world.ms += 2 * DAY_MS;
    world.reload(1);
    for relay in [0, 1] {
        world.connect(1, relay);
    }
    world.run(2_000);
    let state = world.state(1);
    assert_eq!(
        (&state["ply"], &state["turn"]),
        (&3.into(), &"black".into())
    );
    assert_eq!(state["can"]["move"], true);
    let left = world.left(1, Colour::Black);
    assert!((left - DAY_MS as f64).abs() < 60_000.0, "{left} ms");
    world.play(1, "b8c6").unwrap();
    world.ms += DAY_MS;
    world.reload(0);
    world.connect(0, 0);
    world.run(2_000);
    assert_eq!(world.state(0)["ply"], 4);
    world.assert_agree(4);
}

#[test]
fn who_comes_back_too_late_finds_that_it_is_lost() {
    let mut world = parted();
    world.ms += 3 * DAY_MS + 60_000;
    world.run(1_000);
    world.reload(1);
    world.connect(1, 0);
    let state = world.state(1);
    assert_eq!(state["result"]["reason"], "timeout");
    assert_eq!(state["result"]["outcome"], "1-0");
}

#[test]
fn where_the_home_is_gone_the_relay_beside_it_shows_the_game_and_orders_it_when_both_are_back() {
    let mut world = parted();
    world.relays[0].up = false;
    world.ms += 2 * DAY_MS;
    world.reload(1);
    world.connect(1, 1);
    world.run(10_000);
    let state = world.state(1);
    assert_eq!(
        (&state["ply"], &state["turn"]),
        (&3.into(), &"black".into())
    );
    assert_eq!(state["home"], "alone");
    world.ms += 5 * DAY_MS;
    world.reload(0);
    world.connect(0, 1);
    world.run(20_000);
    world.assert_moved(1, 1);
    world.play_all("b8c6 f1b5");
    world.assert_agree(5);
}
