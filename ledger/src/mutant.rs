//! Deliberate faults, on which the machine checks show that they can fail. Without the feature `mutants`, which no
//! shipped build has, there are none.

/// One deliberate fault. `ROOKERY_MUTANT` names it by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mutant(pub u32);

macro_rules! mutants {
    ($($number:literal $name:ident $words:literal)*) => {
        impl Mutant {
            $(#[doc = $words] pub const $name: Self = Self($number);)*
            /// All of them, with what each does wrong.
            pub const ALL: &[(Self, &str)] = &[$((Self::$name, $words)),*];
        }
    };
}

mutants! {
    1 ANY_AUTHOR "who signed a record is not checked"
    2 ANY_CONSENT "who signed the consent to a takeback is not checked"
    3 LATE_BY_NONE "a move that used up all of the time still counts"
    4 FLAG_EARLY "a flag falls one millisecond early"
    5 INCREMENT_FOR_ALL "every record earns the increment, not only a move"
    6 QUOTA_UNSPENT "credit for lag is not taken from the quota"
    7 TWOFOLD "a draw may be claimed at the second repetition"
    8 RESIGNATION_LAST "a contradiction comes before a resignation at the same head"
    9 END_NOT_FINAL "receipts go on counting after the end"
    10 GAP_OF_ANY_LENGTH "a gap may be longer than the turn"
    11 HOME_OF_ONE "one signature moves the home"
    12 LOWEST_EPOCH "of two committed epochs the lower one counts"
    13 FORK_BY_HASH "of two receipts for one place the lower hash counts, whatever the records name"
    14 FORK_NOT_WEIGHED "what comes after a fork is not weighed"
    15 RIVAL_DROPPED "a rival too many is dropped instead of waiting for its receipt"
    16 ANY_FORM "bytes that are not canonical are read"
    17 TIME_RUNS_BACK "a receipt may turn the clock back"
    18 REPEATED "a record that has its receipt is judged again"
    19 UNSYNCED "the log commits without waiting for the disk"
    20 LAST_FORGOTTEN "the last entry of a game is not read after a restart"
    21 NEWEST_UNTOLD "who begins to watch is not told the newest"
    22 DONE_TOO_SOON "a record is acknowledged before it is in the log"
    23 ANY_HEIGHT "the height of a record is not checked"
    24 COMMITS_WHAT_LAPSED "an epoch that lapsed is committed when the second signature comes"
    25 NOTHING_WAITS "what cannot be judged yet is not kept"
    26 REWIND_KEEPS_OFFER "a takeback leaves an offer of a draw standing"
    27 APPENDS_ANYWHERE "the log appends whatever end is expected"
    28 LAST_NOT_APPENDED "of entries that are appended together the log leaves out the last"
    29 BEHIND_NO_GAP "a receipt behind a gap names the receipt before the gap"
    30 ANY_PREV "a receipt counts whatever it names as the one before"
    31 ANY_GAME "a receipt that names another game counts"
    32 OFFER_STAYS "an offer of a draw stands until the game is over"
    33 TAKEBACK_SHORT "a takeback goes back one ply too few"
    34 RIGHTS_IGNORED "castling and en passant are left out of what makes positions the same"
    35 CONSENT_STANDS "consent to a takeback at an earlier head counts"
    36 ALWAYS_ABORT "a game may be aborted after one's first move"
    37 MATERIAL_IGNORED "whoever runs out of time has lost to a bare king too"
    38 GAP_CHARGED "a gap is charged to the side to move"
    39 DAYS_USED_UP "by days the time of one move is missing at the next"
    40 CONTINUED_ANYWHERE "a game that goes on from an earlier head ends this one"
    41 PROOF_UNSIGNED "a proof holds without the second signature"
    42 FIRST_RIVAL "of two records for one place only the first to come is kept"
    43 NO_LAPSE "a player waits for an answer although the relay has refused"
    44 BYTES_BEHIND "bytes behind a value are ignored"
    45 FRAME_BY_ONE "a frame may be one byte too long"
    46 BACKUP_GOES_ON "a log that was restored from a backup goes on under its old key"
    47 ANSWERED_FIRST "the log answers a batch before it commits it"
    48 CLOSED_UNSERVED "what waits for the log when it is closed is not served"
    49 FAILURE_ACKNOWLEDGED "a batch that could not be committed is acknowledged"
    50 LEAVES_WITH_MAIL "a game leaves memory with a message on its way"
    51 DROPPED_UNTOLD "a frame for which there is no room is dropped, and the session goes on"
    52 TAKES_BACK_THE_START "a takeback may go back before the game's first move"
    53 FIFTY_EARLY "a draw may be claimed one ply before 50 quiet moves"
    54 KEPT_SEAT_FREE "a seat that is kept for one player may be taken by another"
    55 ANY_REVEAL "the secret by which colours are drawn need not be the promised one"
    56 ANY_SPELLING "a move may be written in any way that names it"
    57 ANYONE_RESIGNS "who signed a resignation off the chain is not checked"
    58 FOURFOLD "the fourth repetition ends the game"
    59 ANY_RECEIPT "who signed a receipt is not checked"
    60 ANY_JOINER "who signed the wish to join is not checked"
    61 MOVE_CHARGED "the time that a move of home took is charged"
    62 COMMITS_BEHIND "a relay commits a home although it counts more than the players signed"
    63 LAPSE_FORGOTTEN "an epoch that was refused is not known after a restart"
    64 NOTHING_KEPT "who takes a game over does not keep what the old home ordered"
    65 OUTAGE_CHARGED "an outage of the relay is charged to the side to move"
    66 NOT_LISTED "a game that goes on is not listed among those to wake"
    67 THOUGHT_CREDITED "lag is credited for time that the player thought"
    68 GAP_NEAR_FLAG "a flag does not wait for what a gap gave back"
    69 SIGNS_TWICE "a player signs a second record for a place"
    70 PROOF_ACROSS_PLACES "receipts for two places prove that a relay signed twice"
    71 PROOF_ACROSS_EPOCHS "a lapse and the commit of another epoch prove a relay wrong"
    72 NOT_TOLD_ON "the relay that is followed is not told what came here"
    73 ANY_NUMBER "numbers may be larger than a browser can hold"
    74 QUOTA_WITHOUT_END "the quota for lag grows without bound"
    75 LAPSE_TOLD_FIRST "a lapse is told before it is in the log"
    76 CREDIT_WITHOUT_LAG "more is credited than the lag that was measured"
    77 SPLICE_UNSEEN_LATE "a wrong link between receipts is not seen where the first of them comes last"
    78 SPLICE_OF_ANY "any two receipts in a row prove that a relay spliced its chain"
    79 RAN_BACK_OF_ANY "receipts that are not linked prove that a clock ran back"
}

impl Mutant {
    /// Whether this is the fault of this run.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn is_on(self) -> bool {
        static CHOSEN: std::sync::LazyLock<Option<u32>> = std::sync::LazyLock::new(|| {
            let number = std::env::var("ROOKERY_MUTANT").ok()?;
            number.parse().ok()
        });
        *CHOSEN == Some(self.0)
    }

    /// Whether this is the fault of this run: this build has none.
    #[cfg(not(feature = "mutants"))]
    #[must_use]
    pub const fn is_on(self) -> bool {
        let _ = self;
        false
    }
}
