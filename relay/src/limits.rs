//! Every limit of the relay in one place, each with the arithmetic behind its default. All of them can be set in the
//! `[limits]` table of the configuration under the same names.

use std::time::Duration;

/// One limit as the configuration knows it.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its key in `[limits]`.
    pub name: &'static str,
    /// What holds when nothing is configured.
    pub default: u64,
    /// The least value that makes sense.
    pub min: u64,
    /// The largest value that makes sense.
    pub max: u64,
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $default:literal, $min:literal to $max:literal;)+) => {
        /// How much the relay lets anyone use.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// Name, default and range of every limit, in the order of the documentation.
            pub const SPECS: &'static [Spec] =
                &[$(Spec { name: stringify!($name), default: $default, min: $min, max: $max },)+];

            /// Sets the limit called `name`.
            ///
            /// # Errors
            ///
            /// The limit's [`Spec`] where `value` is out of its range; `None` where there is no such limit.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), Option<Spec>> {
                let spec = Self::SPECS.iter().find(|spec| spec.name == name).ok_or(None)?;
                if !(spec.min..=spec.max).contains(&value) {
                    return Err(Some(*spec));
                }
                match name {
                    $(stringify!($name) => self.$name = value,)+
                    _ => return Err(None),
                }
                Ok(())
            }
        }
    };
}

limits! {
    /// Connections from outside, in all. An idle WebSocket connection takes 85 kB: 4,096 take 350 MB.
    connections = 4_096, 1 to 1_000_000;
    /// Of those, connections over WebRTC, which take 1.3 MB each: 256 take 330 MB.
    webrtc_connections = 256, 0 to 1_000_000;
    /// Connections from one IPv4 address or one IPv6 /64. A school behind one address needs two or three classes' worth.
    connections_per_address = 96, 1 to 1_000_000;
    /// Connections of one libp2p identity: a page has one, and a second one while it changes its network.
    connections_per_peer = 4, 1 to 64;
    /// Connections still in their handshake, in all. A handshake takes 2 ms of CPU, so these are half a second of work.
    pending_connections = 256, 1 to 100_000;
    /// Streams of the game protocol on one connection: one is used, a second one while the first is given up.
    streams_per_connection = 2, 1 to 16;
    /// Sessions with the same player key: a phone, a computer and a few tabs.
    sessions_per_key = 8, 1 to 1_000;
    /// Milliseconds from opening a stream to a complete, valid hello.
    hello_timeout_ms = 10_000, 100 to 600_000;
    /// Milliseconds that one frame may take from its first byte to its last.
    frame_timeout_ms = 10_000, 100 to 600_000;
    /// Milliseconds without any frame after which a session counts as dead. Clients send a heartbeat each second.
    idle_timeout_ms = 15_000, 1_000 to 3_600_000;
    /// Frames that wait for a slow reader. A move is about 600 bytes: 512 frames are 300 kB.
    outbox_frames = 512, 16 to 65_536;
    /// Milliseconds that one write may wait for a slow reader before it is cut off.
    slow_reader_ms = 10_000, 100 to 600_000;
    /// Records a session may submit a second, in the long run. A premove race reaches five.
    submits_per_second = 10, 1 to 100_000;
    /// Records that it may submit at once; whoever plays offline for a while brings a whole game, at most 2,000 records,
    /// and waits for the rest.
    submits_burst = 200, 1 to 100_000;
    /// Joins a session may send a minute.
    joins_per_minute = 30, 1 to 100_000;
    /// Seeks a session may post a minute.
    seeks_per_minute = 12, 1 to 100_000;
    /// Replays and watches that a session may ask for a minute. Reading a game costs a disk read.
    replays_per_minute = 120, 1 to 100_000;
    /// Chat, asks and signals that a session may send a minute.
    messages_per_minute = 240, 1 to 100_000;
    /// Refusals within a minute after which a session is cut off: someone guesses, scrapes or is broken.
    refusals_per_minute = 120, 1 to 100_000;
    /// Joins that wait for a game's creator. They are kept in memory only, 400 bytes each.
    pending_joins = 64, 1 to 10_000;
    /// Games that one session watches.
    watches_per_session = 64, 1 to 10_000;
    /// Seeks that one session has open.
    seeks_per_session = 4, 1 to 100;
    /// Seeks in all. The lobby is sent to whoever opens it: 1,000 of 1 kB are 1 MB.
    seeks = 1_000, 1 to 100_000;
    /// Games in memory. A game of 80 plies takes about 60 kB: 10,000 take 600 MB.
    games = 10_000, 1 to 10_000_000;
    /// Milliseconds after which a game that nobody uses leaves memory; it stays in the log.
    game_idle_ms = 300_000, 100 to 86_400_000;
    /// Milliseconds without a new receipt after which a game that needs no clock to be watched (it is over, or has no clock) is
    /// packed into the log's archive, from which it is read and goes on as before; 0 archives none.
    archive_after_ms = 604_800_000, 0 to 315_360_000_000;
    /// New games that one session may create a minute.
    games_per_minute = 20, 1 to 100_000;
    /// STUN answers that one IPv4 address or one IPv6 /64 gets a minute. A page asks twice for each connection that it tries.
    stun_per_minute = 120, 0 to 1_000_000;
    /// Codes to type that hold at the same time, 200 bytes each; 0 offers none. A code is one of 2^40, so that of 1,000 one is hit by one
    /// try in 1.1 billion.
    codes = 1_000, 0 to 100_000;
    /// Milliseconds that such a code holds, unless the seat is taken before.
    code_ttl_ms = 1_800_000, 10_000 to 86_400_000;
    /// Wishes for a code that one IPv4 address or one IPv6 /64 has a minute. A page asks once for each invitation, and again each half hour.
    codes_per_minute = 60, 1 to 1_000_000;
    /// Codes that one address may try a minute. Who tries 20 a minute for a year finds one of 1,000 with a chance of 1 %, and has then found
    /// an invitation of a stranger to a game.
    code_tries_per_minute = 20, 1 to 1_000_000;
    /// The same for all addresses together: however many somebody has, one is found in seven years.
    code_tries_in_all = 300, 1 to 1_000_000;
    /// Wrong tokens that one IPv4 address or one IPv6 /64 may try a minute at a private relay; then none of it is looked at. Each is
    /// 20 points: who goes on is banned after six minutes.
    token_tries_per_minute = 20, 1 to 1_000_000;
    /// Milliseconds in which half of a score of misdeeds is forgotten. A wrong signature is 20 points, an illegal record 10, a
    /// stale one 1: one message that crosses another every five seconds stays below 90.
    conduct_half_life_ms = 300_000, 1_000 to 86_400_000;
    /// Points from which on refusals say what comes next, and the log has a line.
    conduct_warn = 50, 1 to 1_000_000;
    /// Points from which on every limit of requests is a tenth: a move a second is still more than anybody plays.
    conduct_throttle = 100, 1 to 1_000_000;
    /// Points from which on a key or an address is banned for a while: ten wrong signatures at once.
    conduct_ban = 200, 1 to 1_000_000;
    /// For how many milliseconds.
    ban_ms = 600_000, 1_000 to 86_400_000;
    /// By how much the three are higher for an address, which stands for many keys: a family, a school. 0 judges no address, as
    /// behind a proxy, where all have one.
    conduct_address_factor = 8, 0 to 10_000;
    /// Milliseconds from SIGTERM until the relay ends, whatever still hangs.
    drain_ms = 5_000, 100 to 600_000;
}

