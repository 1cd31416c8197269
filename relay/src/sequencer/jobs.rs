//! What a sequencer works at, and what goes on after each answer of the log.

use std::collections::VecDeque;

use rookery_ledger::Refusal;
use rookery_ledger::id::{Hash, Millis};
use rookery_ledger::order::{Entry, Orderer};
use rookery_ledger::record::{Genesis, Item, Lapsed, Signed};

use super::entries::in_order;
use super::foreign::Keeping;
use super::reading::{Loaded, Reading};
use super::{Command, Progress, Reply, Sequencer, Step, out_of_turn};
use crate::order_log::{AppendError, Position, Request, Response};

/// How often a decision is made anew because the log's head was another one.
pub(super) const TRIES: usize = 3;
/// A clock that is further behind an entry it reads than this orders no clocked games.
const MAX_BEHIND_MS: u64 = 100;
/// After how long time's business is tried again when the log failed.
pub(super) const AGAIN: Millis = Millis::new(200);

/// An item on its way into the order.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) item: Item,
    pub(super) at: Millis,
    pub(super) lag: Millis,
    pub(super) now: Millis,
    pub(super) tries: usize,
    /// Whether somebody waits for the answer; nobody does for what a fellow relay tells.
    pub(super) asked: bool,
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

    pub(super) fn of_fellow(item: Item, now: Millis) -> Self {
        Self {
            asked: false,
            ..Self::of_client(item, now, Millis::new(0), now)
        }
    }

    pub(super) fn answer(&self, reply: Reply, step: &mut Step) {
        if self.asked {
            step.commands.push(Command::Answer(reply));
        }
    }
}

/// Items of another relay.
#[derive(Debug, Clone)]
pub(super) struct Learning {
    pub(super) rest: VecDeque<Item>,
    /// Whether they are the game from its beginning on: the answer to whoever begins to follow it.
    pub(super) whole: bool,
    /// Those that were news.
    pub(super) fresh: Vec<Item>,
    pub(super) now: Millis,
}

/// What an append is for.
#[derive(Debug, Clone)]
pub(super) enum Job {
    Submit(Submission),
    Create(Signed<Genesis>),
    Tick,
    Returned,
}

/// Entries on their way into the log.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) entries: Vec<Entry>,
    pub(super) then: Option<Refusal>,
    pub(super) at: Millis,
    pub(super) job: Job,
}

/// What goes on when a game was read.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
    /// That the game moved to another relay is kept; then whoever told it is answered.
    GivingUp(Keeping, Option<Submission>),
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
                            self.unread = None;
                            if let Some(loaded) = loaded {
                                self.take(loaded, told, step);
                            }
                        }
                        Err(error) => {
                            let words = format!("cannot read the game: {error}");
                            self.unread = Some(error);
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
            Waiting::GivingUp(mut keeping, told) => match keeping.next(response) {
                Progress::Ask(request) => {
                    self.wait(Waiting::GivingUp(keeping, told), request, step)
                }
                Progress::Ended(result) => self.given_up(told, result, step),
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
                    match job {
                        Job::Submit(submission) if matches!(submission.item, Item::Record(_)) => {
                            self.submit(submission, step);
                        }
                        job => answer(&job, Reply::Done, step),
                    }
                }
                Err(error) => self.append_failed(job, error, step),
            },
        }
    }

    pub(super) fn wait(&mut self, waiting: Waiting, request: Request, step: &mut Step) {
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
            let last = orderer.game().state().last_stamping();
            // Whatever else was receipted since this process serves has stamped the outage already.
            if last.is_some_and(|last| last.receipt.at_ms < serving_since) {
                orderer.resumed(last_mark, serving_since);
            }
        }
        self.kept = orderer.game().orderer().map(|(_, epoch)| epoch);
        if let Some(before) = self.orderer.take() {
            orderer.keep(before);
        }
        let news = told.map(|told| in_order(orderer.game(), self.key.order(), told));
        if news.is_none() {
            self.told = stage(&orderer);
        }
        let over = stage(&orderer).over;
        self.orderer = Some(orderer);
        if let Some(news) = news {
            self.read_upstream(&news, step);
            publish(news, step);
        }
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
    pub(super) fn clock_behind(&self, now: Millis) -> Option<Millis> {
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
}

/// How far a game has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stage {
    pub(super) seated: bool,
    pub(super) over: bool,
}

pub(super) fn stage(orderer: &Orderer) -> Stage {
    let state = orderer.game().state();
    Stage {
        seated: state.line.players().is_some(),
        over: state.outcome().is_some(),
    }
}

pub(super) fn publish(items: Vec<Item>, step: &mut Step) {
    if !items.is_empty() {
        step.commands.push(Command::Publish(items));
    }
}

pub(super) fn answer(job: &Job, reply: Reply, step: &mut Step) {
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
