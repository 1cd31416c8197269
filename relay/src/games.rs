//! Which games are in memory, and how a message finds its game. Each game is a task with a mailbox (see `game`).

pub mod mailboxes;

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rookery_ledger::Game;
use rookery_ledger::id::{GameId, Hash, Millis};
use rookery_ledger::record::{Item, Join, Said, Signed};
use tokio::sync::{mpsc, oneshot};

use crate::game;
use crate::order_log::AppendError;
use crate::outbox::{Answer, Refused, SessionId};
use crate::relay::Relay;
use crate::trace::Event;
use mailboxes::Mailboxes;

/// Messages that may wait for one game. Two players and their watchers do not fill it in the time of a commit.
const MAILBOX: usize = 64;

/// What is said to a game.
#[derive(Debug)]
pub enum GameMsg {
    /// An item is offered.
    Submit {
        /// The item.
        item: Item,
        /// When its frame arrived.
        at: Millis,
        /// Where the answer goes.
        answer: Answer,
    },
    /// Somebody wants the open seat.
    Join {
        /// The wish.
        join: Signed<Join>,
        /// Where the answer goes.
        answer: Answer,
    },
    /// A session wants all that is known and all that comes.
    Watch {
        /// The last receipt that it has.
        after: Option<Hash>,
        /// Where the answer and the news go.
        answer: Answer,
    },
    /// A session has gone or wants no more.
    Unwatch {
        /// Which one.
        session: SessionId,
    },
    /// The creator lists the game in the lobby or takes it off.
    List {
        /// Which of both.
        listed: bool,
        /// Where the answer goes.
        answer: Answer,
    },
    /// A message to the other player.
    Say {
        /// The message.
        said: Signed<Said>,
        /// Where the answer goes.
        answer: Answer,
    },
    /// Something that a fellow relay said about the game.
    FromFellow(FellowNews),
    /// Somebody wants the game as it stands.
    Export {
        /// Where it goes; dropped where the game is not known.
        reply: oneshot::Sender<Game>,
    },
    /// The host has the game forgotten: whoever waits is told so, and it leaves memory.
    Forget {
        /// Told when it has.
        done: oneshot::Sender<()>,
    },
    /// Time may have come for something, or the relay has just started.
    Wake {
        /// Told when the game is in memory.
        done: Option<oneshot::Sender<()>>,
    },
}

impl GameMsg {
    /// Whom an answer is owed, if anybody.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Submit { answer, .. }
            | Self::Join { answer, .. }
            | Self::Watch { answer, .. }
            | Self::List { answer, .. }
            | Self::Say { answer, .. } => Some(answer),
            Self::Unwatch { .. }
            | Self::FromFellow(_)
            | Self::Export { .. }
            | Self::Forget { .. }
            | Self::Wake { .. } => None,
        }
    }

    /// Refuses it, where an answer is owed.
    pub fn refuse(self, refused: Refused) {
        if let Some(answer) = self.answer() {
            answer.refused(refused);
        }
    }
}

/// News of a game from a fellow relay.
#[derive(Debug)]
pub enum FellowNews {
    /// Items, in order.
    Items(Vec<Item>),
    /// A wish to sit down, for the creator.
    Joined(Signed<Join>),
    /// A message of a player.
    Said(Signed<Said>),
    /// The game that is followed there is not known there.
    Unknown,
    /// Who has a session there.
    Presence {
        /// The creator has.
        creator: bool,
        /// The joiner has.
        joiner: bool,
    },
}

/// The games in memory.
#[derive(Debug)]
pub struct Games {
    mailboxes: Mailboxes<GameMsg>,
    /// Games that left memory although time will bring something.
    wakes: Mutex<BTreeSet<(Millis, GameId)>>,
    /// Whether every game that went on when this process began was looked at.
    resumed: AtomicBool,
    /// Games that the host had forgotten.
    forgotten: Mutex<HashSet<GameId>>,
    /// Of these, those in which the outage before this process is not stamped yet.
    unstamped: Mutex<HashSet<GameId>>,
}

impl Default for Games {
    fn default() -> Self {
        Self {
            mailboxes: Mailboxes::new(MAILBOX),
            wakes: Mutex::default(),
            resumed: AtomicBool::new(false),
            forgotten: Mutex::default(),
            unstamped: Mutex::default(),
        }
    }
}

impl Games {
    fn wakes(&self) -> MutexGuard<'_, BTreeSet<(Millis, GameId)>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message into a game's mailbox; waits while that is full. The game is started if it is not in memory.
    ///
    /// # Errors
    ///
    /// [`Refused`] where no more games fit into memory, or the game was forgotten.
    pub async fn send(
        &self,
        relay: &Arc<Relay>,
        id: GameId,
        message: GameMsg,
    ) -> Result<(), Refused> {
        if self.is_forgotten(id) {
            return Err(Refused::forgotten());
        }
        let start = |messages| {
            relay.metrics.games.up();
            tokio::spawn(game::run(relay.clone(), id, messages));
        };
        let sent = self
            .mailboxes
            .send(id, relay.limits().games, message, start);
        sent.await.map_err(|_| {
            let words = "The relay has as many games as it can hold; try again later.";
            Refused::retry("too-many-games", words, 5_000)
        })
    }

