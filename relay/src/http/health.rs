//! Whether the process lives, whether it can do its work, and whether its log is well.

use std::fmt::Display;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::relay::{NotReady, Relay};

/// `/livez`, `/readyz` and `/healthz`.
pub(super) fn routes() -> Router<Arc<Relay>> {
    Router::new()
        .route("/livez", get(|| async { answer(None::<NotReady>) }))
        .route("/readyz", get(ready))
        .route("/healthz", get(health))
}

async fn ready(State(relay): State<Arc<Relay>>) -> Response {
    answer(relay.readiness().err())
}

/// As it was before there was a difference between living and being ready: about the log alone.
async fn health(State(relay): State<Arc<Relay>>) -> Response {
    let of_log = |why: &NotReady| matches!(why, NotReady::DiskFull | NotReady::LogDown);
    answer(relay.readiness().err().filter(of_log))
}

fn answer(why_not: Option<impl Display>) -> Response {
    let uncached = [(header::CACHE_CONTROL, "no-store")];
    match why_not {
        None => (StatusCode::OK, uncached, "ok\n".to_owned()).into_response(),
        Some(why) => {
            let words = format!("{why}\n");
            (StatusCode::SERVICE_UNAVAILABLE, uncached, words).into_response()
        }
    }
}
