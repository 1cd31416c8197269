//! What can happen next, within the bounds of the scenario.

use super::steps::{PlayerInput, Steps};
use super::world::{Action, Pending, State};

impl Steps {
    /// Everything that can happen, within the bounds.
    pub(super) fn possible(&self, state: &State, out: &mut Vec<Action>) {
        let scenario = &self.scenario;
        for relay in 0..2 {
            self.possible_at_relay(state, relay, out);
        }
        for who in 0..self.actors() {
            self.possible_at_player(state, who, out);
        }
        for host in 0..scenario.hosts {
            if state.late[usize::from(host)].is_some() {
                out.push(Action::Late(host));
            }
        }
        if state.lies < scenario.lies {
            out.extend((0..6).map(Action::Lie));
        }
        if usize::from(state.now) + 1 < scenario.levels.len() {
            out.push(Action::Wait);
        }
    }

    fn possible_at_relay(&self, state: &State, relay: u8, out: &mut Vec<Action>) {
        let (at, scenario) = (&state.relays[usize::from(relay)], &self.scenario);
        if at.down.is_some() {
            return out.push(Action::Restart(relay));
        }
        let node = self.relays.get(at.node);
        if state.crashes < scenario.crashes && node.knows_game() {
            out.push(Action::Crash(relay));
        }
        match at.pending {
            Pending::Sent(_) => out.push(Action::Apply(relay)),
            Pending::Durable(_) => out.push(Action::Answer(relay)),
            Pending::None => {}
        }
        if at.pending != Pending::None {
            if state.lost < scenario.lost {
                out.push(Action::LoseAnswer(relay));
            }
            return;
        }
        if self.is_behind(state, relay) {
            out.push(Action::CatchUp(relay));
        }
        if !node.knows_game() {
            return out.push(Action::Submit(relay, self.genesis_item));
        }
        for who in 0..self.actors() {
            let held = self.held(state.players[usize::from(who)]);
            let records = held
                .iter()
                .filter(|(item, home)| !home && !node.facts.knows(*item));
            // In order, or one that rests on what has not come.
            let stray = if state.strays < scenario.strays {
                usize::MAX
            } else {
                1
            };
            out.extend(
                records
                    .take(stray)
                    .map(|(item, _)| Action::Submit(relay, *item)),
            );
            let homes = held.iter().filter(|(_, home)| *home);
            out.extend(homes.map(|(item, _)| Action::Submit(relay, *item)));
        }
        let stash = self.stashes.get(state.stash);
        out.extend(stash.items.iter().map(|item| Action::Submit(relay, *item)));
        let own = usize::from(self.host(relay));
        if scenario.hosts > 1
            && self
                .unheard(state.logs[1 - own], |item| node.facts.knows(item))
                .is_some()
        {
            out.push(Action::Forward(relay, 1 - relay));
        }
        out.push(Action::Tick(relay));
        if at.outage.is_some() {
            out.push(Action::Returned(relay));
        }
    }

    fn possible_at_player(&self, state: &State, who: u8, out: &mut Vec<Action>) {
        let (node, scenario) = (state.players[usize::from(who)], &self.scenario);
        let player = self.players.get(node);
        let act = |input| Action::Act(who, input);
        for host in 0..scenario.hosts {
            let log = self.logs.get(state.logs[usize::from(host)]);
            let next = self.unheard(state.logs[usize::from(host)], |item| {
                player.facts.knows(item)
            });
            if let Some(next) = next {
                out.push(Action::Hear(who, host));
                if state.strays < scenario.strays {
                    let later = log.items.iter().skip(next).flatten();
                    out.extend(later.map(|item| Action::Stray(who, *item)));
                }
            }
        }
        for other in (0..self.actors()).filter(|other| *other != who) {
            let held = self.held(state.players[usize::from(other)]);
            if scenario.direct {
                let records = held
                    .iter()
                    .filter(|(item, home)| !home && !player.facts.knows(*item));
                out.extend(records.take(1).map(|(item, _)| Action::Receive(who, *item)));
            }
            let homes = held.iter().filter(|(_, home)| *home);
            for (item, _) in homes {
                out.push(act(PlayerInput::AgreeHome(*item)));
                if who == scenario.equivocator && state.equivocations < scenario.equivocations {
                    out.push(Action::Countersign(who, *item));
                }
            }
        }
        let stash = self.stashes.get(state.stash);
        out.extend(stash.items.iter().map(|item| Action::Receive(who, *item)));
        if state.crashes < scenario.crashes {
            out.push(act(PlayerInput::Reload));
        }
        if who == 0 && player.facts.seat.is_none() {
            out.extend((1..self.actors()).map(|joiner| act(PlayerInput::Seat(joiner))));
        }
        if player.player.colour().is_some() {
            out.extend((0..scenario.options).map(|option| act(PlayerInput::Play(option))));
            if scenario.resigns {
                out.push(act(PlayerInput::Resign));
            }
            let used = player.player.game().home_signatures();
            let used = used.filter(|(by, _)| *by == player.player.key()).count() as u64;
            if used < scenario.epochs {
                out.extend((0..scenario.hosts).map(|host| act(PlayerInput::MoveHome(host))));
            }
        }
        if who == scenario.equivocator && state.equivocations < scenario.equivocations {
            out.push(Action::Equivocate(who));
        }
    }
}
