//! Items that are offered: decided by the orderer, passed on where another key orders the game.

use rookery_ledger::Refusal;
use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::mutant::Mutant;
use rookery_ledger::order::{Decision, Entry, Orderer};
use rookery_ledger::record::{Genesis, Item, Signed};

use super::jobs::{Job, Pending, Submission, TRIES, Waiting, publish};
use super::{Command, Reply, Sequencer, Step};
use crate::order_log::Request;

impl Sequencer {
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
                if !known {
                    self.show_evidence(&submission.item, step);
                    self.asked_upstream(&submission, step);
                }
                if let Some((keeping, request)) = self.keep_move() {
                    let giving_up = Waiting::GivingUp(keeping, Some(submission));
                    return self.wait(giving_up, request, step);
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
                // What completes a move of home here is part of what counts before it.
                if !known {
                    self.show_evidence(&submission.item, step);
                }
                let at = submission.at;
                self.carry_out(decision, at, Job::Submit(submission), step);
            }
        }
    }

    /// Shows what counts by its signature, whatever this relay makes of it; with a receipt of another relay the record that it
    /// is for, which was only passed on so far.
    fn show_evidence(&self, item: &Item, step: &mut Step) {
        if !matches!(
            item,
            Item::Genesis(_) | Item::Record(_) | Item::Continued { .. }
        ) {
            let of = self.receipted(item);
            publish(of.into_iter().chain([item.clone()]).collect(), step);
        }
    }

    /// The other player may be where this game is followed, and has to hear who asks whom to be the home.
    fn asked_upstream(&self, submission: &Submission, step: &mut Step) {
        if submission.asked && matches!(submission.item, Item::Home(_)) {
            let item = submission.item.clone();
            step.commands.push(Command::Upstream(item));
        }
    }

    pub(super) fn refuse(&self, submission: &Submission, refusal: Refusal, step: &mut Step) {
        if let Refusal::UnknownPrev { .. } | Refusal::NotSeated = refusal {
            // What it rests on may be known where the game is followed.
            self.also_upstream(submission, step);
        }
        submission.answer(Reply::Refused(refusal), step);
    }

    /// Needs nothing more here; a `Home` to another key goes on to that.
    pub(super) fn after_done(&self, submission: &Submission, step: &mut Step) {
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
        if submission.asked && self.is_untimed() {
            let item = submission.item.clone();
            step.commands.push(Command::Upstream(item));
        }
    }

    /// The same for what was ordered with it; what a fellow relay told it has.
    pub(super) fn ordered_upstream(
        &self,
        submission: &Submission,
        entries: &[Entry],
        step: &mut Step,
    ) {
        if self.is_untimed() {
            let items = entries.iter().filter_map(|entry| entry.item.as_ref());
            let items = items.filter(|item| submission.asked || **item != submission.item);
            step.commands.extend(items.cloned().map(Command::Upstream));
        }
    }

    /// The same for what is found in the log: the answer to its append was lost, so nobody was told of it.
    pub(super) fn read_upstream(&self, news: &[Item], step: &mut Step) {
        if self.is_untimed() {
            let records = news.iter().filter(|item| matches!(item, Item::Record(_)));
            step.commands
                .extend(records.cloned().map(Command::Upstream));
        }
    }

    fn is_untimed(&self) -> bool {
        let game = self.orderer.as_ref().map(Orderer::game);
        game.is_some_and(|game| !game.is_clocked() && !Mutant::NOT_TOLD_ON.is_on())
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
        let pending = Pending {
            entries: vec![entry],
            then: None,
            at,
            job: Job::Create(genesis),
        };
        self.append_kept(pending, step);
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
