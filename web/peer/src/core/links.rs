//! The relays that a player is connected to at once: the one that new games go to, and another one beside it, so that a game
//! that loses its relay finds the next one at hand.

use std::collections::BTreeMap;

use rookery_ledger::id::OrderKey;

use crate::output::{LinkId, Now};
use crate::relay_clock::RelayClock;
use crate::session::Session;
use crate::suspicion::Pulse;
use crate::table::Source;

/// Looks that are further apart than this saw nothing between them: the device slept, or the page was held up, ms.
const BLIND_MS: f64 = 1_500.0;

/// One connection to a relay, and what is known of that relay's clock.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) session: Session,
    pub(super) clock: RelayClock,
    pub(super) pulse: Pulse,
    /// The relay's last heartbeat said that its log takes no writes.
    pub(super) log_busy: bool,
}

impl Link {
    fn new() -> Self {
        Self {
            session: Session::new(),
            clock: RelayClock::default(),
            pulse: Pulse::default(),
            log_busy: false,
        }
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source {
            order: self.session.order(),
            clock: &self.clock,
        }
    }
}

/// Both of them.
#[derive(Debug)]
pub(super) struct Links {
    one: Link,
    two: Link,
    /// Where new games go, and the lobby is.
    pub(super) front: LinkId,
    /// When each relay was last heard, on the monotonic clock.
    heard: BTreeMap<OrderKey, f64>,
    /// When it was last looked whether anything is heard, and since when without a gap.
    looked: f64,
    awake: f64,
}

impl Links {
    pub(super) fn new() -> Self {
        Self {
            one: Link::new(),
            two: Link::new(),
            front: LinkId::One,
            heard: BTreeMap::new(),
            looked: f64::MIN,
            awake: f64::MIN,
        }
    }

    pub(super) fn get(&self, id: LinkId) -> &Link {
        match id {
            LinkId::One => &self.one,
            LinkId::Two => &self.two,
        }
    }

    pub(super) fn get_mut(&mut self, id: LinkId) -> &mut Link {
        match id {
            LinkId::One => &mut self.one,
            LinkId::Two => &mut self.two,
        }
    }

    pub(super) fn is_ready(&self, id: LinkId) -> bool {
        self.get(id).session.is_ready()
    }

    pub(super) fn order(&self, id: LinkId) -> Option<OrderKey> {
        self.get(id).session.order()
    }

    /// The open link to the relay with this key; the front one of two.
    pub(super) fn to(&self, order: OrderKey) -> Option<LinkId> {
        [self.front, self.front.other()]
            .into_iter()
            .find(|id| self.is_ready(*id) && self.order(*id) == Some(order))
    }

    /// The link over which things go that no relay in particular is for.
    pub(super) fn best(&self) -> LinkId {
        let other = self.front.other();
        if !self.is_ready(self.front) && self.is_ready(other) {
            other
        } else {
            self.front
        }
    }

    /// The relay of a link gave a sign of life.
    pub(super) fn hears(&mut self, id: LinkId, now: Now) {
        self.look(now);
        if let Some(order) = self.order(id) {
            self.heard.insert(order, now.mono);
        }
    }

    /// The relay with this key gave a sign of life by another way.
    pub(super) fn hears_of(&mut self, order: OrderKey, now: Now) {
        self.heard.insert(order, now.mono);
    }

    /// Something happens: time that passed without that is no silence.
    pub(super) fn look(&mut self, now: Now) {
        if now.mono - self.looked > BLIND_MS {
            self.awake = now.mono;
        }
        self.looked = now.mono;
    }

    /// How long the relay with this key is silent while this device listened, ms.
    pub(super) fn silence(&self, order: OrderKey, now: Now) -> f64 {
        let heard = self.heard.get(&order).copied().unwrap_or(f64::MIN);
        (now.mono - heard.max(self.awake)).max(0.0)
    }
}
