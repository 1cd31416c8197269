//! What a player knows of the relay that orders a clocked game, and of the game's move to another one. No I/O.

use rookery_ledger::id::{Epoch, Hash};

use crate::output::Token;

/// A home that is not heard for so long is silent, ms.
pub(crate) const SILENT_MS: f64 = 2_000.0;
/// So is one that answers nothing for so long, though it is heard, ms.
pub(crate) const UNANSWERED_MS: f64 = 3_000.0;
/// The same where it says that its log takes no writes, ms.
pub(crate) const BUSY_MS: f64 = 15_000.0;
/// How long the home of a game that was just loaded may take to be reached, ms.
pub(crate) const LOADED_MS: f64 = 5_000.0;
/// How long to wait before the next epoch number is signed, ms; twice as long each time.
const AGAIN_MS: f64 = 250.0;
/// The same where the other player signed nothing, at least, ms.
const ALONE_AGAIN_MS: f64 = 30_000.0;
/// The longest of these waits, ms.
const MAX_AGAIN_MS: f64 = 8_000.0;

/// How a clocked game stands with its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    /// It is heard, or nothing is known to the contrary.
    #[default]
    Heard,
    /// The other player asks to move the game, and this one hears the home.
    Asked,
    /// It is silent, and no other relay of the game is in reach.
    Away,
    /// It is silent; another relay of the game is in reach, and the other player is not there.
    Alone,
    /// It is silent, and the game is being moved to another relay.
    Moving,
}

impl Standing {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Asked => "asked",
            Self::Away => "away",
            Self::Alone => "alone",
            Self::Moving => "moving",
        }
    }

    /// Whether nothing can be ordered, so that no time passes.
    pub(crate) const fn stands(self) -> bool {
        matches!(self, Self::Away | Self::Alone | Self::Moving)
    }
}

/// One game's home.
#[derive(Debug, Default)]
pub(crate) struct HomeWatch {
    pub(crate) standing: Standing,
    /// Since when the clock stands, on the monotonic clock.
    pub(crate) stands_at: f64,
    /// Before this moment silence means nothing, on the monotonic clock.
    pub(crate) since: f64,
    /// A record that the home has not answered, and how long it was heard since, ms.
    pub(crate) unanswered: Option<(Hash, f64)>,
    /// When that was last counted.
    pub(crate) counted: f64,
    /// What the home orders comes by another relay, while there is no connection to it.
    pub(crate) forwarded: bool,
    /// A signature waits for storage.
    pub(crate) signing: Option<Token>,
    /// The epoch of the own signature that was last sent to its relay, and when.
    pub(crate) sent: Option<(Epoch, f64)>,
    /// The next epoch number is not signed before.
    next: f64,
    tries: u32,
}

impl HomeWatch {
    /// An own signature is made, and waits for storage.
    pub(crate) fn signs(&mut self, token: Token, mono: f64) {
        let wait = AGAIN_MS * f64::from(1_u32 << self.tries.min(8));
        self.signing = Some(token);
        self.next = mono + wait.min(MAX_AGAIN_MS);
        self.tries = self.tries.saturating_add(1);
        self.sent = None;
    }

    /// An own signature came to nothing, one of `signed`; `alone` where the other player signed none. A game keeps so many of
    /// each player and no more, so who waits alone asks less and less often.
    pub(crate) fn failed(&mut self, alone: bool, signed: usize, mono: f64) {
        if alone {
            let waited = (mono - self.stands_at).max(0.0) / 2.0;
            let seldom = f64::from(1_u32 << (signed / 8).min(20));
            self.next = mono + waited.max(ALONE_AGAIN_MS) * seldom;
        }
        self.sent = None;
    }

    pub(crate) fn may_sign(&self, mono: f64) -> bool {
        self.signing.is_none() && mono >= self.next
    }

    /// The home is heard: what was tried before is forgotten.
    pub(crate) fn heard(&mut self) {
        (self.next, self.tries, self.sent) = (0.0, 0, None);
    }

    /// How the game stands now; whether that is new.
    pub(crate) fn stand(&mut self, standing: Standing, mono: f64) -> bool {
        let before = std::mem::replace(&mut self.standing, standing);
        if standing.stands() && !before.stands() {
            self.stands_at = mono;
        }
        before != standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_alone_asks_less_and_less_often() {
        let mut watch = HomeWatch::default();
        watch.stand(Standing::Alone, 1_000.0);
        let mut mono = 3_000.0;
        let mut signed = 0;
        // A week of it.
        while mono < 7.0 * 86_400_000.0 {
            assert!(watch.may_sign(mono));
            signed += 1;
            watch.signs(1, mono);
            watch.signing = None;
            watch.failed(true, signed, mono + 10_000.0);
            assert!(!watch.may_sign(mono + ALONE_AGAIN_MS));
            mono = watch.next;
        }
        assert!(signed < 40, "{signed} of 128");
        watch.heard();
        assert!(watch.may_sign(mono));
    }
}
