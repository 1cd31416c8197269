//! The oracle: says after a run whether what the relay sent is one order of whole, signed, legal games that everybody got
//! alike. It reads the bytes by itself (`cbor`, `item`), plays with shakmaty and keeps the clocks by itself (`clock`),
//! so that a fault of the ledger's rules cannot hide itself here.

pub(super) mod cbor;
mod clock;
mod fold;
pub(super) mod item;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use cbor::{Malformed, Node};
use item::{Genesis, Hash, Item, Receipt, Record, What};

/// How far a receipt's time may lie outside the moments at which its record was sent and its receipt seen, by this
/// machine's clock, ms: that one may be set by and by while both run on.
const TOLERANCE_MS: u64 = 1_000;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    /// A receipt or an acknowledged record that is not there afterwards.
    Lost,
    /// Two receipts for one place, or one record at two places.
    Doubled,
    /// Two got different bytes for one thing, or one did not get it.
    Diverging,
    /// A place in the order is empty.
    Hole,
    /// A receipt or record does not link to the one before.
    BrokenLink,
    /// `at_ms` falls.
    TimeRunsBack,
    /// `at_ms` is not between sending and seeing.
    WrongTime,
    /// A flag, a gap or a record that the clocks do not allow.
    WrongClock,
    /// A signature is missing or by somebody else.
    BadSignature,
    /// A record that the rules do not allow where it stands.
    Illegal,
    /// Something is ordered after the end.
    AfterEnd,
    /// No canonical item of this game.
    Malformed,
}

impl Class {
    /// All, in the order of reports, with the words for what is counted.
    pub(super) const ALL: [(Self, &'static str); 12] = [
        (Self::Lost, "lost records"),
        (Self::Doubled, "doubled places"),
        (Self::Diverging, "diverging copies"),
        (Self::Hole, "empty places"),
        (Self::BrokenLink, "broken links"),
        (Self::TimeRunsBack, "receipts whose time falls"),
        (Self::WrongTime, "receipts with a wrong time"),
        (Self::WrongClock, "wrong clocks"),
        (Self::BadSignature, "bad signatures"),
        (Self::Illegal, "illegal records"),
        (Self::AfterEnd, "receipts after the end"),
        (Self::Malformed, "malformed items"),
    ];
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) class: Class,
    pub(super) words: String,
}

impl Fault {
    fn new(class: Class, words: impl Into<String>) -> Self {
        Self {
            class,
            words: words.into(),
        }
    }
}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Self::new(Class::Malformed, error.to_string())
    }
}

/// The `items` frames of one game that one client got, each with the moment at which it came, ms since 1970.
#[derive(Debug, Clone, Default)]
pub(super) struct Copy {
    pub(super) frames: Vec<(u64, Vec<u8>)>,
}

/// All that is known of one game after a run.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) game: Hash,
    /// The relay's order key.
    pub(super) home: Hash,
    /// What the players and who watched got during the game.
    pub(super) live: Vec<(&'static str, Copy)>,
    /// What somebody got who asked afterwards.
    pub(super) afterwards: Copy,
    /// Records that the relay said were durable.
    pub(super) acknowledged: Vec<Hash>,
    /// When each record was first sent, ms since 1970.
    pub(super) sent: BTreeMap<Hash, u64>,
}

/// Something of a copy, with its bytes and the moment at which it first came.
struct Held<'a, T> {
    bytes: &'a [u8],
    at_ms: u64,
    it: T,
}

/// A copy, read.
#[derive(Default)]
struct Index<'a> {
    genesis: Option<Held<'a, Genesis<'a>>>,
    records: BTreeMap<Hash, Held<'a, Record<'a>>>,
    /// By `seq`.
    receipts: BTreeMap<u64, Held<'a, Receipt<'a>>>,
}

impl<'a> Index<'a> {
    fn read(copy: &'a Copy, game: &Hash, faults: &mut Vec<Fault>) -> Self {
        let mut index = Self::default();
        for (at_ms, frame) in &copy.frames {
            if let Err(error) = index.read_frame(*at_ms, frame, game, faults) {
                faults.push(error.into());
            }
        }
        index
    }

