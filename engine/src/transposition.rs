//! The transposition table: what earlier searches learned about a position, found again by its key.

use crate::movegen::PackedMove;
use crate::score::{MATE_BOUND, NONE, Value};

/// Smallest and largest table, in MiB.
pub const HASH_RANGE: std::ops::RangeInclusive<u64> = 1..=4096;

/// What a stored value says about the true one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Bound {
    /// Nothing: only the evaluation or the move is known.
    #[default]
    None = 0,
    /// The true value is at most this (all moves failed low).
    Upper = 1,
    /// The true value is at least this (a move failed high).
    Lower = 2,
    /// The value is exact.
    Exact = 3,
}

impl Bound {
    /// Whether a stored `value` with this bound decides against the window edge `beta`.
    #[must_use]
    pub const fn decides(self, value: Value, beta: Value) -> bool {
        match self {
            Bound::None => false,
            Bound::Upper => value < beta,
            Bound::Lower => value >= beta,
            Bound::Exact => true,
        }
    }
}

/// What the table knows of a position.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// The best move then, or none.
    pub packed: PackedMove,
    /// The value then, from the side to move, mate distances counted from this node; [`NONE`] if there is none.
    pub value: Value,
    /// The static evaluation; [`NONE`] when in check.
    pub evaluation: Value,
    /// Remaining depth in plies of the search that stored it.
    pub depth: i32,
    /// What `value` means.
    pub bound: Bound,
    /// Whether the node was on a principal variation.
    pub was_pv: bool,
}

/// 10 bytes. The low 16 bits of the key tell entries of a cluster apart.
#[derive(Clone, Copy, Default)]
struct Entry {
    key: u16,
    packed: PackedMove,
    value: i16,
    evaluation: i16,
    depth: u8,
    /// Bits 0 and 1 bound, bit 2 PV, bits 3 to 7 generation.
    flags: u8,
}

const GENERATION_STEP: u8 = 8;
const GENERATION_MASK: u8 = 0xf8;
/// Depths are stored with this offset, so that 0 marks an empty entry.
const DEPTH_OFFSET: i32 = 2;

impl Entry {
    fn bound(self) -> Bound {
        match self.flags & 3 {
            1 => Bound::Upper,
            2 => Bound::Lower,
            3 => Bound::Exact,
            _ => Bound::None,
        }
    }

    fn age(self, generation: u8) -> u8 {
        generation.wrapping_sub(self.flags & GENERATION_MASK) / GENERATION_STEP
    }
}

/// Half a cache line.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Cluster([Entry; 3]);

/// The table could not be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HashError {
    /// Outside [`HASH_RANGE`].
    #[error("the hash size must be 1 to 4096 MiB, got {0}")]
    OutOfRange(u64),
    /// The system has not that much memory to give.
    #[error("no memory for a hash table of {0} MiB")]
    NoMemory(u64),
}

/// The table itself.
pub struct Table {
    clusters: Vec<Cluster>,
    generation: u8,
}

impl Table {
    /// Makes an empty table of `mib` MiB.
    ///
    /// # Errors
    ///
    /// [`HashError`] if the size is out of range or the memory cannot be had.
    pub fn new(mib: u64) -> Result<Table, HashError> {
        let mut table = Table {
            clusters: Vec::new(),
            generation: 0,
        };
        table.resize(mib)?;
        Ok(table)
    }

    /// Empties the table and makes it `mib` MiB large. No page of the new one is used while the old one is there.
    ///
    /// # Errors
    ///
    /// [`HashError`] if the size is out of range, or if there is no room for a larger table beside this one. The table is
    /// then as it was, with all that it knows. Where a system promises more memory than it has, it may end the process
    /// instead.
    pub fn resize(&mut self, mib: u64) -> Result<(), HashError> {
        if !HASH_RANGE.contains(&mib) {
            return Err(HashError::OutOfRange(mib));
        }
        let bytes = usize::try_from(mib << 20).map_err(|_| HashError::NoMemory(mib))?;
        let count = bytes / size_of::<Cluster>();
        if count > self.clusters.len() {
            let mut clusters = Vec::new();
            clusters
                .try_reserve_exact(count)
                .map_err(|_| HashError::NoMemory(mib))?;
            self.clusters = clusters;
        } else {
            self.clusters.clear();
            self.clusters.shrink_to(count);
        }
        self.clusters.clear();
        self.clusters.resize(count, Cluster::default());
        self.generation = 0;
        Ok(())
    }

