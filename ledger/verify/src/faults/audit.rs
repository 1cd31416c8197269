//! Looks for what was seen: in the running relay, and in its log while no relay runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::record::{Item, Receipt, What};
use rookery_ledger::{codec, rook};
use rookery_relay::order_log::{ChainId, OrderLog as _, Position, RedbLog};

use super::witness::{Seen, Witness};
use crate::real::{Server, Setup};

/// How often a game is asked for while the relay is busy.
const TRIES: u32 = 5;

/// Fetches a game from the relay and tells what of it is missing. The relay may have been killed meanwhile, which is no
/// fault of the game's: then nothing is said.
pub(super) async fn online(witness: &Witness, http: SocketAddr, game: GameId, seen: Seen) -> bool {
    for _ in 0..TRIES {
        let fetched = tokio::task::spawn_blocking(move || Server::rook(http, game)).await;
        let Ok(Ok(bytes)) = fetched else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        match rook::read(&bytes) {
            Ok(items) => {
                for words in seen.missing(&items) {
                    witness.broken(&format!("game {game}, as the relay gives it: {words}"));
                }
            }
            Err(error) => witness.broken(&format!("game {game}: the file cannot be read: {error}")),
        }
        return true;
    }
    false
}

/// Reads the log without a relay. Gives the number of receipts that were looked for.
pub(super) async fn offline(witness: &Witness, setup: &Setup) -> Result<u64> {
    let key = setup.order_key()?;
    let log = RedbLog::open(setup.log()?, key.order()).context("the log of the killed relay")?;
    let mut checked = 0;
    for (game, seen) in witness.seen() {
        let chain = ChainId {
            game,
            order_key: key.order(),
        };
        let entries = log.read(chain, Position::START, usize::MAX).await?;
        let broken = |words: String| witness.broken(&format!("game {game}, in the log: {words}"));
        let mut stored = BTreeMap::new();
        let mut prev = None;
        for (seq, (_, entry)) in (0..).zip(&entries) {
            // These games never leave their home, so there is one epoch.
            if (entry.epoch, entry.seq) != (0, seq) {
                broken(format!(
                    "P2: epoch {} place {} stands where epoch 0 place {seq} belongs",
                    entry.epoch, entry.seq
                ));
            }
            let Ok(receipt) = codec::decode::<Receipt>(&entry.receipt, codec::MAX_ITEM_BYTES)
            else {
                broken(format!("P3: the receipt of place {seq} cannot be read"));
                continue;
            };
            if receipt.prev != prev || receipt.seq.get() != seq {
                broken(format!(
                    "P2: the receipt of place {seq} does not follow the one before"
                ));
            }
            prev = Some(codec::hash(&receipt));
            if matches!(receipt.what, What::Record(_) | What::Genesis) && entry.item.is_none() {
                broken(format!("P3: the item of place {seq} is lost"));
            }
            stored.insert(seq, receipt);
        }
        for ((_, _, seq), receipt) in &seen.receipts {
            checked += 1;
            match stored.get(&seq.get()) {
                None => broken(format!("P3: the receipt of place {seq} is lost")),
                // Signing adds nothing: the log's entry, signed again, is what the client saw.
                Some(entry) if key.sign(game, *entry) != *receipt => {
                    broken(format!(
                        "P2: place {seq} holds another receipt than a client saw"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    log.close().await;
    Ok(checked)
}

/// How many receipts a copy of the log holds of each game that has any. The copy stays as it is.
pub(super) async fn held(
    backup: &Path,
    key: OrderKey,
    games: impl Iterator<Item = GameId>,
) -> Result<BTreeMap<GameId, usize>> {
    // Beside it lies the mark of the log that it was made of, whose name a log shares.
    let copy = backup.with_file_name("held.copy");
    std::fs::copy(backup, &copy).context("cannot copy the backup")?;
    // Under a key of its own: under that of the relay it must not be opened.
    let log = RedbLog::open(&copy, OrderKey([0; 32])).context("the backup")?;
    let mut held = BTreeMap::new();
    for game in games {
        let chain = ChainId {
            game,
            order_key: key,
        };
        let entries = log.read(chain, Position::START, usize::MAX).await?;
        if !entries.is_empty() {
            held.insert(game, entries.len());
        }
    }
    log.close().await;
    Ok(held)
}

/// Looks at a relay whose log was put back: it orders under another key than `old`, and shows of each game in `held` so many
/// receipts of the old one, none of which differs from what somebody saw.
pub(super) async fn restored(
    witness: &Witness,
    http: SocketAddr,
    old: OrderKey,
    held: &BTreeMap<GameId, usize>,
) -> Result<()> {
    let card = tokio::task::spawn_blocking(move || Server::get(http, "/.well-known/rookery.json"));
    let card: serde_json::Value = serde_json::from_slice(&card.await??)?;
    if card["order"] == old.to_string().as_str() {
        witness.broken("P2: a log that was restored from a backup goes on under its old key");
    }
    if card["given_up"][0]["order"] != old.to_string().as_str() {
        witness.broken("a relay does not say that it gave its order key up");
    }
    for (game, receipts) in held {
        let (game, seen) = (*game, witness.of(*game));
        let fetched = tokio::task::spawn_blocking(move || Server::rook(http, game)).await?;
        let Ok(items) = fetched.and_then(|bytes| Ok(rook::read(&bytes)?)) else {
            witness.broken(&format!("P3: game {game} is gone with the old key"));
            continue;
        };
        let of_old = items.iter().filter_map(|item| match item {
            Item::Receipt { by, receipt } if *by == old => Some(receipt),
            _ => None,
        });
        let mut count = 0;
        for receipt in of_old {
            count += 1;
            let spot = (old, receipt.body.epoch, receipt.body.seq);
            if seen
                .receipts
                .get(&spot)
                .is_some_and(|known| known != receipt)
            {
                witness.broken(&format!(
                    "P2: game {game}: place {} of the old key is another one",
                    receipt.body.seq
                ));
            }
        }
        if count < *receipts {
            witness.broken(&format!(
                "P3: game {game}: {count} of {receipts} receipts of the old key are shown"
            ));
        }
    }
    Ok(())
}
