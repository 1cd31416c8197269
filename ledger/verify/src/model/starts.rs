//! How histories begin: a few steps in which nothing goes wrong.

use super::scenario::Start;
use super::steps::{PlayerInput, Steps};
use super::world::{Action, State};

impl Steps {
    /// The world in which the scenario begins; none where the genesis is refused.
    pub(super) fn start(&self) -> Option<State> {
        let mut state = self.empty()?;
        let start = self.scenario.start;
        if start == Start::Nothing {
            return Some(state);
        }
        self.order(&mut state, 0, self.genesis_item);
        self.go(&mut state, Action::Hear(0, 0));
        self.go(&mut state, Action::Act(0, PlayerInput::Seat(1)));
        self.order_all(&mut state, 0);
        self.hear(&mut state);
        if start == Start::Seated {
            return Some(state);
        }
        self.go(&mut state, Action::Act(0, PlayerInput::Play(0)));
        self.order_all(&mut state, 0);
        if start == Start::Unheard {
            return Some(state);
        }
        self.hear(&mut state);
        if start == Start::Moved {
            self.go(&mut state, Action::Act(0, PlayerInput::MoveHome(1)));
            let homes = |state: &State, who: usize| {
                let held = self.held(state.players[who]);
                held.into_iter().filter(|(_, home)| *home)
            };
            for (home, _) in homes(&state, 0) {
                self.go(&mut state, Action::Act(1, PlayerInput::AgreeHome(home)));
            }
            for (home, _) in homes(&state, 1) {
                self.order(&mut state, 1, home);
            }
            self.hear(&mut state);
        }
        Some(state)
    }

    fn go(&self, state: &mut State, action: Action) {
        if let Some(next) = self.after(state, action) {
            *state = next;
        }
    }

    /// A relay is offered an item and does what comes of it.
    fn order(&self, state: &mut State, relay: u8, item: u32) {
        self.go(state, Action::Submit(relay, item));
        self.settle(state, relay);
    }

    fn order_all(&self, state: &mut State, who: usize) {
        for (item, _) in self.held(state.players[who]) {
            self.order(state, 0, item);
        }
    }

    /// Everybody hears what the logs hold.
    fn hear(&self, state: &mut State) {
        for host in 0..self.scenario.hosts {
            for who in 0..self.actors() {
                while let Some(next) = self.after(state, Action::Hear(who, host)) {
                    *state = next;
                }
            }
        }
        for relay in 0..2 {
            if self.scenario.hosts == 1 {
                self.go(state, Action::CatchUp(relay));
                continue;
            }
            self.order(state, relay, self.genesis_item);
            while let Some(next) = self.after(state, Action::Forward(relay, 1 - relay)) {
                *state = next;
                self.settle(state, relay);
            }
        }
    }
}
