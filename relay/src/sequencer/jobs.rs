//! The work of a sequencer: submissions, time, news of other relays, and what goes on after each answer of the log.

use std::collections::VecDeque;

use rookery_ledger::id::{GameId, Hash, Millis};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order::{Decision, Entry, Orderer};
use rookery_ledger::record::{Genesis, Item, Lapsed, Signed, What};
use rookery_ledger::{Game, Inserted, Refusal, codec};

use super::entries::{entries, in_order, lapse_entry};
use super::foreign::Keeping;
use super::reading::{Loaded, Reading};
use super::{Command, Event, Progress, Reply, Sequencer, Step, out_of_turn};
use crate::order_log::{Append, AppendError, Position, Request, Response};

/// How often a decision is made anew because the log's head was another one.
const TRIES: usize = 3;
/// A clock that is further behind an entry it reads than this orders no clocked games.
const MAX_BEHIND_MS: u64 = 100;
/// After how long time's business is tried again when the log failed.
const AGAIN: Millis = Millis::new(200);

/// An item on its way into the order.
#[derive(Debug)]
pub(super) struct Submission {
    item: Item,
    at: Millis,
    lag: Millis,
    now: Millis,
    tries: usize,
    /// Whether somebody waits for the answer; nobody does for what a fellow relay tells.
    asked: bool,
}

impl Submission {
    pub(super) fn of_client(item: Item, at: Millis, lag: Millis, now: Millis) -> Self {
        Self {
            item,
            at,
            lag,
            now,
            tries: 0,
            asked: true,
        }
    }

    fn of_fellow(item: Item, now: Millis) -> Self {
        Self {
            asked: false,
            ..Self::of_client(item, now, Millis::new(0), now)
        }
    }

    fn answer(&self, reply: Reply, step: &mut Step) {
        if self.asked {
            step.commands.push(Command::Answer(reply));
        }
    }
}

/// Items of another relay.
#[derive(Debug)]
pub(super) struct Learning {
    pub(super) rest: VecDeque<Item>,
    /// Those that were news.
    pub(super) fresh: Vec<Item>,
    pub(super) now: Millis,
}

/// What an append is for.
#[derive(Debug)]
pub(super) enum Job {
    Submit(Submission),
    Create(Signed<Genesis>),
    Tick,
    Returned,
}

/// Entries on their way into the log.
#[derive(Debug)]
pub(super) struct Pending {
    entries: Vec<Entry>,
    then: Option<Refusal>,
    at: Millis,
    job: Job,
}

/// What goes on when a game was read.
#[derive(Debug)]
pub(super) enum Then {
    Nothing,
    /// The head was another one: decide anew.
    Retry(Submission),
    /// The refusal stands, unless there was more in the log than was known.
    RetryIfFurther(Submission, Refusal, Position),
    /// The game could not be created, unless it is in the log now.
    Created(AppendError),
    Later,
}

/// What the log was asked for.
#[derive(Debug)]
pub(super) enum Waiting {
    Reading {
        reading: Reading,
        /// The newest receipt that was told, if the game was known.
        told: Option<Option<Hash>>,
        then: Then,
    },
    /// Whether the log goes on behind the end that is known here.
    Tail(Submission, Refusal),
    Keeping(Keeping, Pending),
    Appending(Pending),
    Lapsing(Lapsed, Job),
}

impl Sequencer {
    pub(super) fn go_on(&mut self, waiting: Waiting, response: Response, step: &mut Step) {
        match waiting {
            Waiting::Reading {
                mut reading,
                told,
                then,
            } => match reading.next(&self.key, response) {
                Progress::Ask(request) => {
                    let waiting = Waiting::Reading {
                        reading,
                        told,
                        then,
                    };
                    self.wait(waiting, request, step);
                }
                Progress::Ended(result) => {
                    match result {
                        Ok(loaded) => {
                            self.unread = false;
                            if let Some(loaded) = loaded {
                                self.take(loaded, told, step);
                            }
                        }
                        Err(error) => {
                            self.unread = true;
                            let words = format!("cannot read the game: {error}");
                            step.commands.push(Command::Trouble(words));
                        }
                    }
                    self.after_read(then, step);
                }
            },
            Waiting::Tail(submission, refusal) => match response {
                Response::Read(Ok(behind)) if !behind.is_empty() => {
                    let head = self.head;
                    self.read(Then::RetryIfFurther(submission, refusal, head), step);
                }
                _ => self.refuse(&submission, refusal, step),
            },
            Waiting::Keeping(mut keeping, pending) => match keeping.next(response) {
                Progress::Ask(request) => {
                    self.wait(Waiting::Keeping(keeping, pending), request, step)
                }
                Progress::Ended(Ok(())) => self.append_kept(pending, step),
                Progress::Ended(Err(error)) => self.append_failed(pending.job, error, step),
            },
            Waiting::Appending(pending) => match appended(response) {
                Ok(head) => self.appended(pending, head, step),
                Err(error) => self.append_failed(pending.job, error, step),
            },
            Waiting::Lapsing(lapsed, job) => match appended(response) {
                Ok(head) => {
                    self.head = head;
                    self.stored = true;
                    if let Some(orderer) = &mut self.orderer {
                        let item = orderer.lapse(&self.key, lapsed);
                        step.commands.push(Command::Publish(vec![item]));
                    }
                    answer(&job, Reply::Done, step);
                }
                Err(error) => self.append_failed(job, error, step),
            },
        }
    }

