//! Moves games that rest into the log's archive, a few at a time and behind everything else. Nothing depends on when: an
//! archived game is read and goes on as before.

use std::sync::Arc;
use std::time::Duration;

use rookery_ledger::codec;
use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::record::{Item, Receipt};

use crate::limits::ms;
use crate::order_log::{ChainId, Health, OrderLog, Position, ReadError, Which};
use crate::relay::Relay;

/// Games that are looked at in a row.
const PAGE: usize = 256;
/// Games that share a commit: moves that come meanwhile wait for it some milliseconds longer.
const AT_ONCE: usize = 16;
/// The pause between two commits. 64 games a second are 5 million a day, more than one relay orders.
const PAUSE: Duration = Duration::from_millis(250);
/// The pause after the log refused, lest a full disk be hammered.
const TROUBLE: Duration = Duration::from_secs(60);
/// The longest pause between two passes over all games.
const LONGEST: Duration = Duration::from_secs(600);
/// Entries at the end of a chain among which there is a receipt with its time.
const TAIL: u64 = 4;

/// Archives until the relay drains.
pub(crate) async fn run(relay: Arc<Relay>) {
    loop {
        let pause = match pass(&relay).await {
            Ok(()) => ms(relay.limits().archive_after_ms / 4).clamp(PAUSE, LONGEST),
            Err(_) if relay.draining.is_cancelled() => return,
            Err(words) => {
                tracing::warn!("no game is archived for a while: {words}");
                TROUBLE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = relay.draining.cancelled() => return,
        }
    }
}

/// Looks once at every game that rests.
async fn pass(relay: &Relay) -> Result<(), String> {
    let mut after = None;
    loop {
        let quiet = relay.limits().archive_after_ms;
        if quiet == 0 || relay.draining.is_cancelled() {
            return Ok(());
        }
        let log = &*relay.log;
        let page = log.games(Which::Resting, after, PAGE).await;
        let page = page.map_err(|error| error.to_string())?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(*last);
        let mut due = Vec::new();
        for game in page {
            let newest = newest(log, game).await;
            let newest = newest.map_err(|error| error.to_string())?;
            if newest.get().saturating_add(quiet) <= relay.clock.now().get() {
                due.push(game);
            }
        }
        for some in due.chunks(AT_ONCE) {
            // Moves come first where the disk is slow or full.
            if *log.health().borrow() != Health::Ready {
                return Ok(());
            }
            let taken = log.archive(some.to_vec()).await;
            relay
                .metrics
                .games_archived
                .add(taken.map_err(|error| error.to_string())?);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// When the newest receipt of a game was written; zero where none tells.
async fn newest(log: &dyn OrderLog, game: GameId) -> Result<Millis, ReadError> {
    let mut newest = Millis::ZERO;
    let Some(stored) = log.game(game).await? else {
        return Ok(newest);
    };
    for (order_key, head) in stored.chains {
        let chain = ChainId { game, order_key };
        let before = Position(head.0.saturating_sub(TAIL));
        for (_, entry) in log.read(chain, before, usize::MAX).await? {
            newest = newest.max(at(&entry.receipt).unwrap_or(Millis::ZERO));
        }
    }
    Ok(newest)
}

/// The time of a receipt, signed or not.
fn at(receipt: &[u8]) -> Option<Millis> {
    if let Ok(receipt) = codec::decode::<Receipt>(receipt, codec::MAX_ITEM_BYTES) {
        return Some(receipt.at_ms);
    }
    match codec::decode(receipt, codec::MAX_ITEM_BYTES) {
        Ok(Item::Receipt { receipt, .. }) => Some(receipt.body.at_ms),
        _ => None,
    }
}
