//! What the metrics look up when somebody asks.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::disk;
use crate::metrics::{CONTENT_TYPE, Number, Process, Sampled};
use crate::order_log::Stock;
use crate::relay::Relay;

/// The text for Prometheus; `log_file` is the file of the order log.
pub(super) async fn tell(relay: &Relay, log_file: &Path) -> Response {
    let stock = relay.log.stock().await.ok();
    let text = relay.metrics.render(&sample(relay, stock, log_file));
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

fn sample(relay: &Relay, stock: Option<Stock>, log_file: &Path) -> Sampled {
    let gate = relay.node.counters();
    let counted = |number: &AtomicU64| number.load(Ordering::Relaxed);
    Sampled {
        started_s: std::time::Duration::from_millis(relay.clock.started().get()).as_secs_f64(),
        ready: relay.readiness().is_ok(),
        draining: relay.draining.is_cancelled(),
        connections: counted(&gate.connections),
        connections_refused: counted(&gate.refused),
        streams_refused: counted(&gate.streams_refused),
        keys_given_up: relay.given_up().len() as u64,
        stun_answered: relay.stun_counters.answered.get(),
        stun_ignored: relay.stun_counters.ignored.get(),
        stun_limited: relay.stun_counters.limited.get(),
        codes: relay.codes.holding(Instant::now()) as u64,
        codes_issued: relay.codes.issued.get(),
        code_tries: [
            &relay.codes.found,
            &relay.codes.unknown,
            &relay.codes.limited,
        ]
        .map(Number::get),
        tokens: relay.tokens().len() as u64,
        health: *relay.log.health().borrow(),
        log: relay.log.counters(),
        stock,
        log_bytes: disk::size(log_file),
        free_bytes: disk::free(log_file),
        process: Process::now(),
    }
}
