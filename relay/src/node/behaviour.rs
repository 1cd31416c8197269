//! The protocols of the node, and how they are set.

use libp2p::gossipsub::{self, MessageAuthenticity, WhitelistSubscriptionFilter};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{connection_limits, identify, ping};

use super::{MAX_GOSSIP, StartError, Topic, gate};
use crate::config::Config;
use crate::keys::Keys;
use crate::limits::Limits;

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub(super) struct Behaviour {
    pub(super) limits: connection_limits::Behaviour,
    pub(super) gate: gate::Gate,
    pub(super) streams: libp2p_stream::Behaviour,
    pub(super) gossip:
        gossipsub::Behaviour<gossipsub::IdentityTransform, WhitelistSubscriptionFilter>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

pub(super) fn behaviour(
    config: &Config,
    keys: &Keys,
    gate: gate::Gate,
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
    Ok(Behaviour {
        limits: connection_limits::Behaviour::new(limits),
        gate,
        streams: libp2p_stream::Behaviour::new(),
        gossip,
        identify: identify::Behaviour::new(
            identify::Config::new("/rookery/1".to_owned(), public).with_agent_version(agent),
        ),
        ping: ping::Behaviour::new(ping::Config::default()),
    })
}

pub(super) fn connection_limits(limits: &Limits) -> connection_limits::ConnectionLimits {
    let count = |value: u64| Some(u32::try_from(value).unwrap_or(u32::MAX));
    connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(count(limits.pending_connections))
        .with_max_established_incoming(count(limits.connections))
        .with_max_established_per_peer(count(limits.connections_per_peer))
}
