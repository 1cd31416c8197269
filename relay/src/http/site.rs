//! The built page as files, with the headers that belong to it.

use std::convert::Infallible;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, header};
use axum::response::Response;
use tower::util::BoxCloneSyncService;
use tower_http::services::ServeDir;

/// What the page may do. Its own `<meta>` policy is the same and also pins its one inline script, the import map, by
/// hash; the hash changes with each build, so it cannot stand here, and both policies hold.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self' http: https: ws: wss:; worker-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'self'";

const HEADERS: [(HeaderName, &str); 5] = [
    // File names carry no version, so browsers ask each time and mostly hear that nothing changed.
    (header::CACHE_CONTROL, "no-cache"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::VARY, "accept-encoding"),
];

/// Files of `folder`; compressed ones (`.br`, `.gz`) beside them are preferred where the browser takes them.
pub(super) fn service(folder: PathBuf) -> BoxCloneSyncService<Request<Body>, Response, Infallible> {
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    let with_headers = tower::ServiceExt::<Request<Body>>::map_response(files, |response| {
        let mut response = response.map(Body::new);
        for (name, value) in HEADERS {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    });
    BoxCloneSyncService::new(with_headers)
}
