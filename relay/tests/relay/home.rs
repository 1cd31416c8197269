//! A clocked game whose home is gone moves to its successor when both players agree, and stays where it is when one of
//! them is alone.

use rookery_ledger::id::Epoch;
use rookery_ledger::record::{Item, What};
use rookery_ledger::{Colour, codec};
use rookery_relay::client::{Session, Table, new_key, usual_game};

use crate::support::{LIVE, Pair, Relay, assert_one_order};

/// A pair at the first of two homes.
async fn at_home(homes: [&Relay; 2]) -> Pair {
    let keys = [new_key().unwrap(), new_key().unwrap()];
    let (first, second) = (homes[0].at("ws"), homes[1].at("ws"));
    let creator = Session::connect(&first, Some(&keys[0])).await.unwrap();
    let joiner = Session::connect(&first, Some(&keys[1])).await.unwrap();
    let successor = Session::connect(&second, None).await.unwrap();
    let order = [creator.welcome().order, successor.welcome().order];
    let options = usual_game(LIVE, order.to_vec());
    Pair::sit_with([creator, joiner], keys, options)
        .await
        .unwrap()
}

/// Goes to a relay that may not know the game, with all that it may lack.
async fn bring(pair: &mut Pair, who: usize, relay: &Relay) {
    let session = Session::connect(&relay.at("ws"), Some(&pair.keys[who]))
        .await
        .unwrap();
    let id = pair.id();
    for item in pair.tables[who].game().items() {
        if let Err(error) = session.requests().submit(id, item).await {
            // Records are kept for the case, but they count only by a receipt.
            assert_eq!(error.code(), "no-home", "{error}");
        }
    }
    pair.tables[who].resume(session).await.unwrap();
}

fn signed_home(table: &Table) -> Option<rookery_ledger::record::Home> {
    let mut signed = table.game().home_signatures();
    signed.next().map(|(_, home)| home.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_its_home_dies_both_players_go_on_at_the_successor_which_survives_a_kill_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("second");
    let mut first = Relay::start(&dir.path().join("first"), &[]);
    let mut second = Relay::start(&data, &[]);
    let mut pair = at_home([&first, &second]).await;
    let played = pair.play_all("e2e4 e7e5 g1f3").await.unwrap();
    first.kill();

    for who in [0, 1] {
        bring(&mut pair, who, &second).await;
    }
    let to = pair.tables[0].session().welcome().order;
    let home = pair.tables[0].player().move_home(to).unwrap();
    pair.tables[0].submit(home).await.unwrap();
    pair.tables[1]
        .until("the bytes to sign", |game| {
            game.home_signatures().count() == 1
        })
        .await
        .unwrap();
    let shown = signed_home(&pair.tables[1]).unwrap();
    let agreed = pair.tables[1].player().agree_home(shown).unwrap();
    pair.tables[1].submit(agreed).await.unwrap();
    for table in &mut pair.tables {
        table
            .until("the commit", |game| {
                game.orderer() == Some((to, Epoch::new(1)))
            })
            .await
            .unwrap();
        let commit = table.game().state().last_receipt().unwrap().receipt;
        assert_eq!(commit.what, What::Home(codec::hash(&shown)));
    }
    pair.play_all("b8c6 f1b5").await.unwrap();

    second.kill();
    second.restart(&data, &[]);
    for who in [0, 1] {
        let session = Session::connect(&second.at("ws"), Some(&pair.keys[who]))
            .await
            .unwrap();
        pair.tables[who].resume(session).await.unwrap();
    }
    pair.play_all("a7a6").await.unwrap();
    let outsider = second.replay(pair.id());
    assert_eq!(outsider.state().line.ply().get(), 6);
    assert!(outsider.state().proofs.is_empty());
    let mut counted = outsider.state().counted.iter().map(|c| &c.receipt);
    let order: Vec<_> = counted
        .by_ref()
        .map(|r| (r.epoch.get(), r.seq.get()))
        .collect();
    let expected = (0..5)
        .map(|seq| (0, seq))
        .chain((0..order.len() as u64 - 5).map(|seq| (1, seq)));
    assert!(order.iter().copied().eq(expected), "{order:?}");
    for hash in played {
        assert!(
            outsider.is_receipted(hash),
            "what the dead home ordered still counts"
        );
    }
    for table in &pair.tables {
        assert_eq!(table.game().state().clocks, outsider.state().clocks);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_player_alone_moves_nothing_and_goes_on_at_home_after_the_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let first = Relay::start(&dir.path().join("first"), &[]);
    let second = Relay::start(&dir.path().join("second"), &[]);
    let mut pair = at_home([&first, &second]).await;
    pair.play_all("e2e4 e7e5").await.unwrap();
    let white = usize::from(pair.tables[0].colour() != Some(Colour::White));
    bring(&mut pair, white, &second).await;
    let to = pair.tables[white].session().welcome().order;
    let home = pair.tables[white].player().move_home(to).unwrap();
    pair.tables[white].submit(home).await.unwrap();
    pair.tables[white]
        .until("the signed refusal of the epoch", |game| {
            game.has_lapsed(to, Epoch::new(1))
        })
        .await
        .unwrap();
    assert_eq!(pair.tables[white].player().moving(), None);

    let session = Session::connect(&first.at("ws"), Some(&pair.keys[white]))
        .await
        .unwrap();
    pair.tables[white].resume(session).await.unwrap();
    pair.play_all("g1f3 b8c6").await.unwrap();
    assert_one_order(&first.replay(pair.id()));

    // The refused epoch stays refused, whoever signs it later.
    let stale = pair.tables[white]
        .game()
        .home_signatures()
        .next()
        .unwrap()
        .1;
    let stale = Item::Home(*stale);
    let session = Session::connect(&second.at("ws"), None).await.unwrap();
    session.requests().submit(pair.id(), stale).await.unwrap();
    let there = second.replay(pair.id());
    assert_ne!(there.orderer().map(|(_, epoch)| epoch), Some(Epoch::new(1)));
}
