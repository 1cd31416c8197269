//! The scenarios, with the bounds of each.

use rookery_ledger::record::Clock;

use super::goals::{self, Goal};

/// How every history of a scenario begins. Nothing goes wrong up to there, and everybody knows all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With nothing.
    Nothing,
    /// The creator seated the first joiner.
    Seated,
    /// Behind it a move was ordered.
    Played,
    /// As `Seated`; then a move was ordered of which nobody but its author and its relay has heard.
    Unheard,
    /// As `Played`; then the game moved to the second home.
    Moved,
}

/// One closed world to explore. All numbers are bounds on one history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) clock: Clock,
    /// Order keys, each with a log of its own. The two relays share the one log, or have one each.
    pub(super) hosts: u8,
    /// Who wish to sit down.
    pub(super) joiners: u8,
    pub(super) start: Start,
    /// Moves that a player may choose from, 1 or 2.
    pub(super) options: u8,
    /// Whether players hear each other's records without a relay.
    pub(super) direct: bool,
    /// Crashes of a relay or a player.
    pub(super) crashes: u8,
    /// Answers of a log that are lost while what was asked may still be done.
    pub(super) lost: u8,
    /// Items that arrive before what they rest on, or twice.
    pub(super) strays: u8,
    /// Receipts that a relay signs and should not.
    pub(super) lies: u8,
    /// Whose relay signs them.
    pub(super) liar: u8,
    /// Second records of one player for one place, and signatures under any `Home`.
    pub(super) equivocations: u8,
    /// Who signs them.
    pub(super) equivocator: u8,
    /// How many `Home`s a player may sign on its own motion, and in all before it asks for none.
    pub(super) epochs: u64,
    pub(super) resigns: bool,
    /// Moments, ms after the start.
    pub(super) levels: &'static [u64],
    /// What must have happened for the exploration to count.
    pub(super) goals: &'static [Goal],
}

const LIVE: Clock = Clock::Live {
    initial_s: 60,
    inc_s: 0,
};

const SEAT: Scenario = Scenario {
    name: "two relays over one log, a third joiner",
    clock: LIVE,
    hosts: 1,
    joiners: 2,
    start: Start::Nothing,
    options: 2,
    direct: true,
    crashes: 1,
    lost: 1,
    strays: 1,
    lies: 0,
    liar: 0,
    equivocations: 0,
    equivocator: 0,
    epochs: 0,
    resigns: false,
    levels: &[0, 31_000],
    goals: &[
        goals::SEATED,
        goals::REFUSED,
        goals::ENDED,
        goals::GAP,
        goals::FLAG,
        goals::CONFLICT,
        goals::LATE,
        goals::UNSYNCED,
        goals::RESTARTED,
        goals::STRAY,
    ],
};

const PLAY: Scenario = Scenario {
    name: "two relays over one log, crashes in play",
    joiners: 1,
    start: Start::Seated,
    crashes: 2,
    resigns: true,
    goals: &[
        goals::ENDED,
        goals::MATED,
        goals::RESIGNED,
        goals::GAP,
        goals::FLAG,
        goals::CONFLICT,
        goals::LATE,
        goals::UNSYNCED,
        goals::RESTARTED,
        goals::STRAY,
    ],
    ..SEAT
};

const HOME: Scenario = Scenario {
    name: "two hosts, Home after a move",
    hosts: 2,
    joiners: 1,
    start: Start::Played,
    options: 1,
    direct: false,
    crashes: 0,
    lost: 0,
    strays: 0,
    epochs: 1,
    levels: &[0, 11_000],
    goals: &[goals::COMMITTED, goals::LAPSED, goals::MATED],
    ..SEAT
};

/// What is explored. The larger ones come last: they have the time that the others leave.
pub(super) const SCENARIOS: &[Scenario] = &[
    HOME,
    Scenario {
        name: "two hosts, a receipt that was not heard",
        start: Start::Unheard,
        epochs: 2,
        goals: &[goals::COMMITTED, goals::LAPSED, goals::BEHIND],
        ..HOME
    },
    Scenario {
        name: "two hosts, a receipt that was not heard, a crash",
        start: Start::Unheard,
        crashes: 1,
        lost: 1,
        goals: &[
            goals::COMMITTED,
            goals::LAPSED,
            goals::RESENT,
            goals::RESTARTED,
            goals::LATE,
        ],
        ..HOME
    },
    Scenario {
        name: "two hosts, back to the first",
        start: Start::Moved,
        crashes: 1,
        epochs: 2,
        goals: &[goals::RETURNED, goals::LAPSED, goals::RESTARTED],
        ..HOME
    },
    Scenario {
        name: "two hosts, a player who signs any Home",
        start: Start::Unheard,
        equivocations: 2,
        equivocator: 1,
        epochs: 2,
        goals: &[goals::COMMITTED, goals::COUNTERSIGNED],
        ..HOME
    },
    Scenario {
        name: "two hosts, a player who plays twice",
        start: Start::Played,
        options: 2,
        equivocations: 1,
        crashes: 1,
        goals: &[goals::EQUIVOCATION, goals::COMMITTED],
        ..HOME
    },
    Scenario {
        name: "two hosts, the first lies",
        start: Start::Played,
        lies: 1,
        goals: &[goals::DOUBLE, goals::INVALID, goals::COMMITTED],
        ..HOME
    },
    Scenario {
        name: "two hosts, the second commits and says that it did not",
        start: Start::Moved,
        lies: 1,
        liar: 1,
        epochs: 2,
        goals: &[goals::PERJURY, goals::DOUBLE, goals::RETURNED],
        ..HOME
    },
    Scenario {
        name: "two relays over one log, a creator who seats both",
        strays: 0,
        equivocations: 1,
        goals: &[goals::SEATED, goals::REFUSED, goals::EQUIVOCATION],
        ..SEAT
    },
    Scenario {
        name: "two relays, an untimed game, a player who plays twice",
        clock: Clock::None,
        hosts: 2,
        start: Start::Seated,
        joiners: 1,
        equivocations: 1,
        resigns: true,
        levels: &[0],
        goals: &[goals::ENDED, goals::EQUIVOCATION, goals::RESIGNED],
        ..SEAT
    },
    Scenario {
        name: "two relays over one log, the relay lies",
        joiners: 1,
        start: Start::Seated,
        crashes: 0,
        lost: 0,
        lies: 2,
        goals: &[goals::DOUBLE, goals::INVALID, goals::ENDED],
        ..SEAT
    },
    PLAY,
    SEAT,
];
