//! A relay as one process: its clock, its sessions, the stream to its fellow, its games. What the shipped relay does with
//! sockets, tasks and timers happens here by events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rookery_ledger::id::{GameId, Millis, OrderKey, PlayerKey};
use rookery_ledger::record::Item;
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request, RequestId};
use rookery_relay::fellows;
use rookery_relay::order_log;
use rookery_relay::outbox::{Refused, SessionId};

use super::table::{Msg, News, Table};

/// The wall clock at the beginning of a run.
pub(super) const EPOCH_MS: u64 = 1_700_000_000_000;
/// A clock that runs wrong is set right before it is off by more.
const MOST_DRIFT_MS: i64 = 1_000;
/// A game without watchers leaves memory after so long; the shipped default is five minutes.
const IDLE_MS: u64 = 60_000;

/// What a relay wants done.
#[derive(Debug)]
pub(super) enum Out {
    /// To the other ends of these sessions.
    Push(Vec<SessionId>, Push),
    /// Over the stream to the fellow.
    Request(SessionId, Request),
    /// A question of a game to the log.
    Ask(GameId, order_log::Request),
    /// Beside everything else.
    Mark(order_log::Append),
    /// To the fellow relays, without a stream.
    Gossip(GameId, Vec<Item>),
    /// The game looks at the time then.
    Wake(GameId, u64),
    /// After so long the fellow is asked again for the game.
    CatchUp(GameId, u64),
    /// These were ordered for what came at that time by the simulation's own clock.
    Ordered(Vec<Item>, u64),
}

/// Carries the answer to a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) session: SessionId,
    pub(super) id: RequestId,
}

/// The wall clock as one life of a relay reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    began: u64,
    /// What it showed then.
    showed: u64,
    /// How many ppm it is fast.
    drift: i64,
}

impl Clock {
    pub(super) fn new(began: u64, offset: i64, drift: i64) -> Self {
        Self {
            began,
            showed: (EPOCH_MS + began).saturating_add_signed(offset),
            drift,
        }
    }

    pub(super) fn now(&self, now: u64) -> Millis {
        let passed = now.saturating_sub(self.began);
        let extra = i64::try_from(passed).unwrap_or(0) * self.drift / 1_000_000;
        let extra = extra.clamp(-MOST_DRIFT_MS, MOST_DRIFT_MS);
        Millis::new((self.showed + passed).saturating_add_signed(extra))
    }
}

/// A session, at the relay's end.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) player: Option<PlayerKey>,
    pub(super) is_relay: bool,
    pub(super) rtt: u64,
    pub(super) watched: BTreeSet<GameId>,
}

/// The stream to the fellow, at the end of who opened it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) session: SessionId,
    pub(super) order: OrderKey,
    waiting: BTreeMap<RequestId, Waiting>,
    next: RequestId,
}

#[derive(Debug, Clone, Copy)]
enum Waiting {
    Client(Answer),
    /// A game looks for who has it.
    Search(GameId),
    /// The fellow is to have it too.
    Told(GameId),
    /// It is followed at the fellow.
    Watched(GameId),
}

/// One relay.
pub(super) struct Relay {
    pub(super) at: usize,
    pub(super) key: Arc<Keypair>,
    pub(super) boot: u32,
    pub(super) up: bool,
    pub(super) clock: Clock,
    /// The last alive mark of the life before, and when this one began to serve.
    pub(super) outage: Option<(Millis, Millis)>,
    pub(super) began: u64,
    pub(super) guests: BTreeMap<SessionId, Guest>,
    pub(super) link: Option<Link>,
    /// Games that are followed at the fellow, and those of which it could not take something.
    followed: BTreeSet<GameId>,
    behind: BTreeSet<GameId>,
    /// Those that it did not know.
    unknown: BTreeSet<GameId>,
    /// Games in which the outage before this process is not stamped yet, and since when there is none.
    pub(super) unstamped: BTreeSet<GameId>,
    pub(super) stamped: u64,
    tables: BTreeMap<GameId, Table>,
    /// Games that left memory and when they have something to do.
    asleep: BTreeMap<GameId, u64>,
    /// This event's time.
    pub(super) now: u64,
    pub(super) out: Vec<Out>,
}

