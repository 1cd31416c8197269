//! What the core asks of the page, and the moment at which the page asks the core.

use rookery_ledger::Colour;
use rookery_ledger::id::{GameId, Millis};

/// The two clocks of a device at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Monotonic, ms from any origin.
    pub mono: f64,
    /// Wall clock, since 1970.
    pub wall: Millis,
}

/// One of the connections to relays that a core may have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkId {
    /// The one that is opened first.
    #[default]
    One,
    /// The one beside it.
    Two,
}

impl LinkId {
    /// Both.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::One => Self::Two,
            Self::Two => Self::One,
        }
    }
}

/// Names one thing that waits for storage.
pub(crate) type Token = u32;

/// To be done by the page, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send this frame to the relay of this link.
    Send(LinkId, Vec<u8>),
    /// Store these items behind those of the game; with a token, tell [`crate::Core::stored`] or
    /// [`crate::Core::not_stored`] once it is durable.
    Store {
        /// Whom it concerns; none where nothing waits for it.
        token: Option<u32>,
        /// The game.
        game: GameId,
        /// What replaces the notes beside the game, where they changed.
        notes: Option<Vec<u8>>,
        /// Canonical bytes, one item each.
        items: Vec<Vec<u8>>,
    },
    /// The relay accepted the hello: games may be played.
    Ready(LinkId),
    /// A heartbeat.
    Beat {
        /// Whose.
        link: LinkId,
        /// The last round trip, as the relay measured it, ms.
        rtt_ms: u64,
        /// The relay's log takes no writes now.
        log_busy: bool,
    },
    /// The relay ends the session.
    Bye {
        /// Which one.
        link: LinkId,
        /// Stable code.
        code: String,
        /// One sentence for a person.
        words: String,
    },
    /// The state of a game may have changed.
    Changed(GameId),
    /// The relay does not know a game that was opened.
    Unknown(GameId),
    /// A refusal, a proof or a complaint.
    Notice {
        /// The game.
        game: GameId,
        /// Stable code.
        code: String,
        /// One sentence for a person.
        words: String,
    },
    /// A player of the game says something to the other. It is kept nowhere.
    Said {
        /// The game.
        game: GameId,
        /// Who signed it.
        by: Colour,
        /// At most [`rookery_ledger::record::MAX_CHAT_CHARS`] characters, otherwise as it was written.
        text: String,
        /// When it was said, by its author's clock.
        at: Millis,
    },
    /// The other player's device says something that helps to open a channel to it.
    Signal {
        /// The game.
        game: GameId,
        /// As [`crate::Core::signal`] was given it there.
        data: String,
    },
    /// Send this by the channel to the other player.
    Direct {
        /// The game.
        game: GameId,
        /// One message.
        message: Vec<u8>,
    },
    /// The channel of one game is that of the other from here on.
    CarryOver {
        /// The game that the players left.
        from: GameId,
        /// The one in which they go on.
        to: GameId,
    },
    /// The lobby has changed.
    Seeks,
}
