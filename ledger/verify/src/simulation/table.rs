//! One game at a simulated relay: what the shipped relay's task of a game does around its sequencer (`relay/src/game/`),
//! with the log's answers and the time as events.

mod fellows;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rookery_ledger::Game;
use rookery_ledger::id::{GameId, Hash, Millis, PlayerKey};
use rookery_ledger::record::{Genesis, Item, Join, Said, Signed};
use rookery_ledger::wire::{self, Push, Request};
use rookery_relay::heard::Heard;
use rookery_relay::order_log;
use rookery_relay::outbox::{Refused, SessionId};
use rookery_relay::sequencer::{Command, Event, Input, Reply, Sequencer, Step, in_order};

use super::relay::{Answer, Out, Relay};

/// As in the shipped relay.
const SLACK_MS: u64 = 20;
const PARKED: usize = 64;
const READ_AGAIN_MS: u64 = 1_000;

/// What is said to a game.
#[derive(Debug, Clone)]
pub(super) enum Msg {
    Submit {
        item: Item,
        at: Millis,
        /// By the simulation's own clock.
        arrived: u64,
        answer: Answer,
    },
    Join {
        join: Signed<Join>,
        answer: Answer,
    },
    Watch {
        after: Option<Hash>,
        answer: Answer,
    },
    Unwatch {
        session: SessionId,
        player: Option<PlayerKey>,
        lag: Millis,
    },
    Say {
        said: Signed<Said>,
        answer: Answer,
    },
    Fellow(News),
    Searched(bool),
    Wake,
    /// Another relay of the cluster put something into the log.
    Grown,
}

/// What the fellow relay said of a game.
#[derive(Debug, Clone)]
pub(super) enum News {
    Items(Vec<Item>),
    Joined(Signed<Join>),
    Said(Signed<Said>),
    Unknown,
}

/// What is done when the sequencer has done its work.
#[derive(Debug)]
enum Then {
    Nothing,
    AskUpstream,
    Go(Box<Msg>),
}

/// One game at one relay.
pub(super) struct Table {
    id: GameId,
    sequencer: Sequencer,
    not_before: Option<u64>,
    watchers: BTreeSet<SessionId>,
    heard: Heard,
    wished: Heard,
    joins: Vec<Signed<Join>>,
    lags: BTreeMap<PlayerKey, Millis>,
    upstream: bool,
    searching: bool,
    parked: Vec<Msg>,
    mailbox: VecDeque<Msg>,
    /// The log is asked: where the answer of what is worked at goes, and what follows.
    busy: Option<(Option<Answer>, Then)>,
    /// When what is worked at came.
    arrived: u64,
    /// What is published next was ordered here just now.
    ordered: bool,
    used: u64,
    /// When it looks at the time next.
    wakes: Option<u64>,
}

impl Table {
    /// Opens a game: the log is asked for it.
    pub(super) fn open(relay: &mut Relay, id: GameId) -> Self {
        let sequencer = Sequencer::new(id, relay.key.clone(), relay.outage);
        let mut table = Self {
            id,
            sequencer,
            not_before: None,
            watchers: BTreeSet::new(),
            heard: Heard::default(),
            wished: Heard::default(),
            joins: Vec::new(),
            lags: BTreeMap::new(),
            upstream: false,
            searching: false,
            parked: Vec::new(),
            mailbox: VecDeque::new(),
            busy: None,
            arrived: relay.now,
            ordered: false,
            used: relay.now,
            wakes: None,
        };
        table.drive(relay, Input::Read, None, Then::Nothing);
        table
    }

    pub(super) fn game(&self) -> Option<&Game> {
        self.sequencer.orderer().map(|orderer| orderer.game())
    }

    /// Whether the outage before this process may still have to be stamped.
    pub(super) fn owes_gap(&self) -> bool {
        self.sequencer.owes_gap()
    }

