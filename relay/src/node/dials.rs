//! When a fellow relay is dialled again: at once, then with growing pauses.

use std::collections::HashMap;
use std::time::Duration;

use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use crate::config::Peer;

/// The first wait before a fellow relay is dialled again, and the longest; it doubles in between.
pub(super) const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// When each fellow relay is dialled again.
pub(super) struct Dials {
    due: HashMap<PeerId, Dial>,
}

struct Dial {
    addresses: Vec<Multiaddr>,
    at: Instant,
    wait: Duration,
}

impl Dials {
    pub(super) fn new(peers: &[Peer], local: PeerId) -> Self {
        let mut due: HashMap<PeerId, Dial> = HashMap::new();
        for peer in peers.iter().filter(|peer| peer.id != local) {
            let Some(address) = &peer.address else {
                continue;
            };
            let dial = due.entry(peer.id).or_insert_with(|| Dial {
                addresses: Vec::new(),
                at: Instant::now(),
                wait: FIRST,
            });
            dial.addresses.push(address.clone());
        }
        Self { due }
    }

    pub(super) fn connected(&mut self, peer: PeerId) {
        if let Some(dial) = self.due.get_mut(&peer) {
            dial.wait = FIRST;
        }
    }

    pub(super) fn lost(&mut self, peer: PeerId) {
        if let Some(dial) = self.due.get_mut(&peer) {
            dial.at = Instant::now() + dial.wait;
            dial.wait = (dial.wait * 2).min(LONGEST);
        }
    }

    pub(super) fn take_due(&mut self, connected: impl Fn(&PeerId) -> bool) -> Vec<DialOpts> {
        let now = Instant::now();
        let ready = self
            .due
            .iter_mut()
            .filter(|(peer, dial)| dial.at <= now && !connected(peer));
        ready
            .map(|(peer, dial)| {
                dial.at = now + dial.wait;
                DialOpts::peer_id(*peer)
                    .condition(PeerCondition::DisconnectedAndNotDialing)
                    .addresses(dial.addresses.clone())
                    .build()
            })
            .collect()
    }
}