    fn read_frame(
        &mut self,
        at_ms: u64,
        frame: &'a [u8],
        game: &Hash,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Malformed> {
        let node = Node::read(frame)?;
        let ("items", Some(inner)) = node.kind()? else {
            return Err(Malformed("not a frame of items"));
        };
        let [of, items] = inner.fields(["game", "items"])?;
        if of.array::<32>()? != *game {
            return Err(Malformed("a frame of another game"));
        }
        for node in items.list()? {
            let bytes = node.bytes;
            match Item::read(node)? {
                Item::Genesis(it) => {
                    let held = Held { bytes, at_ms, it };
                    same(
                        self.genesis.get_or_insert(held).bytes,
                        bytes,
                        "genesis",
                        faults,
                    );
                }
                Item::Record(it) => {
                    let held = Held { bytes, at_ms, it };
                    let known = self.records.entry(held.it.signed.hash).or_insert(held);
                    same(known.bytes, bytes, "record", faults);
                }
                Item::Receipt(it) if it.epoch != 0 || it.game != *game => {
                    return Err(Malformed("a receipt of another game or epoch"));
                }
                Item::Receipt(it) => {
                    let (seq, hash) = (it.seq, it.signed.hash);
                    let held = Held { bytes, at_ms, it };
                    let known = self.receipts.entry(seq).or_insert(held);
                    if known.it.signed.hash == hash {
                        same(known.bytes, bytes, "receipt", faults);
                    } else {
                        faults.push(two_receipts(seq));
                    }
                }
                Item::Other => return Err(Malformed("an item that no player signed")),
            }
        }
        Ok(())
    }
}

fn same(one: &[u8], other: &[u8], what: &str, faults: &mut Vec<Fault>) {
    if one != other {
        let words = format!("the same {what} in other bytes");
        faults.push(Fault::new(Class::Diverging, words));
    }
}

fn two_receipts(seq: u64) -> Fault {
    Fault::new(Class::Doubled, format!("two receipts for place {seq}"))
}

/// What the oracle says of a game.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Receipts that were there afterwards.
    pub(super) receipts: u64,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
}

/// Checks a game.
pub(super) fn check(history: &History) -> Verdict {
    let mut faults = Vec::new();
    let truth = Index::read(&history.afterwards, &history.game, &mut faults);
    faults.extend(fold::fold(&truth, &history.game, &history.home));
    let receipted: BTreeSet<Hash> = truth.receipts.values().filter_map(record_of).collect();
    for hash in &history.acknowledged {
        let is_genesis = *hash == history.game && truth.receipts.contains_key(&0);
        if !(is_genesis || receipted.contains(hash) && truth.records.contains_key(hash)) {
            faults.push(Fault::new(Class::Lost, "an acknowledged record is gone"));
        }
    }
    for (who, copy) in &history.live {
        let copy = Index::read(copy, &history.game, &mut faults);
        compare(who, &copy, &truth, &mut faults);
        for held in copy.receipts.values() {
            faults.extend(wrong_time(held, &history.sent));
        }
    }
    Verdict {
        receipts: truth.receipts.len() as u64,
        faults,
    }
}

fn record_of(held: &Held<'_, Receipt<'_>>) -> Option<Hash> {
    match held.it.what {
        What::Record(hash) => Some(hash),
        _ => None,
    }
}

/// What a client got against what is there afterwards.
fn compare(who: &str, copy: &Index<'_>, truth: &Index<'_>, faults: &mut Vec<Fault>) {
    for (seq, held) in &copy.receipts {
        match truth.receipts.get(seq) {
            None => {
                let words = format!("the receipt of place {seq} that {who} got is gone");
                faults.push(Fault::new(Class::Lost, words));
            }
            Some(there) if there.it.signed.hash != held.it.signed.hash => {
                faults.push(two_receipts(*seq));
            }
            Some(there) => same(there.bytes, held.bytes, "receipt", faults),
        }
        if let Some(hash) = record_of(held)
            && !copy.records.contains_key(&hash)
        {
            let words = format!("{who} got the receipt of place {seq} and not its record");
            faults.push(Fault::new(Class::Diverging, words));
        }
    }
    for (hash, held) in &copy.records {
        // A record without receipt counts for nothing.
        if let Some(there) = truth.records.get(hash) {
            same(there.bytes, held.bytes, "record", faults);
        }
    }
    let newest = copy.receipts.keys().next_back().copied();
    for (seq, there) in &truth.receipts {
        // A flag may fall after the players have gone.
        let is_due = newest.is_some_and(|newest| *seq < newest) || record_of(there).is_some();
        if is_due && !copy.receipts.contains_key(seq) {
            let words = format!("{who} did not get the receipt of place {seq}");
            faults.push(Fault::new(Class::Diverging, words));
        }
    }
    match (&copy.genesis, &truth.genesis) {
        (Some(one), Some(other)) => same(one.bytes, other.bytes, "genesis", faults),
        (None, _) => faults.push(Fault::new(
            Class::Diverging,
            format!("{who} got no genesis"),
        )),
        (Some(_), None) => faults.push(Fault::new(Class::Lost, "the genesis is gone")),
    }
}

/// By the clock of this machine, which both sides read.
fn wrong_time(held: &Held<'_, Receipt<'_>>, sent: &BTreeMap<Hash, u64>) -> Option<Fault> {
    let at = held.it.at_ms;
    let before = record_of(held)
        .and_then(|hash| sent.get(&hash))
        .is_some_and(|sent| at + TOLERANCE_MS < *sent);
    (before || at > held.at_ms + TOLERANCE_MS).then(|| {
        let words = format!(
            "place {} is stamped {at} and was seen at {}",
            held.it.seq, held.at_ms
        );
        Fault::new(Class::WrongTime, words)
    })
}
