//! The tokens of a private relay: whoever has none gets no session, no game, no code and no list. Only their hashes are kept,
//! and nothing here shows a token, neither in a log nor in an error.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::window::Window;

/// The least that a token may have, bits: 2^63 guesses in the mean.
pub const MIN_BITS: u32 = 64;
/// The fewest different characters of one.
const MIN_DIFFERENT: usize = 8;
/// The longest one, characters.
pub const MAX_LEN: usize = 128;
/// The most of them; each try is compared with all.
pub const MAX_TOKENS: usize = 100;
/// Random bits of one that the relay makes.
const MADE_BITS: usize = 100;
/// Without letters that are taken for others: 32 symbols, 5 bits each.
const ALPHABET: [u8; 32] = *b"abcdefghjkmnpqrstvwxyz0123456789";

/// Which token somebody came with, as its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenId([u8; 32]);

impl TokenId {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenId(..)")
    }
}

/// The tokens that hold; none where the relay is open to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens(Vec<TokenId>);

/// What is wrong with a file of tokens.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system's word.
    #[error("cannot be read ({0}); name a file that the relay may read")]
    Read(#[from] std::io::Error),
    /// It is no secret.
    #[error(
        "everybody on this machine may read it (mode {0:o}); take that right away, as by chmod 640"
    )]
    Public(u32),
    /// Then nobody could come, or everybody.
    #[error(
        "holds no token; put one on a line of its own, or leave token_file out for an open relay"
    )]
    Empty,
    /// Too many.
    #[error("holds more than {MAX_TOKENS} tokens; leave some out")]
    TooMany,
    /// One of them.
    #[error("line {line}: {what}; `rookery-relay token` makes a good one")]
    Token {
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        what: Weakness,
    },
}

/// Why a text may be no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// A player has to be able to type it.
    #[error("a token is made of letters, digits and signs of ASCII, without spaces")]
    Characters,
    /// Nobody types that.
    #[error("a token has at most {MAX_LEN} characters")]
    TooLong,
    /// It can be guessed.
    #[error("this token has {0} bits at the most, and {MIN_BITS} are needed")]
    Weak(u32),
    /// It says the same again and again.
    #[error("this token has {0} different characters, and {MIN_DIFFERENT} are needed")]
    Monotonous(usize),
}

/// Why somebody gets nothing from a private relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token came.
    #[error("This relay is private: its host gives a token to whoever may play here.")]
    Needed,
    /// It is none of this relay's, or none any more.
    #[error(
        "This token does not open the relay: it is mistyped, or its host has given out another one."
    )]
    Wrong,
    /// From this address; the token was not looked at.
    #[error("Too many wrong tokens came from this address; try again in a minute.")]
    TooOften,
}

impl Refusal {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Needed => "token-needed",
            Self::Wrong => "wrong-token",
            Self::TooOften => "rate-limited",
        }
    }
}

impl Tokens {
    /// Reads a file of tokens, one a line; empty lines and those that begin with `#` are left out.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn read(path: &Path) -> Result<Self, Vec<FileError>> {
        check_mode(path).map_err(|error| vec![error])?;
        let text = fs::read_to_string(path).map_err(|error| vec![error.into()])?;
        Self::parse(&text)
    }

    /// The tokens of a file's text.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<FileError>> {
        let (mut tokens, mut errors) = (Vec::new(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match check(line) {
                Ok(()) => tokens.push(TokenId::of(line)),
                Err(what) => errors.push(FileError::Token {
                    line: index + 1,
                    what,
                }),
            }
        }
        if errors.is_empty() && tokens.is_empty() {
            errors.push(FileError::Empty);
        }
        if tokens.len() > MAX_TOKENS {
            errors.push(FileError::TooMany);
        }
        if errors.is_empty() {
            Ok(Self(tokens))
        } else {
            Err(errors)
        }
    }

    /// Whether nobody gets in without one.
    #[must_use]
    pub fn is_private(&self) -> bool {
        !self.0.is_empty()
    }

    /// How many hold.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the relay is open to everybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which token this is, if it is one of these. How long that takes depends on the text's length and on how many hold, not on
    /// how near it comes to one of them.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<TokenId> {
        let given = TokenId::of(text);
        let mut found = Choice::from(0);
        for token in &self.0 {
            found |= token.0.ct_eq(&given.0);
        }
        bool::from(found).then_some(given)
    }

    /// Whether who came with this token, or with none, may stay.
    #[must_use]
    pub fn hold(&self, token: Option<TokenId>) -> bool {
        !self.is_private() || token.is_some_and(|token| self.0.contains(&token))
    }
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o007 == 0 {
        Ok(())
    } else {
        Err(FileError::Public(mode))
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), FileError> {
    Ok(())
}