    fn wait(&mut self, waiting: Waiting, request: Request, step: &mut Step) {
        self.waiting = Some(waiting);
        step.ask = Some(request);
    }

    pub(super) fn read(&mut self, then: Then, step: &mut Step) {
        let (reading, request) = Reading::start(self.id);
        let told = self.orderer.is_some().then(|| self.last_told());
        let waiting = Waiting::Reading {
            reading,
            told,
            then,
        };
        self.wait(waiting, request, step);
    }

    /// The log holds the game, perhaps more of it than was known here: an append whose answer was lost, or another relay
    /// with the same key.
    fn take(&mut self, loaded: Loaded, told: Option<Option<Hash>>, step: &mut Step) {
        let Loaded {
            mut orderer,
            head,
            open,
        } = loaded;
        if let Some((last_mark, serving_since)) = self.outage {
            let last = orderer.game().state().last_receipt();
            // Whatever was receipted since this process serves has stamped the outage already.
            if last.is_some_and(|last| last.receipt.at_ms < serving_since) {
                orderer.resumed(last_mark, serving_since);
            }
        }
        if let Some(before) = self.orderer.take() {
            orderer.keep(before);
        }
        if let Some(told) = told {
            let news = in_order(orderer.game(), self.key.order(), told);
            publish(news, step);
        } else {
            self.told = stage(&orderer);
        }
        let over = stage(&orderer).over;
        self.orderer = Some(orderer);
        self.head = head;
        self.open = open;
        self.stored = true;
        self.tell_stage(step);
        if over {
            self.close(step);
        }
    }

    fn after_read(&mut self, then: Then, step: &mut Step) {
        match then {
            Then::Nothing => {}
            Then::Retry(submission) => self.submit(submission, step),
            Then::RetryIfFurther(submission, refusal, before) => {
                if self.head > before {
                    self.submit(submission, step)
                } else {
                    self.refuse(&submission, refusal, step)
                }
            }
            Then::Created(error) => {
                let reply = if self.stored {
                    Reply::Done
                } else {
                    Reply::Failed(error)
                };
                step.commands.push(Command::Answer(reply));
            }
            Then::Later => step.commands.push(Command::Later(AGAIN)),
        }
    }

    /// How many ms a clock that shows `now` is behind the game's last receipt, where that is too many to order by.
    fn clock_behind(&self, now: Millis) -> Option<Millis> {
        let game = self.orderer.as_ref().map(Orderer::game)?;
        let last = game.state().last_receipt()?.receipt.at_ms;
        let behind = last.saturating_sub(now);
        (game.is_clocked() && behind.get() > MAX_BEHIND_MS).then_some(behind)
    }

    pub(super) fn tick(&mut self, now: Millis, lag: Millis, step: &mut Step) {
        if let Some(behind) = self.clock_behind(now) {
            return step.commands.push(Command::Later(behind.min(AGAIN)));
        }
        if let Some(orderer) = &mut self.orderer {
            let decision = orderer.tick(now, lag);
            self.carry_out(decision, now, Job::Tick, step);
        }
    }

    pub(super) fn returned(&mut self, now: Millis, step: &mut Step) {
        if let Some(orderer) = &self.orderer {
            let decision = orderer.mover_returned(now);
            self.carry_out(decision, now, Job::Returned, step);
        }
    }

    /// Takes in what another relay told, as far as it can without the log.
    pub(super) fn learn_on(&mut self, step: &mut Step) {
        while self.waiting.is_none()
            && let Some(mut learning) = self.learning.take()
        {
            let Some(item) = learning.rest.pop_front() else {
                publish(learning.fresh, step);
                self.tell_missed(step);
                return self.tell_stage(step);
            };
            let now = learning.now;
            let fresh = self.learn(&item);
            match fresh {
                Learnt::News => learning.fresh.push(item),
                Learnt::Nothing => {}
                Learnt::ToStore => {
                    self.learning = Some(learning);
                    self.submit(Submission::of_fellow(item, now), step);
                    continue;
                }
            }
            self.learning = Some(learning);
        }
    }

