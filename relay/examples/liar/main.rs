//! A relay that lies: the shipped sessions, games and HTTP over a log in memory, with a mouth of its own between them and
//! the clients. `liar --lie NAME` and the flags of `rookery-relay serve`; it says that it is ready as that does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for tests"
)]

mod lies;
mod mouth;

use std::sync::Arc;

use clap::Parser as _;
use rookery_ledger::sign::Keypair;
use rookery_relay::config::{Config, Overrides};
use rookery_relay::keys::Keys;
use rookery_relay::order_log::MemoryLog;
use rookery_relay::relay::Relay;
use rookery_relay::{http, node, session};
use serde_json::json;

use lies::{Liar, Lie};
use mouth::Mouth;

#[derive(clap::Parser)]
struct Args {
    /// What is lied about: honest, double, splice, signature, invalid, backwards, withhold, refuse, swallow, reorder, stretch
    #[arg(long, value_parser = named)]
    lie: Lie,
    /// The place (`seq`) in a game's order at which it begins: 0 the genesis, 1 the Seat, 2 the first move
    #[arg(long, default_value_t = 4)]
    at: u64,
    #[command(flatten)]
    serve: Overrides,
}

fn named(name: &str) -> Result<Lie, &'static str> {
    let mut all = Lie::ALL.into_iter();
    let found = all.find(|(known, _)| *known == name);
    found.map(|(_, lie)| lie).ok_or("no such lie")
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Config::load(None, &args.serve).expect("a configuration");
    let keys = Keys::load_or_make(&config.data).expect("keys");
    let (http_listener, http_address) = http::bind(config.http).await.expect("a port for HTTP");
    let (metrics_listener, metrics) = http::bind(config.metrics)
        .await
        .expect("a port for metrics");
    let (node, mut inbound, _events) = node::start(&config, &keys).await.expect("a node");
    let secret = keys.order.to_bytes();
    let log = Arc::new(MemoryLog::default());
    let key = Keypair::from_secret(&secret);
    let relay = Relay::new(config.limits.clone(), key, log, node);
    let liar = Arc::new(Liar::new(args.lie, args.at, Keypair::from_secret(&secret)));
    tokio::spawn(http::serve(
        relay.clone(),
        http_listener,
        config.site.clone(),
    ));
    let log_file = config.data.join("order.redb");
    tokio::spawn(http::serve_metrics(
        relay.clone(),
        metrics_listener,
        log_file,
    ));
    let listen: Vec<String> = relay
        .node
        .addresses()
        .borrow()
        .iter()
        .map(ToString::to_string)
        .collect();
    let ready = json!({
        "ready": true,
        "peer_id": relay.node.local().to_string(),
        "listen": listen,
        "http": http_address.to_string(),
        "metrics": metrics.to_string(),
    });
    println!("{ready}");
    while let Some(inbound) = inbound.recv().await {
        let (relay, liar) = (relay.clone(), liar.clone());
        tokio::spawn(async move {
            let mouth = Mouth::new(inbound.stream, liar);
            session::run_over(relay, mouth, inbound.peer, false).await;
            drop(inbound.permit);
        });
    }
}
