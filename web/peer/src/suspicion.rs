//! What a player may hold against the relay that it plays at, by this device's own clocks: complaints, which nobody else can
//! check. What anybody can check are the ledger's proofs. No I/O.
//!
//! Time is counted by heartbeats: they come in order with everything else that the relay says, so one that is heard after
//! another has nothing behind it that is still on its way. Where they come late, or the device's two clocks disagree - it
//! slept, or was set - nothing is held against anybody.

use std::collections::BTreeMap;

use rookery_ledger::id::{Hash, Millis};

use crate::output::Now;

/// How long a relay may keep back a receipt of its own that the other player has, ms listened to it.
pub(crate) const WITHHELD_MS: f64 = 5_000.0;
/// How long a relay that says that its log takes writes may leave a record unconfirmed, ms listened to it: longer than the 15 s
/// after which a relay cuts a stream on which nothing arrives, so that a session which is still there has carried the record.
pub(crate) const UNCONFIRMED_MS: f64 = 20_000.0;
/// By how much a charge, or the moment in a receipt, may differ from this device's own clocks, ms.
pub(crate) const TIME_MS: f64 = 1_000.0;
/// Two beats a second apart that come further apart than this were held up on the way, ms.
const LATE_BEAT_MS: f64 = 2_000.0;
/// A round trip above this holds time up that is nobody's fault, ms.
const SLOW_MS: u64 = 700;
/// By how much the device's two clocks may disagree over one beat, ms.
const CLOCKS_APART_MS: f64 = 500.0;
/// Steady beats after a charge before it is held against the relay: one that was held up tells its round trip only then.
const BEATS_AFTER: u8 = 2;

/// What is held against a relay without proof.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Complaint {
    /// It sent a receipt that its key did not sign.
    BadReceipt,
    /// It kept back a receipt that it had signed.
    Withheld,
    /// The other player's record names a receipt that the relay did not show.
    UnknownReceipt,
    /// It leaves a record without a receipt.
    Unconfirmed,
    /// It charged more than this device counted, both in ms.
    Charge { charged: f64, thought: f64 },
    /// Its receipt is ahead of its own clock, by so many ms.
    Ahead { by: f64 },
}

impl Complaint {
    /// The stable word.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::BadReceipt => "bad-receipt",
            Self::Withheld => "withheld",
            Self::UnknownReceipt => "unknown-receipt",
            Self::Unconfirmed => "unconfirmed",
            Self::Charge { .. } | Self::Ahead { .. } => "clock-complaint",
        }
    }

    /// One or two sentences for a person.
    pub(crate) fn words(self) -> String {
        let seconds = |ms: f64| format!("{:.1} s", ms / 1000.0);
        let what = match self {
            Self::BadReceipt => "The relay sent a receipt with a wrong signature; it counts for nothing.".to_owned(),
            Self::Withheld => "The relay keeps back what your opponent got from it.".to_owned(),
            Self::UnknownReceipt => {
                "Your opponent's move names a receipt that the relay has not shown: either it is kept back, or your opponent made it up."
                    .to_owned()
            }
            Self::Unconfirmed => {
                "The relay does not confirm your move, although it says that it can take moves.".to_owned()
            }
            Self::Charge { charged, thought } => format!(
                "The relay charged {} for a move that took {} by this device's stopwatch.",
                seconds(charged),
                seconds(thought)
            ),
            Self::Ahead { by } => format!(
                "The relay's receipt is {} ahead of the clock that it shows.",
                seconds(by)
            ),
        };
        format!("{what} This cannot be proven.")
    }
}

/// One beat of the session's heart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beat {
    /// How long the relay was listened to since the one before, ms.
    pub(crate) heard_ms: f64,
    /// Nothing was held up, the relay's log takes writes, and the device's clocks agree.
    pub(crate) steady: bool,
    /// The relay says that its log takes no writes.
    pub(crate) log_busy: bool,
}

/// The heart of a session.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Option<Now>);

impl Pulse {
    /// Another session.
    pub(crate) fn begin(&mut self) {
        self.0 = None;
    }

    pub(crate) fn beat(&mut self, now: Now, rtt: Millis, log_busy: bool) -> Beat {
        let last = self.0.replace(now);
        let passed = last.map_or(0.0, |last| (now.mono - last.mono).max(0.0));
        let wall = last.map_or(0.0, |last| now.wall.get() as f64 - last.wall.get() as f64);
        let steady = last.is_some()
            && !log_busy
            && passed <= LATE_BEAT_MS
            && (wall - passed).abs() <= CLOCKS_APART_MS
            && rtt.get() <= SLOW_MS;
        Beat {
            heard_ms: passed.min(LATE_BEAT_MS),
            steady,
            log_busy,
        }
    }
}

