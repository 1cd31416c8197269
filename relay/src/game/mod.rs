//! One game at this relay: a task that drives the game's [`Sequencer`] over the log and passes the news on to those who
//! watch.

mod audience;
mod driver;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use libp2p::PeerId;
use rookery_ledger::Colour;
use rookery_ledger::id::{GameId, Hash, Millis, PlayerKey};
use rookery_ledger::order::Orderer;
use rookery_ledger::record::{Item, Join, Signed};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::games::{FellowNews, GameMsg};
use crate::outbox::{Answer, Out, Outbox, Refused};
use crate::relay::Relay;
use crate::sequencer::{Input, Sequencer, in_order, seat_of};
use crate::trace::Event;

use audience::Audience;

/// A game looks a little later than its time says, so that a move that came in time is seen first.
const SLACK: Duration = Duration::from_millis(20);
/// How long a fellow relay may take to say whether it has a game.
const SEARCH: Duration = Duration::from_secs(3);
/// When a game that went on and could not be read is tried again, ms.
const READ_AGAIN_MS: u64 = 1_000;
/// Messages that may wait while a game is looked for at fellow relays.
const PARKED: usize = 64;

/// Runs one game until it leaves memory.
pub(crate) async fn run(relay: Arc<Relay>, id: GameId, mut messages: mpsc::Receiver<GameMsg>) {
    let mut task = Task::new(relay, id);
    task.note(|| Event::Opened);
    task.drive(Input::Read, None).await;
    loop {
        let wake = task.wake();
        let idle = task.idle_until();
        tokio::select! {
            // A move that waits in the mailbox comes before the flag that would make it late.
            biased;
            message = messages.recv() => match message {
                Some(GameMsg::Forget { done }) => {
                    task.relay.games.drop_forgotten(&task.relay, id, &mut messages).await;
                    for message in std::mem::take(&mut task.parked) {
                        message.refuse(Refused::forgotten());
                    }
                    // Whoever asked may have gone.
                    let _ = done.send(());
                    break;
                }
                Some(message) => task.on_message(message).await,
                None => break,
            },
            found = task.searched(), if task.search.is_some() => task.on_searched(found).await,
            () = sleep_until(wake) => task.on_time().await,
            () = tokio::time::sleep_until(idle) => {
                let wake = task.wake_away();
                if task.may_leave() && task.relay.games.leave(&task.relay, id, &messages, wake) {
                    break;
                }
                task.used = Instant::now();
            }
        }
    }
    task.relay.fellows.unwatch(id);
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

struct Task {
    relay: Arc<Relay>,
    id: GameId,
    sequencer: Sequencer,
    /// Time's business waits until then, because the log failed or the clock is behind it.
    not_before: Option<Instant>,
    audience: Audience,
    /// Wishes to sit down, until somebody sits.
    joins: Vec<Signed<Join>>,
    /// The last known lag of each player, for a mover who is away.
    lags: HashMap<PlayerKey, Millis>,
    /// The fellow relay that this one hears of the game from.
    upstream: Option<PeerId>,
    search: Option<tokio::task::JoinHandle<Option<PeerId>>>,
    parked: Vec<GameMsg>,
    used: Instant,
    /// Whether the outage before this process is still to be stamped, as it was noted last.
    unstamped: bool,
    /// Whether anyone may watch: the seat was open to everyone in the lobby.
    public: bool,
}

impl Task {
    fn new(relay: Arc<Relay>, id: GameId) -> Self {
        let unstamped = relay.outage.get().is_some();
        let public = relay.live.has(id);
        let sequencer = Sequencer::new(id, relay.key.clone(), relay.outage.get().copied());
        Self {
            relay,
            id,
            sequencer,
            not_before: None,
            audience: Audience::default(),
            joins: Vec::new(),
            lags: HashMap::new(),
            upstream: None,
            search: None,
            parked: Vec::new(),
            used: Instant::now(),
            unstamped,
            public,
        }
    }

    /// The game, as far as it is known.
    fn orderer(&self) -> Option<&Orderer> {
        self.sequencer.orderer()
    }

    fn wake(&self) -> Option<Instant> {
        let at = self.orderer()?.wake_at(self.mover_lag())?;
        let wait = at.saturating_sub(self.relay.clock.now());
        let wake = Instant::now() + Duration::from_millis(wait.get()) + SLACK;
        Some(self.not_before.map_or(wake, |earliest| wake.max(earliest)))
    }

    /// When the game has something to do again, should it leave memory: what the log failed to give is read again.
    fn wake_away(&self) -> Option<Millis> {
        match self.orderer() {
            Some(orderer) => orderer.wake_at(self.mover_lag()),
            None => {
                let again = || Millis::new(self.relay.clock.now().get() + READ_AGAIN_MS);
                self.sequencer.owes_gap().then(again)
            }
        }
    }

    fn idle_until(&self) -> Instant {
        let useless = self.orderer().is_none() && self.search.is_none();
        let idle = if useless {
            0
        } else {
            self.relay.limits().game_idle_ms
        };
        self.used + Duration::from_millis(idle)
    }

    fn may_leave(&self) -> bool {
        self.audience.is_empty() && self.search.is_none() && self.joins.is_empty()
    }

    /// The lag of the side to move, as far as it is known.
    fn mover_lag(&self) -> Millis {
        let Some(orderer) = self.orderer() else {
            return Millis::ZERO;
        };
        let line = &orderer.game().state().line;
        let Some(players) = line.players() else {
            return Millis::ZERO;
        };
        let mover = *players.get(line.turn());
        let now = self.audience.lag_of(mover, self.id);
        now.or_else(|| self.lags.get(&mover).copied())
            .unwrap_or(Millis::ZERO)
    }

    async fn on_message(&mut self, message: GameMsg) {
        if !matches!(message, GameMsg::Unwatch { .. } | GameMsg::Wake { .. }) {
            self.used = Instant::now();
        }
        if self.sequencer.is_unread() {
            self.drive(Input::Read, None).await;
        }
        if self.orderer().is_none() && !self.is_for_unknown(&message) {
            return self.park(message);
        }
        self.ask_upstream();
        match message {
            GameMsg::Submit { item, at, answer } => self.on_submit(item, at, &answer).await,
            GameMsg::Join { join, answer } => self.on_join(join, &answer),
            GameMsg::Watch { after, answer } => self.on_watch(after, answer).await,
            GameMsg::Unwatch { session } => {
                if let Some(outbox) = self.audience.remove(session) {
                    let lag = outbox.info().lag(self.id);
                    self.lags
                        .extend(outbox.info().player().map(|player| (player, lag)));
                    outbox.info().forget(self.id);
                    self.tell_presence(None);
                    self.show_live();
                }
            }
            GameMsg::List { listed, answer } => self.on_list(listed, &answer),
            GameMsg::Say { said, answer } => self.on_say(said, &answer),
            GameMsg::FromFellow(news) => self.on_fellow(news).await,
            GameMsg::Export { reply } => {
                if let Some(orderer) = self.orderer() {
                    self.note(|| Event::shown(None, &orderer.game().items()));
                    // Whoever asked may have gone.
                    let _ = reply.send(orderer.game().clone());
                }
            }
            GameMsg::Wake { done } => {
                self.tell_old_home();
                self.on_time().await;
                done.map(|done| done.send(()));
            }
            // The task's loop has taken it.
            GameMsg::Forget { .. } => {}
        }
    }

    /// Whether a message makes sense although the game is not known here.
    fn is_for_unknown(&self, message: &GameMsg) -> bool {
        matches!(
            message,
            GameMsg::Submit {
                item: Item::Genesis(_),
                ..
            } | GameMsg::FromFellow(_)
                | GameMsg::Unwatch { .. }
                | GameMsg::Wake { .. }
        )
    }

    /// Keeps a message while fellow relays are asked for the game, or refuses it.
    fn park(&mut self, message: GameMsg) {
        let Some(answer) = message.answer().cloned() else {
            return;
        };
        if self.sequencer.is_unread() {
            return answer.refused(Refused::retry(
                "log-unavailable",
                "The relay cannot read the game just now.",
                1_000,
            ));
        }
        // A relay that asks is not sent on to others: it asks them itself.
        if answer.outbox.info().is_relay || self.parked.len() >= PARKED || !self.relay.fellows.any()
        {
            return answer.refused(Refused::unknown_game());
        }
        self.parked.push(message);
        if self.search.is_none() {
            let (relay, id) = (self.relay.clone(), self.id);
            self.search = Some(tokio::spawn(async move {
                tokio::time::timeout(SEARCH, relay.fellows.find(id))
                    .await
                    .ok()
                    .flatten()
            }));
        }
    }

    async fn searched(&mut self) -> Option<PeerId> {
        match &mut self.search {
            Some(search) => search.await.unwrap_or(None),
            None => std::future::pending().await,
        }
    }

    async fn on_searched(&mut self, found: Option<PeerId>) {
        self.search = None;
        // The game's items came before the answer, so the game is known by now if anybody has it.
        self.upstream = self.upstream.or(found);
        for message in std::mem::take(&mut self.parked) {
            if self.orderer().is_some() {
                Box::pin(self.on_message(message)).await;
            } else {
                message.refuse(Refused::unknown_game());
            }
        }
    }

    async fn on_watch(&mut self, after: Option<Hash>, answer: Answer) {
        let Some(orderer) = self.orderer() else {
            return;
        };
        let game = orderer.game();
        let own = self.relay.order_key();
        self.note(|| Event::shown(after, &in_order(game, own, after)));
        let known = self.audience.replay(after);
        let is_known = known.is_some();
        let frames = known.unwrap_or_else(|| {
            let frames = audience::frames(self.id, &in_order(game, own, after));
            // What is old already says nothing about how fast the relay delivers.
            frames
                .into_iter()
                .map(|frame| Out {
                    news: None,
                    ..frame
                })
                .collect()
        });
        for frame in frames.iter() {
            answer.outbox.send(frame.clone());
        }
        let creator = game.genesis().body.creator;
        let line = &game.state().line;
        let mover = line.players().map(|players| *players.get(line.turn()));
        let player = answer.outbox.info().player();
        self.audience.add(answer.outbox.clone());
        if !is_known {
            self.audience.keep_replay(after, &frames);
        }
        self.show_live();
        if let (true, Some(upstream)) = (answer.outbox.info().is_relay, self.upstream) {
            // If it is the one that the game is followed at, it may not have known it until now.
            self.relay.fellows.watch_unknown(upstream, self.id);
        }
        self.tell_presence(Some(&answer.outbox));
        answer.done();
        // The creator may be at the relay that asks, or come there later.
        if player == Some(creator) || answer.outbox.info().is_relay {
            for join in &self.joins {
                answer.outbox.push(&audience::joined(self.id, join));
            }
        }
        if mover.is_some() && mover == player {
            let now = self.relay.clock.now();
            self.drive(Input::Returned { now }, None).await;
        }
    }

    /// Follows the game at the relay that is the one for that among those in reach.
    fn ask_upstream(&mut self) {
        let fellows = &self.relay.fellows;
        let best = self.sequencer.follow(&fellows.order_keys());
        match best.and_then(|best| fellows.with_order_key(best)) {
            Some(fellow) if self.upstream == Some(fellow) => {}
            Some(fellow) => {
                if self.upstream.replace(fellow).is_some() {
                    fellows.unwatch(self.id);
                }
                fellows.watch(fellow, self.id);
            }
            // Nobody better is there, so others follow it here.
            None if self.orderer().is_some_and(|it| !it.game().is_clocked()) => {
                self.upstream = None;
            }
            None => {}
        }
    }

    /// Tells the home before that the game moved here.
    fn tell_old_home(&self) {
        let fellows = &self.relay.fellows;
        if let Some((before, items)) = self.sequencer.moved_from()
            && let Some(fellow) = fellows.with_order_key(before)
        {
            for item in items {
                fellows.tell(fellow, self.id, item);
            }
        }
    }

    async fn on_fellow(&mut self, news: FellowNews) {
        match news {
            FellowNews::Items(items) => {
                let now = self.relay.clock.now();
                self.drive(Input::Learn { items, now }, None).await;
                // What is gossiped is not all: who only heard of the game that way has yet to follow it.
                self.ask_upstream();
            }
            FellowNews::Joined(join) => {
                let pass_on = self.audience.wished.is_new(join.sig);
                self.to_creator(&join, pass_on);
                let line = self.orderer().map(|orderer| &orderer.game().state().line);
                if line.is_some_and(|line| line.players().is_none()) {
                    self.keep_wish(join);
                }
            }
            FellowNews::Said(said) => {
                if self.audience.heard.is_new(said.sig) {
                    self.pass_on(&said, None);
                }
            }
            FellowNews::Unknown => {
                if let (Some(item), Some(fellow)) = (self.sequencer.for_unknowing(), self.upstream)
                {
                    self.relay.fellows.tell(fellow, self.id, item);
                }
            }
            FellowNews::Presence { creator, joiner } => {
                self.audience.far = (creator, joiner);
                self.tell_presence(None);
            }
        }
    }

    fn on_list(&mut self, listed: bool, answer: &Answer) {
        let Some(orderer) = self.orderer() else {
            return;
        };
        let game = orderer.game();
        if answer.outbox.info().player() != Some(game.genesis().body.creator) {
            return answer.refused(Refused::new(
                "not-a-player",
                "Only its creator lists a game.",
            ));
        }
        if !listed {
            self.relay.lobby.remove(&self.relay, self.id, true);
            return answer.done();
        }
        if game.state().line.players().is_some() || game.state().outcome().is_some() {
            let seat = seat_of(game).unwrap_or_else(|| self.id.as_hash());
            let refusal = rookery_ledger::Refusal::SeatTaken { seat };
            return answer.refused(Refused::ledger(&refusal, Some(game)));
        }
        match self
            .relay
            .lobby
            .add_own(&self.relay, game.genesis().clone())
        {
            Ok(()) => answer.done(),
            Err(refused) => answer.refused(*refused),
        }
    }
}

/// The colour of a session's player in a game.
fn colour_of(game: &rookery_ledger::Game, outbox: &Outbox) -> Option<Colour> {
    outbox
        .info()
        .player()
        .and_then(|player| game.colour_of(player))
}

#[cfg(test)]
mod tests;
