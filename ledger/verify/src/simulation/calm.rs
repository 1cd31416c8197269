//! Whether play goes on: what must be so some seconds after the last fault was mended (P9).

use super::client::{Client, Role};
use super::world::{Event, World};

/// What is older than this has to have gone through: a fellow is silent for 5 s before it is gone, half a second later it
/// is called again, and who was refused meanwhile tries again within 2.4 s.
pub(super) const WITHIN_MS: u64 = 8_000;
/// A relay that asks itself whether a game is to move waits so long, and a little.
const LAPSE_MS: u64 = 26_000;

impl World {
    pub(super) fn check_calm(&mut self) {
        let relays_up = self.relays.iter().all(|relay| relay.up);
        if !relays_up {
            return;
        }
        let mut waits = false;
        let mut broken = Vec::new();
        for client in &self.clients {
            let game = client.player.game();
            // A clock behind its own log orders nothing until that is past and somebody tries again.
            let behind = client.behind_at.is_some_and(|at| at + WITHIN_MS > self.now);
            // While a move of home is open nothing counts.
            let same = self.clients.iter().filter(|other| other.id == client.id);
            let moving = same.clone().any(|other| other.player.moving().is_some());
            // Whose home is gone for good moves, and what was asked for before has to lapse first.
            let has = |key| self.relays.iter().any(|relay| relay.key.order() == key);
            let homeless = game.is_clocked() && game.orderer().is_some_and(|(key, _)| !has(key));
            if behind || moving || homeless {
                waits = true;
                continue;
            }
            if client.session.is_none() && client.alone + WITHIN_MS < self.now {
                broken.push(format!("{} has no session", client.name));
            }
            let old = client
                .signed_at
                .is_some_and(|(_, at)| at + WITHIN_MS < self.now);
            if old && !client.is_over() {
                broken.push(format!("a record of {} has no receipt", client.name));
            }
            let most = same.map(progress).max().unwrap_or(0);
            let since = client.shown.1.max(self.newest(client));
            if progress(client) < most
                && since + WITHIN_MS < self.now
                && client.role != Role::Watcher
            {
                broken.push(format!("{} has not heard what others know", client.name));
            }
        }
        self.patience += 1;
        if waits && self.patience < 5 {
            let calm = self.calm;
            // Once more, when every clock and every answer has had its time.
            self.put(LAPSE_MS, Event::Calm(calm));
        }
        if !broken.is_empty() {
            let words = format!(
                "P9: {} after the last fault: {}",
                broken.join("; "),
                self.tell()
            );
            self.witness.broken(words);
        }
    }

    /// When somebody at the same game saw the board change last, or signed something.
    fn newest(&self, client: &Client) -> u64 {
        let same = self.clients.iter().filter(|other| other.id == client.id);
        let signed = |other: &Client| other.signed_at.map_or(0, |(_, at)| at);
        same.map(|other| other.shown.1.max(signed(other)))
            .max()
            .unwrap_or(0)
    }
}

/// How much of a game's chain a client counts.
fn progress(client: &Client) -> usize {
    let state = client.player.game().state();
    usize::try_from(state.line.height().get()).unwrap_or(0)
}
