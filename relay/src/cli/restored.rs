//! Opens the log. One that must not go on under its order key, since it was restored from a backup or cut short, gives the
//! key up: what that key signed is kept signed, and the relay goes on under a new one.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use rookery_ledger::id::{Millis, OrderKey};
use rookery_ledger::sign::Keypair;

use crate::keys::Keys;
use crate::order_log::RedbLog;
use crate::order_log::redb::OpenError;
use crate::sequencer::signed_for_good;

/// Opens the log in the file `path` of the data folder `data`. Its keys change where it must not go on under them.
pub(super) fn open(data: &Path, path: &Path, keys: &mut Keys) -> anyhow::Result<RedbLog> {
    let named = || path.display().to_string();
    let log = match RedbLog::open(path, keys.order_key()) {
        Err(OpenError::RolledBack(why)) => {
            let old = keys.order_key();
            let entries = give_up(data, path, keys).with_context(named)?;
            keys.renew_order(data)?;
            tracing::warn!(
                %why, %old, new = %keys.order_key(), entries,
                "the log was restored from a backup or cut short; the relay has a new order key, and open clocked games \
                 move to it when their players agree"
            );
            RedbLog::open(path, keys.order_key())
        }
        result => result,
    };
    let log = log.with_context(named)?;
    if let Some(former) = log.former_owner() {
        tracing::warn!(
            %former, order_key = %keys.order_key(),
            "the log was written under another order key, which was not given up in order; what that key signed cannot \
             be shown"
        );
    }
    Ok(log)
}

/// Lets the order key sign over the log for the last time, with those that were put aside before: an old copy may hold
/// entries of theirs.
fn give_up(data: &Path, path: &Path, keys: &Keys) -> anyhow::Result<u64> {
    let aside = Keys::given_up(data)?;
    let all = std::iter::once(&keys.order).chain(&aside);
    let all: Vec<Keypair> = all
        .map(|key| Keypair::from_secret(&key.to_bytes()))
        .collect();
    let names: Vec<OrderKey> = all.iter().map(Keypair::order).collect();
    let sign = |by, game, entry: &_| signed_for_good(&all, by, game, entry);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = Millis::new(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    Ok(RedbLog::retire(path, &names, now, &sign)?)
}