impl Relay {
    pub(super) fn new(at: usize, key: Keypair, clock: Clock) -> Self {
        Self {
            at,
            key: Arc::new(key),
            boot: 0,
            up: true,
            clock,
            outage: None,
            began: 0,
            guests: BTreeMap::new(),
            link: None,
            followed: BTreeSet::new(),
            behind: BTreeSet::new(),
            unknown: BTreeSet::new(),
            unstamped: BTreeSet::new(),
            stamped: 0,
            tables: BTreeMap::new(),
            asleep: BTreeMap::new(),
            now: 0,
            out: Vec::new(),
        }
    }

    /// The process is gone, with all that its memory held.
    pub(super) fn die(&mut self) {
        self.up = false;
        self.guests.clear();
        self.link = None;
        self.followed.clear();
        self.behind.clear();
        self.unknown.clear();
        self.unstamped.clear();
        self.tables.clear();
        self.asleep.clear();
    }

    pub(super) fn wall(&self) -> Millis {
        self.clock.now(self.now)
    }

    /// Runs something at a table, which is read from the log first if it is not in memory.
    pub(super) fn send(&mut self, game: GameId, msg: Msg) {
        let mut table = match self.tables.remove(&game) {
            Some(table) => table,
            None => Table::open(self, game),
        };
        table.take(self, msg);
        self.put(game, table);
    }

    /// The same for a table in memory; else it is dropped.
    pub(super) fn tell(&mut self, game: GameId, msg: Msg) {
        if let Some(mut table) = self.tables.remove(&game) {
            table.take(self, msg);
            self.put(game, table);
        }
    }

    fn put(&mut self, game: GameId, mut table: Table) {
        if table.owes_gap() {
            self.unstamped.insert(game);
        } else if self.unstamped.remove(&game) && self.unstamped.is_empty() {
            self.stamped = self.now;
        }
        if table.is_useless() {
            self.unfollow(game);
            return;
        }
        if let Some(at) = table.wake(self) {
            self.out.push(Out::Wake(game, at));
        }
        self.tables.insert(game, table);
    }

    pub(super) fn answered(&mut self, game: GameId, response: order_log::Response) {
        if let Some(mut table) = self.tables.remove(&game) {
            table.answered(self, response);
            self.put(game, table);
        }
    }

    /// A moment for which a game asked, or after which it may leave memory.
    pub(super) fn on_wake(&mut self, game: GameId) {
        match self.tables.get_mut(&game) {
            Some(table) => {
                if !table.is_due(self.now) {
                    return;
                }
                if table.may_leave(self.now, IDLE_MS) {
                    let wake = self
                        .tables
                        .remove(&game)
                        .and_then(|table| table.next_time(self));
                    self.unfollow(game);
                    if let Some(wake) = wake {
                        self.asleep.insert(game, wake);
                        self.out.push(Out::Wake(game, wake));
                    }
                    return;
                }
                self.tell(game, Msg::Wake);
            }
            None => {
                if self.asleep.get(&game).is_some_and(|at| *at <= self.now) {
                    self.asleep.remove(&game);
                    self.send(game, Msg::Wake);
                }
            }
        }
    }

    pub(super) fn push(&mut self, to: Vec<SessionId>, push: Push) {
        if !to.is_empty() {
            self.out.push(Out::Push(to, push));
        }
    }

    pub(super) fn done(&mut self, answer: Answer) {
        self.push(vec![answer.session], Push::Done { id: answer.id });
    }

    pub(super) fn refuse(&mut self, answer: Answer, refused: Refused) {
        let push = Push::Refused {
            id: answer.id,
            code: refused.code,
            words: refused.words,
            head: refused.head,
            item: refused.item,
            retry_ms: refused.retry_ms,
        };
        self.push(vec![answer.session], push);
    }

