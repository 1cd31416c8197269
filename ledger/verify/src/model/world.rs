//! The world: players, relays and logs as numbers of local states, and the actions between them. There is no network in
//! it: whatever a player keeps or a log holds may arrive anywhere at any later time, again, or never.

use super::steps::{Fate, NOBODY, PlayerInput, RelayInput, Steps};

/// One relay process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Relay {
    /// Its sequencer.
    pub(super) node: u32,
    /// The append that it waits for.
    pub(super) pending: Pending,
    /// Since when it is down.
    pub(super) down: Option<u8>,
    /// The outage that ended when it began to serve.
    pub(super) outage: Option<(u8, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pending {
    None,
    /// Sent to the log.
    Sent(u32),
    /// Durable; the relay has not heard so.
    Durable(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) now: u8,
    pub(super) players: [u32; 3],
    pub(super) relays: [Relay; 2],
    pub(super) logs: [u32; 2],
    /// For each log an append whose sender is gone.
    pub(super) late: [Option<u32>; 2],
    /// What was published by who is not honest.
    pub(super) stash: u32,
    pub(super) crashes: u8,
    pub(super) lost: u8,
    pub(super) strays: u8,
    pub(super) lies: u8,
    pub(super) equivocations: u8,
    /// Promises that a step on the way broke.
    pub(super) broken: u16,
}

/// What happens next. Players are 0 the creator, 1 and 2 the joiners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Submit(u8, u32),
    Tick(u8),
    Returned(u8),
    Apply(u8),
    Answer(u8),
    LoseAnswer(u8),
    Late(u8),
    Crash(u8),
    Restart(u8),
    CatchUp(u8),
    /// A player hears the next entry of a log.
    Hear(u8, u8),
    /// A relay hears the next entry of another's log.
    Forward(u8, u8),
    /// A player hears an item of another player's.
    Receive(u8, u32),
    /// An item arrives at a player before what it rests on, or again.
    Stray(u8, u32),
    Act(u8, PlayerInput),
    Equivocate(u8),
    /// A player who is not honest signs a `Home` of the other's, whatever it signed before.
    Countersign(u8, u32),
    Lie(u8),
    Wait,
}

impl Action {
    pub(super) const fn is_fault(self) -> bool {
        matches!(
            self,
            Self::LoseAnswer(_)
                | Self::Late(_)
                | Self::Crash(_)
                | Self::Stray(..)
                | Self::Equivocate(_)
                | Self::Countersign(..)
                | Self::Lie(_)
                | Self::Act(_, PlayerInput::Reload)
        )
    }
}

impl Steps {
    pub(super) fn host(&self, relay: u8) -> u8 {
        if self.scenario.hosts > 1 { relay } else { 0 }
    }

    pub(super) fn actors(&self) -> u8 {
        1 + self.scenario.joiners
    }

    /// The world before anything happened.
    pub(super) fn empty(&self) -> Option<State> {
        let logs = [self.empty_log(0), self.empty_log(1)];
        let relays = [0, 1].map(|relay| {
            let host = self.host(relay);
            let start = RelayInput::Start(None);
            let (node, ..) = self.relay(host, NOBODY, logs[usize::from(host)], start);
            Relay {
                node,
                pending: Pending::None,
                down: None,
                outage: None,
            }
        });
        Some(State {
            now: 0,
            players: [
                self.new_player(0).ok()?,
                self.new_player(1).ok()?,
                self.new_player(2).ok()?,
            ],
            relays,
            logs,
            late: [None; 2],
            stash: 0,
            crashes: 0,
            lost: 0,
            strays: 0,
            lies: 0,
            equivocations: 0,
            broken: 0,
        })
    }

    /// The next entry of a log that these items lack.
    pub(super) fn unheard(&self, log: u32, knows: impl Fn(u32) -> bool) -> Option<usize> {
        let log = self.logs.get(log);
        log.items
            .iter()
            .position(|items| items.iter().any(|item| !knows(*item)))
    }

