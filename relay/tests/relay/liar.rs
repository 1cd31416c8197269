//! A relay that lies, lie by lie: what both players are told of one game, and what `verify` says to it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures::future::join_all;
use libp2p::Multiaddr;
use rookery_ledger::codec;
use rookery_ledger::id::GameId;
use rookery_ledger::player::Options;
use rookery_ledger::record::{Item, Receipt};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::Push;
use rookery_ledger::{Colour, Proof, rook};
use rookery_relay::client::{ClientError, Session, Table, new_key, usual_game};
use serde_json::Value;

use crate::support::{LISTEN, LIVE, NO_STUN, Pair, Relay, example, run};

/// The place in the order at which the lie begins: White's second move.
const AT: u64 = 4;
/// Longer than an honest relay takes for anything here, and shorter than what is held back.
const SOON: Duration = Duration::from_secs(3);

fn start(lie: &str, data: &Path) -> Relay {
    let mut command = Command::new(example("liar"));
    command.args(["--lie", lie, "--at", &AT.to_string()]);
    command.args([
        "--http",
        "127.0.0.1:0",
        "--metrics",
        "127.0.0.1:0",
        "--data",
    ]);
    command
        .arg(data)
        .args(["--listen", LISTEN[0]])
        .args(NO_STUN);
    Relay::spawn(command, data)
}

/// What the relay tells this player of the whole game.
async fn told(at: &Multiaddr, key: &Keypair, game: GameId) -> Vec<Item> {
    let mut session = Session::connect(at, Some(key)).await.unwrap();
    session.requests().watch(game, None).await.unwrap();
    let mut told = Vec::new();
    while let Some(event) = session.try_next() {
        if let Push::Items { items, .. } = event.push {
            told.extend(items);
        }
    }
    told
}

fn verify(dir: &Path, name: &str, items: &[Item]) -> (i32, String, Option<String>) {
    let file = dir.join(name);
    std::fs::write(&file, rook::write(items)).unwrap();
    let (code, out, err) = run(&["verify", file.to_str().unwrap(), "--json"]);
    let said: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let text = |key: &str| said[key].as_str().map(str::to_owned);
    (code, text("status").unwrap(), text("reason"))
}

fn receipts(items: &[Item]) -> Vec<Receipt> {
    let receipts = items.iter().filter_map(|item| match item {
        Item::Receipt { receipt, .. } => Some(receipt.body),
        _ => None,
    });
    receipts.collect()
}

/// What came of a record that a player sent.
async fn send(table: &mut Table, uci: &str) -> &'static str {
    let item = table.sign(uci).unwrap();
    match tokio::time::timeout(SOON, table.submit(item)).await {
        Ok(Ok(())) => "done",
        Ok(Err(ClientError::Refused(_))) => "refused",
        Ok(Err(error)) => panic!("{error}"),
        Err(_) => "nothing",
    }
}

/// Each player hears what there is; what is not valid is left where it is.
async fn hear(pair: &mut Pair) {
    for table in &mut pair.tables {
        let hearing = async {
            loop {
                // What was refused is judged from the file below.
                let _ = table.next().await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(700), hearing).await;
    }
}

/// One lie: what became of the joiner's next move, and what `verify` says of what the creator was told, the joiner, both.
async fn lie(lie: &str) -> (String, [(i32, String, Option<String>); 3]) {
    let dir = tempfile::tempdir().unwrap();
    let relay = start(lie, &dir.path().join("data"));
    let at = relay.at("ws");
    let keys = [new_key().unwrap(), new_key().unwrap()];
    let (creator, joiner) = (keys[0].clone(), keys[1].clone());
    let sessions = [
        Session::connect(&at, Some(&creator)).await.unwrap(),
        Session::connect(&at, Some(&joiner)).await.unwrap(),
    ];
    let options = Options {
        colour: Some(Colour::White),
        ..usual_game(LIVE, vec![sessions[0].welcome().order])
    };
    let mut pair = Pair::sit_with(sessions, keys, options).await.unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    let game = pair.id();
    assert_eq!(send(&mut pair.tables[0], "g1f3").await, "done");
    hear(&mut pair).await;
    let answered = if pair.tables[1].is_my_turn() {
        send(&mut pair.tables[1], "b8c6").await
    } else {
        "not sent"
    };
    let [one, other] = [
        told(&at, &creator, game).await,
        told(&at, &joiner, game).await,
    ];
    let both = [one.clone(), other[1..].to_vec()].concat();
    // What each may say of time: the receipts of a game that lasts some seconds.
    let span = |items: &[Item]| {
        let receipts = receipts(items);
        let (first, last) = (receipts.first().unwrap(), receipts.last().unwrap());
        last.at_ms.saturating_sub(first.at_ms).get()
    };
    if lie == "stretch" {
        let honest = codec::hash(&receipts(&one)[usize::try_from(AT).unwrap() - 1]);
        assert_eq!(
            receipts(&one)[usize::try_from(AT).unwrap()].prev,
            Some(honest)
        );
    }
    assert!(span(&one) < 60_000, "{}", span(&one));
    if lie == "withhold" {
        assert_eq!(receipts(&other).len() as u64, AT);
        assert_eq!(receipts(&one).len() as u64, AT + 1);
    }
    if lie == "invalid" {
        let (game, _) = rook::open(&rook::write(&one)).unwrap();
        let [Proof::InvalidReceipt { code, record, .. }] = game.state().proofs.as_slice() else {
            panic!("{:?}", game.state().proofs)
        };
        assert_eq!(code, "illegal-move");
        assert!(record.is_some());
    }
    let verdicts = [
        verify(dir.path(), "creator.rook", &one),
        verify(dir.path(), "joiner.rook", &other),
        verify(dir.path(), "both.rook", &both),
    ];
    (answered.to_owned(), verdicts)
}

/// The table of lies in the document: name, and what `verify` says of the file of the creator, of the joiner and of both.
fn documented() -> Vec<(String, Vec<String>)> {
    let text = include_str!("../../../docs/verification.md");
    let (_, table) = text.split_once("| lie | ").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let codes = |cell: &str| {
        let words = cell.split('`').skip(1).step_by(2);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').collect();
        (codes(cells[1]).remove(0), codes(cells[5]))
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lie_that_can_be_proven_is_and_no_other() {
    // The lie, and what became of the joiner's next move.
    let answers = [
        ("honest", "done"),
        ("double", "done"),
        ("splice", "not sent"),
        ("signature", "not sent"),
        ("invalid", "not sent"),
        ("backwards", "done"),
        ("withhold", "not sent"),
        ("refuse", "refused"),
        ("swallow", "nothing"),
        ("reorder", "nothing"),
        ("stretch", "done"),
    ];
    let seen = join_all(answers.iter().map(|(name, _)| lie(name))).await;
    let mut table = Vec::new();
    for ((name, answered), (got, verdicts)) in answers.into_iter().zip(seen) {
        assert_eq!(got, answered, "{name}");
        let said = verdicts.map(|(code, status, reason)| {
            assert_eq!(code, i32::from(status != "verified"), "{name}");
            match reason {
                Some(reason) => format!("{status} {reason}"),
                None => status,
            }
        });
        table.push((name.to_owned(), said.to_vec()));
    }
    assert_eq!(table, documented());
}
