//! A full disk: nothing is receipted that is not durable, new games are refused, reads go on, and when there is room
//! again nothing is lost. The relay runs in a mount namespace of its own with a small file system for its data.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rookery_ledger::record::Item;
use rookery_relay::client::{ClientError, Session, Table, new_key, usual_game};

use crate::support::{LISTEN, LIVE, NO_STUN, PROGRAM, Pair, Relay, assert_one_order};

/// The log begins at about 2 MB and doubles as it grows.
const DISK: &str = "8m";
/// More games than fit on that disk by far.
const MANY: usize = 20_000;

/// `unshare` with what lets this user mount a file system, or why it cannot.
fn namespace() -> Result<Vec<&'static str>, String> {
    let ways = [
        vec!["--user", "--map-root-user", "--mount"],
        vec!["--mount"],
    ];
    let mut why = String::new();
    for way in ways {
        let tried = Command::new("unshare")
            .args(&way)
            .args(["sh", "-c", "mount -t tmpfs -o size=1m none /mnt"])
            .stdin(Stdio::null())
            .output();
        match tried {
            Ok(output) if output.status.success() => return Ok(way),
            Ok(output) => why = String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

fn serve_on_small_disk(way: &[&str], data: &Path) -> Relay {
    std::fs::create_dir_all(data).unwrap();
    let mut command = Command::new("unshare");
    let script = format!("mount -t tmpfs -o size={DISK} none \"$0\" && exec \"$@\"");
    command
        .args(way)
        .args(["sh", "-c", &script])
        .arg(data)
        .arg(PROGRAM);
    command
        .args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
            "--data",
        ])
        .arg(data);
    command.arg("--listen").args(LISTEN).args(NO_STUN);
    command.args([
        "--limit",
        "games_per_minute=100000",
        "--limit",
        "submits_per_second=100000",
    ]);
    command.args(["--limit", "refusals_per_minute=100000"]);
    Relay::spawn(command, data)
}

/// Writes until there is no room; gives the file.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut chunk = vec![0x5a; 64 * 1024];
    while !chunk.is_empty() {
        if file.write_all(&chunk).is_err() {
            chunk.truncate(chunk.len() / 2);
        }
    }
    path
}

/// Creates games until the relay refuses one, and gives those that it acknowledged with the refusal.
async fn create_until_refused(session: &Session) -> (Vec<Item>, ClientError) {
    let key = new_key().unwrap();
    let mut made = Vec::new();
    for n in 0..MANY {
        let mut options = usual_game(LIVE, vec![session.welcome().order]);
        options.takebacks = n % 2 == 0;
        let (nonce, secret) = (
            rookery_relay::client::new_nonce().unwrap(),
            rookery_relay::client::new_nonce().unwrap(),
        );
        let player = rookery_ledger::Player::create(key.clone(), options, nonce, secret).unwrap();
        let genesis = Item::Genesis(player.game().genesis().clone());
        match session
            .requests()
            .submit(player.id(), genesis.clone())
            .await
        {
            Ok(()) => made.push(genesis),
            Err(error) => return (made, error),
        }
    }
    panic!("the disk does not become full");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_receipted_and_with_room_again_nothing_is_lost() {
    let way = match namespace() {
        Ok(way) => way,
        Err(why) => {
            println!(
                "skipped: this user may not mount a small file system: {}",
                why.trim()
            );
            return;
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let relay = serve_on_small_disk(&way, &data);
    let address = relay.at("ws");
    let mut pair = Pair::sit([&address, &address], LIVE).await.unwrap();
    pair.play_all("e2e4 e7e5").await.unwrap();
    let disk = PathBuf::from(format!("/proc/{}/root{}", relay.pid(), data.display()));
    let filler = fill(&disk);

    // Games are made until the log has used up the room that its file had left.
    let key = new_key().unwrap();
    let session = Session::connect(&address, Some(&key)).await.unwrap();
    let (made, refused) = create_until_refused(&session).await;
    assert_eq!(refused.code(), "log-full", "{refused}");
    let ClientError::Refused(refused) = refused else {
        panic!()
    };
    assert!(
        refused.retry_ms.is_some() && !refused.words.is_empty(),
        "{refused:?}"
    );

    // A move is refused in the same way, and nobody is shown a receipt for it.
    let (mover, waiter) = pair.by_turn();
    let item = mover.sign("g1f3").unwrap();
    let Item::Record(record) = &item else {
        panic!()
    };
    let hash = record.hash();
    let late = Instant::now() + Duration::from_secs(20);
    let error = mover
        .submit(item.clone())
        .await
        .expect_err("acknowledged on a full disk");
    assert!(
        matches!(error.code(), "log-full" | "log-unavailable"),
        "{error}"
    );
    waiter.drain().await.unwrap();
    assert!(!waiter.game().is_receipted(hash));
    assert!(waiter.game().record(hash).is_none());

    // Reads go on.
    let outsider = relay.replay(waiter.id());
    assert_eq!(outsider.state().line.ply().get(), 2);
    let reader = Session::connect(&address, None).await.unwrap();
    Table::watch(reader, new_key().unwrap(), waiter.id())
        .await
        .unwrap();
    let health = relay.get("/healthz");
    assert_ne!(
        health.text(),
        "ok\n",
        "the host's probe hears of it: {health:?}"
    );

    assert_eq!(relay.get("/readyz").status, 503);
    assert_eq!(relay.get("/livez").status, 200, "a restart would not help");

    std::fs::remove_file(filler).unwrap();
    while let Err(error) = mover.submit(item.clone()).await {
        assert!(
            matches!(error.code(), "log-full" | "log-unavailable"),
            "{error}"
        );
        assert!(Instant::now() < late, "no recovery");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    waiter
        .until("the move", |game| game.is_receipted(hash))
        .await
        .unwrap();
    pair.tables[0].drain().await.unwrap();
    pair.play("b8c6").await.unwrap();
    let after = relay.replay(pair.id());
    assert_one_order(&after);
    assert_eq!(after.state().line.ply().get(), 4);
    for genesis in &made {
        let Item::Genesis(genesis) = genesis else {
            panic!()
        };
        let id = genesis.body.id();
        assert_eq!(
            relay.get(&format!("/games/{id}.rook")).status,
            200,
            "an acknowledged game is lost"
        );
    }
    let (again, _) = (relay.get("/healthz"), made);
    assert_eq!(again.status, 200);
}
