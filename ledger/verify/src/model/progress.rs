//! P9: from a state on, everything that is down returns, everything that was sent arrives, everybody does what an honest
//! client does. Then the game must come to an end on which all agree.

use super::facts::Facts;
use rookery_ledger::record::Item;

use super::steps::{NOBODY, PlayerInput, Steps, order_key};
use super::world::{Action, Pending, State};

/// Moments after which a game must be over, 11 s apart: time for a lapse, a first move and a clock of 60 s to run out.
const ROUNDS: usize = 16;

impl Steps {
    /// Whether the fair continuation ends the game. With `dead`, that relay never returns.
    pub(super) fn recovers(&self, from: &State, dead: Option<u8>) -> bool {
        let mut state = from.clone();
        if let Some(dead) = dead {
            state.late[usize::from(self.host(dead))] = None;
            let at = &mut state.relays[usize::from(dead)];
            (at.node, at.pending, at.down) = (NOBODY, Pending::None, Some(0));
            at.outage = None;
        }
        let mut passed = Vec::new();
        let mut ends = false;
        // Several round trips fit between two moments.
        for turn in 0..3 * ROUNDS {
            // From here on the past does not matter, and what was seen to end from here ends.
            (state.crashes, state.lost, state.strays) = (0, 0, 0);
            (state.lies, state.equivocations, state.broken) = (0, 0, 0);
            if self.ending.get(&(state.clone(), dead)).is_some() || self.is_over(&state, dead) {
                ends = true;
                break;
            }
            passed.push(state.clone());
            self.exchange(&mut state, dead);
            if turn % 3 == 2 {
                self.take(&mut state, Action::Wait);
            }
        }
        if ends {
            for state in passed {
                self.ending.or_take((state, dead), || true);
            }
        }
        ends
    }

    fn take(&self, state: &mut State, action: Action) {
        if let Some(next) = self.after(state, action) {
            *state = next;
        }
    }

    fn exchange(&self, state: &mut State, dead: Option<u8>) {
        let alive: Vec<u8> = (0..2).filter(|relay| Some(*relay) != dead).collect();
        for host in 0..self.scenario.hosts {
            self.take(state, Action::Late(host));
        }
        for relay in alive.iter().copied() {
            self.take(state, Action::Restart(relay));
            self.settle(state, relay);
            if self.is_behind(state, relay) {
                self.take(state, Action::CatchUp(relay));
            }
            let node = state.relays[usize::from(relay)].node;
            if !self.relays.get(node).knows_game() {
                self.take(state, Action::Submit(relay, self.genesis_item));
                self.settle(state, relay);
            }
            for who in 0..self.actors() {
                self.offer_all(state, relay, who);
            }
            if self.scenario.hosts > 1 && dead.is_none() {
                while let Some(next) = self.after(state, Action::Forward(relay, 1 - relay)) {
                    *state = next;
                    self.settle(state, relay);
                }
            }
            self.take(state, Action::Returned(relay));
            self.settle(state, relay);
            self.take(state, Action::Tick(relay));
            self.settle(state, relay);
        }
        for who in 0..self.actors() {
            self.hear_all(state, who, dead);
        }
        for who in 0..self.actors() {
            self.take_part(state, who, dead);
        }
    }

    /// A player sends what has no receipt, and what it signed under a `Home`, again.
    fn offer_all(&self, state: &mut State, relay: u8, who: u8) {
        let player = self.players.get(state.players[usize::from(who)]);
        for (item, home) in player.held.iter().copied() {
            let at = self.relays.get(state.relays[usize::from(relay)].node);
            if home || !at.facts.knows(item) {
                self.take(state, Action::Submit(relay, item));
                self.settle(state, relay);
            }
        }
        // Receipts too: a relay that is asked to take the game over may lack them.
        for item in player.sends.iter().copied() {
            let at = self.relays.get(state.relays[usize::from(relay)].node);
            if !at.facts.knows(item) {
                self.take(state, Action::Submit(relay, item));
                self.settle(state, relay);
            }
        }
        for item in player.forwards.iter().copied() {
            self.take(state, Action::Submit(relay, item));
            self.settle(state, relay);
        }
    }

