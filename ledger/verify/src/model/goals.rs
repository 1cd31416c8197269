//! What an exploration must have come to, so that "nothing is broken" says something.

use rookery_ledger::Reason;
use rookery_ledger::id::Epoch;
use rookery_ledger::record::What;

use super::facts::{Facts, proven};
use super::steps::Steps;
use super::world::{Action, Pending, State};

/// A step that must have been taken at least once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub(super) name: &'static str,
    pub(super) reached: fn(&Steps, &State, Action, &State) -> bool,
}

const fn goal(name: &'static str, reached: fn(&Steps, &State, Action, &State) -> bool) -> Goal {
    Goal { name, reached }
}

pub(super) const SEATED: Goal = goal("a seat is taken", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.seat.is_some())
});
pub(super) const REFUSED: Goal = goal("the Seat refuses a third", |steps, _, _, next| {
    next.players.iter().any(|node| {
        let node = steps.players.get(*node);
        node.facts.seat.is_some() && node.player.colour().is_none()
    })
});
pub(super) const ENDED: Goal = goal("a game has ended", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.outcome.is_some())
});
pub(super) const MATED: Goal = goal("a game ends by mate", |steps, _, _, next| {
    ends_by(steps, next, Reason::Checkmate)
});
pub(super) const RESIGNED: Goal = goal("a player resigns", |steps, _, _, next| {
    ends_by(steps, next, Reason::Resignation)
});
pub(super) const GAP: Goal = goal("an outage is stamped", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.gap)
});
pub(super) const FLAG: Goal = goal("a flag falls", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.flag)
});
pub(super) const CONFLICT: Goal = goal(
    "an append fails because another came first",
    |steps, state, action, _| match action {
        Action::Apply(relay) => {
            let log = state.logs[usize::from(steps.host(relay))];
            match state.relays[usize::from(relay)].pending {
                Pending::Sent(append) => {
                    let append = steps.appends.get(append);
                    !steps.logs.get(log).takes(&append.append)
                }
                _ => false,
            }
        }
        _ => false,
    },
);
pub(super) const LATE: Goal = goal(
    "an append becomes durable after its sender is gone",
    |_, state, action, next| matches!(action, Action::Late(_)) && state.logs != next.logs,
);
pub(super) const UNSYNCED: Goal =
    goal("a crash loses what was not on disk", |steps, _, _, next| {
        (0..2).any(|host| {
            let log = steps.logs.get(next.logs[host]);
            next.late[host].is_some_and(|append| !log.takes(&steps.appends.get(append).append))
        })
    });
pub(super) const RESTARTED: Goal = goal("a relay serves again", |_, _, action, _| {
    matches!(action, Action::Restart(_))
});
pub(super) const STRAY: Goal = goal(
    "an item comes before what it rests on",
    |_, _, action, _| matches!(action, Action::Stray(..)),
);
pub(super) const COMMITTED: Goal = goal("a Home is committed", |steps, state, _, next| {
    next.logs != state.logs && !commits(steps, next, 1).is_empty()
});
pub(super) const RETURNED: Goal = goal(
    "the game returns to its first home",
    |steps, state, _, next| next.logs != state.logs && !commits(steps, next, 0).is_empty(),
);
pub(super) const LAPSED: Goal = goal("an epoch lapses", |steps, state, _, next| {
    next.logs != state.logs
        && next
            .logs
            .iter()
            .any(|log| !steps.logs.get(*log).lapsed.is_empty())
});
pub(super) const RESENT: Goal = goal(
    "a record that a Home made void is ordered again",
    |steps, state, _, next| {
        let ordered = |host: usize| {
            let log = steps.logs.get(next.logs[host]);
            let receipts = log.receipts.iter().map(|receipt| receipt.what);
            let records = receipts.filter(|what| matches!(what, What::Record(_)));
            records.collect::<Vec<_>>()
        };
        next.logs != state.logs && {
            let first = ordered(0);
            ordered(1).iter().any(|what| first.contains(what))
        }
    },
);
pub(super) const BEHIND: Goal = goal(
    "a player who waits signs a later receipt of the other's",
    |steps, _, _, next| {
        let mut players = next.players.iter();
        players.any(|node| steps.players.get(*node).behind)
    },
);
pub(super) const COUNTERSIGNED: Goal =
    goal("a Home is signed that may not be", |_, _, action, _| {
        matches!(action, Action::Countersign(..))
    });
pub(super) const EQUIVOCATION: Goal = goal("who plays twice is proven", |steps, _, _, next| {
    some_player(steps, next, |facts| {
        facts.proofs & proven::EQUIVOCATION != 0
    })
});
pub(super) const DOUBLE: Goal = goal("a second receipt is proven", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.proofs & proven::DOUBLE != 0)
});
pub(super) const INVALID: Goal = goal("a wrong receipt is proven", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.proofs & proven::INVALID != 0)
});
pub(super) const PERJURY: Goal = goal("a lapse and a commit are proven", |steps, _, _, next| {
    some_player(steps, next, |facts| facts.proofs & proven::LAPSED != 0)
});

fn some_player(steps: &Steps, state: &State, of: impl Fn(&Facts) -> bool) -> bool {
    let mut players = state.players.iter();
    players.any(|node| of(&steps.players.get(*node).facts))
}

fn ends_by(steps: &Steps, state: &State, reason: Reason) -> bool {
    some_player(steps, state, |facts| {
        facts
            .outcome
            .is_some_and(|outcome| outcome.reason == reason)
    })
}

/// The epochs that a host opened.
fn commits(steps: &Steps, state: &State, host: usize) -> Vec<Epoch> {
    let log = steps.logs.get(state.logs[host]);
    let receipts = log.receipts.iter();
    let commits = receipts.filter(|receipt| matches!(receipt.what, What::Home(_)));
    commits.map(|receipt| receipt.epoch).collect()
}
