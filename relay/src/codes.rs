//! Codes to type: short names for open games, for people who cannot send each other a link. The relay makes them up, forgets
//! them soon, and signs nothing by them: a code leads to the game's name, as the link does, and to nothing else.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rookery_ledger::id::GameId;

use crate::limits::Limits;
use crate::metrics::Number;
use crate::window::Window;

/// Symbols of a code.
pub const LEN: usize = 8;
/// Crockford's base 32: no letter that is taken for a digit, and no U.
const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bits of a symbol.
const BITS: u32 = 5;

/// Eight symbols, 40 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(u64);

impl Code {
    /// The code that these random bits are.
    #[must_use]
    pub fn from_entropy(bits: [u8; LEN * BITS as usize / 8]) -> Self {
        Self(
            bits.iter()
                .fold(0, |code, byte| code << 8 | u64::from(*byte)),
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..LEN as u32).rev().try_for_each(|place| {
            let symbol = (self.0 >> (place * BITS)) as usize % ALPHABET.len();
            write!(f, "{}", char::from(ALPHABET[symbol]))
        })
    }
}

impl FromStr for Code {
    type Err = Refusal;

    /// Reads a code as the relay writes it. Whatever people make of it is set right by the page.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.len() != LEN {
            return Err(Refusal::NoCode);
        }
        text.bytes().try_fold(Self(0), |Self(code), byte| {
            let symbol = ALPHABET.iter().position(|known| *known == byte);
            let symbol = symbol.ok_or(Refusal::NoCode)?;
            Ok(Self(code << BITS | symbol as u64))
        })
    }
}

/// Why there is no code, or no game for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host turned codes off.
    #[error("This relay offers no codes.")]
    Off,
    /// Not eight symbols of the alphabet.
    #[error("This is no code.")]
    NoCode,
    /// Nobody was given it, it has expired, or the seat is taken.
    #[error("No open game has this code.")]
    Unknown,
    /// Only a game whose seat is open here has one.
    #[error("There is no such open game here.")]
    NotOpen,
    /// From this address, or from all together.
    #[error("Too many codes were asked for; try again in a minute.")]
    TooOften,
    /// As many codes hold as may.
    #[error("The relay has as many codes as it can hold; try again later.")]
    Full,
}

impl Refusal {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Off => "no-codes",
            Self::NoCode => "no-code",
            Self::Unknown => "unknown-code",
            Self::NotOpen => "no-such-game",
            Self::TooOften => "rate-limited",
            Self::Full => "too-many-codes",
        }
    }
}

/// A code, and how long it holds from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// The code.
    pub code: Code,
    /// How long it holds.
    pub holds: Duration,
}

#[derive(Debug)]
struct Table {
    games: HashMap<Code, (GameId, Instant)>,
    codes: HashMap<GameId, Code>,
    issues: Window,
    tries: Window,
}

impl Table {
    fn remove(&mut self, game: GameId) {
        if let Some(code) = self.codes.remove(&game) {
            self.games.remove(&code);
        }
    }

    fn drop_expired(&mut self, now: Instant) {
        self.games.retain(|_, (_, until)| *until > now);
        let Self { games, codes, .. } = self;
        codes.retain(|_, code| games.contains_key(code));
    }
}

/// The codes that hold at this relay: in memory alone, so a relay that starts anew has none.
#[derive(Debug)]
pub struct Codes {
    table: Mutex<Table>,
    /// Codes given out.
    pub issued: Number,
    /// Tries that led to a game.
    pub found: Number,
    /// Tries that led to none.
    pub unknown: Number,
    /// Wishes for a code and tries that were not looked at because too many came.
    pub limited: Number,
}

