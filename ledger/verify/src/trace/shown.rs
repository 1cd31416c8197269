//! What is shown to who asks for a game: all that is durable, and nothing else of the relay's own.

use std::collections::BTreeSet;

use rookery_ledger::codec;
use rookery_ledger::id::Hash;
use rookery_ledger::record::What;
use rookery_relay::trace::{Bytes, Name};

use super::game::{Checked, Game, Run, id};
use super::known::{Known, Placed, Tools, own_entry};
use crate::reference::{For, Id};

impl Game {
    /// All that is known is shown: the own receipts that are durable, and no others.
    pub(super) fn shown(
        &mut self,
        run: &Run,
        after: Option<&Bytes>,
        items: &[Name],
        tools: &mut Tools,
    ) -> Checked {
        let Some(known) = self.known() else {
            return Err("P4: a game is shown that is not known".into());
        };
        let (mut records, mut receipts) = (BTreeSet::new(), BTreeSet::new());
        for name in items {
            match name {
                Name::Genesis => {}
                Name::Record(hash) => {
                    let hash = id(hash)?;
                    if !known.has_record(hash) {
                        return Err("P4: a record is shown that nobody gave the relay".into());
                    }
                    records.insert(hash);
                }
                Name::Receipt(by, hash) => {
                    let (by, hash) = (id(by)?, id(hash)?);
                    let there = if by == run.own.0 {
                        self.holds_receipt(by, Hash(hash))
                    } else {
                        known.has_receipt(by, hash)
                    };
                    if !there {
                        return Err("P3: a receipt is shown that is not durable".into());
                    }
                    receipts.insert((by, hash));
                }
                Name::Home(item) => {
                    if !known.has_home(id(item)?) {
                        return Err("P4: a signature is shown that nobody gave the relay".into());
                    }
                }
                Name::Lapsed(by, epoch) => {
                    let by = id(by)?;
                    if by == run.own.0 && !self.holds_lapse(by, *epoch) {
                        return Err("P2: a refusal of an epoch is shown that is not durable".into());
                    }
                }
                Name::Continued(_) => {}
            }
        }
        self.is_all(run, known, after, &records, &receipts, tools)
    }

    /// Whether each own receipt behind `after` is shown, with the record that it is for.
    fn is_all(
        &self,
        run: &Run,
        known: &Known,
        after: Option<&Bytes>,
        records: &BTreeSet<Id>,
        receipts: &BTreeSet<(Id, Id)>,
        tools: &mut Tools,
    ) -> Checked {
        let view = known.view(tools)?;
        let own = run.own.0;
        let order: Vec<(Id, Option<Id>)> = if view.is_clocked() {
            let counted = view.counted.iter().filter(|receipt| receipt.key == own);
            counted
                .map(|receipt| {
                    let record = match receipt.what {
                        For::Record(record) => Some(record),
                        _ => None,
                    };
                    (receipt.hash, record)
                })
                .collect()
        } else {
            let entries = self
                .chains
                .get(&own)
                .into_iter()
                .flat_map(|chain| chain.entries());
            let mut order = Vec::new();
            for entry in entries {
                if let Placed::Receipt(body, _) = own_entry(self.id, entry)? {
                    let record = match body.what {
                        What::Record(record) => Some(record.0),
                        _ => None,
                    };
                    order.push((codec::hash(&body).0, record));
                }
            }
            order
        };
        let after = after.map(id).transpose()?;
        let has = after.is_some_and(|after| {
            let counted = view.counted.iter().any(|receipt| receipt.hash == after);
            counted || order.iter().any(|(hash, _)| *hash == after)
        });
        let behind = if !has {
            0
        } else {
            // What another relay ordered comes before all that this one did.
            let own = order.iter().position(|(hash, _)| Some(*hash) == after);
            own.map_or(0, |at| at + 1)
        };
        for (hash, record) in &order[behind..] {
            if !receipts.contains(&(own, *hash)) {
                return Err("P9: who asks for a game is not told a receipt that is durable".into());
            }
            if record.is_some_and(|record| !records.contains(&record)) {
                return Err(
                    "P9: who asks for a game is not told a record that has a receipt".into(),
                );
            }
        }
        Ok(())
    }
}
