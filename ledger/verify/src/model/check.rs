//! What must hold in every state, and what is counted of it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rookery_ledger::id::Hash;
use stateright::{Model, Property};

use super::facts::{Facts, broken, digest};
use super::steps::Steps;
use super::world::{Action, Pending, State};

/// What is counted on the way.
#[derive(Default)]
pub(super) struct Tally {
    /// Digests of the protocol states that were seen.
    pub(super) views: Mutex<HashSet<u64>>,
    /// States whose next steps were taken.
    pub(super) explored: AtomicU64,
    pub(super) continuations: AtomicU64,
    pub(super) faults: AtomicU64,
    /// The goals that were reached, as bits.
    pub(super) reached: AtomicU64,
    /// Whether states were left unexplored.
    pub(super) cut: AtomicBool,
    /// The exploration is over and paths are walked again.
    pub(super) over: AtomicBool,
}

/// A scenario as the model checker sees it.
pub(super) struct World {
    pub(super) steps: Arc<Steps>,
    pub(super) tally: Arc<Tally>,
    pub(super) start: State,
    pub(super) limits: Limits,
}

/// Where the exploration is cut off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) until: Instant,
    pub(super) states: u64,
}

impl World {
    /// The facts of all nodes, players first.
    fn nodes(&self, state: &State) -> impl Iterator<Item = u64> {
        let players = state
            .players
            .map(|node| self.steps.players.get(node).facts.view);
        let relays = state
            .relays
            .map(|relay| self.steps.relays.get(relay.node).facts.view);
        players.into_iter().chain(relays)
    }

    /// The protocol state: the view of every node, the logs, who is down or waits for the log, and what was published by who
    /// is not honest. Not the moment, not how many faults are left, and not what a node holds without any effect.
    fn view(&self, state: &State) -> u64 {
        let nodes: Vec<u64> = self.nodes(state).collect();
        let append = |append: u32| self.steps.appends.get(append).view;
        let relays = state.relays.map(|relay| {
            let pending = match relay.pending {
                Pending::None => (0, 0),
                Pending::Sent(sent) => (1, append(sent)),
                Pending::Durable(sent) => (2, append(sent)),
            };
            let seen = self.steps.relays.get(relay.node).seen();
            (seen, pending, relay.down.is_some())
        });
        let logs = state.logs.map(|log| self.steps.logs.get(log).view);
        let late = state.late.map(|late| late.map(append));
        let stash = self.steps.stashes.get(state.stash).view;
        digest((nodes, relays, logs, late, stash))
    }

    fn holds(&self, state: &State, promise: u16) -> bool {
        let steps = &self.steps;
        let mut wrong = state.broken;
        for node in state.players {
            wrong |= steps.players.get(node).facts.broken;
        }
        for relay in state.relays {
            wrong |= steps.relays.get(relay.node).facts.broken;
        }
        // A relay that lies may well go on from its own lie; what others make of that is what counts.
        if steps.scenario.lies == 0 {
            for log in state.logs {
                wrong |= steps.logs.get(log).broken;
            }
        }
        wrong & promise == 0
    }

    /// What `of` gives is the same wherever two nodes have it.
    fn agree<T: PartialEq>(&self, state: &State, of: impl Fn(&Facts) -> Option<T>) -> bool {
        let players = state
            .players
            .map(|node| of(&self.steps.players.get(node).facts));
        let relays = state
            .relays
            .map(|relay| of(&self.steps.relays.get(relay.node).facts));
        let mut given = players.into_iter().chain(relays).flatten();
        given
            .next()
            .is_none_or(|first| given.all(|other| other == first))
    }

    /// Honest relays never have two receipts count for one place.
    fn one_order(&self, state: &State) -> bool {
        let steps = &self.steps;
        let mut all: Vec<(u64, u64, Hash)> = Vec::new();
        let mut add = |facts: &Facts| {
            all.extend(facts.counted.iter().map(|(e, s, h)| (e.get(), s.get(), *h)))
        };
        state
            .players
            .iter()
            .for_each(|node| add(&steps.players.get(*node).facts));
        state
            .relays
            .iter()
            .for_each(|relay| add(&steps.relays.get(relay.node).facts));
        all.sort_unstable();
        all.dedup();
        all.windows(2)
            .all(|pair| (pair[0].0, pair[0].1) != (pair[1].0, pair[1].1))
    }

