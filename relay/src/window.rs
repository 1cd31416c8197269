//! How often each address asked within a minute, for what is answered to whoever asks: in all, and by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// How long requests of one address are counted together.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are counted at the same time, 40 bytes each; within one window no others are answered.
pub(crate) const MAX_ADDRESSES: usize = 16_384;

/// What was asked since the window began. Time is an argument.
#[derive(Debug)]
pub(crate) struct Window {
    since: Instant,
    granted: u64,
    asked: HashMap<IpAddr, u64>,
}

impl Window {
    /// An empty one that begins now.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            since: now,
            granted: 0,
            asked: HashMap::new(),
        }
    }

    /// Whether an address has had what it may have of `each` a minute; asking does not count.
    pub(crate) fn is_spent(&self, from: IpAddr, now: Instant, each: u64) -> bool {
        let asked = self.asked.get(&network(from));
        now.duration_since(self.since) < WINDOW && asked.is_some_and(|asked| *asked >= each)
    }

    /// Whether an address may have one more answer, where each has `each` of them a minute and all together have `all`.
    pub(crate) fn take(&mut self, from: IpAddr, now: Instant, each: u64, all: u64) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            self.asked.clear();
            self.granted = 0;
            self.since = now;
        }
        let address = network(from);
        if self.asked.len() >= MAX_ADDRESSES && !self.asked.contains_key(&address) {
            return false;
        }
        let asked = self.asked.entry(address).or_default();
        *asked += 1;
        if *asked > each || self.granted >= all {
            return false;
        }
        self.granted += 1;
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_answers_a_minute_and_a_v6_network_is_one_address() {
        let begin = Instant::now();
        let mut window = Window::new(begin);
        for (from, granted) in [
            ("192.0.2.1", [true, true, false]),
            ("::ffff:192.0.2.1", [false; 3]),
            ("192.0.2.2", [true, true, false]),
            ("2001:db8::1", [true, true, false]),
            ("2001:db8::ffff:1", [false; 3]),
            ("2001:db8:0:1::1", [true, true, false]),
        ] {
            let got = granted.map(|_| window.take(address(from), begin, 2, u64::MAX));
            assert_eq!(got, granted, "{from}");
        }
        let soon = begin + WINDOW - Duration::from_millis(1);
        assert!(!window.take(address("192.0.2.1"), soon, 2, u64::MAX));
        assert!(window.take(address("192.0.2.1"), begin + WINDOW, 2, u64::MAX));
    }

    #[test]
    fn all_addresses_together_have_a_bound_too_which_no_single_one_uses_up() {
        let begin = Instant::now();
        let mut window = Window::new(begin);
        let granted = (0..100)
            .filter(|_| window.take(address("192.0.2.1"), begin, 2, 5))
            .count();
        assert_eq!(granted, 2, "what is refused to one is left for others");
        let granted = (2..100)
            .filter(|n| window.take(IpAddr::from([192, 0, 2, *n]), begin, 2, 5))
            .count();
        assert_eq!(granted, 3);
        assert!(window.take(address("192.0.2.9"), begin + WINDOW, 2, 5));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let begin = Instant::now();
        let mut window = Window::new(begin);
        for n in 0..MAX_ADDRESSES as u32 {
            assert!(window.take(IpAddr::from(n.to_be_bytes()), begin, 1, u64::MAX));
        }
        let late = IpAddr::from([255, 0, 0, 1]);
        assert!(!window.take(late, begin, 1, u64::MAX));
        assert!(window.asked.len() <= MAX_ADDRESSES);
        assert!(window.take(late, begin + WINDOW, 1, u64::MAX));
    }
}