    /// Size in MiB.
    #[must_use]
    pub fn mib(&self) -> u64 {
        (self.clusters.len() * size_of::<Cluster>()) as u64 >> 20
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.clusters.fill(Cluster::default());
        self.generation = 0;
    }

    /// Starts a new search: entries of earlier ones are replaced first.
    pub const fn age(&mut self) {
        self.generation = self.generation.wrapping_add(GENERATION_STEP);
    }

    fn index(&self, key: u64) -> usize {
        // The high half of the key scaled to the table: 32 bit halves, because wasm has no 128 bit product.
        (((key >> 32) * self.clusters.len() as u64) >> 32) as usize
    }

    /// Looks `key` up. `ply` turns mate distances into distances from the root.
    #[must_use]
    pub fn probe(&self, key: u64, ply: usize) -> Option<Hit> {
        let cluster = self.clusters.get(self.index(key))?;
        let entry = cluster
            .0
            .iter()
            .find(|entry| entry.key == key as u16 && entry.depth > 0)?;
        Some(Hit {
            packed: entry.packed,
            value: from_table(i32::from(entry.value), ply),
            evaluation: i32::from(entry.evaluation),
            depth: i32::from(entry.depth) - DEPTH_OFFSET,
            bound: entry.bound(),
            was_pv: entry.flags & 4 != 0,
        })
    }

    /// Fetches what [`probe`](Table::probe) will look at. Nothing depends on what this reads, so the processor does not
    /// wait for it: a prefetch without unsafe code.
    pub fn prefetch(&self, key: u64) {
        if let Some(cluster) = self.clusters.get(self.index(key)) {
            std::hint::black_box(cluster.0[0].key);
        }
    }

    /// Keeps what a search learned. An unknown move does not overwrite a known one of the same position.
    pub fn store(&mut self, key: u64, ply: usize, hit: Hit) {
        let index = self.index(key);
        let generation = self.generation;
        let Some(cluster) = self.clusters.get_mut(index) else {
            return;
        };
        let key16 = key as u16;
        let slot = cluster
            .0
            .iter()
            .position(|entry| entry.depth == 0 || entry.key == key16)
            .unwrap_or_else(|| {
                let worth =
                    |entry: &Entry| i32::from(entry.depth) - 4 * i32::from(entry.age(generation));
                (0..cluster.0.len())
                    .min_by_key(|&i| worth(&cluster.0[i]))
                    .unwrap_or(0)
            });
        let entry = &mut cluster.0[slot];
        let same = entry.key == key16 && entry.depth > 0;
        let depth = (hit.depth + DEPTH_OFFSET).clamp(1, 255);
        // A much shallower result of the same search is no reason to forget a deep one.
        if same
            && hit.bound != Bound::Exact
            && entry.age(generation) == 0
            && depth + 4 + 2 * i32::from(hit.was_pv) <= i32::from(entry.depth)
        {
            return;
        }
        *entry = Entry {
            key: key16,
            packed: if hit.packed.is_none() && same {
                entry.packed
            } else {
                hit.packed
            },
            value: to_table(hit.value, ply) as i16,
            evaluation: hit.evaluation as i16,
            depth: depth as u8,
            flags: generation | (u8::from(hit.was_pv) << 2) | hit.bound as u8,
        };
    }

    /// Share of a sample that this search has filled, in thousandths.
    #[must_use]
    pub fn permille_full(&self) -> u32 {
        let used: usize = self
            .clusters
            .iter()
            .take(1000)
            .flat_map(|cluster| cluster.0)
            .filter(|entry| entry.depth > 0 && entry.age(self.generation) == 0)
            .count();
        let sample = 3 * self.clusters.len().min(1000);
        (1000 * used / sample.max(1)) as u32
    }
}

