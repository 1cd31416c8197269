//! STUN: tells a device under which address it is seen, so that two devices behind routers can find each other. Only what that
//! takes: binding requests by UDP (RFC 8489), without accounts. What an answer looks like is in `message`.

mod message;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;

use crate::metrics::Number;

/// The port that STUN has with IANA.
pub const DEFAULT_PORT: u16 = 3478;
/// The longest datagram that is looked at, bytes: a binding request has 20 and a few attributes.
const MAX_DATAGRAM: usize = 576;
/// How long requests of one address are counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are counted at the same time, 40 bytes each; within one window no others are answered.
const MAX_ADDRESSES: usize = 16_384;
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

/// How often each address asked.
struct Budget {
    per_minute: u64,
    since: Instant,
    asked: HashMap<IpAddr, u64>,
}

impl Budget {
    fn new(per_minute: u64, now: Instant) -> Self {
        Self {
            per_minute,
            since: now,
            asked: HashMap::new(),
        }
    }

    /// Whether an address may have one more answer.
    fn take(&mut self, from: IpAddr, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            self.asked.clear();
            self.since = now;
        }
        let address = network(from);
        if self.asked.len() >= MAX_ADDRESSES && !self.asked.contains_key(&address) {
            return false;
        }
        let asked = self.asked.entry(address).or_default();
        *asked += 1;
        *asked <= self.per_minute
    }
}

/// Whoever has one IPv6 address has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = u128::from(v6) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 => v4,
    }
}

/// Answers binding requests for good. An address gets `per_minute` answers a minute at most.
pub async fn serve(socket: UdpSocket, per_minute: u64, counters: Arc<Counters>) {
    let mut budget = Budget::new(per_minute, Instant::now());
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
        if !budget.take(from.ip(), Instant::now()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_answers_a_minute_and_a_v6_network_is_one_address() {
        let begin = Instant::now();
        let mut budget = Budget::new(2, begin);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for (from, granted) in [
            ("192.0.2.1", [true, true, false]),
            ("::ffff:192.0.2.1", [false; 3]),
            ("192.0.2.2", [true, true, false]),
            ("2001:db8::1", [true, true, false]),
            ("2001:db8::ffff:1", [false; 3]),
            ("2001:db8:0:1::1", [true, true, false]),
        ] {
            let got = granted.map(|_| budget.take(address(from), begin));
            assert_eq!(got, granted, "{from}");
        }
        let soon = begin + WINDOW - Duration::from_millis(1);
        assert!(!budget.take(address("192.0.2.1"), soon));
        assert!(budget.take(address("192.0.2.1"), begin + WINDOW));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let begin = Instant::now();
        let mut budget = Budget::new(1, begin);
        for n in 0..MAX_ADDRESSES as u32 {
            assert!(budget.take(IpAddr::from(n.to_be_bytes()), begin));
        }
        assert!(!budget.take(IpAddr::from([255, 0, 0, 1]), begin));
        assert!(budget.asked.len() <= MAX_ADDRESSES);
        assert!(budget.take(IpAddr::from([255, 0, 0, 1]), begin + WINDOW));
    }
}