/// Whether a text may be a token. This is a floor: how it was made cannot be seen, and words of a language have far fewer
/// bits than letters that were drawn.
fn check(text: &str) -> Result<(), Weakness> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Weakness::Characters);
    }
    if text.len() > MAX_LEN {
        return Err(Weakness::TooLong);
    }
    let has = |kind: fn(&u8) -> bool| text.bytes().any(|byte| kind(&byte));
    let kinds = [
        (has(u8::is_ascii_lowercase), 26),
        (has(u8::is_ascii_uppercase), 26),
        (has(u8::is_ascii_digit), 10),
    ];
    let there = kinds.into_iter().filter(|(is_there, _)| *is_there);
    let symbols: u32 = there.map(|(_, symbols)| symbols).sum();
    // Signs part words, and add nothing.
    let counted = text.bytes().filter(u8::is_ascii_alphanumeric).count();
    let bits = counted as f64 * f64::from(symbols.max(1)).log2();
    if bits < f64::from(MIN_BITS) {
        return Err(Weakness::Weak(bits as u32));
    }
    let mut different: Vec<u8> = text.bytes().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < MIN_DIFFERENT {
        return Err(Weakness::Monotonous(different.len()));
    }
    Ok(())
}

/// A new token: 20 symbols, 100 bits, in groups of five.
///
/// # Errors
///
/// Where the system has no random numbers.
pub fn make() -> Result<String, getrandom::Error> {
    let mut bytes = [0; MADE_BITS / 5];
    getrandom::fill(&mut bytes)?;
    let symbol = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let groups = bytes.chunks(5);
    let groups: Vec<String> = groups
        .map(|group| group.iter().map(symbol).collect())
        .collect();
    Ok(groups.join("-"))
}

/// Wrong tokens, counted by address.
#[derive(Debug)]
pub struct Guesses(Mutex<Window>);

