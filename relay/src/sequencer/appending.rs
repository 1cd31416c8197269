//! Decisions on their way into the log, and what is signed, told and answered when they are there.

use rookery_ledger::codec;
use rookery_ledger::id::Millis;
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order::{Decision, Entry, Orderer};
use rookery_ledger::record::{Item, Lapsed, What};

use super::entries::{entries, lapse_entry};
use super::foreign::Keeping;
use super::jobs::{AGAIN, Job, Pending, Then, Waiting, answer, publish, stage};
use super::{Command, Event, Reply, Sequencer, Step};
use crate::order_log::{Append, AppendError, Position, Request};

impl Sequencer {
    pub(super) fn carry_out(&mut self, decision: Decision, at: Millis, job: Job, step: &mut Step) {
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
        let takes_over = takes_over(&pending.entries) && !Mutant::NOTHING_KEPT.is_on();
        if let Some(orderer) = &self.orderer
            && (takes_over || !self.stored)
            && let Some((keeping, request)) = Keeping::start(self.key.order(), orderer.game())
        {
            return self.wait(Waiting::Keeping(keeping, pending), request, step);
        }
        self.append_kept(pending, step);
    }

    pub(super) fn append_kept(&mut self, pending: Pending, step: &mut Step) {
        let Some(orderer) = &self.orderer else {
            return;
        };
        // A clocked game that this relay orders is woken after a restart, wherever it began.
        let open = if orderer.game().is_clocked() {
            let wakes = !stage(orderer).over && !Mutant::NOT_LISTED.is_on();
            (!self.open && wakes).then_some(true)
        } else {
            (!self.stored).then_some(false)
        };
        let append = Append {
            chain: self.chain(),
            expected: self.head,
            open,
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
    pub(super) fn appended(&mut self, pending: Pending, head: Position, step: &mut Step) {
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
        self.open |= orderer.game().is_clocked() && !stage(orderer).over;
        let mut items = orderer.commit(&self.key, &entries);
        if !self.told.seated && stage(orderer).seated {
            // Whoever first hears of the game by its Seat needs the genesis too.
            items.insert(0, Item::Genesis(orderer.game().genesis().clone()));
        }
        step.commands.push(Command::Ordered {
            receipts: entries.len(),
            since: at,
        });
        if takes_over(&entries) {
            // From here on this relay follows nobody, and the old home is told like all others.
            step.commands.push(Command::Reached(Event::TakenOver));
        }
        publish(items, step);
        let is_carried = |item: &Item| {
            entries
                .iter()
                .any(|entry| entry.item.as_ref() == Some(item))
        };
        let job = match job {
            Job::Submit(submission)
                if then.is_none()
                    && matches!(submission.item, Item::Record(_))
                    && !is_carried(&submission.item) =>
            {
                // Something else became possible with it, and came first.
                self.ordered_upstream(&submission, &entries, step);
                self.tell_stage(step);
                return self.submit(submission, step);
            }
            job => job,
        };
        answer(&job, then.map_or(Reply::Done, Reply::Refused), step);
        match job {
            Job::Create(genesis) => {
                let created = [
                    Command::Reached(Event::Created),
                    Command::Upstream(Item::Genesis(genesis)),
                ];
                step.commands.extend(created);
            }
            Job::Submit(submission) => self.ordered_upstream(&submission, &entries, step),
            Job::Tick | Job::Returned => {}
        }
        self.tell_stage(step);
        if self.told.over {
            self.close(step);
        }
    }

    /// Says which turns the game has come to since that was said last.
    pub(super) fn tell_stage(&mut self, step: &mut Step) {
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
    pub(super) fn append_failed(&mut self, job: Job, error: AppendError, step: &mut Step) {
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
                if let Job::Submit(submission) = &job {
                    self.shown_unstored(&submission.item);
                }
                let words = format!("not in the log yet: {error}");
                step.commands.push(Command::Trouble(words));
                if let Job::Tick = job {
                    step.commands.push(Command::Later(AGAIN));
                }
            }
        }
    }

    /// What a fellow relay told is shown to whoever watches, with its receipt, also where this log has no room for it.
    fn shown_unstored(&mut self, item: &Item) {
        if let Some(learning) = &mut self.learning
            && !learning.fresh.contains(item)
        {
            learning.fresh.push(item.clone());
        }
    }

    /// The game is over: the log need not list it among those that go on.
    pub(super) fn close(&mut self, step: &mut Step) {
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
        if Mutant::LAPSE_TOLD_FIRST.is_on() {
            let lapsed = self.key.sign(self.id, lapsed);
            publish(vec![Item::Lapsed { by: own, lapsed }], step);
        }
        let waiting = Waiting::Lapsing(lapsed, job);
        self.wait(waiting, Request::Append(append), step);
    }
}

fn takes_over(entries: &[Entry]) -> bool {
    let mut receipted = entries.iter().map(|entry| entry.receipt.what);
    receipted.any(|what| matches!(what, What::Home(_)))
}
