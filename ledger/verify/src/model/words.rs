//! Actions in words.

use std::fmt;

use rookery_ledger::record::{Item, Record};

use super::steps::Steps;
use super::world::Action;

impl Steps {
    /// An action in words.
    pub(super) fn words(&self, action: Action) -> String {
        let player = |who: u8| ["the creator", "the joiner", "the third"][usize::from(who)];
        let named = |item: u32| Named(&self.items.get(item)).to_string();
        match action {
            Action::Submit(relay, item) => format!("relay {relay} is offered {}", named(item)),
            Action::Tick(relay) => format!("relay {relay} looks at its clock"),
            Action::Returned(relay) => format!("the mover has a session at relay {relay} again"),
            Action::Apply(relay) => format!("the append of relay {relay} reaches the log"),
            Action::Answer(relay) => format!("relay {relay} hears that its append is durable"),
            Action::LoseAnswer(relay) => format!("the log's answer to relay {relay} is lost"),
            Action::Late(host) => format!("an append whose sender is gone reaches log {host}"),
            Action::Crash(relay) => format!("relay {relay} crashes"),
            Action::Restart(relay) => format!("relay {relay} starts again from its log"),
            Action::CatchUp(relay) => format!("relay {relay} reads its log anew"),
            Action::Hear(who, host) => {
                format!("{} hears the next entry of log {host}", player(who))
            }
            Action::Forward(relay, from) => {
                format!("relay {relay} hears the next entry of relay {from}'s log")
            }
            Action::Receive(who, item) => format!("{} receives {}", player(who), named(item)),
            Action::Stray(who, item) => {
                format!("{} receives, out of order, {}", player(who), named(item))
            }
            Action::Act(who, input) => format!("{}: {input:?}", player(who)),
            Action::Equivocate(who) => {
                format!("{} signs a second record for one place", player(who))
            }
            Action::Countersign(who, item) => {
                format!(
                    "{} signs {}, whatever it signed before",
                    player(who),
                    named(item)
                )
            }
            Action::Lie(kind) => format!("the lying relay tells lie {kind}"),
            Action::Wait => "time passes".to_owned(),
        }
    }
}

struct Named<'a>(&'a Item);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Item::Genesis(_) => f.write_str("the genesis"),
            Item::Record(record) => match &record.body {
                Record::Move(played) => write!(f, "the move {} ({:?})", played.uci, record.hash()),
                body => write!(
                    f,
                    "a {} ({:?})",
                    rookery_ledger::record::Body::kind(body),
                    record.hash()
                ),
            },
            Item::Receipt { receipt, .. } => {
                let body = &receipt.body;
                write!(
                    f,
                    "the receipt {}/{} for {:?}",
                    body.epoch, body.seq, body.what
                )
            }
            Item::Home(home) => write!(
                f,
                "a Home of epoch {} to {:?}",
                home.body.epoch, home.body.to
            ),
            Item::Lapsed { lapsed, .. } => write!(f, "the refusal of epoch {}", lapsed.body.epoch),
            Item::Continued { .. } => f.write_str("a game that goes on"),
        }
    }
}
