//! A game at one relay: how far that has told of it in the present session, and what it may lack. No I/O.

use std::collections::{BTreeSet, VecDeque};

use rookery_ledger::id::Hash;
use rookery_ledger::record::Item;

use crate::direct::name;
use crate::output::LinkId;

/// How long a standby may take to show by itself what others told it, before it is told here, ms.
const BY_ITSELF_MS: f64 = 500.0;
/// What a standby is told at most at once, and each second from then on: half of what a relay takes from a session.
const BURST: f64 = 100.0;
const PER_SECOND: f64 = 5.0;

/// How far the relay has told of the game in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Watching {
    /// Not asked for.
    #[default]
    Off,
    /// Asked for; `whole` where everything was asked for and not only what is new.
    Asked {
        /// Everything was asked for.
        whole: bool,
    },
    /// Everything known to the relay has come, and what is new comes by itself.
    Live,
}

/// One game at one relay.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) watching: Watching,
    /// The relay did not know it in this session and was given all that is known here.
    pub(crate) uploaded: bool,
    /// Creator and joiner have a session; none where it is not known.
    pub(crate) present: Option<(bool, bool)>,
    /// When to send again what the relay would not take, on the monotonic clock.
    pub(crate) retry_at: Option<f64>,
    pub(crate) feed: Feed,
}

impl Place {
    pub(crate) fn is_live(&self) -> bool {
        self.watching == Watching::Live
    }
}

/// A game at both relays.
#[derive(Debug, Default)]
pub(crate) struct Places {
    one: Place,
    two: Place,
}

impl Places {
    pub(crate) fn get(&self, link: LinkId) -> &Place {
        match link {
            LinkId::One => &self.one,
            LinkId::Two => &self.two,
        }
    }

    pub(crate) fn get_mut(&mut self, link: LinkId) -> &mut Place {
        match link {
            LinkId::One => &mut self.one,
            LinkId::Two => &mut self.two,
        }
    }
}

/// What a relay that does not order the game has of it, so that it could take it over at any moment.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// What it showed or was told, by name.
    known: BTreeSet<Hash>,
    /// What it may lack, with the moment since when that may be.
    queue: VecDeque<(f64, Hash, Item)>,
    /// How much was told lately, and when that was counted.
    spent: f64,
    counted: f64,
}

impl Feed {
    /// It showed these.
    pub(crate) fn showed<'a>(&mut self, items: impl IntoIterator<Item = &'a Item>) {
        self.known.extend(items.into_iter().map(name));
    }

    /// These are known here.
    pub(crate) fn add(&mut self, items: impl IntoIterator<Item = Item>, mono: f64) {
        for item in items {
            let name = name(&item);
            if !self.known.contains(&name) && !self.queue.iter().any(|(_, other, _)| *other == name)
            {
                self.queue.push_back((mono, name, item));
            }
        }
    }

    /// What it is to be told now of that which it did not show by itself; `at_once` where there is no time to wait for that.
    pub(crate) fn due(&mut self, mono: f64, at_once: bool) -> Vec<(Hash, Item)> {
        self.spent = (self.spent - (mono - self.counted).max(0.0) / 1000.0 * PER_SECOND).max(0.0);
        self.counted = mono;
        let mut due = Vec::new();
        while self.spent < BURST {
            let ready = |since: f64| at_once || mono - since >= BY_ITSELF_MS;
            match self.queue.pop_front() {
                Some((_, name, _)) if self.known.contains(&name) => {}
                Some((since, name, item)) if ready(since) => {
                    self.known.insert(name);
                    self.spent += 1.0;
                    due.push((name, item));
                }
                Some(later) => {
                    self.queue.push_front(later);
                    break;
                }
                None => break,
            }
        }
        due
    }

    /// It would not take one now.
    pub(crate) fn again(&mut self, name: Hash, item: Item, mono: f64) {
        self.known.remove(&name);
        self.spent = BURST;
        self.queue.push_front((mono, name, item));
    }

    /// Whether it has all that it is to have.
    pub(crate) fn is_whole(&self) -> bool {
        self.queue
            .iter()
            .all(|(_, name, _)| self.known.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_ledger::id::{Epoch, GameId, OrderKey};
    use rookery_ledger::record::Home;
    use rookery_ledger::sign::Keypair;

    fn items(count: u64) -> Vec<Item> {
        let key = Keypair::from_secret(&[1; 32]);
        let home = |n| Home {
            game: GameId([0; 32]),
            epoch: Epoch::new(n),
            to: OrderKey([2; 32]),
            after: Hash([3; 32]),
        };
        let items = (0..count).map(|n| Item::Home(key.sign(GameId([0; 32]), home(n))));
        items.collect()
    }

    #[test]
    fn a_standby_is_told_what_it_does_not_show_by_itself_and_once() {
        let (mut feed, items) = (Feed::default(), items(3));
        feed.add(items.clone(), 0.0);
        assert!(feed.due(BY_ITSELF_MS - 1.0, false).is_empty());
        feed.showed([&items[1]]);
        let told =
            |due: Vec<(Hash, Item)>| due.into_iter().map(|(_, item)| item).collect::<Vec<_>>();
        assert_eq!(
            told(feed.due(BY_ITSELF_MS, false)),
            [items[0].clone(), items[2].clone()]
        );
        assert!(feed.is_whole());
        feed.add(items.clone(), BY_ITSELF_MS);
        assert!(feed.due(10_000.0, false).is_empty());
    }

    #[test]
    fn a_long_game_is_told_in_parts_that_a_relay_takes() {
        let (mut feed, items) = (Feed::default(), items(250));
        feed.add(items, 0.0);
        assert_eq!(feed.due(0.0, true).len(), 100);
        assert_eq!(feed.due(0.0, true).len(), 0);
        assert_eq!(feed.due(2_000.0, true).len(), 10);
        assert!(!feed.is_whole());
    }
}
