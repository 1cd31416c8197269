//! What clients of one game asked and heard, and when.

use serde::{Deserialize, Serialize};

/// What clients did at one game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct History {
    /// The game's name, which is also what its first place holds.
    pub(super) game: String,
    /// Every operation of every client.
    pub(super) ops: Vec<Op>,
}

/// One operation. Times are nanoseconds of one clock that never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Op {
    pub(super) client: usize,
    pub(super) invoked: u64,
    pub(super) call: Call,
    /// None where the relay died first: it may have taken effect, or may yet.
    pub(super) answer: Option<(u64, Answer)>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    /// Offers a record that may stand at `prev` and nowhere else.
    Submit { record: String, prev: String },
    /// Appends entries behind `prev`, all of them or none.
    Append { entries: Vec<String>, prev: String },
    /// Reads all places.
    Read,
    /// The relay's own entry, after an outage: nobody asks for it.
    Own { entry: String },
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The record has this place.
    Placed { seq: u64 },
    /// It gets none; `head` is the record that the relay says is the newest.
    Refused { code: String, head: Option<String> },
    /// The places: number and what is there.
    Chain { places: Vec<Place> },
}

/// A place and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) seq: u64,
    /// The name of the record; for the relay's own entries that of the receipt.
    pub(super) holds: String,
    /// Whether that is a record or the genesis, on which a record may stand.
    pub(super) record: bool,
}
