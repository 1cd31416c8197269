//! The mailboxes of the games in memory, and how a message finds its game while games come and go. What a message is, and
//! what a game does with it, is not known here.

use std::collections::HashMap;

use rookery_ledger::id::GameId;
use rookery_ledger::mutant::Mutant;

use crate::sync::{Mutex, MutexGuard, PoisonError, mpsc};

/// A mailbox for each game in memory.
#[derive(Debug)]
pub struct Mailboxes<M> {
    boxes: Mutex<HashMap<GameId, mpsc::Sender<M>>>,
    /// Messages that may wait for one game.
    capacity: usize,
}

impl<M> Mailboxes<M> {
    /// No game, and mailboxes that hold `capacity` messages each.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            boxes: Mutex::new(HashMap::new()),
            capacity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GameId, mpsc::Sender<M>>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mailbox of a game; `start` begins the task of one that is not in memory. `None` where `limit` games are.
    fn of(
        &self,
        id: GameId,
        limit: u64,
        start: impl FnOnce(mpsc::Receiver<M>),
    ) -> Option<mpsc::Sender<M>> {
        let mut boxes = self.lock();
        // A closed mailbox here is that of a task that died; the game is read back from the log.
        if let Some(mailbox) = boxes.get(&id).filter(|mailbox| !mailbox.is_closed()) {
            return Some(mailbox.clone());
        }
        if boxes.len() as u64 >= limit {
            return None;
        }
        let (mailbox, messages) = mpsc::channel(self.capacity);
        boxes.insert(id, mailbox.clone());
        start(messages);
        Some(mailbox)
    }

    /// Puts a message into a game's mailbox; waits while that is full.
    ///
    /// # Errors
    ///
    /// The message, where `limit` games are in memory and this is none of them.
    pub async fn send(
        &self,
        id: GameId,
        limit: u64,
        message: M,
        start: impl Fn(mpsc::Receiver<M>),
    ) -> Result<(), M> {
        let mut message = message;
        loop {
            let Some(mailbox) = self.of(id, limit, &start) else {
                return Err(message);
            };
            match mailbox.send(message).await {
                Ok(()) => return Ok(()),
                // The game's task died; it comes back.
                Err(mpsc::error::SendError(back)) => message = back,
            }
        }
    }

    /// Puts a message into the mailbox of a game that is in memory, and else drops it.
    pub async fn tell(&self, id: GameId, message: M) {
        let mailbox = self.lock().get(&id).cloned();
        if let Some(mailbox) = mailbox {
            let _ = mailbox.send(message).await;
        }
    }

    /// Lets a game's task end if nothing waits for it and nothing is on its way; `left` is called before it can come back.
    pub fn leave(&self, id: GameId, messages: &mpsc::Receiver<M>, left: impl FnOnce()) -> bool {
        let mut boxes = self.lock();
        // Whoever sends has a sender of his own, taken under this lock: with none but that of the mailbox nothing can come.
        let waits = messages.sender_strong_count() > 1 || !messages.is_empty();
        if waits && !Mutant::LEAVES_WITH_MAIL.is_on() {
            return false;
        }
        boxes.remove(&id);
        left();
        true
    }

    /// Takes a game's mailbox away, whoever still waits for it; whose message comes later starts the game anew.
    pub fn remove(&self, id: GameId) {
        self.lock().remove(&id);
    }

    /// Which games are in memory.
    #[must_use]
    pub fn ids(&self) -> Vec<GameId> {
        self.lock().keys().copied().collect()
    }

    /// How many games are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no game is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
