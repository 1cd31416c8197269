//! What was found against a relay or a player in one game, for the person: what anybody can check, and complaints.

use std::collections::BTreeSet;

use rookery_ledger::id::{OrderKey, PlayerKey};
use rookery_ledger::record::Item;
use rookery_ledger::{Colour, Proof};

use crate::suspicion::Complaint;
use crate::table::Table;

/// Items that are kept to show what a relay sent, though they can never count.
const MAX_EXHIBITS: usize = 16;

/// Whom a finding is against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Against {
    /// Whoever signs with this key; none for the relay of the session, by whatever key.
    Relay(Option<OrderKey>),
    /// A player who sits.
    Player(PlayerKey),
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) against: Against,
    /// Anybody can check it.
    pub(crate) proven: bool,
    /// For a person.
    pub(crate) words: String,
}

/// The findings of one game.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    known: BTreeSet<(&'static str, Against)>,
    /// What a relay sent that proves nothing to others, and is broken.
    exhibits: Vec<Item>,
}

impl Findings {
    /// All of them, in the order in which they were found.
    pub(crate) fn list(&self) -> &[Finding] {
        &self.list
    }

    pub(crate) fn exhibits(&self) -> &[Item] {
        &self.exhibits
    }

    /// Keeps what a relay sent.
    pub(crate) fn exhibit(&mut self, item: Item) {
        if self.exhibits.len() < MAX_EXHIBITS && !self.exhibits.contains(&item) {
            self.exhibits.push(item);
        }
    }

    /// Takes a finding in; whether it is the first of its kind against this one.
    fn add(&mut self, finding: Finding) -> bool {
        let new = self.known.insert((finding.code, finding.against));
        if new {
            self.list.push(finding);
        }
        new
    }
}

impl Table {
    /// Takes up what the ledger proves and what is held against the relay; what is to be told of it.
    pub(crate) fn new_findings(&mut self) -> Vec<(&'static str, String)> {
        let mut notices = Vec::new();
        let proofs = &self.player.game().state().proofs;
        let found: Vec<_> = proofs.iter().map(|proof| self.of_proof(proof)).collect();
        for finding in found {
            let notice = (finding.code, finding.words.clone());
            if self.findings.add(finding) {
                notices.push(notice);
            }
        }
        for complaint in self.suspicion.take() {
            let (code, words) = (complaint.code(), complaint.words());
            let new = self.findings.add(Finding {
                code,
                against: Against::Relay(None),
                proven: false,
                words: words.clone(),
            });
            // Of charges each is news, for each costs time.
            if new || matches!(complaint, Complaint::Charge { .. }) {
                notices.push((code, words));
            }
        }
        notices
    }

    fn of_proof(&self, proof: &Proof) -> Finding {
        let own = self.player.key();
        let seats = self.player.players();
        let name = |player: PlayerKey| {
            let white = seats.is_some_and(|seats| seats.white == player);
            match (player == own, self.player.colour().is_some()) {
                (true, _) => "You",
                (false, true) => "Your opponent",
                (false, false) if white => Colour::White.as_str(),
                (false, false) => Colour::Black.as_str(),
            }
        };
        let (against, what) = match proof {
            Proof::Equivocation { author, .. } => {
                let who = name(*author);
                let who = if who == "You" {
                    "Whoever has your key".to_owned()
                } else {
                    capital(who)
                };
                let what =
                    format!("{who} signed two different records for one place in this game.");
                (Against::Player(*author), what)
            }
            Proof::DoubleReceipt { by, .. } => (
                Against::Relay(Some(*by)),
                "The relay signed two different receipts for one place in this game.".to_owned(),
            ),
            Proof::Splice { by, .. } => (
                Against::Relay(Some(*by)),
                "The relay signed receipts that do not form one chain.".to_owned(),
            ),
            Proof::TimeRunsBack { by, .. } => (
                Against::Relay(Some(*by)),
                "The relay signed a receipt that is earlier than the one before it.".to_owned(),
            ),
            Proof::LapsedAndCommitted { by, .. } => (
                Against::Relay(Some(*by)),
                "The relay signed that it would not take the game over, and took it over."
                    .to_owned(),
            ),
            Proof::InvalidReceipt { by, .. } => (
                Against::Relay(Some(*by)),
                "The relay signed a receipt for what the rules do not allow.".to_owned(),
            ),
        };
        Finding {
            code: proof.code(),
            against,
            proven: true,
            words: format!("{what} Anybody can check it: the signed bytes are kept."),
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
