//! How keys and addresses behave: a score of misdeeds that decays, and what follows from it: a warning, a slower pace, a
//! ban for a while. Nothing of what anybody plays or says is kept, only points and when they were counted.
//!
//! Time is an argument: milliseconds of any clock that does not go back.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rookery_ledger::id::PlayerKey;

use crate::limits::Limits;

/// Keys, and addresses, that are remembered: 10,000 of each, 100 bytes an entry, are 2 MB. Who is nearest to a clean score
/// makes room.
const REMEMBERED: usize = 10_000;
/// Below this a score is forgotten.
const FORGOTTEN: f64 = 0.5;

/// What lowers one's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misdeed {
    /// A signature that is not by who may sign.
    BadSignature,
    /// Bytes that are no frame or no record of the protocol.
    Malformed,
    /// A record that the rules of chess or of the ledger do not allow.
    IllegalRecord,
    /// A record out of turn or for a place that is taken: now and then messages cross, a flood of them do not.
    Stale,
    /// More seeks, joins, offers and lines of chat than the limits allow.
    Spam,
    /// Sat down and never came: the game ended without a first move.
    SeatSquatting,
    /// Asked for more replays than the limits allow.
    Scraping,
    /// A token that does not open the relay: mistyped, retired, or guessed.
    WrongToken,
}

impl Misdeed {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BadSignature,
        Self::Malformed,
        Self::IllegalRecord,
        Self::Stale,
        Self::Spam,
        Self::SeatSquatting,
        Self::Scraping,
        Self::WrongToken,
    ];

    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadSignature => "bad-signature",
            Self::Malformed => "malformed",
            Self::IllegalRecord => "illegal-record",
            Self::Stale => "stale",
            Self::Spam => "spam",
            Self::SeatSquatting => "seat-squatting",
            Self::Scraping => "scraping",
            Self::WrongToken => "wrong-token",
        }
    }

    /// Points. An honest client of ours never signs wrongly or moves illegally, so those weigh most; what an honest one
    /// meets now and then weighs one.
    #[must_use]
    pub const fn points(self) -> u64 {
        match self {
            Self::BadSignature | Self::Malformed | Self::SeatSquatting | Self::WrongToken => 20,
            Self::IllegalRecord => 10,
            Self::Spam | Self::Scraping => 2,
            Self::Stale => 1,
        }
    }

    /// What a refusal with this code tells of who asked; none where an honest client meets it.
    #[must_use]
    pub fn of_refusal(code: &str) -> Option<Self> {
        Some(match code {
            "bad-signature" => Self::BadSignature,
            "malformed" | "not-canonical" | "too-large" | "unknown-version" => Self::Malformed,
            "illegal-move" | "bad-genesis" | "bad-reveal" | "bad-consent" | "bad-ply"
            | "no-draw" | "no-takebacks" | "wrong-height" | "wrong-on" | "wrong-game"
            | "not-a-player" => Self::IllegalRecord,
            "not-your-turn" | "stale-head" | "unknown-prev" | "resign-on-chain"
            | "abort-too-late" | "game-over" | "seat-taken" | "seat-reserved" => Self::Stale,
            _ => return None,
        })
    }
}

/// What follows from a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing.
    Good,
    /// The next refusals say what comes next.
    Warned,
    /// Every limit of requests is a tenth.
    Throttled,
    /// No session and no connection until then, ms.
    Banned(u64),
}

impl Standing {
    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warned => "warned",
            Self::Throttled => "throttled",
            Self::Banned(_) => "banned",
        }
    }
}

/// Points that halve in each half-life.
#[derive(Debug, Clone, Copy)]
struct Score {
    points: f64,
    at_ms: u64,
    /// Banned until then; 0: not.
    until_ms: u64,
}

impl Score {
    fn at(self, now_ms: u64, half_life_ms: u64) -> f64 {
        let passed = now_ms.saturating_sub(self.at_ms) as f64;
        self.points * (-passed / half_life_ms.max(1) as f64).exp2()
    }
}

/// The scores of one kind of name.
#[derive(Debug)]
struct Scores<K>(HashMap<K, Score>);

impl<K> Default for Scores<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Scores<K> {
    fn count(&mut self, who: K, points: u64, factor: u64, limits: &Limits, now: u64) -> Standing {
        if !self.0.contains_key(&who) && self.0.len() >= REMEMBERED {
            self.make_room(limits, now);
        }
        let fresh = Score {
            points: 0.0,
            at_ms: now,
            until_ms: 0,
        };
        let score = self.0.entry(who).or_insert(fresh);
        score.points = score.at(now, limits.conduct_half_life_ms) + points as f64;
        score.at_ms = score.at_ms.max(now);
        if score.points >= limits.conduct_ban.saturating_mul(factor) as f64 {
            score.until_ms = now.saturating_add(limits.ban_ms);
            // Whoever comes back begins where the next misdeeds soon slow it down.
            score.points = limits.conduct_warn.saturating_mul(factor) as f64;
        }
        standing(*score, factor, limits, now)
    }