    /// Puts a message into the mailbox of a game that is in memory, and else drops it.
    pub async fn tell(&self, id: GameId, message: GameMsg) {
        self.mailboxes.tell(id, message).await;
    }

    fn forgotten(&self) -> MutexGuard<'_, HashSet<GameId>> {
        self.forgotten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the host had a game forgotten.
    #[must_use]
    pub fn is_forgotten(&self, id: GameId) -> bool {
        self.forgotten().contains(&id)
    }

    /// Notes games that the log says were forgotten.
    pub fn note_forgotten(&self, games: impl IntoIterator<Item = GameId>) {
        self.forgotten().extend(games);
    }

    /// Forgets a game for good: it leaves memory, lobby and log, and is refused from then on, whoever brings it.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where the log did not note it; then the game may come back with the next start.
    pub async fn forget(&self, relay: &Relay, id: GameId) -> Result<(), AppendError> {
        self.note_forgotten([id]);
        self.end(id).await;
        relay.log.forget(id, relay.clock.now()).await?;
        // Whoever was on the way while the log still had the game may have read it again.
        self.end(id).await;
        relay.lobby.remove(relay, id, true);
        relay.live.remove(id);
        self.note_unstamped(id, false);
        Ok(())
    }

    async fn end(&self, id: GameId) {
        let (done, ended) = oneshot::channel();
        self.tell(id, GameMsg::Forget { done }).await;
        // Where no such game is in memory nobody answers.
        let _ = ended.await;
    }

    /// A game that is in memory, as it stands.
    pub async fn export(&self, id: GameId) -> Option<Game> {
        let (reply, game) = oneshot::channel();
        self.tell(id, GameMsg::Export { reply }).await;
        game.await.ok()
    }

    /// Lets a game's task end if nothing waits for it. `wake` says when it has something to do again.
    pub fn leave(
        &self,
        relay: &Relay,
        id: GameId,
        messages: &mpsc::Receiver<GameMsg>,
        wake: Option<Millis>,
    ) -> bool {
        // Noted under the lock, so that a game which comes back at once comes back behind this line.
        let left = || relay.note(Some(id), || Event::Left);
        if !self.mailboxes.leave(id, messages, left) {
            return false;
        }
        if let Some(wake) = wake {
            self.wake_at(id, wake);
        }
        relay.metrics.games.down();
        true
    }

    /// Wakes a game that is not in memory at `at`.
    pub fn wake_at(&self, id: GameId, at: Millis) {
        self.wakes().insert((at, id));
    }

    /// Takes a game out of memory that was forgotten; who waits for its mailbox is refused.
    pub async fn drop_forgotten(
        &self,
        relay: &Relay,
        id: GameId,
        messages: &mut mpsc::Receiver<GameMsg>,
    ) {
        self.mailboxes.remove(id);
        messages.close();
        while let Some(message) = messages.recv().await {
            message.refuse(Refused::forgotten());
        }
        relay.note(Some(id), || Event::Left);
        relay.metrics.games.down();
    }

    /// Takes out the games that have something to do at `now`.
    pub fn due(&self, now: Millis) -> Vec<GameId> {
        let mut wakes = self.wakes();
        let mut due = Vec::new();
        while let Some((at, id)) = wakes.first().copied() {
            if at > now {
                break;
            }
            wakes.pop_first();
            if !self.is_forgotten(id) {
                due.push(id);
            }
        }
        due
    }

    /// Notes whether the outage before this process is still to be stamped in a game.
    pub fn note_unstamped(&self, id: GameId, unstamped: bool) {
        let games = self.unstamped.lock();
        let mut games = games.unwrap_or_else(PoisonError::into_inner);
        if unstamped {
            games.insert(id);
        } else {
            games.remove(&id);
        }
    }

    /// Every game that went on when this process began was looked at.
    pub fn note_resumed(&self) {
        self.resumed.store(true, Ordering::Release);
    }

    /// Whether the outage before this process is stamped in every game.
    #[must_use]
    pub fn are_stamped(&self) -> bool {
        let games = || {
            self.unstamped
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        self.resumed.load(Ordering::Acquire) && games().is_empty()
    }

    /// Lets every game in memory look about.
    pub async fn wake_all(&self) {
        for id in self.mailboxes.ids() {
            self.tell(id, GameMsg::Wake { done: None }).await;
        }
    }

    /// How many games are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mailboxes.len()
    }

    /// Whether no game is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mailboxes.is_empty()
    }
}
