//! What a device keeps beside the items of a game: no part of the game, and needed to go on after a reload.

use rookery_ledger::codec;
use rookery_ledger::id::Nonce;
use rookery_ledger::record::{Join, Signed};
use serde::{Deserialize, Serialize};

/// Kept as canonical bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// The creator's secret where colours are drawn.
    pub(crate) secret: Option<Nonce>,
    /// The wish to sit down, sent until somebody sits.
    pub(crate) wish: Option<Signed<Join>>,
    /// Whether the creator lists the open game in the lobby.
    pub(crate) listed: bool,
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
