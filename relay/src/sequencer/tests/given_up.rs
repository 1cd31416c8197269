//! A log that was restored from a backup: the relay has a new order key, and what the old one signed stays as it was.

use super::*;

/// Everything that a log has of a game, in another log, as one that gives `keys` up.
fn given_up(log: &MemoryLog, game: GameId, keys: &[Keypair]) -> MemoryLog {
    let restored = MemoryLog::default();
    let stored = log.game(game).now_or_never().unwrap().unwrap().unwrap();
    for (order_key, _) in stored.chains {
        let chain = ChainId { game, order_key };
        let read = log.read(chain, Position::START, usize::MAX);
        let entries = read.now_or_never().unwrap().unwrap();
        let entries = entries.into_iter().map(|(_, mut entry)| {
            if let Some(signed) = signed_for_good(keys, order_key, game, &entry) {
                entry.receipt = signed;
            }
            entry
        });
        let append = Append {
            chain,
            expected: Position::START,
            genesis: Some(stored.genesis.clone()),
            entries: entries.collect(),
            open: Some(stored.open),
        };
        put(&restored, Request::Append(append));
    }
    restored
}

/// What relays signed, by whom and in which order it came to be.
fn signed_by_relays(game: &Game) -> Vec<Item> {
    let all = game.items().into_iter();
    let signed = all.filter(|item| matches!(item, Item::Receipt { .. } | Item::Lapsed { .. }));
    signed.collect()
}

#[test]
fn what_a_key_signed_that_is_given_up_is_read_as_its_own() {
    let (_, old, mut players) = seated(LIVE);
    let id = players[0].id();
    let log = MemoryLog::default();
    let mut relay = Relay::new(&log, 8, id);
    relay.take(Input::Learn {
        items: in_order(old.game(), key(9).order(), None),
        now: Millis::new(2_000),
    });
    // Relay 8 refuses an epoch, takes the game over in the next one and orders a move.
    let alone = players[0].move_home(key(8).order()).unwrap();
    relay.submit(&alone, 3_000);
    let told = published(&relay.submit(&alone, 15_000));
    hear(&mut players, &told);
    moving::move_home(&mut players, 8, &mut relay, 16_000);
    let item = play(&mut players[0], "e2e4");
    let told = published(&relay.submit(&item, 20_000));
    hear(&mut players, &told);
    let before = signed_by_relays(relay.game());
    assert_eq!(receipts(&before), 4, "{before:?}");
    assert!(relay.game().has_lapsed(key(8).order(), Epoch::new(1)));

    let restored = given_up(&log, id, &[key(7), key(8)]);
    let mut relay = Relay::new(&restored, 6, id);
    let game = relay.game();
    assert_eq!(
        signed_by_relays(game),
        before,
        "as it was signed, and by whom"
    );
    assert!(!game.has_lapsed(key(6).order(), Epoch::new(1)));
    assert!(game.is_receipted(hash_of(&item)), "its moves are there");
    assert_eq!(game.orderer(), Some((key(8).order(), Epoch::new(2))));
    assert_eq!(game.state().proofs, []);
    // It orders nothing under the new key until the players agree, and then goes on.
    let next = play(&mut players[1], "e7e5");
    let refused = relay.submit(&next, 21_000);
    assert!(
        matches!(refused[..], [Command::Forward { .. }]),
        "{refused:?}"
    );
    moving::move_home(&mut players, 6, &mut relay, 30_000);
    assert_eq!(replies(&relay.submit(&next, 34_000)), [Reply::Done]);
    assert!(relay.game().is_receipted(hash_of(&next)));

    // It is read the same way again, also where the new key is given up too.
    let now = signed_by_relays(relay.game());
    let again = Relay::new(&restored, 6, id);
    assert_eq!(signed_by_relays(again.game()), now);
    let twice = given_up(&restored, id, &[key(6), key(8)]);
    let again = Relay::new(&twice, 5, id);
    assert_eq!(signed_by_relays(again.game()), now);
    assert!(again.game().is_receipted(hash_of(&next)));
}