/// What waits to become a complaint, in one game.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    /// The relay's receipts that came another way and not from it, with how long it was listened to since, ms.
    owed: BTreeMap<Hash, f64>,
    /// Receipts that the other player's records name and nobody showed, likewise.
    named: BTreeMap<Hash, f64>,
    /// The own record without a receipt, likewise.
    unconfirmed: Option<(Hash, f64)>,
    /// The own record that the relay refused for good.
    refused: Option<Hash>,
    /// A charge that waits for the beats after it.
    charge: Option<(Complaint, u8)>,
    /// Nothing was held up since the running turn was shown.
    steady: bool,
    /// How long before it was shown the running turn began, by the relay's own clock, ms.
    late: f64,
    complaints: Vec<Complaint>,
}

impl Suspicion {
    /// Another session with the relay, or none: what it owed it tells anew, and what came meanwhile was late for no fault of its.
    pub(crate) fn begin(&mut self) {
        let complaints = std::mem::take(&mut self.complaints);
        *self = Self {
            complaints,
            ..Self::default()
        };
    }

    /// A turn of this player is shown: by what the relay told just now, `late` ms after the moment in its receipt by its own
    /// clock; none where that is not known.
    pub(crate) fn turn(&mut self, late: Option<f64>) {
        self.steady = late.is_some();
        self.late = late.unwrap_or(0.0).max(0.0);
    }

    /// A receipt came that the relay signed, by another way, and not from it so far.
    pub(crate) fn owes(&mut self, receipt: Hash) {
        self.owed.entry(receipt).or_insert(0.0);
    }

    /// The other player's record names a receipt that is not known.
    pub(crate) fn is_named(&mut self, receipt: Hash) {
        self.named.entry(receipt).or_insert(0.0);
    }

    /// The relay told a receipt.
    pub(crate) fn told(&mut self, receipt: Hash) {
        self.owed.remove(&receipt);
        self.named.remove(&receipt);
    }

    /// A receipt is known, by whatever way.
    pub(crate) fn known(&mut self, receipt: Hash) {
        self.named.remove(&receipt);
    }

    /// The relay gave a reason why it does not take the own record, and one that it may well have. Of one that it will never
    /// take, named here, nothing more is expected.
    pub(crate) fn excused(&mut self, for_good: Option<Hash>) {
        self.unconfirmed = None;
        self.refused = for_good.or(self.refused);
    }

    /// Whether the relay refused this own record for good.
    pub(crate) fn is_refused(&self, record: Hash) -> bool {
        self.refused == Some(record)
    }

    /// Holds at once against the relay what needs no time.
    pub(crate) fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    /// An own move was charged `charged` ms, for which this device counted `thought` ms.
    pub(crate) fn charged(&mut self, charged: f64, thought: f64) {
        if self.steady && charged - thought - self.late > TIME_MS {
            self.charge = Some((Complaint::Charge { charged, thought }, 0));
        }
    }

    /// The relay told a receipt that says `at`, when its clock stood at `relay` by what it says itself.
    pub(crate) fn dated(&mut self, at: f64, relay: f64) {
        let by = at - relay;
        if self.steady && by > TIME_MS {
            self.charge = Some((Complaint::Ahead { by }, 0));
        }
    }

    /// A beat of a relay that tells everything that is new of this game. `waits` is the own record without a receipt.
    pub(crate) fn beat(&mut self, beat: Beat, waits: Option<Hash>) {
        let overdue = |held: &mut BTreeMap<Hash, f64>| {
            held.values_mut().for_each(|heard| *heard += beat.heard_ms);
            let before = held.len();
            held.retain(|_, heard| *heard < WITHHELD_MS);
            held.len() < before
        };
        if overdue(&mut self.owed) {
            self.complaints.push(Complaint::Withheld);
        }
        if overdue(&mut self.named) {
            self.complaints.push(Complaint::UnknownReceipt);
        }
        let before = self
            .unconfirmed
            .filter(|(record, _)| Some(*record) == waits);
        let waits = waits.filter(|record| !beat.log_busy && self.refused != Some(*record));
        self.unconfirmed = waits.map(|record| {
            let heard = before.map_or(0.0, |(_, heard)| heard + beat.heard_ms);
            (record, heard)
        });
        if let Some((_, heard)) = &mut self.unconfirmed
            && *heard >= UNCONFIRMED_MS
        {
            *heard = 0.0;
            self.complaints.push(Complaint::Unconfirmed);
        }
        self.steady &= beat.steady;
        self.charge = self.charge.filter(|_| beat.steady);
        if let Some((complaint, beats)) = &mut self.charge {
            *beats += 1;
            if *beats >= BEATS_AFTER {
                let complaint = *complaint;
                self.charge = None;
                self.complaints.push(complaint);
            }
        }
    }

    /// What is to be told now.
    pub(crate) fn take(&mut self) -> Vec<Complaint> {
        std::mem::take(&mut self.complaints)
    }
}