impl Codes {
    /// None yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            table: Mutex::new(Table {
                games: HashMap::new(),
                codes: HashMap::new(),
                issues: Window::new(now),
                tries: Window::new(now),
            }),
            issued: Number::default(),
            found: Number::default(),
            unknown: Number::default(),
            limited: Number::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an address may ask for a code now; to be asked before the game is looked for.
    ///
    /// # Errors
    ///
    /// [`Refusal::Off`], [`Refusal::TooOften`].
    pub fn may_issue(&self, from: IpAddr, now: Instant, limits: &Limits) -> Result<(), Refusal> {
        if limits.codes == 0 {
            return Err(Refusal::Off);
        }
        let each = limits.codes_per_minute;
        if !self.lock().issues.take(from, now, each, u64::MAX) {
            self.limited.up();
            return Err(Refusal::TooOften);
        }
        Ok(())
    }

    /// The code of an open game: the one that it has, as long as that holds, else one of these random bits.
    ///
    /// # Errors
    ///
    /// [`Refusal::Full`]. A code that holds never makes room for another one: a flood would take them all from their games.
    pub fn issue(
        &self,
        game: GameId,
        bits: [u8; 5],
        now: Instant,
        limits: &Limits,
    ) -> Result<Issued, Refusal> {
        let mut table = self.lock();
        if let Some(code) = table.codes.get(&game).copied()
            && let Some((_, until)) = table.games.get(&code)
            && *until > now
        {
            let holds = until.duration_since(now);
            return Ok(Issued { code, holds });
        }
        table.remove(game);
        let most = usize::try_from(limits.codes).unwrap_or(usize::MAX);
        if table.games.len() >= most {
            table.drop_expired(now);
        }
        let code = Code::from_entropy(bits);
        // Two equal draws of 2^40 are as good as never; the next wish draws anew.
        if table.games.len() >= most || table.games.contains_key(&code) {
            return Err(Refusal::Full);
        }
        let holds = Duration::from_millis(limits.code_ttl_ms);
        table.games.insert(code, (game, now + holds));
        table.codes.insert(game, code);
        drop(table);
        self.issued.up();
        Ok(Issued { code, holds })
    }

    /// The game that a code leads to. Whether its seat is still open is for the caller to look at.
    ///
    /// # Errors
    ///
    /// [`Refusal::Off`], [`Refusal::TooOften`], [`Refusal::NoCode`], [`Refusal::Unknown`].
    pub fn find(
        &self,
        code: &str,
        from: IpAddr,
        now: Instant,
        limits: &Limits,
    ) -> Result<GameId, Refusal> {
        if limits.codes == 0 {
            return Err(Refusal::Off);
        }
        let (each, all) = (limits.code_tries_per_minute, limits.code_tries_in_all);
        let mut table = self.lock();
        if !table.tries.take(from, now, each, all) {
            self.limited.up();
            return Err(Refusal::TooOften);
        }
        let found = code.parse::<Code>().and_then(|code| {
            let known = table.games.get(&code).filter(|(_, until)| *until > now);
            known.map(|(game, _)| *game).ok_or(Refusal::Unknown)
        });
        match found {
            Ok(_) => self.found.up(),
            Err(_) => self.unknown.up(),
        }
        found
    }

    /// The seat of a game is taken: its code leads nowhere any more.
    pub fn forget(&self, game: GameId) {
        self.lock().remove(game);
    }

    /// How many codes hold.
    #[must_use]
    pub fn holding(&self, now: Instant) -> usize {
        let table = self.lock();
        table
            .games
            .values()
            .filter(|(_, until)| *until > now)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limits() -> Limits {
        Limits {
            codes: 3,
            code_ttl_ms: 60_000,
            codes_per_minute: 4,
            code_tries_per_minute: 5,
            code_tries_in_all: 8,
            ..Limits::default()
        }
    }

    fn game(n: u8) -> GameId {
        GameId([n; 32])
    }

    #[test]
    fn a_code_is_forty_bits_and_reads_as_it_is_written() {
        for (bits, text) in [
            ([0; 5], "00000000"),
            ([0xff; 5], "ZZZZZZZZ"),
            ([0x00, 0x44, 0x32, 0x14, 0xc7], "01234567"),
        ] {
            let code = Code::from_entropy(bits);
            assert_eq!(code.to_string(), text);
            assert_eq!(text.parse(), Ok(code));
        }
        for wrong in [
            "",
            "0000000",
            "000000000",
            "0000000U",
            "0000000a",
            "000-0000",
            "éééé",
            "0000000\0",
        ] {
            assert_eq!(wrong.parse::<Code>(), Err(Refusal::NoCode), "{wrong:?}");
        }
    }

    #[test]
    fn a_code_leads_to_its_game_until_it_expires_or_the_seat_is_taken() {
        let (begin, limits) = (Instant::now(), limits());
        let codes = Codes::new(begin);
        let first = codes.issue(game(1), [1; 5], begin, &limits).unwrap();
        assert_eq!(first.holds, Duration::from_secs(60));
        let text = first.code.to_string();
        let soon = begin + Duration::from_secs(59);
        assert_eq!(codes.find(&text, HERE, soon, &limits), Ok(game(1)));
        let again = codes.issue(game(1), [2; 5], soon, &limits).unwrap();
        assert_eq!(again.code, first.code, "who asks again has the same code");
        assert_eq!(again.holds, Duration::from_secs(1));
        let late = begin + Duration::from_secs(60);
        assert_eq!(
            codes.find(&text, HERE, late, &limits),
            Err(Refusal::Unknown)
        );
        assert_eq!(codes.holding(late), 0);
        let next = codes.issue(game(1), [3; 5], late, &limits).unwrap();
        assert_ne!(next.code, first.code);
        codes.forget(game(1));
        let taken = codes.find(&next.code.to_string(), HERE, late, &limits);
        assert_eq!(taken, Err(Refusal::Unknown));
    }

    #[test]
    fn no_more_codes_hold_than_may_and_one_that_holds_makes_no_room() {
        let (begin, limits) = (Instant::now(), limits());
        let codes = Codes::new(begin);
        for n in 1..=3 {
            codes.issue(game(n), [n; 5], begin, &limits).unwrap();
        }
        let full = codes.issue(game(4), [4; 5], begin, &limits);
        assert_eq!(full, Err(Refusal::Full));
        let first = Code::from_entropy([1; 5]).to_string();
        assert_eq!(codes.find(&first, HERE, begin, &limits), Ok(game(1)));
        let same = codes.issue(game(3), [9; 5], begin, &limits).unwrap();
        assert_eq!(same.code, Code::from_entropy([3; 5]));
        let later = begin + Duration::from_secs(60);
        codes.issue(game(4), [4; 5], later, &limits).unwrap();
        assert_eq!(codes.holding(later), 1);
        assert_eq!(codes.lock().codes.len(), 1, "what has expired is forgotten");
    }

    #[test]
    fn whoever_guesses_has_few_tries_and_all_together_have_few_more() {
        let (begin, limits) = (Instant::now(), limits());
        let codes = Codes::new(begin);
        let from = |n| IpAddr::from([192, 0, 2, n]);
        for guess in ["00000000", "nonsense", "", "00000001", "00000002"] {
            let found = codes.find(guess, from(1), begin, &limits);
            assert!(
                matches!(found, Err(Refusal::Unknown | Refusal::NoCode)),
                "{guess}"
            );
        }
        let sixth = codes.find("00000003", from(1), begin, &limits);
        assert_eq!(sixth, Err(Refusal::TooOften), "what is no code counts too");
        let others: Vec<_> = (2..6)
            .map(|n| codes.find("00000000", from(n), begin, &limits))
            .collect();
        let unknown = others
            .iter()
            .filter(|found| **found == Err(Refusal::Unknown));
        assert_eq!(unknown.count(), 3, "{others:?}");
        assert_eq!((codes.unknown.get(), codes.limited.get()), (8, 2));
        let next = begin + Duration::from_secs(60);
        let again = codes.find("00000000", from(1), next, &limits);
        assert_eq!(again, Err(Refusal::Unknown));
    }

    #[test]
    fn codes_are_asked_for_within_a_limit_and_can_be_turned_off() {
        let begin = Instant::now();
        let codes = Codes::new(begin);
        let granted = (0..9).filter(|_| codes.may_issue(HERE, begin, &limits()).is_ok());
        assert_eq!(granted.count(), 4);
        let off = Limits {
            codes: 0,
            ..limits()
        };
        let other = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(codes.may_issue(other, begin, &off), Err(Refusal::Off));
        assert_eq!(
            codes.find("00000000", other, begin, &off),
            Err(Refusal::Off)
        );
    }
}