    /// Nothing is known of it and nobody waits.
    pub(super) fn is_useless(&self) -> bool {
        self.busy.is_none()
            && self.mailbox.is_empty()
            && self.game().is_none()
            && !self.searching
            && !self.sequencer.is_unread()
    }

    pub(super) fn may_leave(&self, now: u64, idle: u64) -> bool {
        self.busy.is_none()
            && self.watchers.is_empty()
            && !self.searching
            && self.joins.is_empty()
            && now >= self.used + idle
    }

    /// By the simulation's clock, when time brings something.
    pub(super) fn next_time(&self, relay: &Relay) -> Option<u64> {
        let Some(orderer) = self.sequencer.orderer() else {
            return self.owes_gap().then_some(relay.now + READ_AGAIN_MS);
        };
        let at = orderer.wake_at(self.mover_lag(relay))?;
        let wait = at.saturating_sub(relay.wall()).get();
        Some(relay.now + wait + SLACK_MS)
    }

    /// When to look at the time, where that is news to the one who keeps it.
    pub(super) fn wake(&mut self, relay: &Relay) -> Option<u64> {
        if self.busy.is_some() {
            return None;
        }
        let due = self.next_time(relay);
        let due = due.map(|at| self.not_before.map_or(at, |earliest| at.max(earliest)));
        let leave = self.watchers.is_empty().then_some(relay.now + 61_000);
        let at = due.into_iter().chain(leave).min()?;
        if self
            .wakes
            .is_some_and(|known| known > relay.now && known <= at)
        {
            return None;
        }
        self.wakes = Some(at);
        Some(at)
    }

    pub(super) fn is_due(&mut self, now: u64) -> bool {
        if self.wakes.is_none_or(|at| at > now) {
            return false;
        }
        self.wakes = None;
        true
    }

    /// The lag of the side to move, as far as it is known.
    fn mover_lag(&self, relay: &Relay) -> Millis {
        let Some(line) = self.game().map(|game| &game.state().line) else {
            return Millis::ZERO;
        };
        let Some(players) = line.players() else {
            return Millis::ZERO;
        };
        let mover = *players.get(line.turn());
        let own = self
            .watchers
            .iter()
            .filter_map(|session| relay.guests.get(session));
        let own = own.filter(|guest| guest.player == Some(mover));
        let now = own.map(|guest| Millis::new(guest.rtt)).max();
        now.or_else(|| self.lags.get(&mover).copied())
            .unwrap_or(Millis::ZERO)
    }

    pub(super) fn take(&mut self, relay: &mut Relay, msg: Msg) {
        if self.busy.is_some() {
            self.mailbox.push_back(msg);
            return;
        }
        self.on_message(relay, msg);
        self.go_on(relay);
    }

    fn go_on(&mut self, relay: &mut Relay) {
        while self.busy.is_none()
            && let Some(msg) = self.mailbox.pop_front()
        {
            self.on_message(relay, msg);
        }
    }

    fn drive(&mut self, relay: &mut Relay, input: Input, answer: Option<Answer>, then: Then) {
        self.busy = None;
        let step = self.sequencer.begin(input);
        self.carry_out(relay, step, answer, then);
    }

    pub(super) fn answered(&mut self, relay: &mut Relay, response: order_log::Response) {
        if let Some((answer, then)) = self.busy.take() {
            let step = self.sequencer.answered(response);
            self.carry_out(relay, step, answer, then);
            self.go_on(relay);
        }
    }

    fn carry_out(&mut self, relay: &mut Relay, step: Step, answer: Option<Answer>, then: Then) {
        for command in step.commands {
            self.obey(relay, command, answer);
        }
        if let Some(request) = step.ask {
            self.busy = Some((answer, then));
            relay.out.push(Out::Ask(self.id, request));
            return;
        }
        match then {
            Then::Nothing => {}
            Then::AskUpstream => self.ask_upstream(relay),
            Then::Go(msg) => self.handle(relay, *msg),
        }
    }

