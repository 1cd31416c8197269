//! STUN: tells a device under which address it is seen, so that two devices behind routers can find each other. Only what that
//! takes: binding requests by UDP (RFC 8489), without accounts. What an answer looks like is in `message`.

mod message;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;

use crate::metrics::Number;
use crate::window::Window;

/// The port that STUN has with IANA.
pub const DEFAULT_PORT: u16 = 3478;
/// The longest datagram that is looked at, bytes: a binding request has 20 and a few attributes.
const MAX_DATAGRAM: usize = 576;
/// How long to wait after an error of the socket, so that one that stays costs nothing.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// What was done with datagrams.
#[derive(Debug, Default)]
pub struct Counters {
    /// Answered.
    pub answered: Number,
    /// No binding request.
    pub ignored: Number,
    /// Not answered because the address asked too often, or too many asked.
    pub limited: Number,
}

/// Answers binding requests for good. An address gets `per_minute` answers a minute at most.
pub async fn serve(socket: UdpSocket, per_minute: u64, counters: Arc<Counters>) {
    let mut window = Window::new(Instant::now());
    // One byte more than may be tells that there were too many.
    let mut datagram = [0; MAX_DATAGRAM + 1];
    loop {
        let (len, from): (usize, SocketAddr) = match socket.recv_from(&mut datagram).await {
            Ok(received) => received,
            Err(error) => {
                tracing::debug!(%error, "cannot receive STUN requests");
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            }
        };
        let request = datagram
            .get(..len)
            .filter(|request| request.len() <= MAX_DATAGRAM);
        let Some(answer) = request.and_then(|request| message::answer(request, from)) else {
            counters.ignored.up();
            continue;
        };
        if !window.take(from.ip(), Instant::now(), per_minute, u64::MAX) {
            counters.limited.up();
            continue;
        }
        // A full buffer drops the answer, as the network may: who asked asks again.
        match socket.try_send_to(&answer, from) {
            Ok(_) => counters.answered.up(),
            Err(error) => tracing::debug!(%error, "cannot answer a STUN request"),
        }
    }
}
