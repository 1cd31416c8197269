//! Who may come, as the relay holds it now.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::conduct::{Banned, Conduct};

/// The lists that hold, as text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bans {
    /// Addresses that alone may connect; all, where there are none.
    pub allow_addresses: Vec<String>,
    /// Addresses that may not connect.
    pub deny_addresses: Vec<String>,
    /// Players who alone may have a session; all, where there are none.
    pub allow_keys: Vec<String>,
    /// Players who may have none.
    pub deny_keys: Vec<String>,
    /// Addresses and players that the relay itself keeps out for a while.
    #[serde(default)]
    pub for_a_while: Vec<Ban>,
}

/// A ban that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// An address (of IPv6 the first of its /64) or a player.
    pub who: String,
    /// Seconds that are left.
    pub left_s: u64,
}

fn told<T: fmt::Display>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl Bans {
    /// The lists, and whom `conduct` has banned at `now_ms`.
    #[must_use]
    pub fn of(access: &Access, conduct: &Conduct, now_ms: u64) -> Self {
        let Banned { keys, addresses } = conduct.banned(now_ms);
        let ban = |who: String, until: u64| Ban {
            who,
            left_s: until.saturating_sub(now_ms).div_ceil(1000),
        };
        let keys = keys
            .into_iter()
            .map(|(key, until)| ban(key.to_string(), until));
        let addresses = addresses
            .into_iter()
            .map(|(address, until)| ban(address.to_string(), until));
        let mut for_a_while: Vec<Ban> = addresses.chain(keys).collect();
        for_a_while.sort_by(|a, b| (b.left_s, &a.who).cmp(&(a.left_s, &b.who)));
        Self {
            for_a_while,
            allow_addresses: told(&access.allow_addresses),
            deny_addresses: told(&access.deny_addresses),
            allow_keys: told(&access.allow_keys),
            deny_keys: told(&access.deny_keys),
        }
    }
}

impl fmt::Display for Bans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            ("only addresses in", &self.allow_addresses),
            ("no address in", &self.deny_addresses),
            ("only the player", &self.allow_keys),
            ("not the player", &self.deny_keys),
        ];
        let lines = lists
            .iter()
            .flat_map(|(words, list)| list.iter().map(move |item| format!("{words} {item}")));
        let bans = self.for_a_while.iter();
        let bans = bans.map(|Ban { who, left_s }| format!("for {left_s} s more not {who}"));
        let lines: Vec<_> = lines.chain(bans).collect();
        if lines.is_empty() {
            return f.write_str("everybody may come");
        }
        f.write_str(&lines.join("\n"))
    }
}
