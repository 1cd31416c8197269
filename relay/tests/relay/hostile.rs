//! A hostile process at work while two honest clients play: each attack gets its code or is cut off, and nobody else
//! notices.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rookery_ledger::Reason;
use serde_json::Value;

use crate::support::{LIVE, OPERA, Pair, Relay, assert_one_order, example};

/// The longest that a move of the honest players may take meanwhile. Two busy cores are slow; a relay that waits for
/// somebody hostile, who stays for 8 s, is slower by far.
const MOST: Duration = Duration::from_secs(5);
/// Limits of time that a test can wait for; and whoever makes one attack after the other is not banned before the last.
const SOON: [&str; 8] = [
    "--limit",
    "hello_timeout_ms=1000",
    "--limit",
    "frame_timeout_ms=1000",
    "--limit",
    "conduct_throttle=1000000",
    "--limit",
    "conduct_ban=1000000",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_attack_gets_its_code_or_is_cut_off_and_the_others_notice_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("data"), &SOON);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    let mut script = OPERA.split_whitespace();
    for uci in script.by_ref().take(2) {
        pair.play(uci).await.unwrap();
    }
    let mut hostile = Command::new(example("hostile"));
    hostile.args([
        "--relay",
        &address.to_string(),
        "--game",
        &pair.id().to_string(),
        "--patience",
        "8",
    ]);
    let hostile = hostile
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut attacking = tokio::task::spawn_blocking(move || hostile.wait_with_output().unwrap());

    // The two go on at a walking pace, and make their last moves when the attacks are over.
    let mut longest = Duration::ZERO;
    let output = loop {
        tokio::select! {
            output = &mut attacking => break output.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        assert_eq!(relay.get("/healthz").status, 200);
        if script.clone().count() > 3 {
            let begin = Instant::now();
            pair.play(script.next().unwrap()).await.unwrap();
            longest = longest.max(begin.elapsed());
        }
    };
    for uci in script {
        let begin = Instant::now();
        pair.play(uci).await.unwrap();
        longest = longest.max(begin.elapsed());
    }
    println!("the slowest honest move took {longest:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let attacks = report.as_array().unwrap();
    for attack in attacks {
        println!("{}: {}", attack["attack"], attack["got"]);
    }
    let failed: Vec<_> = attacks
        .iter()
        .filter(|attack| attack["ok"] != true)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(output.status.success());
    assert!(attacks.len() >= 45, "{} attacks were made", attacks.len());

    assert!(longest < MOST, "{longest:?}");
    let outsider = relay.replay(pair.id());
    for table in &pair.tables {
        assert_eq!(
            table.game().state().outcome().unwrap().reason,
            Reason::Checkmate
        );
        assert_eq!(
            table.game().state().line.head(),
            outsider.state().line.head()
        );
    }
    assert_one_order(&outsider);
    assert_eq!(relay.get("/healthz").status, 200);
    assert!(!relay.logged().contains("panicked"), "{}", relay.logged());
}
