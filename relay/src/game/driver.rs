//! Drives a game's sequencer: puts its questions to the log, carries its commands out.

use std::time::Duration;

use rookery_ledger::Reason;
use rookery_ledger::id::{Millis, OrderKey};
use rookery_ledger::order::Orderer;
use rookery_ledger::record::{Genesis, Item, Signed};
use rookery_ledger::wire::Request;
use tokio::time::Instant;

use super::Task;
use crate::conduct::Misdeed;
use crate::outbox::{Answer, Refused};
use crate::sequencer::{Command, Event, Input, Reply};
use crate::trace;

impl Task {
    /// Takes an input through all that it leads to; `answer` is where the answer to a submission goes.
    pub(super) async fn drive(&mut self, input: Input, answer: Option<&Answer>) {
        self.note(|| trace::Event::input(&input));
        self.audience.drop_replays();
        let mut step = self.sequencer.begin(input);
        loop {
            for command in step.commands {
                self.note(|| trace::Event::command(&command));
                self.obey(command, answer);
            }
            let Some(request) = step.ask else { break };
            self.note(|| trace::Event::request(&request));
            let response = request.put_to(&*self.relay.log).await;
            self.note(|| trace::Event::response(&response));
            step = self.sequencer.answered(response);
        }
        self.note_unstamped();
    }

    /// So long as the outage before this process is not stamped here, no alive mark may follow the one before it.
    fn note_unstamped(&mut self) {
        let unstamped = self.sequencer.owes_gap();
        if unstamped || self.unstamped {
            self.relay.games.note_unstamped(self.id, unstamped);
        }
        self.unstamped = unstamped;
    }

    /// Writes down what happens to the game, where that was asked for.
    pub(super) fn note(&self, event: impl FnOnce() -> trace::Event) {
        self.relay.note(Some(self.id), event);
    }

    /// Something that time brings may be due.
    pub(super) async fn on_time(&mut self) {
        self.not_before = None;
        let (now, lag) = (self.relay.clock.now(), self.mover_lag());
        self.drive(Input::Tick { now, lag }, None).await;
    }

    /// An item is offered.
    pub(super) async fn on_submit(&mut self, item: Item, at: Millis, answer: &Answer) {
        if let (Item::Genesis(genesis), true) = (&item, self.orderer().is_none())
            && self.is_of_nobody_here(genesis)
        {
            let words = "The game names no relay as its home that can be reached from here.";
            return answer.refused(Refused::new("no-home", words));
        }
        let (now, lag) = (self.relay.clock.now(), answer.outbox.info().lag(self.id));
        let item = Box::new(item);
        let input = Input::Submit { item, at, lag, now };
        self.drive(input, Some(answer)).await;
        self.ask_upstream();
    }

    /// Whether neither this relay nor one within reach is to order a clocked game.
    fn is_of_nobody_here(&self, genesis: &Signed<Genesis>) -> bool {
        let homes = &genesis.body.homes;
        let first = homes.first().copied();
        genesis.body.clock.is_clocked()
            && !homes.contains(&self.relay.order_key())
            && first.is_none_or(|home| self.relay.fellows.with_order_key(home).is_none())
    }

    fn obey(&mut self, command: Command, answer: Option<&Answer>) {
        match command {
            Command::Publish(items) => {
                self.publish(&items);
                self.show_live();
            }
            Command::Answer(reply) => {
                if let Some(answer) = answer {
                    self.reply(reply, answer);
                }
            }
            Command::Forward {
                to,
                item,
                otherwise,
            } => {
                if let Some(answer) = answer {
                    self.forward(to, item, otherwise, answer);
                }
            }
            Command::Upstream(item) => {
                if let Some(fellow) = self.upstream {
                    self.relay.fellows.tell(fellow, self.id, item);
                }
            }
            Command::Later(wait) => {
                self.not_before = Some(Instant::now() + Duration::from_millis(wait.get()));
            }
            Command::Mark(append) => {
                let log = self.relay.log.clone();
                tokio::spawn(async move {
                    if let Err(error) = log.append(append).await {
                        tracing::debug!(%error, "a finished game stays listed as open until it is read again");
                    }
                });
            }
            Command::Ordered { receipts, since } => {
                let now = self.relay.clock.now();
                let took = Duration::from_millis(now.saturating_sub(since).get());
                self.relay.metrics.ordering.observe(took);
                self.relay.metrics.last_receipt_ms.set(now.get());
                self.relay.metrics.receipts.add(receipts as u64);
            }
            Command::Reached(event) => self.reached(event),
            Command::Trouble(words) => tracing::warn!(game = %self.id, "{words}"),
        }
    }

    fn reached(&mut self, event: Event) {
        match event {
            Event::Created => {
                self.relay.metrics.games_created.up();
                self.ask_upstream();
            }
            Event::Seated => {
                self.joins.clear();
                self.tell_presence(None);
                self.public |= self.relay.lobby.remove(&self.relay, self.id, true);
                self.show_live();
            }
            Event::TakenOver => {
                if self.upstream.take().is_some() {
                    // The game is at home here now.
                    self.relay.fellows.unwatch(self.id);
                }
                self.tell_old_home();
            }
            Event::Over => {
                self.joins.clear();
                self.note_no_show();
                self.relay.lobby.remove(&self.relay, self.id, true);
                self.show_live();
            }
        }
    }

    /// Whoever sat down and never came has kept a seat from others.
    fn note_no_show(&self) {
        let Some(line) = self.orderer().map(|orderer| &orderer.game().state().line) else {
            return;
        };
        let no_show = line
            .outcome()
            .is_some_and(|outcome| outcome.reason == Reason::NoShow);
        let (true, Some(players)) = (no_show, line.players()) else {
            return;
        };
        let (relay, away) = (&self.relay, *players.get(line.turn()));
        match relay.players.of(away).first() {
            Some(outbox) => outbox.info().misdeed(Misdeed::SeatSquatting),
            None => {
                let (points, now) = (Misdeed::SeatSquatting.points(), relay.clock.now().get());
                relay.metrics.misdeed(Misdeed::SeatSquatting);
                let conduct = relay.node.conduct();
                conduct.count(Some(away), None, points, &relay.limits(), now);
            }
        }
    }

    fn forward(&self, to: OrderKey, item: Item, otherwise: Reply, answer: &Answer) {
        match self.relay.fellows.with_order_key(to) {
            // What a relay forwards is not forwarded again.
            Some(fellow) if !answer.outbox.info().is_relay => {
                let game = self.id;
                let submit = move |id| Request::Submit { id, game, item };
                self.relay.fellows.forward(fellow, submit, answer.clone());
            }
            _ => self.reply(otherwise, answer),
        }
    }

    fn reply(&self, reply: Reply, answer: &Answer) {
        let game = self.orderer().map(Orderer::game);
        match Refused::by(&reply, game) {
            Some(refused) => answer.refused(refused),
            None => answer.done(),
        }
    }
}