    /// A session begins.
    pub(super) fn welcome(&mut self, session: SessionId, player: Option<PlayerKey>, rtt: u64) {
        let guest = Guest {
            player,
            is_relay: player.is_none(),
            rtt,
            watched: BTreeSet::new(),
        };
        self.guests.insert(session, guest);
    }

    /// A session is over.
    pub(super) fn farewell(&mut self, session: SessionId) {
        if let Some(guest) = self.guests.remove(&session) {
            let lag = Millis::new(guest.rtt);
            for game in guest.watched {
                let player = guest.player;
                self.tell(
                    game,
                    Msg::Unwatch {
                        session,
                        player,
                        lag,
                    },
                );
            }
        }
    }

    pub(super) fn on_request(&mut self, session: SessionId, request: Request) {
        let answer = |id| Answer { session, id };
        match request {
            Request::Submit { id, game, item } => {
                let (at, arrived) = (self.wall(), self.now);
                self.send(
                    game,
                    Msg::Submit {
                        item,
                        at,
                        arrived,
                        answer: answer(id),
                    },
                );
            }
            Request::Join { id, game, join } => {
                self.send(
                    game,
                    Msg::Join {
                        join,
                        answer: answer(id),
                    },
                );
            }
            Request::Watch { id, game, after } => {
                if let Some(guest) = self.guests.get_mut(&session) {
                    guest.watched.insert(game);
                }
                self.send(
                    game,
                    Msg::Watch {
                        after,
                        answer: answer(id),
                    },
                );
            }
            Request::Unwatch { game } => {
                if let Some(guest) = self.guests.get_mut(&session) {
                    guest.watched.remove(&game);
                    let (player, lag) = (guest.player, Millis::new(guest.rtt));
                    self.tell(
                        game,
                        Msg::Unwatch {
                            session,
                            player,
                            lag,
                        },
                    );
                }
            }
            Request::Say { id, game, said } => {
                self.send(
                    game,
                    Msg::Say {
                        said,
                        answer: answer(id),
                    },
                );
            }
            Request::Hello { .. }
            | Request::List { .. }
            | Request::Lobby { .. }
            | Request::Echo { .. } => {}
        }
    }

    // The fellow.

    /// The stream to the fellow is open.
    pub(super) fn linked(&mut self, session: SessionId, order: OrderKey) {
        self.link = Some(Link {
            session,
            order,
            waiting: BTreeMap::new(),
            next: 0,
        });
        for game in self.followed.clone() {
            self.follow_again(game);
        }
        // Games that the fellow orders could not be followed before.
        for game in self.tables.keys().copied().collect::<Vec<_>>() {
            self.tell(game, Msg::Wake);
        }
    }

    /// The stream to the fellow is gone.
    pub(super) fn unlinked(&mut self) {
        if let Some(link) = self.link.take() {
            for waiting in link.waiting.into_values() {
                self.fellow_answers(waiting, Err(lost()));
            }
        }
    }

    /// Whether the fellow signs with `key` and can be reached.
    pub(super) fn fellow_has(&self, key: OrderKey) -> bool {
        self.link.as_ref().is_some_and(|link| link.order == key)
    }

    fn ask_fellow(&mut self, waiting: Option<Waiting>, request: impl FnOnce(RequestId) -> Request) {
        let Some(link) = &mut self.link else {
            if let Some(waiting) = waiting {
                self.fellow_answers(waiting, Err(lost()));
            }
            return;
        };
        link.next += 1;
        let id = link.next;
        if let Some(waiting) = waiting {
            link.waiting.insert(id, waiting);
        }
        self.out.push(Out::Request(link.session, request(id)));
    }

    pub(super) fn forward(&mut self, answer: Answer, request: impl FnOnce(RequestId) -> Request) {
        self.ask_fellow(Some(Waiting::Client(answer)), request);
    }

    /// Something that the fellow is to store too.
    pub(super) fn tell_fellow(&mut self, game: GameId, item: Item) {
        let submit = move |id| Request::Submit { id, game, item };
        self.ask_fellow(Some(Waiting::Told(game)), submit);
    }

