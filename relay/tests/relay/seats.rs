//! Of any number of simultaneous joiners exactly one sits down.

use futures::future::join_all;
use rookery_ledger::record::{Item, Record};
use rookery_relay::client::{ClientError, Session, Table, new_key, new_nonce, usual_game};

use crate::support::{LIVE, Relay};

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_joiners_at_once_one_sits_and_seven_are_shown_the_seat() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let address = relay.at("ws");
    let key = new_key().unwrap();
    let session = Session::connect(&address, Some(&key)).await.unwrap();
    let options = usual_game(LIVE, vec![session.welcome().order]);
    let mut creator = Table::create(session, key, options).await.unwrap();
    let id = creator.id();
    let mut joiners = Vec::new();
    for _ in 0..8 {
        let key = new_key().unwrap();
        let session = Session::connect(&address, Some(&key)).await.unwrap();
        joiners.push((key.clone(), Table::watch(session, key, id).await.unwrap()));
    }
    let seated = creator.until("somebody to sit", |game| {
        game.state().line.players().is_some()
    });
    let all = joiners.iter_mut().map(|(_, table)| table.join());
    let (results, seated) = tokio::join!(join_all(all), seated);
    seated.unwrap();
    let seat = creator.game().state().line.head();
    let Some(Record::Seat(body)) = creator.game().record(seat).map(|entry| &entry.signed.body)
    else {
        panic!()
    };
    let winner = body.join.body.player;
    for ((key, table), result) in joiners.iter_mut().zip(results) {
        if key.player() == winner {
            result.unwrap();
            continue;
        }
        let error = result.unwrap_err();
        assert_eq!(error.code(), "seat-taken", "{error}");
        // Whoever asks again gets the signed refusal with the answer.
        let wish = key.sign(
            id,
            rookery_ledger::record::Join {
                player: key.player(),
                nonce: new_nonce().unwrap(),
            },
        );
        match table.session().requests().join(id, wish).await {
            Err(ClientError::Refused(refused)) => {
                assert_eq!(refused.code, "seat-taken");
                let Some(Item::Record(shown)) = refused.item else {
                    panic!("no Seat is shown")
                };
                assert_eq!(shown.hash(), seat);
            }
            other => panic!("{other:?}"),
        }
        table
            .until("the Seat", |game| game.state().line.players().is_some())
            .await
            .unwrap();
        assert_eq!(table.game().state().line.head(), seat);
        assert_eq!(table.colour(), None);
    }
    let seats = relay
        .replay(id)
        .records()
        .filter(|(_, entry)| matches!(entry.signed.body, Record::Seat(_)))
        .count();
    assert_eq!(seats, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_seat_is_for_its_player_alone_and_the_creator_cannot_take_it() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &[]);
    let address = relay.at("tcp");
    let (key, friend) = (new_key().unwrap(), new_key().unwrap());
    let session = Session::connect(&address, Some(&key)).await.unwrap();
    let mut options = usual_game(LIVE, vec![session.welcome().order]);
    options.seat = Some(friend.player());
    let mut creator = Table::create(session, key.clone(), options).await.unwrap();
    let id = creator.id();
    for stranger in [new_key().unwrap(), key] {
        let session = Session::connect(&address, Some(&stranger)).await.unwrap();
        let wish = stranger.sign(
            id,
            rookery_ledger::record::Join {
                player: stranger.player(),
                nonce: new_nonce().unwrap(),
            },
        );
        assert_eq!(
            session.requests().join(id, wish).await.unwrap_err().code(),
            "seat-reserved"
        );
    }
    let session = Session::connect(&address, Some(&friend)).await.unwrap();
    let mut table = Table::watch(session, friend, id).await.unwrap();
    let seated = creator.until("the friend to sit", |game| {
        game.state().line.players().is_some()
    });
    let (joined, seated) = tokio::join!(table.join(), seated);
    joined.unwrap();
    seated.unwrap();
}
