//! Two relays that know each other: what is played at one is seen at the other, and who is at the other can play.

use std::path::Path;
use std::time::Duration;

use libp2p::Multiaddr;
use rookery_ledger::id::GameId;
use rookery_ledger::record::Item;
use rookery_ledger::wire::{Push, Seek};
use rookery_relay::client::{Session, Table, new_key, new_nonce, usual_game};
use rookery_relay::keys::Keys;

use crate::support::{LIVE, OPERA, Pair, Relay, assert_one_order, is_settled, moves_of};

/// Two relays, of which the second dials the first, and both expect each other.
fn two(dir: &Path) -> [Relay; 2] {
    let (first, second) = (dir.join("first"), dir.join("second"));
    // Keys are made on the first run; made before it, each relay can be told of the other.
    let id = Keys::load_or_make(&second)
        .unwrap()
        .identity
        .public()
        .to_peer_id();
    let first = Relay::start(&first, &["--peer", &format!("/p2p/{id}")]);
    let second = Relay::start(&second, &["--peer", &first.at("tcp").to_string()]);
    [first, second]
}

/// The lobby's seek for a game, once it is shown.
async fn seek(session: &mut Session, game: GameId) -> Seek {
    let waiting = async {
        loop {
            if let Push::Lobby { add, .. } = session.next().await.unwrap().push
                && let Some(seek) = add.into_iter().find(|seek| seek.genesis.body.id() == game)
            {
                return seek;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("the seek is shown within 20 s")
}

/// Waits until a game has left the lobby.
async fn unseek(session: &mut Session, game: GameId) {
    let waiting = async {
        loop {
            if let Push::Lobby { remove, .. } = session.next().await.unwrap().push
                && remove.contains(&game)
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it leaves the lobby within 20 s");
}

/// Watches a game at a relay that hears of it from another.
async fn watch(address: &Multiaddr, game: GameId) -> Table {
    let late = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let session = Session::connect(address, None).await.unwrap();
        match Table::watch(session, new_key().unwrap(), game).await {
            Ok(table) => return table,
            Err(error) => {
                assert_eq!(error.code(), "unknown-game", "{error}");
                assert!(
                    tokio::time::Instant::now() < late,
                    "the second relay does not find the game"
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_at_the_second_sees_every_move_in_order_with_the_firsts_receipts() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = two(dir.path());
    let mut pair = Pair::sit([&first.at("ws"), &first.at("ws")], LIVE)
        .await
        .unwrap();
    let order = pair.tables[0].session().welcome().order;
    let mut moves = OPERA.split_whitespace();
    for uci in moves.by_ref().take(4) {
        pair.play(uci).await.unwrap();
    }
    // Who comes in the middle sees the beginning too.
    let mut watcher = watch(&second.at("ws"), pair.id()).await;
    assert_ne!(
        watcher.session().welcome().order,
        order,
        "the second relay signs with its own key"
    );
    for uci in moves {
        let played = pair.play(uci).await.unwrap();
        watcher
            .until("the move at the second relay", |game| {
                is_settled(game, played)
            })
            .await
            .unwrap();
    }
    let (there, here) = (watcher.game(), pair.tables[0].game());
    assert_eq!(moves_of(there), moves_of(here));
    assert_eq!(there.state().outcome(), here.state().outcome());
    assert_eq!(there.state().clocks, here.state().clocks);
    let mut seq = 0;
    for item in watcher.arrived() {
        if let Item::Receipt { by, receipt } = item
            && receipt.body.seq.get() >= seq
        {
            assert_eq!(
                (*by, receipt.body.seq.get()),
                (order, seq),
                "in order, by the first relay, none left out"
            );
            seq += 1;
        }
    }
    assert_eq!(seq, 35, "genesis, Seat and 33 moves");
    assert_one_order(&second.replay(pair.id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seek_at_one_is_seen_and_taken_at_the_other_and_the_game_is_played_through_it() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = two(dir.path());
    let keys = [new_key().unwrap(), new_key().unwrap()];
    let creator = Session::connect(&first.at("ws"), Some(&keys[0]))
        .await
        .unwrap();
    let mut joiner = Session::connect(&second.at("tcp"), Some(&keys[1]))
        .await
        .unwrap();
    let mut onlooker = Session::connect(&second.at("ws"), None).await.unwrap();
    for session in [&mut joiner, &mut onlooker] {
        session.requests().lobby(true).await.unwrap();
    }
    let order = creator.welcome().order;
    let options = usual_game(LIVE, vec![order]);
    let mut creator = Table::create(creator, keys[0].clone(), options)
        .await
        .unwrap();
    let id = creator.id();
    creator.session().requests().list(id, true).await.unwrap();
    let shown = seek(&mut joiner, id).await;
    assert_eq!(shown.genesis, *creator.game().genesis());
    seek(&mut onlooker, id).await;

    let mut joiner = Table::watch(joiner, keys[1].clone(), id).await.unwrap();
    let seated = creator.until("the joiner to sit", |game| {
        game.state().line.players().is_some()
    });
    let (joined, seated) = tokio::join!(joiner.join(), seated);
    joined.unwrap();
    seated.unwrap();
    unseek(&mut onlooker, id).await;

    let mut pair = Pair {
        tables: [creator, joiner],
        keys,
    };
    pair.play_all(OPERA).await.unwrap();
    let [here, there] = &pair.tables;
    assert_eq!(here.game().state().outcome().unwrap().as_pgn(), "1-0");
    assert_eq!(
        there.game().state().outcome(),
        here.game().state().outcome()
    );
    for (_, receipt) in there.game().state().counted.iter().map(|c| (c, c.by)) {
        assert_eq!(
            receipt, order,
            "the first relay orders, wherever the players are"
        );
    }
    assert_one_order(&first.replay(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_at_the_first_waits_for_a_creator_who_comes_back_at_the_second() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = two(dir.path());
    let (key, guest) = (new_key().unwrap(), new_key().unwrap());
    let session = Session::connect(&first.at("ws"), Some(&key)).await.unwrap();
    let options = usual_game(LIVE, vec![session.welcome().order]);
    let mut creator = Table::create(session, key.clone(), options).await.unwrap();
    let id = creator.id();
    // The second relay follows the game, and the creator is at neither.
    drop(watch(&second.at("ws"), id).await);
    let nobody = Session::connect(&second.at("ws"), None).await.unwrap();
    creator.resume(nobody).await.unwrap();

    let session = Session::connect(&first.at("ws"), Some(&guest))
        .await
        .unwrap();
    let mut joiner = Table::watch(session, guest, id).await.unwrap();
    let wish = joiner.player().join(new_nonce().unwrap()).unwrap();
    joiner.session().requests().join(id, wish).await.unwrap();

    let session = Session::connect(&second.at("ws"), Some(&key))
        .await
        .unwrap();
    creator.resume(session).await.unwrap();
    for table in [&mut creator, &mut joiner] {
        table
            .until("the joiner to sit", |game| {
                game.state().line.players().is_some()
            })
            .await
            .unwrap();
    }
    assert_ne!(joiner.colour(), creator.colour());
    assert!(joiner.colour().is_some());
}
