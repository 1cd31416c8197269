//! The protocols of the node, and how they are set.

use std::collections::HashSet;
use std::sync::Arc;

use libp2p::gossipsub::{self, MessageAuthenticity, WhitelistSubscriptionFilter};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{PeerId, connection_limits, identify, ping};

use super::fellows_only::FellowsOnly;
use super::{MAX_GOSSIP, StartError, Topic, gate};
use crate::config::Config;
use crate::keys::Keys;
use crate::limits::Limits;

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub(super) struct Behaviour {
    pub(super) limits: connection_limits::Behaviour,
    pub(super) gate: gate::Gate,
    /// The relay opens streams to its fellows; players open theirs, which come through the gate.
    pub(super) streams: FellowsOnly<libp2p_stream::Behaviour>,
    pub(super) gossip: FellowsOnly<RelayGossip>,
    identify: FellowsOnly<identify::Behaviour>,
    ping: FellowsOnly<ping::Behaviour>,
}

type RelayGossip = gossipsub::Behaviour<gossipsub::IdentityTransform, WhitelistSubscriptionFilter>;

pub(super) fn behaviour(
    config: &Config,
    keys: &Keys,
    gate: gate::Gate,
    fellows: &Arc<HashSet<PeerId>>,
) -> Result<Behaviour, StartError> {
    let gossip_error = |error: &dyn std::fmt::Display| StartError::Gossip(error.to_string());
    let gossip_config = gossipsub::ConfigBuilder::default()
        .validate_messages()
        .validation_mode(gossipsub::ValidationMode::Strict)
        .flood_publish(false)
        .max_transmit_size(MAX_GOSSIP)
        .build()
        .map_err(|error| gossip_error(&error))?;
    let topics = Topic::all().map(|topic| topic.ident().hash()).collect();
    let authenticity = MessageAuthenticity::Signed(keys.identity.clone());
    let mut gossip = gossipsub::Behaviour::new_with_subscription_filter(
        authenticity,
        gossip_config,
        WhitelistSubscriptionFilter(topics),
    )
    .map_err(|error| gossip_error(&error))?;
    for topic in Topic::all() {
        gossip
            .subscribe(&topic.ident())
            .map_err(|error| gossip_error(&error))?;
    }
    // The relays name each other, so they are few: each sends straight to those it knows.
    for peer in &config.peers {
        gossip.add_explicit_peer(&peer.id);
    }
    let limits = connection_limits(&config.limits);
    let public = keys.identity.public();
    let agent = concat!("rookery-relay/", env!("CARGO_PKG_VERSION")).to_owned();
    let identify = identify::Behaviour::new(
        identify::Config::new("/rookery/1".to_owned(), public).with_agent_version(agent),
    );
    Ok(Behaviour {
        limits: connection_limits::Behaviour::new(limits),
        gate,
        streams: FellowsOnly::new(libp2p_stream::Behaviour::new(), fellows.clone()),
        gossip: FellowsOnly::new(gossip, fellows.clone()),
        identify: FellowsOnly::new(identify, fellows.clone()),
        ping: FellowsOnly::new(ping::Behaviour::default(), fellows.clone()),
    })
}

pub(super) fn connection_limits(limits: &Limits) -> connection_limits::ConnectionLimits {
    let count = |value: u64| Some(u32::try_from(value).unwrap_or(u32::MAX));
    connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(count(limits.pending_connections))
        .with_max_established_incoming(count(limits.connections))
        .with_max_established_per_peer(count(limits.connections_per_peer))
}