/// Mate values are kept as distances from the node, so that they hold wherever it is met again.
const fn to_table(value: Value, ply: usize) -> Value {
    if value == NONE {
        NONE
    } else if value >= MATE_BOUND {
        value + ply as Value
    } else if value <= -MATE_BOUND {
        value - ply as Value
    } else {
        value
    }
}

const fn from_table(value: Value, ply: usize) -> Value {
    if value == NONE {
        NONE
    } else if value >= MATE_BOUND {
        value - ply as Value
    } else if value <= -MATE_BOUND {
        value + ply as Value
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{mate_in, mated_in};

    fn hit(value: Value, depth: i32) -> Hit {
        Hit {
            packed: PackedMove::NONE,
            value,
            evaluation: 12,
            depth,
            bound: Bound::Exact,
            was_pv: false,
        }
    }

    #[test]
    fn clusters_fill_half_a_cache_line() {
        assert_eq!(size_of::<Cluster>(), 32);
    }

    #[test]
    fn mate_distances_are_kept_from_the_node() {
        let mut table = Table::new(1).unwrap();
        table.store(1, 4, hit(mate_in(7), 3));
        assert_eq!(table.probe(1, 4).unwrap().value, mate_in(7));
        assert_eq!(table.probe(1, 2).unwrap().value, mate_in(5));
        table.store(2, 4, hit(mated_in(6), 3));
        assert_eq!(table.probe(2, 0).unwrap().value, mated_in(2));
    }

    #[test]
    fn a_full_cluster_gives_up_the_oldest_and_shallowest() {
        let mut table = Table::new(1).unwrap();
        for (key, depth) in [(1, 20), (2, 3), (3, 10)] {
            table.store(key, 0, hit(0, depth));
        }
        table.store(4, 0, hit(0, 5));
        assert!(table.probe(2, 0).is_none());
        assert!(table.probe(1, 0).is_some() && table.probe(3, 0).is_some());
        for _ in 0..10 {
            table.age();
        }
        table.store(5, 0, hit(0, 0));
        table.store(6, 0, hit(0, 0));
        assert!(table.probe(5, 0).is_some() || table.probe(6, 0).is_some());
        assert!(table.probe(4, 0).is_none());
    }

    #[test]
    fn an_age_is_counted_in_searches_whatever_the_entry_says() {
        for flags in 0..GENERATION_STEP {
            let mut table = Table::new(1).unwrap();
            for _ in 0..40 {
                table.age();
                let entry = Entry {
                    flags: table.generation | flags,
                    ..Entry::default()
                };
                assert_eq!(entry.age(table.generation), 0);
                assert_eq!(entry.age(table.generation.wrapping_add(GENERATION_STEP)), 1);
            }
        }
    }

    #[test]
    fn a_shallow_result_does_not_replace_a_deep_one_of_the_same_search() {
        let mut table = Table::new(1).unwrap();
        let shallow = Hit {
            bound: Bound::Lower,
            ..hit(7, 2)
        };
        table.store(1, 0, hit(0, 20));
        table.store(1, 0, shallow);
        assert_eq!(table.probe(1, 0).unwrap().depth, 20);
        table.age();
        table.store(1, 0, shallow);
        assert_eq!(table.probe(1, 0).unwrap().depth, 2);
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        assert_eq!(Table::new(0).err(), Some(HashError::OutOfRange(0)));
        assert_eq!(
            Table::new(u64::MAX).err(),
            Some(HashError::OutOfRange(u64::MAX))
        );
        assert_eq!(Table::new(3).unwrap().mib(), 3);
    }

    #[test]
    fn a_refused_size_costs_nothing_and_another_one_everything() {
        let mut table = Table::new(2).unwrap();
        table.store(1, 0, hit(0, 20));
        for refused in [0, 4097, u64::MAX] {
            assert_eq!(table.resize(refused), Err(HashError::OutOfRange(refused)));
            assert!(table.probe(1, 0).is_some());
        }
        for mib in [3, 1, 2] {
            table.resize(mib).unwrap();
            assert_eq!(table.mib(), mib);
            assert!(table.probe(1, 0).is_none());
            table.store(1, 0, hit(0, 20));
        }
    }
}