    /// Tells the relay that an untimed game is followed at what it has no receipt for: it may have been out of reach when
    /// that came here, and whoever signed it has a receipt of this relay and sends it no more.
    fn tell_missed(&self, step: &mut Step) {
        let Some(game) = self.orderer.as_ref().map(Orderer::game) else {
            return;
        };
        let first = game.genesis().body.homes.first().copied();
        let Some(home) = first.filter(|home| *home != self.key.order()) else {
            return;
        };
        if game.is_clocked() || !self.stored {
            return;
        }
        let missed = game
            .records()
            .filter(|(hash, _)| !game.is_receipted_by(home, *hash));
        let mut missed: Vec<_> = missed.map(|(_, entry)| &entry.signed).collect();
        missed.sort_by_key(|record| {
            let place = record.body.place();
            place.map_or(u64::MAX, |place| place.height.get())
        });
        let told = missed.into_iter().cloned().map(Item::Record);
        step.commands.extend(told.map(Command::Upstream));
    }

    fn learn(&mut self, item: &Item) -> Learnt {
        let Some(orderer) = &mut self.orderer else {
            let Item::Genesis(genesis) = item else {
                return Learnt::Nothing;
            };
            return match Game::new(genesis.clone()) {
                Ok(game) if game.id() == self.id => {
                    self.orderer = Some(Orderer::new(game, self.key.order(), Vec::new()));
                    Learnt::News
                }
                _ => Learnt::Nothing,
            };
        };
        if matches!(item, Item::Record(_)) && self.stored && !orderer.game().is_clocked() {
            // What this relay stores of an untimed game gets its own receipt too.
            return Learnt::ToStore;
        }
        match orderer.learn(item.clone()) {
            Ok(Inserted::New | Inserted::Held) => Learnt::News,
            Ok(Inserted::Duplicate) => Learnt::Nothing,
            Err(refusal) => {
                tracing::debug!(%refusal, game = %self.id, "a fellow relay sent what does not count");
                Learnt::Nothing
            }
        }
    }

    pub(super) fn submit(&mut self, mut submission: Submission, step: &mut Step) {
        let Some(orderer) = &mut self.orderer else {
            return match submission.item {
                Item::Genesis(genesis) => self.create(genesis, submission.at, step),
                _ => submission.answer(Reply::Unknown, step),
            };
        };
        if submission.tries == TRIES {
            return submission.answer(Reply::Contended, step);
        }
        submission.tries += 1;
        let known = is_known(orderer, &submission.item);
        if let Some(behind) = self.clock_behind(submission.now) {
            return submission.answer(Reply::ClockBehind(behind), step);
        }
        let Some(orderer) = &mut self.orderer else {
            return;
        };
        let item = &submission.item;
        match orderer.submit(item, submission.at, submission.lag) {
            Decision::Elsewhere(_) => self.send_home(submission, step),
            Decision::Done => {
                if !known && !matches!(item, Item::Genesis(_) | Item::Record(_)) {
                    step.commands.push(Command::Publish(vec![item.clone()]));
                }
                self.after_done(&submission, step);
            }
            // Another relay with this key may have gone on meanwhile.
            Decision::Refused(refusal) if self.stored && submission.asked => {
                let request = Request::Read {
                    chain: self.chain(),
                    after: self.head,
                    limit: 1,
                };
                self.wait(Waiting::Tail(submission, refusal), request, step);
            }
            Decision::Refused(refusal) => self.refuse(&submission, refusal, step),
            decision => {
                let at = submission.at;
                self.carry_out(decision, at, Job::Submit(submission), step);
            }
        }
    }

    fn refuse(&self, submission: &Submission, refusal: Refusal, step: &mut Step) {
        if let Refusal::UnknownPrev { .. } | Refusal::NotSeated = refusal {
            // What it rests on may be known where the game is followed.
            self.also_upstream(submission, step);
        }
        submission.answer(Reply::Refused(refusal), step);
    }

    /// Needs nothing more here; a `Home` to another key goes on to that.
    fn after_done(&self, submission: &Submission, step: &mut Step) {
        match &submission.item {
            Item::Home(home) if home.body.to != self.key.order() && submission.asked => {
                step.commands.push(Command::Forward {
                    to: home.body.to,
                    item: submission.item.clone(),
                    otherwise: Reply::Done,
                });
            }
            _ => submission.answer(Reply::Done, step),
        }
    }

