//! Who may come: lists of address ranges and of players' keys.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use rookery_ledger::id::PlayerKey;
use serde::Serialize;

/// Addresses that begin with the same bits; one address where all its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    /// Its first address.
    first: IpAddr,
    /// How many bits are the same, at most 32 or 128.
    bits: u8,
}

/// A text that is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The part before the slash is no address.
    #[error("is no address; one looks like 203.0.113.0/24 or 2001:db8::/32")]
    Address,
    /// The part behind the slash is no number of bits that such an address has.
    #[error("has no number of bits from 0 to {0} behind its slash")]
    Bits(u8),
    /// Bits behind the slash are set.
    #[error("is no beginning of a range; did you mean {0}?")]
    Inside(AddressRange),
}

impl AddressRange {
    /// Whether an address is in it. An IPv4 address that is mapped into IPv6 counts as itself.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.bits) == self.first
    }
}

/// The address with all bits behind the first `bits` cleared.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from_bits(ip.to_bits() & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
    }
}

impl FromStr for AddressRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| RangeError::Address)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => all,
            Some(bits) => {
                let bits = bits.parse().ok().filter(|bits| *bits <= all);
                bits.ok_or(RangeError::Bits(all))?
            }
        };
        let first = masked(address, bits);
        let range = Self { first, bits };
        if first == address {
            Ok(range)
        } else {
            Err(RangeError::Inside(range))
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The lists. A list of those allowed that is empty allows everybody; whoever is denied may not come in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Addresses that alone may connect.
    pub allow_addresses: Vec<AddressRange>,
    /// Addresses that may not connect.
    pub deny_addresses: Vec<AddressRange>,
    /// Players who alone may have a session.
    pub allow_keys: Vec<PlayerKey>,
    /// Players who may have none.
    pub deny_keys: Vec<PlayerKey>,
}

impl Access {
    /// Whether who is at this address may connect.
    #[must_use]
    pub fn admits_address(&self, address: IpAddr) -> bool {
        let among = |ranges: &[AddressRange]| ranges.iter().any(|range| range.contains(address));
        (self.allow_addresses.is_empty() || among(&self.allow_addresses))
            && !among(&self.deny_addresses)
    }

    /// Whether this player may have a session; `None` is somebody who watches and says no key.
    #[must_use]
    pub fn admits_player(&self, player: Option<PlayerKey>) -> bool {
        let among = |keys: &[PlayerKey]| player.is_some_and(|player| keys.contains(&player));
        (self.allow_keys.is_empty() || among(&self.allow_keys)) && !among(&self.deny_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_the_addresses_that_begin_as_it_does() {
        let net = range("203.0.113.64/26");
        assert!(net.contains(ip("203.0.113.64")) && net.contains(ip("203.0.113.127")));
        assert!(!net.contains(ip("203.0.113.63")) && !net.contains(ip("203.0.113.128")));
        assert!(net.contains(ip("::ffff:203.0.113.65")), "a mapped address");
        assert!(!net.contains(ip("2001:db8::1")));
        let net = range("2001:db8:8000::/33");
        assert!(net.contains(ip("2001:db8:ffff::1")) && !net.contains(ip("2001:db8:7fff::1")));
        let one = range("198.51.100.7");
        assert!(one.contains(ip("198.51.100.7")) && !one.contains(ip("198.51.100.6")));
        assert_eq!(one.to_string(), "198.51.100.7/32");
        assert!(range("0.0.0.0/0").contains(ip("1.2.3.4")));
        assert!(!range("0.0.0.0/0").contains(ip("::1")));
        assert!(range("::/0").contains(ip("::1")));
    }

    #[test]
    fn what_is_no_range_is_told_why() {
        for text in ["", "x", "203.0.113/24", "203.0.113.0:1", "[::1]", " ::1"] {
            assert_eq!(
                text.parse::<AddressRange>(),
                Err(RangeError::Address),
                "{text}"
            );
        }
        for text in [
            "1.2.3.0/33",
            "1.2.3.0/",
            "1.2.3.0/-1",
            "1.2.3.0/8/8",
            "1.2.3.0/x",
        ] {
            assert_eq!(
                text.parse::<AddressRange>(),
                Err(RangeError::Bits(32)),
                "{text}"
            );
        }
        assert_eq!("::/129".parse::<AddressRange>(), Err(RangeError::Bits(128)));
        let meant = range("203.0.113.0/24");
        assert_eq!(
            "203.0.113.9/24".parse::<AddressRange>(),
            Err(RangeError::Inside(meant))
        );
    }

    #[test]
    fn who_is_denied_does_not_come_and_a_list_of_the_allowed_keeps_all_others_out() {
        let (one, two) = (PlayerKey([1; 32]), PlayerKey([2; 32]));
        let open = Access::default();
        assert!(open.admits_address(ip("1.2.3.4")));
        assert!(open.admits_player(None) && open.admits_player(Some(one)));
        let lists = Access {
            allow_addresses: vec![range("10.0.0.0/8")],
            deny_addresses: vec![range("10.1.0.0/16")],
            allow_keys: vec![one, two],
            deny_keys: vec![two],
        };
        assert!(lists.admits_address(ip("10.2.0.1")));
        assert!(
            !lists.admits_address(ip("10.1.0.1")),
            "denied goes over allowed"
        );
        assert!(!lists.admits_address(ip("11.0.0.1")));
        assert!(lists.admits_player(Some(one)));
        assert!(!lists.admits_player(Some(two)));
        assert!(!lists.admits_player(Some(PlayerKey([3; 32]))));
        assert!(!lists.admits_player(None), "nor whoever says no key");
        let denied = Access {
            allow_keys: Vec::new(),
            ..lists
        };
        assert!(denied.admits_player(None) && !denied.admits_player(Some(two)));
    }
}
