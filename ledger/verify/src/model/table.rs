//! Numbers for values and for steps: each distinct local state, item and batch is kept once, and each step is taken once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// Values by number. Equal keys have equal numbers for as long as the table lives.
pub(super) struct Table<K, V> {
    ids: RwLock<HashMap<K, u32>>,
    values: RwLock<Vec<Arc<V>>>,
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self {
            ids: RwLock::new(HashMap::new()),
            values: RwLock::new(Vec::new()),
        }
    }

    pub(super) fn find(&self, key: &K) -> Option<u32> {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        ids.get(key).copied()
    }

    pub(super) fn put(&self, key: K, value: V) -> u32 {
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(values.len()).unwrap_or(u32::MAX);
        *ids.entry(key).or_insert_with(|| {
            values.push(Arc::new(value));
            next
        })
    }

    /// The value of a number that this table gave.
    pub(super) fn get(&self, id: u32) -> Arc<V> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&values[id as usize])
    }

    pub(super) fn len(&self) -> usize {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.len()
    }
}

/// Steps that were taken, with what came of them: steps of the ledger are pure, so taking one again brings nothing new.
pub(super) struct Memo<K, V>(RwLock<HashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RwLock::new(HashMap::new()))
    }
}

impl<K: Eq + Hash, V: Copy> Memo<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(key).copied()
    }

    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn or_take(&self, key: K, step: impl FnOnce() -> V) -> V {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(&key) {
            return *value;
        }
        drop(known);
        let value = step();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *known.entry(key).or_insert(value)
    }
}