    /// Another key orders the game: keeps what is offered, in case this relay is to take over, and passes it on.
    fn send_home(&mut self, submission: Submission, step: &mut Step) {
        let Some(orderer) = &mut self.orderer else {
            return;
        };
        if let Err(refusal) = orderer.learn(submission.item.clone()) {
            return submission.answer(Reply::Refused(refusal), step);
        }
        match orderer.elsewhere() {
            Some(to) if submission.asked => step.commands.push(Command::Forward {
                to,
                item: submission.item,
                otherwise: Reply::NoHome,
            }),
            _ => submission.answer(Reply::NoHome, step),
        }
    }

    /// An untimed game is stored by every relay that hears of it: what came here goes to the other one too.
    fn also_upstream(&self, submission: &Submission, step: &mut Step) {
        let clocked = self
            .orderer
            .as_ref()
            .is_none_or(|orderer| orderer.game().is_clocked());
        if submission.asked && !clocked {
            step.commands
                .push(Command::Upstream(submission.item.clone()));
        }
    }

    /// A new game.
    fn create(&mut self, genesis: Signed<Genesis>, at: Millis, step: &mut Step) {
        let refuse = |refusal, step: &mut Step| {
            step.commands.push(Command::Answer(Reply::Refused(refusal)));
        };
        if genesis.body.id() != self.id {
            return refuse(Refusal::WrongGame, step);
        }
        let (orderer, entry) = match Orderer::create(genesis.clone(), self.key.order(), at) {
            Ok(created) => created,
            Err(refusal) => return refuse(refusal, step),
        };
        let elsewhere = orderer.elsewhere();
        self.orderer = Some(orderer);
        if let Some(to) = elsewhere {
            // Kept in memory where it cannot be passed on, for the players may bring the game here.
            return step.commands.push(Command::Forward {
                to,
                item: Item::Genesis(genesis),
                otherwise: Reply::Done,
            });
        }
        self.open = genesis.body.clock.is_clocked();
        let pending = Pending {
            entries: vec![entry],
            then: None,
            at,
            job: Job::Create(genesis),
        };
        self.append_kept(pending, step);
    }

    fn carry_out(&mut self, decision: Decision, at: Millis, job: Job, step: &mut Step) {
        match decision {
            Decision::Append { entries, then } => {
                let pending = Pending {
                    entries,
                    then,
                    at,
                    job,
                };
                self.append(pending, step);
            }
            Decision::Lapse(lapsed) => self.lapse(lapsed, job, step),
            Decision::Done | Decision::Elsewhere(_) => answer(&job, Reply::Done, step),
            Decision::Refused(refusal) => answer(&job, Reply::Refused(refusal), step),
        }
    }

    /// Asks for an append, behind what is to be kept of other relays first.
    fn append(&mut self, pending: Pending, step: &mut Step) {
        let takes_over = takes_over(&pending.entries);
        if let Some(orderer) = &self.orderer
            && (takes_over || !self.stored)
            && let Some((keeping, request)) = Keeping::start(self.key.order(), orderer.game())
        {
            return self.wait(Waiting::Keeping(keeping, pending), request, step);
        }
        self.append_kept(pending, step);
    }

    fn append_kept(&mut self, pending: Pending, step: &mut Step) {
        let Some(orderer) = &self.orderer else {
            return;
        };
        let append = Append {
            chain: self.chain(),
            expected: self.head,
            open: (!self.stored).then_some(orderer.game().is_clocked()),
            genesis: self.genesis_if_new(orderer),
            entries: entries(&pending.entries),
        };
        if Mutant::DONE_TOO_SOON.is_on() {
            answer(&pending.job, Reply::Done, step);
        }
        self.wait(Waiting::Appending(pending), Request::Append(append), step);
    }

    fn genesis_if_new(&self, orderer: &Orderer) -> Option<Vec<u8>> {
        let genesis = || codec::encode(&Item::Genesis(orderer.game().genesis().clone()));
        (!self.stored).then(genesis)
    }

