//! The command line of `rookery datagen`.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::thread::available_parallelism;

use super::error::Error;

/// More threads than any machine that this is run on has.
const THREADS_MAX: u64 = 1024;
/// Of games and positions: beyond every disk.
const TARGET_MAX: u64 = 1 << 48;

/// A number that decides the games.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Setting {
    Seed,
    Nodes,
    HardFactor,
    Hash,
    RandomPlies,
    Balance,
    WinScore,
    WinPlies,
    DrawScore,
    DrawPlies,
    DrawAfter,
    MaxPlies,
}

struct Kind {
    option: &'static str,
    default: u64,
    min: u64,
    max: u64,
    help: &'static str,
}

const fn kind(
    option: &'static str,
    default: u64,
    (min, max): (u64, u64),
    help: &'static str,
) -> Kind {
    Kind {
        option,
        default,
        min,
        max,
        help,
    }
}

const COUNT: usize = 12;

/// In the order of [`Setting`].
const KINDS: [Kind; COUNT] = [
    kind("--seed", 1, (0, u64::MAX), "where the openings come from"),
    kind(
        "--nodes",
        5_000,
        (1, 1 << 32),
        "a search ends with the iteration that passes so many",
    ),
    kind(
        "--hard-factor",
        8,
        (1, 1_000),
        "or at so many times --nodes, at once",
    ),
    kind("--hash", 8, (1, 4096), "MiB of hash table for each thread"),
    kind(
        "--random-plies",
        8,
        (0, 100),
        "so many random plies begin a game, or one more",
    ),
    kind(
        "--balance",
        400,
        (30, 20_000),
        "openings farther out of balance are dropped, in centipawns",
    ),
    kind(
        "--win-score",
        2_500,
        (100, 29_000),
        "a game is won at so many centipawns,",
    ),
    kind("--win-plies", 4, (1, 1_000), "for so many plies in a row"),
    kind(
        "--draw-score",
        8,
        (0, 1_000),
        "a game is drawn within so many centipawns,",
    ),
    kind("--draw-plies", 12, (1, 1_000), "for so many plies in a row"),
    kind("--draw-after", 60, (0, 10_000), "after so many plies"),
    kind("--max-plies", 600, (102, 10_000), "a longer game is a draw"),
];

/// Everything that decides the games.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings([u64; COUNT]);

impl Default for Settings {
    fn default() -> Settings {
        Settings(KINDS.map(|kind| kind.default))
    }
}

impl Settings {
    pub(crate) const fn get(&self, setting: Setting) -> u64 {
        self.0[setting as usize]
    }

    /// The names, without dashes before, and values.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = KINDS.iter().map(|kind| kind.option.trim_start_matches('-'));
        names.zip(self.0)
    }

    #[cfg(test)]
    pub(crate) const fn with(mut self, setting: Setting, value: u64) -> Settings {
        self.0[setting as usize] = value;
        self
    }
}

/// When it is enough; the first that is reached counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) games: Option<u64>,
    pub(crate) positions: Option<u64>,
}

impl Target {
    /// What share is done, 0 to 1.
    pub(crate) fn share(self, games: u64, positions: u64) -> f64 {
        let share = |done: u64, all: Option<u64>| all.map_or(0.0, |all| done as f64 / all as f64);
        share(games, self.games)
            .max(share(positions, self.positions))
            .min(1.0)
    }

    pub(crate) fn is_reached(self, games: u64, positions: u64) -> bool {
        self.games.is_some_and(|all| games >= all)
            || self.positions.is_some_and(|all| positions >= all)
    }
}

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) out: PathBuf,
    pub(crate) threads: usize,
    pub(crate) target: Target,
    pub(crate) settings: Settings,
}

