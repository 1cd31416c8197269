//! HTTP: the page, who this relay is, games as files, health. Metrics have a listener of their own.

mod files;
mod site;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rookery_ledger::record::VERSION;
use rookery_ledger::wire::PROTOCOL;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::order_log::Health;
use crate::relay::Relay;

/// Serves the page and the relay's files until the relay drains.
///
/// # Errors
///
/// The system's, where the listener fails.
pub async fn serve(
    relay: Arc<Relay>,
    listener: TcpListener,
    site: Option<PathBuf>,
) -> std::io::Result<()> {
    let draining = relay.draining.clone();
    let mut router = Router::new()
        .route("/healthz", get(health))
        .route("/.well-known/rookery.json", get(well_known))
        .route("/games/{file}", get(files::game))
        .route("/live.json", get(live))
        .with_state(relay);
    router = match site {
        Some(folder) => router.fallback_service(site::service(folder)),
        None => {
            router.fallback(|| async { (StatusCode::NOT_FOUND, "This relay serves no page.\n") })
        }
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(draining.cancelled_owned())
        .await
}

/// Serves metrics until the relay drains.
///
/// # Errors
///
/// The system's, where the listener fails.
pub async fn serve_metrics(relay: Arc<Relay>, listener: TcpListener) -> std::io::Result<()> {
    let draining = relay.draining.clone();
    let router = Router::new()
        .route("/metrics", get(metrics))
        .with_state(relay);
    axum::serve(listener, router)
        .with_graceful_shutdown(draining.cancelled_owned())
        .await
}

/// Binds a listener and says where.
///
/// # Errors
///
/// A sentence that names the address.
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let failed = |error: std::io::Error| {
        format!("cannot listen on {address}: {error}; is another program using the port?")
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn health(State(relay): State<Arc<Relay>>) -> Response {
    let health = *relay.log.health().borrow();
    match health {
        Health::Ready | Health::Busy => (StatusCode::OK, "ok\n").into_response(),
        Health::Full => (StatusCode::SERVICE_UNAVAILABLE, "the disk is full\n").into_response(),
        Health::Down => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the log cannot be written\n",
        )
            .into_response(),
    }
}

async fn well_known(State(relay): State<Arc<Relay>>) -> Response {
    let addresses: Vec<String> = relay
        .node
        .addresses()
        .borrow()
        .iter()
        .map(ToString::to_string)
        .collect();
    let body = json!({
        "v": 1,
        "peer_id": relay.node.local().to_string(),
        "addresses": addresses,
        "protocols": [PROTOCOL],
        "versions": [VERSION],
        "agent": concat!("rookery-relay/", env!("CARGO_PKG_VERSION")),
        "order": relay.order_key().to_string(),
        "policy": { "limits": relay.limits },
        "stun": relay.stun.get().map(|port| json!({ "port": port })),
        "turn": relay.turn.get().map_or(&[][..], Vec::as_slice),
        "live": "/live.json",
    });
    for_any_page(&body)
}

/// The games that anyone may watch.
async fn live(State(relay): State<Arc<Relay>>) -> Response {
    for_any_page(&relay.live.tell())
}

fn for_any_page(body: &Value) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (headers, body.to_string()).into_response()
}

async fn metrics(State(relay): State<Arc<Relay>>) -> Response {
    let gate = relay.node.counters();
    let counted = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::Relaxed);
    let log = relay.log.counters();
    let state = match *relay.log.health().borrow() {
        Health::Ready => 0,
        Health::Busy => 1,
        Health::Full => 2,
        Health::Down => 3,
    };
    let more = [
        (
            "connections",
            "libp2p connections open now.",
            counted(&gate.connections),
        ),
        (
            "connections_refused_total",
            "libp2p connections refused.",
            counted(&gate.refused),
        ),
        (
            "streams_refused_total",
            "Streams refused.",
            counted(&gate.streams_refused),
        ),
        ("log_state", "0 ready, 1 busy, 2 disk full, 3 down.", state),
        (
            "log_commits_total",
            "Durable commits of the log.",
            log.commits,
        ),
        (
            "log_appends_total",
            "Appends that were acknowledged.",
            log.appends,
        ),
        (
            "stun_answers_total",
            "STUN requests answered.",
            relay.stun_counters.answered.get(),
        ),
        (
            "stun_ignored_total",
            "Datagrams at the STUN port that were no binding requests.",
            relay.stun_counters.ignored.get(),
        ),
        (
            "stun_limited_total",
            "STUN requests not answered because too many came.",
            relay.stun_counters.limited.get(),
        ),
        ("log_failures_total", "Commits that failed.", log.failures),
    ];
    let headers = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4"),
    )];
    (headers, relay.metrics.render(&more)).into_response()
}