    fn obey(&mut self, relay: &mut Relay, command: Command, answer: Option<Answer>) {
        match command {
            Command::Publish(items) => self.publish(relay, items),
            Command::Answer(reply) => self.reply(relay, reply, answer),
            Command::Forward {
                to,
                item,
                otherwise,
            } => {
                let Some(to_whom) = answer else { return };
                // What a relay forwards is not forwarded again.
                if relay.fellow_has(to) && !is_relay(relay, to_whom.session) {
                    let game = self.id;
                    relay.forward(to_whom, move |id| Request::Submit { id, game, item });
                } else {
                    self.reply(relay, otherwise, answer);
                }
            }
            Command::Upstream(item) => {
                if self.upstream {
                    relay.tell_fellow(self.id, item);
                }
            }
            Command::Later(wait) => self.not_before = Some(relay.now + wait.get()),
            Command::Mark(append) => relay.out.push(Out::Mark(append)),
            Command::Ordered { .. } => self.ordered = true,
            Command::Reached(event) => match event {
                Event::Created => self.ask_upstream(relay),
                Event::Seated | Event::Over => self.joins.clear(),
                Event::TakenOver => {
                    if std::mem::take(&mut self.upstream) {
                        relay.unfollow(self.id);
                    }
                    self.tell_old_home(relay);
                }
            },
            Command::Trouble(_) => {}
        }
    }

    fn publish(&mut self, relay: &mut Relay, items: Vec<Item>) {
        let game = self.id;
        if std::mem::take(&mut self.ordered) {
            relay.out.push(Out::Ordered(items.clone(), self.arrived));
        }
        for items in wire::parts(&items) {
            let to = self.watchers.iter().copied().collect();
            relay.push(to, Push::Items { game, items });
        }
        if !self.upstream && !items.is_empty() && relay.link.is_some() {
            relay.out.push(Out::Gossip(game, items));
        }
    }

    fn reply(&self, relay: &mut Relay, reply: Reply, answer: Option<Answer>) {
        let Some(answer) = answer else { return };
        match Refused::by(&reply, self.game()) {
            Some(refused) => relay.refuse(answer, refused),
            None => relay.done(answer),
        }
    }

    fn on_message(&mut self, relay: &mut Relay, msg: Msg) {
        if !matches!(msg, Msg::Unwatch { .. } | Msg::Wake | Msg::Grown) {
            self.used = relay.now;
        }
        if self.sequencer.is_unread() {
            return self.drive(relay, Input::Read, None, Then::Go(Box::new(msg)));
        }
        self.handle(relay, msg);
    }

    fn handle(&mut self, relay: &mut Relay, msg: Msg) {
        let for_unknown = matches!(
            msg,
            Msg::Submit {
                item: Item::Genesis(_),
                ..
            } | Msg::Fellow(_)
                | Msg::Unwatch { .. }
                | Msg::Wake
                | Msg::Grown
                | Msg::Searched(_)
        );
        if self.game().is_none() && !for_unknown {
            return self.park(relay, msg);
        }
        self.ask_upstream(relay);
        match msg {
            Msg::Submit {
                item,
                at,
                arrived,
                answer,
            } => self.on_submit(relay, item, at, arrived, answer),
            Msg::Join { join, answer } => self.on_join(relay, join, answer),
            Msg::Watch { after, answer } => self.on_watch(relay, after, answer),
            Msg::Unwatch {
                session,
                player,
                lag,
            } => {
                if self.watchers.remove(&session) {
                    self.lags.extend(player.map(|player| (player, lag)));
                }
            }
            Msg::Say { said, answer } => self.on_say(relay, said, answer),
            Msg::Fellow(news) => self.on_fellow(relay, news),
            Msg::Searched(found) => {
                self.searching = false;
                self.upstream |= found;
                for msg in std::mem::take(&mut self.parked) {
                    if self.game().is_some() {
                        self.mailbox.push_back(msg);
                    } else if let Some(answer) = answer_of(&msg) {
                        relay.refuse(answer, Refused::unknown_game());
                    }
                }
            }
            Msg::Grown => self.drive(relay, Input::Read, None, Then::Nothing),
            Msg::Wake => {
                self.tell_old_home(relay);
                self.not_before = None;
                let (now, lag) = (relay.wall(), self.mover_lag(relay));
                self.arrived = relay.now;
                self.drive(relay, Input::Tick { now, lag }, None, Then::Nothing);
            }
        }
    }