impl Options {
    /// Reads the arguments after `datagen`.
    pub(crate) fn parse(arguments: &[OsString]) -> Result<Options, Error> {
        let mut out = None;
        let mut threads = None;
        let mut target = Target::default();
        let mut settings = [None; COUNT];
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = |name| arguments.next().ok_or(Error::Missing(name));
            let once = |given: bool, name| {
                if given {
                    Err(Error::Twice(name))
                } else {
                    Ok(())
                }
            };
            match argument.to_str() {
                Some("--out") => {
                    once(out.is_some(), "--out")?;
                    out = Some(PathBuf::from(value("--out")?));
                }
                Some("--threads") => {
                    once(threads.is_some(), "--threads")?;
                    threads = Some(number("--threads", (1, THREADS_MAX), value("--threads")?)?);
                }
                Some("--games") => {
                    once(target.games.is_some(), "--games")?;
                    let games = number("--games", (1, TARGET_MAX), value("--games")?)?;
                    target.games = Some(games);
                }
                Some("--positions") => {
                    once(target.positions.is_some(), "--positions")?;
                    let positions = number("--positions", (1, TARGET_MAX), value("--positions")?)?;
                    target.positions = Some(positions);
                }
                name => {
                    let known = KINDS.iter().zip(&mut settings);
                    let (kind, setting) = known
                        .into_iter()
                        .find(|(kind, _)| name == Some(kind.option))
                        .ok_or_else(|| Error::Unknown(argument.clone()))?;
                    once(setting.is_some(), kind.option)?;
                    let bounds = (kind.min, kind.max);
                    *setting = Some(number(kind.option, bounds, value(kind.option)?)?);
                }
            }
        }
        if target == Target::default() {
            return Err(Error::NoTarget);
        }
        let mut list = Settings::default();
        for (setting, given) in list.0.iter_mut().zip(settings) {
            *setting = given.unwrap_or(*setting);
        }
        Ok(Options {
            out: out.ok_or(Error::NoOut)?,
            threads: threads.map_or_else(
                || available_parallelism().map_or(1, std::num::NonZero::get),
                |threads| threads as usize,
            ),
            target,
            settings: list,
        })
    }

    /// What `rookery datagen --help` prints.
    pub(crate) fn help() -> String {
        let mut help = "\
rookery datagen: the engine plays against itself; games, scores and results go into a file for rookery-train

  rookery datagen --out FILE --positions N [OPTION VALUE]...

  --out FILE          where the games go, and FILE.progress beside it; a run that was cut off goes on where it was
  --games N           how many games, together with those that are there
  --positions N       how many positions; with both, the first that is reached counts
  --threads N         as many as there are cores, unless given; the games do not depend on it"
            .to_owned();
        for kind in KINDS {
            // Writing to a string cannot fail.
            let option = format!("{} N", kind.option);
            let _ = write!(help, "\n  {option:<19} {} [{}]", kind.help, kind.default);
        }
        help
    }
}

fn number(name: &'static str, (min, max): (u64, u64), value: &OsStr) -> Result<u64, Error> {
    value
        .to_str()
        .and_then(|text| text.parse().ok())
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| Error::Number {
            name,
            min,
            max,
            value: value.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Error> {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let options = parse("--out a --games 3 --threads 2").unwrap();
        assert_eq!(options.out, PathBuf::from("a"));
        assert_eq!(options.threads, 2);
        assert_eq!(options.target.games, Some(3));
        assert_eq!(options.settings, Settings::default());
        assert_eq!(options.settings.get(Setting::Nodes), 5_000);
        assert_eq!(options.settings.get(Setting::MaxPlies), 600);

        let options = parse("--positions 9 --nodes 77 --out b --draw-after 5").unwrap();
        let settings = Settings::default()
            .with(Setting::Nodes, 77)
            .with(Setting::DrawAfter, 5);
        assert_eq!(options.settings, settings);
    }

    #[test]
    fn every_bad_argument_has_its_error() {
        for (line, expected) in [
            ("", "needs --games N or --positions N"),
            ("--games 3", "needs --out"),
            ("--out a", "needs --games N or --positions N"),
            ("--out", "--out needs a value"),
            ("--games 3 --nodes", "--nodes needs a value"),
            ("--games 0 --out a", "--games must be 1 to"),
            ("--positions -1 --out a", "--positions must be"),
            (
                "--games 3 --nodes 0 --out a",
                "--nodes must be 1 to 4294967296",
            ),
            ("--games 3 --out a --hash 5000", "--hash must be 1 to 4096"),
            (
                "--games 3 --out a --threads 0",
                "--threads must be 1 to 1024",
            ),
            ("--games 3 --out a --seed x", "got \"x\""),
            ("--games 3 --out a --fast 1", "does not know \"--fast\""),
            ("--games 3 --out a b", "does not know \"b\""),
            ("--games 3 --out a --games 4", "--games is given twice"),
            (
                "--games 3 --out a --nodes 4 --nodes 4",
                "--nodes is given twice",
            ),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.is_usage());
            assert!(error.to_string().contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn the_help_names_every_option() {
        let help = Options::help();
        for (name, value) in Settings::default().entries() {
            assert!(help.contains(&format!("--{name} N")), "{name}");
            assert!(help.contains(&format!("[{value}]")), "{name}");
        }
    }
}
