//! The lobby: open games of this relay and of its fellows, and who wants to hear of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rookery_ledger::id::{GameId, PlayerKey};
use rookery_ledger::record::{Genesis, Signed};
use rookery_ledger::wire::{self, Gossip, MAX_ITEMS_BYTES, Push, Seek};
use rookery_ledger::{Game, codec};

use crate::node::Topic;
use crate::outbox::{Out, Outbox, Refused, SessionId};
use crate::relay::Relay;

/// How often an own seek is said again to fellow relays.
pub const SAY_AGAIN: Duration = Duration::from_secs(10);
/// A fellow's seek that was not said again for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Listed {
    seek: Seek,
    /// When a fellow relay said it last; `None` for an own one.
    said: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    seeks: BTreeMap<GameId, Listed>,
    listeners: HashMap<SessionId, Outbox>,
}

/// The lobby of one relay.
#[derive(Debug, Default)]
pub struct Lobby(Mutex<State>);

impl Lobby {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a session hear of the lobby: first as it is, then of changes.
    pub fn listen(&self, outbox: &Outbox) {
        let mut state = self.lock();
        let (mut part, mut bytes, mut reset) = (Vec::new(), 0, true);
        for listed in state.seeks.values() {
            let len = codec::encode(&listed.seek).len();
            if bytes + len > MAX_ITEMS_BYTES {
                outbox.push(&Push::Lobby {
                    reset,
                    add: std::mem::take(&mut part),
                    remove: Vec::new(),
                });
                (bytes, reset) = (0, false);
            }
            bytes += len;
            part.push(listed.seek.clone());
        }
        outbox.push(&Push::Lobby {
            reset,
            add: part,
            remove: Vec::new(),
        });
        state.listeners.insert(outbox.info().id, outbox.clone());
    }

    /// A session wants no more, or has ended.
    pub fn unlisten(&self, session: SessionId) {
        self.lock().listeners.remove(&session);
    }

    /// Lists an open game whose creator has a session here.
    ///
    /// # Errors
    ///
    /// [`Refused`] where the creator or the lobby has as many as may be.
    pub fn add_own(&self, relay: &Relay, genesis: Signed<Genesis>) -> Result<(), Box<Refused>> {
        let creator = genesis.body.creator;
        let addresses = relay
            .node
            .addresses()
            .borrow()
            .iter()
            .map(ToString::to_string)
            .collect();
        let seek = Seek {
            genesis,
            relay: addresses,
        };
        {
            let mut state = self.lock();
            let game = seek.genesis.body.id();
            let of_creator = state
                .seeks
                .iter()
                .filter(|(id, listed)| **id != game && listed.seek.genesis.body.creator == creator)
                .count();
            if of_creator as u64 >= relay.limits().seeks_per_session {
                let words = "You have as many open games in the lobby as may be.";
                return Err(Box::new(Refused::retry("rate-limited", words, 10_000)));
            }
            if state.seeks.len() as u64 >= relay.limits().seeks && !state.seeks.contains_key(&game)
            {
                return Err(Box::new(Refused::retry(
                    "rate-limited",
                    "The lobby is full; try again later.",
                    10_000,
                )));
            }
            Self::put(&mut state, relay, seek.clone(), None);
        }
        relay
            .node
            .publish(Topic::Lobby, codec::encode(&Gossip::Seek(Box::new(seek))));
        Ok(())
    }

    /// A fellow relay lists a game.
    pub fn add_far(&self, relay: &Relay, seek: Seek) {
        // The genesis is signed by its creator; the rest is where to find it.
        let Ok(game) = Game::new(seek.genesis.clone()) else {
            return;
        };
        let mut state = self.lock();
        let id = game.id();
        let known = state.seeks.get(&id);
        if known.is_some_and(|listed| listed.said.is_none())
            || (known.is_none() && state.seeks.len() as u64 >= relay.limits().seeks)
        {
            return;
        }
        Self::put(&mut state, relay, seek, Some(Instant::now()));
    }

    fn put(state: &mut State, relay: &Relay, seek: Seek, said: Option<Instant>) {
        let old = state.seeks.insert(
            seek.genesis.body.id(),
            Listed {
                seek: seek.clone(),
                said,
            },
        );
        relay.metrics.seeks.set(state.seeks.len() as u64);
        if old.is_none_or(|old| old.seek != seek) {
            Self::tell(
                state,
                &Push::Lobby {
                    reset: false,
                    add: vec![seek],
                    remove: Vec::new(),
                },
            );
        }
    }

    fn tell(state: &State, push: &Push) {
        let bytes: Arc<[u8]> = wire::frame(push).into();
        for outbox in state.listeners.values() {
            outbox.send(Out {
                bytes: bytes.clone(),
                news: None,
            });
        }
    }

    /// Takes a game off the lobby; `say` tells fellow relays where it was listed here. Whether it was listed at all.
    pub fn remove(&self, relay: &Relay, game: GameId, say: bool) -> bool {
        let mut state = self.lock();
        let Some(listed) = state.seeks.remove(&game) else {
            return false;
        };
        relay.metrics.seeks.set(state.seeks.len() as u64);
        Self::tell(
            &state,
            &Push::Lobby {
                reset: false,
                add: Vec::new(),
                remove: vec![game],
            },
        );
        drop(state);
        if say && listed.said.is_none() {
            relay
                .node
                .publish(Topic::Lobby, codec::encode(&Gossip::Unseek { game }));
        }
        true
    }

    /// The last session of a player has ended: its open games leave the lobby.
    pub fn player_left(&self, relay: &Relay, player: PlayerKey) {
        let own: Vec<GameId> = self
            .lock()
            .seeks
            .iter()
            .filter(|(_, listed)| {
                listed.said.is_none() && listed.seek.genesis.body.creator == player
            })
            .map(|(game, _)| *game)
            .collect();
        for game in own {
            self.remove(relay, game, true);
        }
    }

    /// Says own seeks again and forgets those of fellows that went silent.
    pub fn tick(&self, relay: &Relay) {
        let state = self.lock();
        let own = state.seeks.values().filter(|listed| listed.said.is_none());
        for listed in own {
            let gossip = Gossip::Seek(Box::new(listed.seek.clone()));
            relay.node.publish(Topic::Lobby, codec::encode(&gossip));
        }
        let silent: Vec<GameId> = state
            .seeks
            .iter()
            .filter(|(_, listed)| {
                listed
                    .said
                    .is_some_and(|said| said.elapsed() > FORGET_AFTER)
            })
            .map(|(game, _)| *game)
            .collect();
        drop(state);
        for game in silent {
            self.remove(relay, game, false);
        }
    }
}
