//! What a private relay gives by HTTP to those alone who have its token: `Authorization: Bearer TOKEN`, never in an address, for
//! addresses are logged and passed on. A page of another site asks first whether it may send that header.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::uncached_for_any_page;
use crate::conduct::{Misdeed, Standing};
use crate::relay::Relay;
use crate::tokens::Refusal;

/// Lets a request through to a game, a code or a list, or answers it.
pub(super) async fn gate(
    State(relay): State<Arc<Relay>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS {
        return preflight();
    }
    match relay.admit(bearer(request.headers()), Some(from.ip())) {
        Ok(_) => next.run(request).await,
        Err(refusal) => {
            if refusal == Refusal::Wrong {
                count(&relay, from);
            }
            refused(refusal)
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A guess by HTTP weighs what one by a session weighs.
fn count(relay: &Relay, from: SocketAddr) {
    let (limits, now) = (relay.limits(), relay.clock.now().get());
    relay.metrics.misdeed(Misdeed::WrongToken);
    let points = Misdeed::WrongToken.points();
    let conduct = relay.node.conduct();
    let standing = conduct.count(None, Some(from.ip()), points, &limits, now);
    if let Standing::Banned(_) = standing {
        relay.metrics.bans.up();
    }
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn refused(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::Needed | Refusal::Wrong => StatusCode::UNAUTHORIZED,
        Refusal::TooOften => StatusCode::TOO_MANY_REQUESTS,
    };
    let body = json!({ "v": 1, "error": refusal.code(), "words": refusal.to_string() });
    let mut response = uncached_for_any_page(status, &body);
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_as_a_bearer_and_in_no_other_way() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc"), Some("abc".into()));
        assert_eq!(of("bearer  abc"), Some("abc".into()));
        for none in ["", "abc", "Basic abc", "Bearer"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
