//! HTTP: the page, who this relay is, games as files, health. Metrics have a listener of their own.

mod codes;
mod files;
mod health;
mod metrics;
mod private;
mod site;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rookery_ledger::wire::{PROTOCOL, VERSIONS};
use serde_json::{Value, json};
use tokio::net::TcpListener;

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
    let players = Router::new()
        .route("/games/{file}", get(files::game))
        .route("/live.json", get(live))
        .route(codes::ROUTE, get(codes::find).post(codes::issue))
        .route_layer(from_fn_with_state(relay.clone(), private::gate));
    let mut router = health::routes()
        .route("/.well-known/rookery.json", get(well_known))
        .merge(players)
        .with_state(relay);
    router = match site {
        Some(folder) => router.fallback_service(site::service(folder)),
        None => {
            router.fallback(|| async { (StatusCode::NOT_FOUND, "This relay serves no page.\n") })
        }
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(draining.cancelled_owned())
        .await
}

/// Serves metrics and health as long as the process lives, so that a host can look on while the relay drains.
///
/// # Errors
///
/// The system's, where the listener fails.
pub async fn serve_metrics(
    relay: Arc<Relay>,
    listener: TcpListener,
    log_file: PathBuf,
) -> std::io::Result<()> {
    let metrics = get(move |State(relay): State<Arc<Relay>>| async move {
        metrics::tell(&relay, &log_file).await
    });
    let router = health::routes()
        .route("/metrics", metrics)
        .with_state(relay);
    axum::serve(listener, router).await
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

async fn well_known(State(relay): State<Arc<Relay>>) -> Response {
    let addresses: Vec<String> = relay
        .node
        .addresses()
        .borrow()
        .iter()
        .map(ToString::to_string)
        .collect();
    let given_up = relay
        .given_up()
        .iter()
        .map(|(order, at)| json!({ "order": order.to_string(), "at_ms": at.get() }));
    let body = json!({
        "v": 1,
        "peer_id": relay.node.local().to_string(),
        "addresses": addresses,
        "protocols": [PROTOCOL],
        "versions": VERSIONS,
        "agent": concat!("rookery-relay/", env!("CARGO_PKG_VERSION")),
        "private": relay.tokens().is_private(),
        "order": relay.order_key().to_string(),
        "given_up": given_up.collect::<Vec<_>>(),
        "policy": { "limits": *relay.limits() },
        "stun": relay.stun.get().map(|port| json!({ "port": port })),
        "turn": relay.turn.get().map_or(&[][..], Vec::as_slice),
        "standby": relay.standby.get().map_or(&[][..], Vec::as_slice),
        "live": "/live.json",
        "codes": (relay.limits().codes > 0).then_some(codes::PATH),
    });
    for_any_page(&body)
}

/// The games that anyone may watch.
async fn live(State(relay): State<Arc<Relay>>) -> Response {
    for_any_page(&relay.live.tell())
}

fn for_any_page(body: &Value) -> Response {
    told(StatusCode::OK, "no-cache", body)
}

/// An answer that holds for who asked, and now.
fn uncached_for_any_page(status: StatusCode, body: &Value) -> Response {
    told(status, "no-store", body)
}

fn told(status: StatusCode, caching: &'static str, body: &Value) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (status, headers, body.to_string()).into_response()
}