    fn of(&self, who: K, factor: u64, limits: &Limits, now: u64) -> Standing {
        let score = self.0.get(&who);
        score.map_or(Standing::Good, |score| {
            standing(*score, factor, limits, now)
        })
    }

    /// Forgets what has decayed, and if nothing has, who is nearest to it.
    fn make_room(&mut self, limits: &Limits, now: u64) {
        let left = |score: &Score| score.at(now, limits.conduct_half_life_ms);
        self.0
            .retain(|_, score| score.until_ms > now || left(score) >= FORGOTTEN);
        if self.0.len() < REMEMBERED {
            return;
        }
        let mut all: Vec<(K, bool, f64)> = self
            .0
            .iter()
            .map(|(who, score)| (*who, score.until_ms > now, left(score)))
            .collect();
        all.sort_by(|(_, a_banned, a), (_, b_banned, b)| {
            (a_banned, a)
                .partial_cmp(&(b_banned, b))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        for (who, ..) in all.iter().take(REMEMBERED / 10) {
            self.0.remove(who);
        }
    }

    fn banned(&self, now: u64) -> Vec<(K, u64)> {
        let all = self.0.iter();
        all.filter(|(_, score)| score.until_ms > now)
            .map(|(who, score)| (*who, score.until_ms))
            .collect()
    }
}

fn standing(score: Score, factor: u64, limits: &Limits, now: u64) -> Standing {
    let points = score.at(now, limits.conduct_half_life_ms);
    let reaches = |least: u64| points >= least.saturating_mul(factor) as f64;
    if score.until_ms > now {
        Standing::Banned(score.until_ms)
    } else if reaches(limits.conduct_throttle) {
        Standing::Throttled
    } else if reaches(limits.conduct_warn) {
        Standing::Warned
    } else {
        Standing::Good
    }
}

/// The unit that counts as one address: an IPv4 address or an IPv6 /64, which is what one customer gets.
#[must_use]
pub fn unit_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        ip => ip,
    }
}

#[derive(Debug, Default)]
struct All {
    keys: Scores<PlayerKey>,
    addresses: Scores<IpAddr>,
}

/// Who is banned, each with the end of it in ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banned {
    /// Players.
    pub keys: Vec<(PlayerKey, u64)>,
    /// Addresses, of IPv6 the first of the /64.
    pub addresses: Vec<(IpAddr, u64)>,
}

/// The scores of a relay.
#[derive(Debug, Default)]
pub struct Conduct(Mutex<All>);

impl Conduct {
    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts points against a key, an address or both, and says how the worse of both stands. An address stands for many:
    /// its thresholds are higher by the factor of the limits, and where that is 0 addresses are not judged.
    pub fn count(
        &self,
        player: Option<PlayerKey>,
        address: Option<IpAddr>,
        points: u64,
        limits: &Limits,
        now_ms: u64,
    ) -> Standing {
        let mut all = self.lock();
        let by_key = player.map(|key| all.keys.count(key, points, 1, limits, now_ms));
        let factor = limits.conduct_address_factor;
        let address = address.filter(|_| factor > 0).map(unit_of);
        let by_address =
            address.map(|unit| all.addresses.count(unit, points, factor, limits, now_ms));
        by_key
            .into_iter()
            .chain(by_address)
            .max()
            .unwrap_or(Standing::Good)
    }

    /// How a key stands.
    #[must_use]
    pub fn of_key(&self, player: PlayerKey, limits: &Limits, now_ms: u64) -> Standing {
        self.lock().keys.of(player, 1, limits, now_ms)
    }

    /// How an address stands.
    #[must_use]
    pub fn of_address(&self, address: IpAddr, limits: &Limits, now_ms: u64) -> Standing {
        let factor = limits.conduct_address_factor;
        if factor == 0 {
            return Standing::Good;
        }
        let unit = unit_of(address);
        self.lock().addresses.of(unit, factor, limits, now_ms)
    }

    /// Whether an address is banned at `now_ms`, whatever the limits are by now.
    #[must_use]
    pub fn is_banned(&self, address: IpAddr, now_ms: u64) -> bool {
        let all = self.lock();
        let score = all.addresses.0.get(&unit_of(address));
        score.is_some_and(|score| score.until_ms > now_ms)
    }

