//! What a device keeps beside the items of a game: no part of the game, and needed to go on after a reload.

use rookery_ledger::codec;
use rookery_ledger::id::Nonce;
use rookery_ledger::record::{Join, Signed};
use serde::{Deserialize, Serialize};

use crate::onward::Onward;

/// Kept as canonical bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// The creator's secret where colours are drawn.
    pub(crate) secret: Option<Nonce>,
    /// The wish to sit down, sent until somebody sits.
    pub(crate) wish: Option<Signed<Join>>,
    /// Whether the game was found in the lobby: the creator lists it there, or the joiner saw it.
    pub(crate) listed: bool,
    /// What the person said about a channel to the other player's device; none where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) direct: Option<bool>,
    /// The game without a clock that this player offered or accepted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) onward: Option<Onward>,
    /// Another device with this key began it, and may still sign: here nothing is signed before the head is heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) handed: bool,
}

impl Notes {
    pub(crate) fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Notes that cannot be read are lost, not the game.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        codec::decode(bytes, codec::MAX_ITEM_BYTES).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_from_before_there_were_channels_are_read() {
        #[derive(Serialize)]
        struct Before {
            secret: Option<Nonce>,
            wish: Option<Signed<Join>>,
            listed: bool,
        }
        let before = Before {
            secret: Some(Nonce([7; 16])),
            wish: None,
            listed: true,
        };
        let notes = Notes::decode(&codec::encode(&before));
        assert_eq!((notes.secret, notes.direct), (before.secret, None));
        let notes = Notes {
            direct: Some(false),
            ..notes
        };
        assert_eq!(Notes::decode(&notes.encode()), notes);
    }
}
