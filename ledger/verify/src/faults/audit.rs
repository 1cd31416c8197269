//! Looks for what was seen: in the running relay, and in its log while no relay runs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use rookery_ledger::id::GameId;
use rookery_ledger::record::{Receipt, What};
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
        let mut stored = std::collections::BTreeMap::new();
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