    /// The entries are durable.
    fn appended(&mut self, pending: Pending, head: Position, step: &mut Step) {
        self.head = head;
        self.stored = true;
        let Pending {
            entries,
            then,
            at,
            job,
        } = pending;
        let Some(orderer) = &mut self.orderer else {
            return;
        };
        let mut items = orderer.commit(&self.key, &entries);
        if !self.told.seated && stage(orderer).seated {
            // Whoever first hears of the game by its Seat needs the genesis too.
            items.insert(0, Item::Genesis(orderer.game().genesis().clone()));
        }
        step.commands.push(Command::Ordered {
            receipts: entries.len(),
            since: at,
        });
        publish(items, step);
        answer(&job, then.map_or(Reply::Done, Reply::Refused), step);
        match job {
            Job::Create(genesis) => {
                let created = [
                    Command::Reached(Event::Created),
                    Command::Upstream(Item::Genesis(genesis)),
                ];
                step.commands.extend(created);
            }
            Job::Submit(submission) => self.also_upstream(&submission, step),
            Job::Tick | Job::Returned => {}
        }
        if takes_over(&entries) {
            step.commands.push(Command::Reached(Event::TakenOver));
        }
        self.tell_stage(step);
        if self.told.over {
            self.close(step);
        }
    }

    /// Says which turns the game has come to since that was said last.
    fn tell_stage(&mut self, step: &mut Step) {
        let Some(orderer) = &self.orderer else {
            return;
        };
        let (before, now) = (self.told, stage(orderer));
        self.told = now;
        if now.seated && !before.seated {
            step.commands.push(Command::Reached(Event::Seated));
        }
        if now.over && !before.over {
            step.commands.push(Command::Reached(Event::Over));
        }
    }

    /// Nothing was appended, or it is not known whether.
    fn append_failed(&mut self, job: Job, error: AppendError, step: &mut Step) {
        let conflict = matches!(error, AppendError::Conflict { .. });
        match job {
            Job::Submit(submission) if conflict => self.read(Then::Retry(submission), step),
            Job::Submit(submission) if submission.asked => {
                submission.answer(Reply::Failed(error), step)
            }
            Job::Create(_) => {
                // Unless another relay with the same key was faster, the game does not exist.
                self.orderer = None;
                self.read(Then::Created(error), step);
            }
            Job::Tick if conflict => self.read(Then::Later, step),
            Job::Returned if conflict => self.read(Then::Nothing, step),
            Job::Submit(_) | Job::Tick | Job::Returned => {
                let words = format!("not in the log yet: {error}");
                step.commands.push(Command::Trouble(words));
                if let Job::Tick = job {
                    step.commands.push(Command::Later(AGAIN));
                }
            }
        }
    }

    /// The game is over: the log need not list it among those that go on.
    fn close(&mut self, step: &mut Step) {
        if std::mem::take(&mut self.open) {
            step.commands.push(Command::Mark(Append {
                chain: self.chain(),
                expected: self.head,
                genesis: None,
                entries: Vec::new(),
                open: Some(false),
            }));
        }
    }

    fn lapse(&mut self, lapsed: Lapsed, job: Job, step: &mut Step) {
        let own = self.key.order();
        let Some(orderer) = &self.orderer else {
            return;
        };
        if orderer.game().has_lapsed(own, lapsed.epoch) {
            let lapsed = self.key.sign(self.id, lapsed);
            publish(vec![Item::Lapsed { by: own, lapsed }], step);
            return answer(&job, Reply::Done, step);
        }
        let append = Append {
            chain: self.chain(),
            expected: self.head,
            genesis: self.genesis_if_new(orderer),
            entries: vec![lapse_entry(&lapsed)],
            open: None,
        };
        let waiting = Waiting::Lapsing(lapsed, job);
        self.wait(waiting, Request::Append(append), step);
    }
}

/// How far a game has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stage {
    seated: bool,
    over: bool,
}

fn stage(orderer: &Orderer) -> Stage {
    let state = orderer.game().state();
    Stage {
        seated: state.line.players().is_some(),
        over: state.outcome().is_some(),
    }
}

/// What an item of another relay is.
enum Learnt {
    News,
    Nothing,
    /// To be ordered here too.
    ToStore,
}

fn publish(items: Vec<Item>, step: &mut Step) {
    if !items.is_empty() {
        step.commands.push(Command::Publish(items));
    }
}

fn answer(job: &Job, reply: Reply, step: &mut Step) {
    match job {
        Job::Submit(submission) => submission.answer(reply, step),
        Job::Create(_) => step.commands.push(Command::Answer(reply)),
        Job::Tick | Job::Returned => {}
    }
}

fn appended(response: Response) -> Result<Position, AppendError> {
    match response {
        Response::Append(result) => result,
        Response::Game(_) | Response::Read(_) => Err(AppendError::Unavailable(out_of_turn())),
    }
}

fn takes_over(entries: &[Entry]) -> bool {
    let mut receipted = entries.iter().map(|entry| entry.receipt.what);
    receipted.any(|what| matches!(what, What::Home(_)))
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
