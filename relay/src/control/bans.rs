//! Who may come, as the relay holds it now.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::Access;

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
}

fn told<T: fmt::Display>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl From<&Access> for Bans {
    fn from(access: &Access) -> Self {
        Self {
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
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() {
            return f.write_str("everybody may come");
        }
        f.write_str(&lines.join("\n"))
    }
}
