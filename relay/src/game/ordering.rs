//! Carries out what the orderer decides: log first, then signatures, then news.

use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order::{Decision, Entry, Orderer};
use rookery_ledger::record::{Genesis, Item, Lapsed, Signed, What};
use rookery_ledger::wire::Request;
use rookery_ledger::{Refusal, codec};

use super::Task;
use crate::order_log::{Append, AppendError};
use crate::outbox::{Answer, Refused};
use crate::store;

/// How often a decision is made anew because the log's head was another one.
const TRIES: usize = 3;
/// A clock that is further behind an entry it reads than this orders no clocked games.
const MAX_BEHIND_MS: u64 = 100;

impl Task {
    /// Something that time brings may be due.
    pub(super) async fn on_time(&mut self) {
        let (now, lag) = (self.relay.clock.now(), self.mover_lag());
        if let Some(behind) = self.clock_behind() {
            return tokio::time::sleep(std::time::Duration::from_millis(behind.min(200))).await;
        }
        let Some(orderer) = &mut self.orderer else {
            return;
        };
        let decision = orderer.tick(now, lag);
        if self.carry_out(decision, None, now).await.is_err() {
            // The log is in trouble; the flag or gap is tried again a little later.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    /// How many ms the clock is behind the game's last receipt, where that is too many to order by.
    fn clock_behind(&self) -> Option<u64> {
        let game = self
            .orderer
            .as_ref()
            .map(Orderer::game)
            .filter(|game| game.is_clocked())?;
        let last = game.state().last_receipt()?.receipt.at_ms;
        let behind = last.saturating_sub(self.relay.clock.now()).get();
        (behind > MAX_BEHIND_MS).then_some(behind)
    }

    /// An item is offered.
    pub(super) async fn on_submit(&mut self, item: Item, at: Millis, answer: &Answer) {
        if self.orderer.is_none() {
            let Item::Genesis(genesis) = item else { return };
            return self.create(genesis, at, answer).await;
        }
        if let Some(behind) = self.clock_behind() {
            let words = "The relay's clock is behind its own log; it orders no clocked games until that is past.";
            return answer.refused(Refused::retry("clock-behind", words, behind));
        }
        let lag = answer.outbox.info().lag(self.id);
        for _ in 0..TRIES {
            let Some(orderer) = &mut self.orderer else {
                return;
            };
            let known = is_known(orderer, &item);
            let decision = orderer.submit(&item, at, lag);
            match decision {
                Decision::Elsewhere(_) => return self.send_home(item, answer),
                Decision::Done => {
                    if !known && !matches!(item, Item::Genesis(_) | Item::Record(_)) {
                        self.publish(std::slice::from_ref(&item));
                    }
                    return self.after_done(item, answer);
                }
                // Another relay with this key may have gone on meanwhile.
                Decision::Refused(_) if self.catch_up().await => {}
                decision => match self.carry_out(decision, Some(answer), at).await {
                    Err(AppendError::Conflict { .. }) => {}
                    Err(error) => return answer.refused(Refused::log(&error)),
                    Ok(()) => return self.also_upstream(item),
                },
            }
        }
        answer.refused(Refused::retry(
            "log-unavailable",
            "Another relay orders this game too; try again.",
            500,
        ));
    }

    /// Needs nothing more here; a `Home` to another key goes on to that.
    fn after_done(&self, item: Item, answer: &Answer) {
        if let Item::Home(home) = &item
            && let Some(fellow) = self.relay.fellows.with_order_key(home.body.to)
            && !answer.outbox.info().is_relay
        {
            return self.forward(fellow, item, answer);
        }
        answer.done();
    }

    /// An untimed game is stored by every relay that hears of it: what came here goes to the other one too.
    fn also_upstream(&self, item: Item) {
        let Some(orderer) = &self.orderer else { return };
        if let (Some(fellow), false) = (self.upstream, orderer.game().is_clocked()) {
            let game = self.id;
            self.relay
                .fellows
                .tell(fellow, move |id| Request::Submit { id, game, item });
        }
    }

    /// Another key orders the game: keeps what is offered, in case this relay is to take over, and passes it on.
    fn send_home(&mut self, item: Item, answer: &Answer) {
        let Some(orderer) = &mut self.orderer else {
            return;
        };
        if let Err(refusal) = orderer.learn(item.clone()) {
            return answer.refused(Refused::ledger(&refusal, Some(orderer.game())));
        }
        let home = orderer
            .elsewhere()
            .and_then(|home| self.relay.fellows.with_order_key(home));
        match home {
            Some(fellow) if !answer.outbox.info().is_relay => self.forward(fellow, item, answer),
            _ => {
                let words = "The relay that orders this game cannot be reached from here.";
                answer.refused(Refused::retry("no-home", words, 1_000));
            }
        }
    }

    fn forward(&self, fellow: libp2p::PeerId, item: Item, answer: &Answer) {
        let game = self.id;
        self.relay.fellows.forward(
            fellow,
            move |id| Request::Submit { id, game, item },
            answer.clone(),
        );
    }

    /// A new game.
    async fn create(&mut self, genesis: Signed<Genesis>, at: Millis, answer: &Answer) {
        if genesis.body.id() != self.id {
            return answer.refused(Refused::ledger(&Refusal::WrongGame, None));
        }
        let own = self.relay.order_key();
        let created = Orderer::create(genesis.clone(), own, at);
        let (orderer, entry) = match created {
            Ok(created) => created,
            Err(refusal) => return answer.refused(Refused::ledger(&refusal, None)),
        };
        if let Some(home) = orderer.elsewhere() {
            let fellow = self.relay.fellows.with_order_key(home);
            if fellow.is_none() && !genesis.body.homes.contains(&own) {
                let words = "The game names no relay as its home that can be reached from here.";
                return answer.refused(Refused::new("no-home", words));
            }
            self.orderer = Some(orderer);
            let item = Item::Genesis(genesis);
            return match fellow {
                Some(fellow) if !answer.outbox.info().is_relay => {
                    self.forward(fellow, item, answer);
                    self.ask_upstream();
                }
                // Kept in memory, for the players may bring the game here.
                _ => answer.done(),
            };
        }
        self.orderer = Some(orderer);
        self.open = genesis.body.clock.is_clocked();
        match self.append(vec![entry], None, Some(answer), at).await {
            Ok(()) => {
                self.relay.metrics.games_created.up();
                self.ask_upstream();
                self.also_upstream(Item::Genesis(genesis));
            }
            Err(error) => {
                // Unless another relay with the same key was faster, the game does not exist.
                self.orderer = None;
                self.load().await;
                if self.stored {
                    answer.done()
                } else {
                    answer.refused(Refused::log(&error))
                }
            }
        }
    }

    /// Carries a decision out. The answer is given here, except where the log fails.
    pub(super) async fn carry_out(
        &mut self,
        decision: Decision,
        answer: Option<&Answer>,
        at: Millis,
    ) -> Result<(), AppendError> {
        match decision {
            Decision::Append { entries, then } => self.append(entries, then, answer, at).await,
            Decision::Lapse(lapsed) => self.lapse(lapsed, answer).await,
            Decision::Done | Decision::Elsewhere(_) => {
                if let Some(answer) = answer {
                    answer.done();
                }
                Ok(())
            }
            Decision::Refused(refusal) => {
                if let Some(answer) = answer {
                    let game = self.orderer.as_ref().map(Orderer::game);
                    answer.refused(Refused::ledger(&refusal, game));
                }
                Ok(())
            }
        }
    }

    async fn append(
        &mut self,
        entries: Vec<Entry>,
        then: Option<Refusal>,
        answer: Option<&Answer>,
        at: Millis,
    ) -> Result<(), AppendError> {
        let Some(orderer) = &self.orderer else {
            return Ok(());
        };
        let is_new = matches!(
            entries.first().map(|entry| entry.receipt.what),
            Some(What::Genesis)
        );
        let takes_over = entries
            .iter()
            .any(|entry| matches!(entry.receipt.what, What::Home(_)));
        if takes_over || (!self.stored && !is_new) {
            store::keep_foreign(&*self.relay.log, self.relay.order_key(), orderer.game()).await?;
        }
        let genesis =
            (!self.stored).then(|| codec::encode(&Item::Genesis(orderer.game().genesis().clone())));
        let append = Append {
            chain: self.chain(),
            expected: self.head,
            open: genesis.is_some().then_some(orderer.game().is_clocked()),
            genesis,
            entries: store::entries(&entries),
        };
        if let Some(answer) = answer.filter(|_| Mutant::DONE_TOO_SOON.is_on()) {
            answer.done();
        }
        match self.relay.log.append(append).await {
            Ok(head) => {
                self.head = head;
                self.stored = true;
            }
            Err(error) => {
                if matches!(error, AppendError::Conflict { .. }) {
                    self.reload().await;
                }
                return Err(error);
            }
        }
        let now = self.relay.clock.now();
        self.relay
            .metrics
            .ordering
            .observe(std::time::Duration::from_millis(
                now.saturating_sub(at).get(),
            ));
        self.relay.metrics.last_receipt_ms.set(now.get());
        self.relay.metrics.receipts.add(entries.len() as u64);
        let Some(orderer) = &mut self.orderer else {
            return Ok(());
        };
        let was_seated = orderer.game().state().line.players().is_some();
        let mut items = orderer.commit(&self.relay.key, &entries);
        let game = orderer.game();
        let is_seated = game.state().line.players().is_some();
        let over = game.state().outcome().is_some();
        if is_seated && !was_seated {
            // Whoever first hears of the game by its Seat needs the genesis too.
            items.insert(0, Item::Genesis(game.genesis().clone()));
        }
        self.publish(&items);
        if let Some(answer) = answer {
            match &then {
                None => answer.done(),
                Some(refusal) => {
                    let game = self.orderer.as_ref().map(Orderer::game);
                    answer.refused(Refused::ledger(refusal, game));
                }
            }
        }
        if entries
            .iter()
            .any(|entry| matches!(entry.receipt.what, What::Home(_)))
            && self.upstream.take().is_some()
        {
            // The game is at home here now.
            self.relay.fellows.unwatch(self.id);
        }
        if is_seated && !was_seated {
            self.joins.clear();
            self.tell_presence();
        }
        if is_seated || over {
            self.relay.lobby.remove(&self.relay, self.id, true);
        }
        if over {
            self.joins.clear();
            self.close();
        }
        Ok(())
    }

    /// The game is over: the log need not list it among those that go on.
    fn close(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let (relay, chain, expected) = (self.relay.clone(), self.chain(), self.head);
        tokio::spawn(async move {
            let append = Append {
                chain,
                expected,
                genesis: None,
                entries: Vec::new(),
                open: Some(false),
            };
            if let Err(error) = relay.log.append(append).await {
                tracing::debug!(%error, "a finished game stays listed as open until it is read again");
            }
        });
    }

    async fn lapse(&mut self, lapsed: Lapsed, answer: Option<&Answer>) -> Result<(), AppendError> {
        let own = self.relay.order_key();
        let Some(orderer) = &self.orderer else {
            return Ok(());
        };
        let item = if orderer.game().has_lapsed(own, lapsed.epoch) {
            Item::Lapsed {
                by: own,
                lapsed: self.relay.key.sign(self.id, lapsed),
            }
        } else {
            let genesis = (!self.stored)
                .then(|| codec::encode(&Item::Genesis(orderer.game().genesis().clone())));
            let append = Append {
                chain: self.chain(),
                expected: self.head,
                genesis,
                entries: vec![store::lapse_entry(&lapsed)],
                open: None,
            };
            match self.relay.log.append(append).await {
                Ok(head) => self.head = head,
                Err(error) => {
                    if matches!(error, AppendError::Conflict { .. }) {
                        self.reload().await;
                    }
                    return Err(error);
                }
            }
            self.stored = true;
            let Some(orderer) = &mut self.orderer else {
                return Ok(());
            };
            orderer.lapse(&self.relay.key, lapsed)
        };
        self.publish(&[item]);
        if let Some(answer) = answer {
            answer.done();
        }
        Ok(())
    }

    /// Reads the game again if the log goes on behind the end that is known here; whether it did.
    async fn catch_up(&mut self) -> bool {
        let behind = self.relay.log.read(self.chain(), self.head, 1).await;
        if !self.stored || behind.is_ok_and(|entries| entries.is_empty()) {
            return false;
        }
        let before = self.head;
        self.reload().await;
        self.head > before
    }

    /// The log holds more than this task knows: an append whose answer was lost, or another relay with the same key.
    async fn reload(&mut self) {
        let last = |orderer: &Orderer, own| {
            let items = store::in_order(orderer.game(), own, None);
            items.iter().rev().find_map(|item| match item {
                Item::Receipt { by, receipt } if *by == own || orderer.game().is_clocked() => {
                    Some(receipt.hash())
                }
                _ => None,
            })
        };
        let own = self.relay.order_key();
        let before = self.orderer.as_ref().and_then(|orderer| last(orderer, own));
        self.load().await;
        if let Some(orderer) = &self.orderer {
            let news = store::in_order(orderer.game(), own, before);
            self.publish(&news);
        }
    }
}

/// Whether an item is in the game already.
fn is_known(orderer: &Orderer, item: &Item) -> bool {
    let game = orderer.game();
    match item {
        Item::Genesis(genesis) => GameId(genesis.hash().0) == game.id(),
        Item::Record(record) => game.knows(record.hash()),
        Item::Receipt { receipt, .. } => game.knows(receipt.hash()),
        Item::Home(home) => game.home_signatures().any(|(_, known)| known == home),
        Item::Lapsed { by, lapsed } => game.has_lapsed(*by, lapsed.body.epoch),
        Item::Continued { .. } => false,
    }
}