    /// What a player holds that relays and the other player may want: records by height and signatures under a `Home`.
    pub(super) fn held(&self, node: u32) -> Vec<(u32, bool)> {
        self.players.get(node).held.clone()
    }

    /// The world after an action; none where it changes nothing.
    pub(super) fn after(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Submit(relay, item) => {
                self.offer(&mut next, relay, RelayInput::Submit(item, state.now))
            }
            Action::Tick(relay) => self.offer(&mut next, relay, RelayInput::Tick(state.now)),
            Action::Returned(relay) => {
                self.offer(&mut next, relay, RelayInput::Returned(state.now))
            }
            Action::Apply(relay) => self.apply(&mut next, relay),
            Action::Answer(relay) => {
                let Pending::Durable(append) = state.relays[usize::from(relay)].pending else {
                    return None;
                };
                self.answer(&mut next, relay, append, Fate::Durable);
            }
            Action::LoseAnswer(relay) => {
                next.lost += 1;
                let append = self.orphan(&mut next, relay)?;
                self.answer(&mut next, relay, append, Fate::Unknown);
            }
            Action::Late(host) => {
                let append = next.late[usize::from(host)].take()?;
                self.append(&mut next, host, append);
            }
            Action::Crash(relay) => {
                next.crashes += 1;
                self.orphan(&mut next, relay);
                let at = &mut next.relays[usize::from(relay)];
                (at.node, at.down, at.outage) = (NOBODY, Some(state.now), None);
            }
            Action::Restart(relay) => {
                let host = self.host(relay);
                let other = &state.relays[usize::from(1 - relay)];
                let shared = self.host(1 - relay) == host && other.down.is_none();
                let at = &mut next.relays[usize::from(relay)];
                let down = at.down?;
                let from = if shared { state.now } else { down };
                (at.down, at.outage) = (None, Some((from, state.now)));
                self.offer(&mut next, relay, RelayInput::Start(Some((from, state.now))));
            }
            Action::CatchUp(relay) => self.offer(&mut next, relay, RelayInput::Read),
            Action::Hear(who, host) => {
                let log = next.logs[usize::from(host)];
                let player = self.players.get(next.players[usize::from(who)]);
                let index = self.unheard(log, |item| player.facts.knows(item))?;
                for item in &self.logs.get(log).items[index] {
                    self.act(&mut next, who, PlayerInput::Receive(*item));
                }
            }
            Action::Forward(relay, from) => {
                let log = next.logs[usize::from(self.host(from))];
                let node = self.relays.get(next.relays[usize::from(relay)].node);
                let index = self.unheard(log, |item| node.facts.knows(item))?;
                let index = u16::try_from(index).ok()?;
                self.offer(&mut next, relay, RelayInput::Learn(log, index, state.now));
            }
            Action::Receive(who, item) => self.act(&mut next, who, PlayerInput::Receive(item)),
            Action::Stray(who, item) => {
                self.act(&mut next, who, PlayerInput::Receive(item));
                if next == *state {
                    return None;
                }
                next.strays += 1;
            }
            Action::Act(who, input) => {
                self.act(&mut next, who, input);
                if input == PlayerInput::Reload {
                    next.crashes += 1;
                }
            }
            Action::Equivocate(who) => {
                let rival = self.rival(&self.players.get(next.players[usize::from(who)]))?;
                next.stash = self.stash(next.stash, &[rival]);
                next.equivocations += 1;
            }
            Action::Countersign(who, item) => {
                let signed = self.countersigned(who, item)?;
                next.stash = self.stash(next.stash, &[signed]);
                if next.stash == state.stash {
                    return None;
                }
                next.equivocations += 1;
            }
            Action::Lie(kind) => {
                let liar = usize::from(self.scenario.liar);
                let told = self.lie(&self.logs.get(next.logs[liar]), kind)?;
                next.stash = self.stash(next.stash, &told);
                next.lies += 1;
            }
            Action::Wait => next.now += 1,
        }
        (next != *state).then_some(next)
    }

    fn act(&self, state: &mut State, who: u8, input: PlayerInput) {
        let node = &mut state.players[usize::from(who)];
        let (after, wrong) = self.player(*node, input);
        *node = after;
        state.broken |= wrong;
    }

    /// A relay that waits for nothing takes an input.
    fn offer(&self, state: &mut State, relay: u8, input: RelayInput) {
        let at = &state.relays[usize::from(relay)];
        if at.down.is_none() && at.pending == Pending::None {
            self.step(state, relay, input);
        }
    }

    /// A relay hears what became of its append.
    fn answer(&self, state: &mut State, relay: u8, append: u32, fate: Fate) {
        self.step(state, relay, RelayInput::Answered(append, fate));
    }

    fn step(&self, state: &mut State, relay: u8, input: RelayInput) {
        let host = self.host(relay);
        let (mut node, mut input) = (state.relays[usize::from(relay)].node, input);
        let asked = loop {
            let log = state.logs[usize::from(host)];
            let (after, asked, wrong) = self.relay(host, node, log, input);
            node = after;
            state.broken |= wrong;
            match asked {
                // What is kept of other keys, before the append that it is for, is carried out at once.
                Some(append) if self.is_foreign(host, append) => {
                    let done = self.append(state, host, append);
                    let fate = if done { Fate::Durable } else { Fate::Conflict };
                    input = RelayInput::Answered(append, fate);
                }
                asked => break asked,
            }
        };
        let at = &mut state.relays[usize::from(relay)];
        (at.node, at.pending) = (node, asked.map_or(Pending::None, Pending::Sent));
    }

    fn is_foreign(&self, host: u8, append: u32) -> bool {
        let chain = self.appends.get(append).append.chain;
        chain.order_key != self.order_keys[usize::from(host)]
    }

    /// The compare-and-set: appends if the end is the expected one.
    fn append(&self, state: &mut State, host: u8, append: u32) -> bool {
        let slot = &mut state.logs[usize::from(host)];
        let after = self.appended(host, *slot, append);
        *slot = after.unwrap_or(*slot);
        after.is_some()
    }

    fn apply(&self, state: &mut State, relay: u8) {
        let Pending::Sent(append) = state.relays[usize::from(relay)].pending else {
            return;
        };
        if self.append(state, self.host(relay), append) {
            state.relays[usize::from(relay)].pending = Pending::Durable(append);
        } else {
            self.answer(state, relay, append, Fate::Conflict);
        }
    }

    /// The append that a relay waits for. What was sent and not answered may still be carried out.
    fn orphan(&self, state: &mut State, relay: u8) -> Option<u32> {
        let at = &mut state.relays[usize::from(relay)];
        match std::mem::replace(&mut at.pending, Pending::None) {
            Pending::None => None,
            Pending::Durable(append) => Some(append),
            Pending::Sent(append) => {
                state.late[usize::from(self.host(relay))] = Some(append);
                Some(append)
            }
        }
    }

    /// Whatever a relay waits for comes to its end.
    pub(super) fn settle(&self, state: &mut State, relay: u8) {
        while state.relays[usize::from(relay)].pending != Pending::None {
            let Some(next) = self
                .after(state, Action::Apply(relay))
                .or_else(|| self.after(state, Action::Answer(relay)))
            else {
                return;
            };
            *state = next;
        }
    }

    /// Whether the log goes on behind the end that a relay knows.
    pub(super) fn is_behind(&self, state: &State, relay: u8) -> bool {
        let host = self.host(relay);
        let log = self.logs.get(state.logs[usize::from(host)]);
        let node = self.relays.get(state.relays[usize::from(relay)].node);
        node.seen() < log.end(self.order_keys[usize::from(host)])
    }
}