/// A number of milliseconds as a [`Duration`].
#[must_use]
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Lets so many things through a minute, and a burst at once.
///
/// Time is an argument: milliseconds of any clock that does not go back.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    /// In 60,000ths of a token, so that a millisecond gains exactly `per_minute`.
    level: u64,
    full: u64,
    per_minute: u64,
    at_ms: u64,
}

impl TokenBucket {
    const TOKEN: u64 = 60_000;

    /// A full bucket that holds `burst` tokens and gains `per_minute`.
    #[must_use]
    pub const fn new(burst: u64, per_minute: u64, now_ms: u64) -> Self {
        let full = burst.saturating_mul(Self::TOKEN);
        Self {
            level: full,
            full,
            per_minute,
            at_ms: now_ms,
        }
    }

    /// Takes a token, or says after how many milliseconds there will be one.
    ///
    /// # Errors
    ///
    /// The wait in milliseconds, at least 1.
    pub fn take(&mut self, now_ms: u64) -> Result<(), u64> {
        self.take_many(1, now_ms)
    }

    /// Takes so many tokens, but never more than the bucket holds, or says after how many milliseconds they will be there.
    ///
    /// # Errors
    ///
    /// The wait in milliseconds, at least 1.
    pub fn take_many(&mut self, tokens: u64, now_ms: u64) -> Result<(), u64> {
        let wanted = tokens
            .saturating_mul(Self::TOKEN)
            .min(self.full.max(Self::TOKEN));
        let gained = now_ms
            .saturating_sub(self.at_ms)
            .saturating_mul(self.per_minute);
        self.level = self.level.saturating_add(gained).min(self.full);
        self.at_ms = self.at_ms.max(now_ms);
        if self.level >= wanted {
            self.level -= wanted;
            return Ok(());
        }
        Err((wanted - self.level).div_ceil(self.per_minute.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_own_range_and_settable_by_name() {
        let mut limits = Limits::default();
        for spec in Limits::SPECS {
            assert!(limits.set(spec.name, spec.default).is_ok(), "{}", spec.name);
            assert!(
                limits.set(spec.name, spec.max + 1).is_err(),
                "{}",
                spec.name
            );
        }
        assert_eq!(limits, Limits::default());
        assert!(matches!(limits.set("conections", 1), Err(None)));
    }

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate_and_names_the_wait() {
        let mut bucket = TokenBucket::new(3, 60, 1_000);
        for _ in 0..3 {
            assert_eq!(bucket.take(1_000), Ok(()));
        }
        assert_eq!(bucket.take(1_000), Err(1_000));
        assert_eq!(bucket.take(1_999), Err(1));
        assert_eq!(bucket.take(2_000), Ok(()));
        assert!(bucket.take(2_000).is_err());
        let granted = (2_000..62_000)
            .filter(|now| bucket.take(*now).is_ok())
            .count();
        assert_eq!(granted, 59, "one a second, the last token not yet whole");
        let mut slow = TokenBucket::new(1, 7, 0);
        let granted = (0..600_000).filter(|now| slow.take(*now).is_ok()).count();
        assert_eq!(
            granted, 70,
            "asking often loses no fraction: the burst, and 69 whole tokens in ten minutes"
        );
    }
}