    /// Follows a game at the fellow.
    pub(super) fn follow(&mut self, game: GameId) {
        if self.followed.insert(game) {
            self.follow_again(game);
        }
    }

    /// Asks once more for what the fellow did not know.
    pub(super) fn follow_unknown(&mut self, game: GameId) {
        if self.unknown.remove(&game) {
            self.follow_again(game);
        }
    }

    fn follow_again(&mut self, game: GameId) {
        self.ask_fellow(Some(Waiting::Watched(game)), move |id| Request::Watch {
            id,
            game,
            after: None,
        });
    }

    /// The fellow is asked what it has of a game that it could not take something of.
    pub(super) fn catch_up(&mut self, game: GameId) {
        if self.behind.remove(&game) && self.followed.contains(&game) {
            self.follow_again(game);
        }
    }

    pub(super) fn unfollow(&mut self, game: GameId) {
        self.unknown.remove(&game);
        if self.followed.remove(&game)
            && let Some(link) = &self.link
        {
            self.out
                .push(Out::Request(link.session, Request::Unwatch { game }));
        }
    }

    /// Asks the fellow for a game.
    pub(super) fn find(&mut self, game: GameId) {
        self.ask_fellow(Some(Waiting::Search(game)), move |id| Request::Watch {
            id,
            game,
            after: None,
        });
    }

    fn fellow_answers(&mut self, waiting: Waiting, answered: Result<(), Refused>) {
        match (waiting, answered) {
            (Waiting::Client(answer), Ok(())) => self.done(answer),
            (Waiting::Client(answer), Err(refused)) => self.refuse(answer, refused),
            // A fellow that is lost is asked again when it is back.
            (Waiting::Told(_) | Waiting::Watched(_), Err(_)) if self.link.is_none() => {}
            (Waiting::Told(game) | Waiting::Watched(game), Err(refused))
                if let Some(wait) = fellows::told_again(&refused.code, refused.retry_ms) =>
            {
                if self.behind.insert(game) {
                    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    self.out.push(Out::CatchUp(game, wait));
                }
            }
            (Waiting::Told(_), Err(_)) => {}
            (Waiting::Watched(game), Err(_)) => {
                self.unknown.insert(game);
                self.tell(game, Msg::Fellow(News::Unknown));
            }
            (Waiting::Told(game), Ok(())) => self.follow_unknown(game),
            (Waiting::Watched(game), Ok(())) => drop(self.unknown.remove(&game)),
            (Waiting::Search(game), answered) => {
                if answered.is_ok() {
                    self.followed.insert(game);
                }
                self.tell(game, Msg::Searched(answered.is_ok()));
            }
        }
    }

    /// The fellow said something over the stream.
    pub(super) fn on_push(&mut self, push: Push) {
        match push {
            Push::Done { id } => {
                let waiting = self.link.as_mut().and_then(|link| link.waiting.remove(&id));
                if let Some(waiting) = waiting {
                    self.fellow_answers(waiting, Ok(()));
                }
            }
            Push::Refused {
                id,
                code,
                words,
                head,
                item,
                retry_ms,
            } => {
                let waiting = self.link.as_mut().and_then(|link| link.waiting.remove(&id));
                if let Some(waiting) = waiting {
                    let refused = Refused {
                        code,
                        words,
                        head,
                        item,
                        retry_ms,
                    };
                    self.fellow_answers(waiting, Err(refused));
                }
            }
            Push::Items { game, items } => self.tell(game, Msg::Fellow(News::Items(items))),
            Push::Joined { game, join } => self.tell(game, Msg::Fellow(News::Joined(join))),
            Push::Said { game, said } => self.tell(game, Msg::Fellow(News::Said(said))),
            _ => {}
        }
    }
}

fn lost() -> Refused {
    Refused::retry(
        "no-home",
        "The relay that orders this game cannot be reached just now.",
        1_000,
    )
}