    /// Who is banned at `now_ms`.
    #[must_use]
    pub fn banned(&self, now_ms: u64) -> Banned {
        let all = self.lock();
        Banned {
            keys: all.keys.banned(now_ms),
            addresses: all.addresses.banned(now_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: PlayerKey = PlayerKey([1; 32]);

    fn limits() -> Limits {
        Limits {
            conduct_half_life_ms: 1_000,
            conduct_warn: 50,
            conduct_throttle: 100,
            conduct_ban: 200,
            ban_ms: 5_000,
            conduct_address_factor: 4,
            ..Limits::default()
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_score_leads_to_a_warning_then_a_slower_pace_then_a_ban_and_decays_without_anybodys_doing()
    {
        let (conduct, limits) = (Conduct::default(), limits());
        let add = |points, now| conduct.count(Some(KEY), None, points, &limits, now);
        assert_eq!(add(49, 0), Standing::Good);
        assert_eq!(add(1, 0), Standing::Warned);
        assert_eq!(add(60, 0), Standing::Throttled);
        let of = |now| conduct.of_key(KEY, &limits, now);
        assert_eq!(of(100), Standing::Throttled, "102 points are left");
        assert_eq!(of(150), Standing::Warned, "99 points are left");
        assert_eq!(
            of(1_137),
            Standing::Warned,
            "after a half-life and a bit 50.01"
        );
        assert_eq!(of(1_138), Standing::Good);
        assert_eq!(
            add(100, 1_138),
            Standing::Throttled,
            "what was left counts on"
        );
        assert_eq!(add(100, 1_138), Standing::Banned(6_138));
        assert_eq!(of(6_137), Standing::Banned(6_138));
        assert_eq!(of(6_138), Standing::Good, "a ban ends by itself");
        assert_eq!(conduct.banned(6_137).keys, [(KEY, 6_138)]);
        assert_eq!(conduct.banned(6_138).keys, []);
    }

    #[test]
    fn what_an_honest_client_meets_now_and_then_never_adds_up() {
        let (conduct, limits) = (Conduct::default(), Limits::default());
        for second in 0..3_600 {
            // A crossing message every five seconds for an hour.
            if second % 5 == 0 {
                let standing = conduct.count(
                    Some(KEY),
                    None,
                    Misdeed::Stale.points(),
                    &limits,
                    second * 1_000,
                );
                assert!(
                    standing <= Standing::Warned,
                    "{standing:?} after {second} s"
                );
            }
        }
        for code in [
            // All of a player's games, at a relay that has just been set up.
            "unknown-game",
            "rate-limited",
            "log-full",
            "log-unavailable",
            "clock-behind",
            "too-many-games",
            "creator-away",
            "no-home",
            "out-of-time",
            "too-many",
        ] {
            assert_eq!(Misdeed::of_refusal(code), None, "{code}");
        }
    }

    #[test]
    fn an_address_stands_for_many_and_one_key_of_it_does_not_speak_for_the_others() {
        let (conduct, limits) = (Conduct::default(), limits());
        let school = ip("203.0.113.7");
        let standing = conduct.count(Some(KEY), Some(school), 200, &limits, 0);
        assert_eq!(standing, Standing::Banned(5_000), "the key");
        assert_eq!(conduct.of_address(school, &limits, 0), Standing::Warned);
        assert!(!conduct.is_banned(school, 0));
        let other = PlayerKey([2; 32]);
        assert_eq!(conduct.of_key(other, &limits, 0), Standing::Good);
        // New keys do not help whoever goes on.
        for key in 2..5 {
            conduct.count(Some(PlayerKey([key; 32])), Some(school), 200, &limits, 0);
        }
        assert!(conduct.is_banned(school, 0) && !conduct.is_banned(school, 5_000));
        let off = Limits {
            conduct_address_factor: 0,
            ..limits
        };
        let quiet = ip("203.0.113.8");
        assert_eq!(
            conduct.count(None, Some(quiet), 10_000, &off, 0),
            Standing::Good
        );
        assert!(
            !conduct.is_banned(quiet, 0),
            "behind a proxy all have one address"
        );
    }

    #[test]
    fn a_v6_customer_is_one_address_and_a_mapped_address_is_itself() {
        let (conduct, limits) = (Conduct::default(), limits());
        conduct.count(None, Some(ip("2001:db8::1")), 800, &limits, 0);
        assert!(conduct.is_banned(ip("2001:db8::ffff"), 0));
        assert!(!conduct.is_banned(ip("2001:db8:0:1::1"), 0));
        conduct.count(None, Some(ip("::ffff:10.0.0.1")), 800, &limits, 0);
        assert!(conduct.is_banned(ip("10.0.0.1"), 0));
    }

    #[test]
    fn memory_is_bounded_and_bans_outlive_a_crowd_of_new_keys() {
        let (conduct, limits) = (Conduct::default(), limits());
        conduct.count(Some(KEY), None, 200, &limits, 0);
        for number in 0..30_000_u32 {
            let mut key = [7; 32];
            key[..4].copy_from_slice(&number.to_be_bytes());
            conduct.count(Some(PlayerKey(key)), None, 1, &limits, 0);
        }
        assert!(conduct.lock().keys.0.len() <= REMEMBERED);
        assert_eq!(conduct.of_key(KEY, &limits, 1), Standing::Banned(5_000));
    }
}