    fn hear_all(&self, state: &mut State, who: u8, dead: Option<u8>) {
        let mut sent: Vec<u32> = Vec::new();
        for other in (0..self.actors()).filter(|other| *other != who) {
            let player = self.players.get(state.players[usize::from(other)]);
            sent.extend(&player.sends);
        }
        for host in
            (0..self.scenario.hosts).filter(|host| dead.is_none_or(|dead| self.host(dead) != *host))
        {
            let log = self.logs.get(state.logs[usize::from(host)]);
            sent.extend(log.items.iter().flatten());
        }
        // A relay shows what it heard of another's too.
        for relay in (0..2).filter(|relay| Some(*relay) != dead) {
            let node = self.relays.get(state.relays[usize::from(relay)].node);
            sent.extend(&node.facts.known);
        }
        let player = self.players.get(state.players[usize::from(who)]);
        sent.retain(|item| !player.facts.knows(*item));
        for item in sent {
            self.take(state, Action::Receive(who, item));
        }
    }

    fn take_part(&self, state: &mut State, who: u8, dead: Option<u8>) {
        let act = |input| Action::Act(who, input);
        if who == 0 {
            self.take(state, act(PlayerInput::Seat(1)));
        }
        let player = self.players.get(state.players[usize::from(who)]);
        if player.player.colour().is_none() {
            return;
        }
        if let (Some(dead), true) = (dead, self.scenario.hosts > 1) {
            self.move_on(state, who, dead);
        }
        self.take(state, act(PlayerInput::Play(0)));
    }

    /// What a client does about the home when a relay is silent: signs what the other signed, answers what comes too early,
    /// and asks the other relay where its own home, or the one that it asked, is the silent one.
    fn move_on(&self, state: &mut State, who: u8, dead: u8) {
        let act = |input| Action::Act(who, input);
        let (there, gone) = (self.host(1 - dead), order_key(self.host(dead)).order());
        let to = order_key(there).order();
        let game = |state: &State| self.players.get(state.players[usize::from(who)]);
        let own = game(state).player.key();
        let signed = game(state);
        let mut signed: Vec<_> = signed.player.game().home_signatures().collect();
        signed.sort_by_key(|(_, home)| home.body.epoch);
        let asked: Vec<_> = signed
            .iter()
            .filter(|(by, home)| *by != own && home.body.to == to)
            .map(|(_, home)| **home)
            .collect();
        for home in asked {
            self.take(
                state,
                act(PlayerInput::AgreeHome(self.item(&Item::Home(home)))),
            );
            let player = game(state);
            let ledger = player.player.game();
            let signed = ledger.home_signatures().filter(|(by, _)| *by == own);
            let highest = signed.map(|(_, signed)| signed.body.epoch).max();
            let now = ledger.orderer().map(|(_, epoch)| epoch);
            // The other knows less: it is told.
            if Some(home.body.epoch) > highest.max(now) && ledger.knows(home.body.after) {
                self.take(state, act(PlayerInput::MoveHome(there)));
            }
        }
        let player = game(state);
        let moving = player.player.moving();
        let orderer = player.player.game().orderer().map(|(key, _)| key);
        let waits = moving.is_some_and(|home| home.to == gone);
        if waits || (who == 0 && moving.is_none() && orderer == Some(gone)) {
            self.take(state, act(PlayerInput::MoveHome(there)));
        }
    }

    fn is_over(&self, state: &State, dead: Option<u8>) -> bool {
        let players: Vec<_> = (0..self.actors())
            .map(|who| self.players.get(state.players[usize::from(who)]))
            .collect();
        let end = |facts: &Facts| (facts.outcome, facts.head);
        let Some(first) = players.first() else {
            return false;
        };
        let agreed = end(&first.facts);
        let relays = (0..2)
            .filter(|relay| Some(*relay) != dead)
            .map(|relay| &state.relays[usize::from(relay)]);
        agreed.0.is_some()
            && players.iter().all(|player| end(&player.facts) == agreed)
            && relays
                .into_iter()
                .all(|relay| end(&self.relays.get(relay.node).facts) == agreed)
    }
}
