//! Random histories: what two players and a relay sign, as the ledger's own players and orderer let them.

use proptest::prelude::*;
use rookery_ledger::Colour;
use rookery_ledger::record::{Clock, Variant};
use rookery_ledger::sign::Keypair;

/// Starts from which different ends are near.
pub(super) const STARTS: [(&str, Variant); 6] = [
    (
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        Variant::Standard,
    ),
    (
        "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1",
        Variant::Chess960,
    ),
    // Quiet moves run out.
    ("4k3/8/8/8/8/8/8/R3K3 w - - 96 80", Variant::Standard),
    // One capture from a dead position.
    ("8/8/8/3k4/3p4/3K4/8/8 w - - 0 1", Variant::Standard),
    // Promotions, and mates close by.
    ("6k1/P4ppp/8/8/8/8/5PPp/6K1 w - - 0 1", Variant::Standard),
    // Both may castle.
    (
        "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 0 1",
        Variant::Standard,
    ),
];

/// What a random history does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// The side to move moves.
    Move { pick: usize, offer: bool },
    /// The last moves are taken back, as both agree.
    Takeback { back: u64 },
    /// The side to move claims or agrees to a draw.
    Draw,
    /// The side to move gives up.
    Resign,
    /// The other side gives up.
    ResignOffTurn,
    /// A player gives up off turn at a head that may lie behind.
    ResignEarlier { pick: usize },
    /// The side to move ends a game that has not begun.
    Abort,
    /// More records for the place of the last move, by its author.
    Equivocate { pick: usize, times: usize },
    /// A record that its author may not sign, or not there, or not any more.
    Forge { pick: usize },
    /// The side to move waits until its time is all but up; then it moves, or the relay looks at the clock.
    ToTheEdge { pick: usize },
    /// Both move there and back, some times, so that the position repeats, and perhaps claim a draw.
    BackAndForth {
        pick: usize,
        times: usize,
        draw: bool,
    },
    /// A record is sent again.
    Resend { pick: usize },
    /// The creator sits a second joiner.
    SecondSeat,
    /// Nothing for a while; the flag may fall.
    Wait { ms: u64 },
    /// The relay is away for a while; the side to move is there when it comes back, or sends a record later.
    Outage { ms: u64 },
    /// A player wants the game at the other home. `late`: the old home orders one more record meanwhile; `alone`: the other
    /// player does not sign.
    MoveHome {
        pick: usize,
        late: bool,
        alone: bool,
    },
    /// The relay signs another receipt for a place that has one.
    SignTwice { pick: usize },
    /// The relay signs a next receipt that it should not, also after the end.
    SignWrong { pick: usize },
    /// The players go on in an untimed game, from the head or from an earlier one.
    Continue { pick: usize },
}

/// One random game, and how it is handed about.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) clock: Clock,
    pub(super) start: usize,
    /// The creator's; by lot if it is none.
    pub(super) colour: Option<Colour>,
    pub(super) acts: Vec<Act>,
    /// In which order, and in which part, the items arrive.
    pub(super) mix: Vec<u16>,
    pub(super) pick: usize,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        48 => (any::<usize>(), any::<bool>()).prop_map(|(pick, offer)| Act::Move { pick, offer }),
        5 => (1..4_u64).prop_map(|back| Act::Takeback { back }),
        3 => Just(Act::Draw),
        1 => Just(Act::Resign),
        1 => Just(Act::ResignOffTurn),
        1 => Just(Act::Abort),
        2 => (any::<usize>(), 1..5_usize).prop_map(|(pick, times)| Act::Equivocate { pick, times }),
        2 => any::<usize>().prop_map(|pick| Act::Forge { pick }),
        1 => any::<usize>().prop_map(|pick| Act::ToTheEdge { pick }),
        2 => any::<usize>().prop_map(|pick| Act::ResignEarlier { pick }),
        3 => (any::<usize>(), 1..5_usize, any::<bool>())
            .prop_map(|(pick, times, draw)| Act::BackAndForth { pick, times, draw }),
        2 => any::<usize>().prop_map(|pick| Act::Resend { pick }),
        1 => Just(Act::SecondSeat),
        3 => (0..25_000_u64).prop_map(|ms| Act::Wait { ms }),
        2 => (0..60_000_u64).prop_map(|ms| Act::Outage { ms }),
        2 => (any::<usize>(), any::<bool>(), prop::bool::weighted(0.3))
            .prop_map(|(pick, late, alone)| Act::MoveHome { pick, late, alone }),
        2 => any::<usize>().prop_map(|pick| Act::SignTwice { pick }),
        1 => any::<usize>().prop_map(|pick| Act::SignWrong { pick }),
        1 => any::<usize>().prop_map(|pick| Act::Continue { pick }),
    ]
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let clock = prop_oneof![
        4 => Just(Clock::None),
        4 => (1..60_u32, 0..5_u32).prop_map(|(initial_s, inc_s)| Clock::Live { initial_s, inc_s }),
        1 => Just(Clock::Days { days: 1 }),
    ];
    let colour = prop_oneof![
        Just(None),
        Just(Some(Colour::White)),
        Just(Some(Colour::Black))
    ];
    (
        clock,
        0..STARTS.len(),
        colour,
        prop::collection::vec(act(), 1..50),
        prop::collection::vec(any::<u16>(), 61),
        any::<usize>(),
    )
        .prop_map(|(clock, start, colour, acts, mix, pick)| Case {
            clock,
            start,
            colour,
            acts,
            mix,
            pick,
        })
}

/// Who signs in every history: the creator, the joiner, another joiner, the two relays.
pub(super) fn key(n: u8) -> Keypair {
    Keypair::from_secret(&[n; 32])
}

pub(super) const CREATOR: u8 = 1;
pub(super) const JOINER: u8 = 2;
pub(super) const SECOND: u8 = 3;
pub(super) const RELAYS: [u8; 2] = [9, 8];