    fn park(&mut self, relay: &mut Relay, msg: Msg) {
        let Some(answer) = answer_of(&msg) else {
            return;
        };
        if self.sequencer.is_unread() {
            let words = "The relay cannot read the game just now.";
            return relay.refuse(answer, Refused::retry("log-unavailable", words, 1_000));
        }
        if is_relay(relay, answer.session) || self.parked.len() >= PARKED || relay.link.is_none() {
            return relay.refuse(answer, Refused::unknown_game());
        }
        self.parked.push(msg);
        if !self.searching {
            self.searching = true;
            relay.find(self.id);
        }
    }

    fn on_submit(
        &mut self,
        relay: &mut Relay,
        item: Item,
        at: Millis,
        arrived: u64,
        answer: Answer,
    ) {
        if let (Item::Genesis(genesis), true) = (&item, self.game().is_none())
            && is_of_nobody_here(relay, genesis)
        {
            let words = "The game names no relay as its home that can be reached from here.";
            return relay.refuse(answer, Refused::new("no-home", words));
        }
        let lag = relay
            .guests
            .get(&answer.session)
            .map_or(0, |guest| guest.rtt);
        let (now, lag) = (relay.wall(), Millis::new(lag));
        let item = Box::new(item);
        self.arrived = arrived;
        let input = Input::Submit { item, at, lag, now };
        self.drive(relay, input, Some(answer), Then::AskUpstream);
    }

    fn on_watch(&mut self, relay: &mut Relay, after: Option<Hash>, answer: Answer) {
        let Some(game) = self.game() else { return };
        let items = in_order(game, relay.key.order(), after);
        let creator = game.genesis().body.creator;
        let line = &game.state().line;
        let mover = line.players().map(|players| *players.get(line.turn()));
        let player = relay
            .guests
            .get(&answer.session)
            .and_then(|guest| guest.player);
        let id = self.id;
        for items in wire::parts(&items) {
            relay.push(vec![answer.session], Push::Items { game: id, items });
        }
        if relay.guests.contains_key(&answer.session) {
            self.watchers.insert(answer.session);
        }
        if is_relay(relay, answer.session) && self.upstream {
            relay.follow_unknown(self.id);
        }
        relay.done(answer);
        // The creator may be at the relay that asks, or come there later.
        if player == Some(creator) || is_relay(relay, answer.session) {
            for join in self.joins.clone() {
                relay.push(vec![answer.session], Push::Joined { game: id, join });
            }
        }
        if mover.is_some() && mover == player {
            let now = relay.wall();
            self.arrived = relay.now;
            self.drive(relay, Input::Returned { now }, None, Then::Nothing);
        }
    }
}

fn is_relay(relay: &Relay, session: SessionId) -> bool {
    relay
        .guests
        .get(&session)
        .is_some_and(|guest| guest.is_relay)
}

/// Whether neither this relay nor one within reach is to order a clocked game.
fn is_of_nobody_here(relay: &Relay, genesis: &Signed<Genesis>) -> bool {
    let homes = &genesis.body.homes;
    let first = homes.first().copied();
    genesis.body.clock.is_clocked()
        && !homes.contains(&relay.key.order())
        && first.is_none_or(|home| !relay.fellow_has(home))
}

fn answer_of(msg: &Msg) -> Option<Answer> {
    match msg {
        Msg::Submit { answer, .. }
        | Msg::Join { answer, .. }
        | Msg::Watch { answer, .. }
        | Msg::Say { answer, .. } => Some(*answer),
        _ => None,
    }
}
