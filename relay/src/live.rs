//! The games at this relay that anyone may watch: those whose seat was open to everyone in the lobby, while they are
//! played. A game that was offered by its link alone is never among them.
//!
//! The list is in memory: after a restart it begins anew, with the games that are seated from then on.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rookery_ledger::Game;
use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::record::{Clock, Variant};
use serde_json::{Value, json};

/// Games that are known at most: 10,000 of 400 bytes are 4 MB. The one without a move for longest makes room.
const KNOWN: usize = 10_000;
/// Games that are told of, those with the newest moves first: 100 of 500 bytes are 50 kB.
const TOLD: usize = 100;

#[derive(Debug)]
struct Shown {
    moved: Millis,
    watchers: usize,
    facts: Value,
}

/// What is played in public at one relay.
#[derive(Debug, Default)]
pub struct Live(Mutex<HashMap<GameId, Shown>>);

impl Live {
    fn lock(&self) -> MutexGuard<'_, HashMap<GameId, Shown>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a game is among them.
    #[must_use]
    pub fn has(&self, game: GameId) -> bool {
        self.lock().contains_key(&game)
    }

    /// Takes a game off.
    pub fn remove(&self, game: GameId) {
        self.lock().remove(&game);
    }

    /// Shows a game as it stands at `now`, or takes it off where it is over or nobody sits yet.
    pub fn show(&self, game: &Game, watchers: usize, now: Millis) {
        let mut shown = self.lock();
        let Some(facts) = facts(game) else {
            shown.remove(&game.id());
            return;
        };
        if shown.len() >= KNOWN && !shown.contains_key(&game.id()) {
            let oldest = shown.iter().min_by_key(|(_, one)| one.moved);
            if let Some(oldest) = oldest.map(|(id, _)| *id) {
                shown.remove(&oldest);
            }
        }
        let moved = match shown.get(&game.id()) {
            Some(before) if before.facts == facts => before.moved,
            _ => now,
        };
        let shown_now = Shown {
            moved,
            watchers,
            facts,
        };
        shown.insert(game.id(), shown_now);
    }

    /// The newest of them, as the body of `GET /live.json`.
    #[must_use]
    pub fn tell(&self) -> Value {
        let shown = self.lock();
        let mut games: Vec<_> = shown.values().collect();
        games.sort_unstable_by_key(|one| Reverse(one.moved));
        let told: Vec<_> = games.iter().take(TOLD).map(|one| told(one)).collect();
        json!({ "v": 1, "total": games.len(), "games": told })
    }
}

fn told(
    Shown {
        moved,
        watchers,
        facts,
    }: &Shown,
) -> Value {
    let mut game = facts.clone();
    game["movedMs"] = json!(moved.get());
    game["watchers"] = json!(watchers);
    game
}

/// What a watcher sees before opening the game; none where it has not begun or is over.
fn facts(game: &Game) -> Option<Value> {
    let (state, genesis) = (game.state(), &game.genesis().body);
    let players = state.line.players()?;
    if state.outcome().is_some() {
        return None;
    }
    let clock = match genesis.clock {
        Clock::None => json!({ "kind": "none" }),
        Clock::Live { initial_s, inc_s } => {
            json!({ "kind": "live", "initialS": initial_s, "incrementS": inc_s })
        }
        Clock::Days { days } => json!({ "kind": "days", "days": days }),
    };
    Some(json!({
        "game": game.id().to_string(),
        "white": players.white.to_string(),
        "black": players.black.to_string(),
        "variant": match genesis.variant {
            Variant::Standard => "standard",
            Variant::Chess960 => "chess960",
        },
        "clock": clock,
        "fen": state.line.fen(),
        "ply": state.line.moves().len(),
        "last": state.line.moves().last().map(|played| played.uci.as_str()),
    }))
}
