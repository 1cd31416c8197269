//! Histories that a fuzzer chooses byte by byte, under the same checks as random ones.

use std::collections::BTreeSet;

use rookery_ledger::record::{Clock, Item};
use rookery_ledger::{Colour, codec};

use super::checks;
use super::history::{Act, Case, STARTS};
use super::seen::Seen;

/// The most acts of a history: a fuzzer learns more from many short ones.
const ACTS: usize = 24;
/// One of so many inputs is checked in every way, the others in those that take the least time.
const ALL_OF: usize = 8;

/// Plays the history that `bytes` choose, and checks it as every random one.
///
/// # Errors
///
/// What was found broken.
pub fn check_bytes(bytes: &[u8]) -> Result<(), String> {
    let case = case(&mut bytes.iter().copied());
    let checked = if case.pick.is_multiple_of(ALL_OF) {
        checks::check(&case, &mut Seen::default())
    } else {
        checks::check_first(&case)
    };
    checked.map_err(|error| format!("{error}\nin {case:#?}"))
}

/// Checks that any items, the genesis first, give one state in every order and part, that of the reference, and that
/// what they prove can be checked. `mix` chooses order and part.
///
/// # Errors
///
/// What was found broken.
pub fn check_items(items: &[Item], mix: u16) -> Result<(), String> {
    let case = Case {
        clock: Clock::None,
        start: 0,
        colour: None,
        acts: Vec::new(),
        mix: mixed(mix),
        pick: 0,
    };
    // Anybody may have signed them: what may stand nowhere is one of them as well.
    let forged: BTreeSet<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Record(record) => Some(codec::hash(&record.body)),
            _ => None,
        })
        .collect();
    let and_parts = usize::from(mix).is_multiple_of(ALL_OF);
    checks::any(items, &case, &forged, and_parts).map_err(|error| error.to_string())
}

/// Words that look random, all of them from one.
fn mixed(mix: u16) -> Vec<u16> {
    let mut state = u32::from(mix);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as u16
    };
    (0..61).map(|_| next()).collect()
}

fn case(bytes: &mut impl Iterator<Item = u8>) -> Case {
    let mut word = || bytes.next().zip(bytes.next());
    let mut number = |most: u64| {
        let (high, low) = word().unwrap_or_default();
        (u64::from(high) << 8 | u64::from(low)) % most
    };
    let clock = match number(8) {
        0..=3 => Clock::Live {
            initial_s: 1 + number(60) as u32,
            inc_s: number(5) as u32,
        },
        4 => Clock::Days { days: 1 },
        _ => Clock::None,
    };
    let colour = [None, Some(Colour::White), Some(Colour::Black)][number(3) as usize];
    let (start, mix) = (number(STARTS.len() as u64) as usize, number(1 << 16) as u16);
    let pick = number(1 << 16) as usize;
    let mut acts = Vec::new();
    while let (Some(kind), true) = (bytes.next(), acts.len() < ACTS) {
        acts.push(act(kind, bytes));
    }
    Case {
        clock,
        start,
        colour,
        acts,
        mix: mixed(mix),
        pick,
    }
}

fn act(kind: u8, bytes: &mut impl Iterator<Item = u8>) -> Act {
    let mut byte = || usize::from(bytes.next().unwrap_or_default());
    match kind % 24 {
        0 => Act::Takeback {
            back: 1 + byte() as u64 % 3,
        },
        1 => Act::Draw,
        2 => Act::Resign,
        3 => Act::ResignOffTurn,
        4 => Act::Abort,
        5 => Act::Equivocate {
            pick: byte(),
            times: 1 + byte() % 4,
        },
        6 => Act::Forge {
            pick: byte() << 8 | byte(),
        },
        7 => Act::ToTheEdge { pick: byte() },
        8 => Act::ResignEarlier { pick: byte() },
        9 => {
            let pick = byte() << 8 | byte();
            let (times, draw) = (1 + (pick >> 1) % 4, pick & 1 == 1);
            Act::BackAndForth { pick, times, draw }
        }
        10 => Act::Resend { pick: byte() },
        11 => Act::SecondSeat,
        12 => Act::Wait {
            ms: 100 * byte() as u64,
        },
        13 => Act::Outage {
            ms: 241 * byte() as u64,
        },
        14 => {
            let pick = byte();
            Act::MoveHome {
                pick,
                late: pick & 64 != 0,
                alone: pick & 128 != 0,
            }
        }
        15 => Act::SignTwice { pick: byte() },
        16 => Act::SignWrong {
            pick: byte() << 8 | byte(),
        },
        17 => Act::Continue { pick: byte() },
        _ => {
            let pick = byte();
            let offer = kind >= 224;
            Act::Move { pick, offer }
        }
    }
}
