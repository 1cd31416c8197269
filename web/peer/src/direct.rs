//! The channel between the two players of a game: what each side is known to have stored. No I/O.

use std::collections::BTreeSet;

use rookery_ledger::codec;
use rookery_ledger::id::Hash;
use rookery_ledger::record::Item;
use rookery_ledger::wire::{Direct, MAX_KNOWN};

use crate::failure::Failure;

/// Items that the other side may name or send: more than any game has.
const MAX_NAMES: usize = 40_000;

/// How an item is named on the channel.
pub(crate) fn name(item: &Item) -> Hash {
    codec::hash(item)
}

/// One open channel.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    /// What is stored on this device.
    ours: BTreeSet<Hash>,
    /// What the other side said that it has, and what it was sent.
    theirs: BTreeSet<Hash>,
    /// Whether the other side has said all that it knows; before that it is sent nothing.
    told: bool,
}

impl Channel {
    /// A channel of a game of which these items are stored here, and what is said first.
    pub(crate) fn open(items: &[Item]) -> (Self, Vec<Direct>) {
        let names: Vec<_> = items.iter().map(name).collect();
        let mut parts = names.chunks(MAX_KNOWN).peekable();
        let mut greeting = Vec::new();
        while let Some(part) = parts.next() {
            greeting.push(Direct::Know {
                items: part.to_vec(),
                more: parts.peek().is_some(),
            });
        }
        let channel = Self {
            ours: names.into_iter().collect(),
            ..Self::default()
        };
        (channel, greeting)
    }

    /// The other side says what it knows. True when that was all.
    pub(crate) fn know(&mut self, items: Vec<Hash>, more: bool) -> Result<bool, Failure> {
        if self.told || items.len() > MAX_KNOWN || self.theirs.len() + items.len() > MAX_NAMES {
            return Err(Failure::BadFrame("know"));
        }
        self.theirs.extend(items);
        self.told = !more;
        Ok(self.told)
    }

    /// Whether the other side has said all that it knows.
    pub(crate) const fn is_told(&self) -> bool {
        self.told
    }

    /// An item came by the channel: the other side has it. True where it is stored here already.
    pub(crate) fn came(&mut self, item: Hash) -> Result<bool, Failure> {
        self.theirs.insert(item);
        if self.theirs.len() > MAX_NAMES {
            return Err(Failure::BadFrame("item"));
        }
        Ok(self.ours.contains(&item))
    }

    /// Whether the other side has it, or it is on its way there.
    pub(crate) fn has(&self, item: Hash) -> bool {
        self.theirs.contains(&item)
    }

    /// These items are stored here: what the other side is to be sent of them now.
    pub(crate) fn lacking(&mut self, items: Vec<Item>) -> Vec<Direct> {
        let mut out = Vec::new();
        for item in items {
            let name = name(&item);
            self.ours.insert(name);
            if self.told && self.theirs.insert(name) {
                out.push(Direct::Item { item });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(count: usize) -> Vec<Hash> {
        (0..count).map(|n| codec::hash(&(n as u32))).collect()
    }

    #[test]
    fn what_the_other_knows_comes_in_parts_and_only_once() {
        let mut channel = Channel::default();
        assert!(!channel.know(hashes(MAX_KNOWN), true).unwrap());
        assert!(channel.know(hashes(3), false).unwrap());
        assert!(channel.know(Vec::new(), false).is_err());
        assert!(channel.has(hashes(1)[0]));
    }

    #[test]
    fn a_flood_of_names_is_refused() {
        let mut channel = Channel::default();
        assert!(channel.know(hashes(MAX_KNOWN + 1), true).is_err());
        let parts: Vec<_> = hashes(MAX_NAMES + 1)
            .chunks(MAX_KNOWN)
            .map(<[Hash]>::to_vec)
            .collect();
        let refused = parts
            .into_iter()
            .find_map(|part| channel.know(part, true).err());
        assert!(refused.is_some());
    }
}