impl Guesses {
    /// None yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(Window::new(now)))
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges what somebody came with, where an address may be wrong `each` times a minute: after that its tokens are not
    /// looked at. Who has the right one uses nothing up.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    pub fn judge(
        &self,
        tokens: &Tokens,
        given: Option<&str>,
        from: Option<IpAddr>,
        each: u64,
        now: Instant,
    ) -> Result<Option<TokenId>, Refusal> {
        if !tokens.is_private() {
            return Ok(None);
        }
        let given = given.ok_or(Refusal::Needed)?;
        if from.is_some_and(|from| self.lock().is_spent(from, now, each)) {
            return Err(Refusal::TooOften);
        }
        // What is longer is none, and not worth a hash.
        let found = (given.len() <= MAX_LEN).then(|| tokens.find(given));
        if let Some(found @ Some(_)) = found {
            return Ok(found);
        }
        if let Some(from) = from {
            self.lock().take(from, now, each, u64::MAX);
        }
        Err(Refusal::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const GOOD: &str = "q7m2x-kd93v-0hzrt-8wbnc";
    const OTHER: &str = "aaaaa-bcdef-ghjkm-npqrs";

    fn problems(text: &str) -> Vec<String> {
        let errors = Tokens::parse(text).unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_holds_tokens_one_a_line_and_each_of_them_opens() {
        let text = format!("# the club\n\n{GOOD}\r\n  {OTHER}  \n");
        let tokens = Tokens::parse(&text).unwrap();
        assert!(tokens.is_private() && tokens.len() == 2);
        for token in [GOOD, OTHER] {
            let id = tokens.find(token);
            assert!(id.is_some() && tokens.hold(id), "{token}");
        }
        for wrong in [
            "",
            "q",
            &GOOD[1..],
            &format!("{GOOD} "),
            &GOOD.to_uppercase(),
        ] {
            assert_eq!(tokens.find(wrong), None, "{wrong}");
        }
        assert!(!tokens.hold(None));
        let retired = tokens.find(OTHER);
        assert!(!Tokens::parse(GOOD).unwrap().hold(retired));
        assert!(Tokens::default().hold(None) && Tokens::default().hold(retired));
    }

    #[test]
    fn what_can_be_guessed_is_refused_by_its_line_and_never_shown() {
        for (token, why) in [
            ("kasparov", "37 bits at the most"),
            ("1234567890123456789", "63 bits at the most"),
            ("correct-horse", "56 bits at the most"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaa", "1 different characters"),
            ("passwordpassword", "7 different characters"),
            ("zwei worte zusammen", "without spaces"),
            ("schlüsselschlüssel", "of ASCII"),
            (&"aB3-".repeat(33), "at most 128 characters"),
        ] {
            let told = problems(&format!("{GOOD}\n{token}"));
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].starts_with("line 2: ") && told[0].contains(why),
                "{told:?}"
            );
            assert!(!told[0].contains(token), "{told:?}");
        }
        assert!(problems("# nothing\n")[0].contains("holds no token"));
        assert_eq!(problems("x\ny").len(), 2, "all at once");
        let many: Vec<String> = (0..=MAX_TOKENS).map(|_| make().unwrap()).collect();
        assert!(problems(&many.join("\n"))[0].contains("more than 100"));
        assert!(!format!("{:?}", Tokens::parse(GOOD)).contains(GOOD));
    }

    #[test]
    fn the_relay_makes_tokens_that_it_takes_and_no_two_are_the_same() {
        let made: Vec<String> = (0..50).map(|_| make().unwrap()).collect();
        for token in &made {
            assert_eq!(token.len(), 23, "{token}");
            assert_eq!(check(token), Ok(()), "{token}");
        }
        assert!(made.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn wrong_tokens_of_an_address_are_few_a_minute_and_the_right_one_costs_nothing() {
        let begin = Instant::now();
        let (guesses, tokens) = (Guesses::new(begin), Tokens::parse(GOOD).unwrap());
        let (here, there) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let try_at = |given, from, now| guesses.judge(&tokens, given, Some(from), 3, now);
        assert_eq!(try_at(None, here, begin), Err(Refusal::Needed));
        for _ in 0..20 {
            assert!(try_at(Some(GOOD), here, begin).is_ok());
        }
        for _ in 0..3 {
            assert_eq!(try_at(Some("wrong"), here, begin), Err(Refusal::Wrong));
        }
        for given in ["wrong", GOOD] {
            let judged = try_at(Some(given), here, begin);
            assert_eq!(judged, Err(Refusal::TooOften), "not looked at");
        }
        assert_eq!(try_at(None, here, begin), Err(Refusal::Needed));
        assert!(try_at(Some(GOOD), there, begin).is_ok());
        let later = begin + Duration::from_secs(60);
        assert!(try_at(Some(GOOD), here, later).is_ok());
        let long = GOOD.repeat(1_000);
        assert_eq!(try_at(Some(&long), there, later), Err(Refusal::Wrong));
        assert_eq!(
            guesses.judge(&Tokens::default(), Some("anything"), Some(here), 0, later),
            Ok(None),
            "an open relay asks for none"
        );
    }

    #[test]
    fn every_token_is_compared_to_its_end() {
        // The comparison is subtle's; that all are gone through shows in that the place of the right one does not matter.
        let made: Vec<String> = (0..MAX_TOKENS).map(|_| make().unwrap()).collect();
        let tokens = Tokens::parse(&made.join("\n")).unwrap();
        assert!(
            made.iter()
                .all(|token| tokens.find(token) == Some(TokenId::of(token)))
        );
        for token in &made {
            for (place, _) in token.char_indices() {
                let mut near = token.clone().into_bytes();
                near[place] ^= 1;
                let near = String::from_utf8(near).unwrap();
                assert_eq!(tokens.find(&near), None, "{near}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_may_read_is_no_secret() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        fs::write(&path, GOOD).unwrap();
        let read_as = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Tokens::read(&path)
        };
        for mode in [0o644, 0o604, 0o777] {
            let errors = read_as(mode).unwrap_err();
            let told = errors[0].to_string();
            assert!(told.contains(&format!("mode {mode:o}")), "{told}");
        }
        for mode in [0o600, 0o640] {
            assert!(read_as(mode).is_ok(), "{mode:o}");
        }
        let missing = Tokens::read(&dir.path().join("none")).unwrap_err();
        assert!(missing[0].to_string().contains("cannot be read"));
    }
}