    /// No node keeps a record in an honest player's name that this player did not sign.
    fn signed_by_authors(&self, state: &State) -> bool {
        let steps = &self.steps;
        let (scenario, players) = (
            &steps.scenario,
            state.players.map(|node| steps.players.get(node)),
        );
        let relays = state.relays.map(|relay| steps.relays.get(relay.node));
        let kept = || {
            let of_players = players.iter().map(|node| &node.facts);
            of_players.chain(relays.iter().map(|node| &node.facts))
        };
        players.iter().all(|author| {
            let dishonest = scenario.equivocations > 0 && author.who == scenario.equivocator;
            let key = author.player.key();
            dishonest
                || kept().all(|facts| {
                    let mut theirs = facts.records.iter().filter(|(by, _)| *by == key);
                    theirs.all(|record| author.facts.records.contains(record))
                })
        })
    }

    /// Whether this is the first state of its protocol state.
    fn is_first(&self, state: &State) -> bool {
        let view = self.view(state);
        let views = self.tally.views.lock();
        views.unwrap_or_else(PoisonError::into_inner).insert(view)
    }

    fn progress(&self, state: &State) -> bool {
        let (steps, scenario) = (&self.steps, &self.steps.scenario);
        if !self.is_first(state) || scenario.lies > 0 || scenario.equivocations > 0 {
            return true;
        }
        let ends = |dead| {
            self.tally.continuations.fetch_add(1, Ordering::Relaxed);
            steps.recovers(state, dead)
        };
        ends(None) && (scenario.hosts < 2 || (ends(Some(0)) && ends(Some(1))))
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let tally = &self.tally;
        if tally.over.load(Ordering::Relaxed) {
            return self.steps.possible(state, actions);
        }
        let explored = tally.explored.fetch_add(1, Ordering::Relaxed);
        if explored >= self.limits.states || Instant::now() >= self.limits.until {
            tally.cut.store(true, Ordering::Relaxed);
            return;
        }
        self.steps.possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let (tally, steps) = (&self.tally, &self.steps);
        let next = steps.after(state, action)?;
        if action.is_fault() {
            tally.faults.fetch_add(1, Ordering::Relaxed);
        }
        let reached = tally.reached.load(Ordering::Relaxed);
        for (index, goal) in steps.scenario.goals.iter().enumerate() {
            let bit = 1 << index;
            if reached & bit == 0 && (goal.reached)(steps, state, action, &next) {
                tally.reached.fetch_or(bit, Ordering::Relaxed);
            }
        }
        Some(next)
    }

    fn format_action(&self, action: &Action) -> String {
        self.steps.words(*action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let scenario = &self.steps.scenario;
        let mut properties: Vec<Property<Self>> = vec![
            Property::always("P2: one order, without a gap", |world, state| {
                world.holds(state, broken::ORDER)
            }),
            Property::always("P3: what is told is in the log", |world, state| {
                world.holds(state, broken::UNTRUE)
            }),
            Property::always("P4: what counts its author signed", |world, state| {
                world.holds(state, broken::FORGED) && world.signed_by_authors(state)
            }),
            Property::always(
                "P5: a contradiction leaves a proof that holds",
                |world, state| world.holds(state, broken::UNPROVEN),
            ),
            Property::always("P5: no proof names who is honest", |world, state| {
                world.holds(state, broken::FRAMED)
            }),
            Property::always(
                "P5: no record held back betters its author's result",
                |world, state| world.holds(state, broken::BETTERED),
            ),
            Property::always("P8: the Seat refuses the others", |world, state| {
                world.holds(state, broken::SEATS)
            }),
            Property::always(
                "what an honest player counted is not undone",
                |world, state| world.holds(state, broken::UNDONE),
            ),
            Property::always("P9: a restart changes nothing", |world, state| {
                world.holds(state, broken::RESTART)
            }),
            Property::always("P9: a fair continuation ends the game", Self::progress),
        ];
        let clocked = scenario.clock.is_clocked();
        if clocked && scenario.lies == 0 {
            properties.push(Property::always(
                "P2: nobody counts another receipt for a place",
                Self::one_order,
            ));
            properties.push(Property::always("P8: one seat", |world, state| {
                world.agree(state, |facts| facts.seat)
            }));
        }
        properties
    }
}
