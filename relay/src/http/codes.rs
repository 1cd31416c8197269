//! Codes to type: `POST /codes/<game>` gives an open game its code, `GET /codes/<code>` tells the game of one. Neither needs a body
//! or a header, so that pages of any host may ask.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use rookery_ledger::Game;
use rookery_ledger::id::GameId;
use serde_json::json;

use super::uncached_for_any_page;
use crate::codes::Refusal;
use crate::relay::Relay;

/// Where codes are asked for, as `rookery.json` names it.
pub(super) const PATH: &str = "/codes";
/// The same with what is asked about behind it.
pub(super) const ROUTE: &str = "/codes/{what}";

pub(super) async fn issue(
    State(relay): State<Arc<Relay>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(game): Path<String>,
) -> Response {
    let issued = async {
        let (limits, now) = (relay.limits(), Instant::now());
        relay.codes.may_issue(from.ip(), now, &limits)?;
        let id = game.parse::<GameId>().map_err(|_| Refusal::NotOpen)?;
        let open = relay
            .games
            .export(id)
            .await
            .is_some_and(|game| is_open(&game));
        if !open {
            return Err(Refusal::NotOpen);
        }
        let mut bits = [0; 5];
        getrandom::fill(&mut bits).map_err(|error| {
            tracing::error!(%error, "the system has no random numbers");
            Refusal::Full
        })?;
        relay.codes.issue(id, bits, now, &limits)
    };
    match issued.await {
        Ok(issued) => {
            let holds_ms = u64::try_from(issued.holds.as_millis()).unwrap_or(u64::MAX);
            let body = json!({ "v": 1, "code": issued.code.to_string(), "holdsMs": holds_ms });
            uncached_for_any_page(StatusCode::OK, &body)
        }
        Err(refusal) => refused(refusal),
    }
}

pub(super) async fn find(
    State(relay): State<Arc<Relay>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(code): Path<String>,
) -> Response {
    let found = relay
        .codes
        .find(&code, from.ip(), Instant::now(), &relay.limits());
    let game = match found {
        Ok(game) => game,
        Err(refusal) => return refused(refusal),
    };
    // One that nobody looks at is not in memory: its creator is away, and it is as open as before.
    let taken = relay
        .games
        .export(game)
        .await
        .is_some_and(|game| !is_open(&game));
    if taken {
        relay.codes.forget(game);
        return refused(Refusal::Unknown);
    }
    uncached_for_any_page(StatusCode::OK, &json!({ "v": 1, "game": game.to_string() }))
}

fn is_open(game: &Game) -> bool {
    let state = game.state();
    state.line.players().is_none() && state.outcome().is_none()
}

fn refused(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::Off | Refusal::Unknown | Refusal::NotOpen => StatusCode::NOT_FOUND,
        Refusal::NoCode => StatusCode::BAD_REQUEST,
        Refusal::TooOften => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Full => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = json!({ "v": 1, "error": refusal.code(), "words": refusal.to_string() });
    uncached_for_any_page(status, &body)
}
