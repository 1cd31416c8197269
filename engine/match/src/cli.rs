//! The command line of `rookery-match`, and what it means.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use rookery_match::adjudication::{Adjudication, Draw, Resign};
use rookery_match::game::Conditions;
use rookery_match::limit::Limit;
use rookery_match::openings::{Openings, PLIES, RandomOpenings, read};
use rookery_match::spec::EngineSpec;
use rookery_match::statistics::Sprt;
use shakmaty::CastlingMode;

/// Plays two UCI engines against each other and measures their strength.
///
/// Each opening is played twice with colours swapped. An engine is described by one argument of key=value parts:
/// "name=A cmd=PROGRAM arg=X arg=Y dir=FOLDER option.Hash=16", and, where it differs from the match's, one of nodes=,
/// time=, depth= and tc=. Quotation marks keep blanks within a part. Ends with an error where an engine crashed, hung,
/// closed its pipes, played an illegal move or overstepped its time.
#[derive(Debug, Parser)]
#[command(
    name = "rookery-match",
    version,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) versus: Versus,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plays one engine against several whose ratings are known, and computes its own.
    Rating(RatingOptions),
}

#[derive(Args, Debug)]
pub(crate) struct Versus {
    /// An engine; results are from the first one's side. With one only, this workspace's own plays it.
    #[arg(long = "engine", value_name = "ENGINE")]
    pub(crate) engines: Vec<EngineSpec>,
    /// Stop when it is decided whether the difference is elo1 or elo0: elo0=0 elo1=8 alpha=0.05 beta=0.05.
    #[arg(long, value_name = "KEY=VALUE", num_args = 0..=4)]
    pub(crate) sprt: Option<Vec<String>>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args, Debug)]
pub(crate) struct RatingOptions {
    /// The engine to rate; this workspace's own if it is not given.
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineSpec>,
    /// An engine to measure against, with its rating=; several times.
    #[arg(long = "anchor", value_name = "ENGINE", required = true)]
    pub(crate) anchors: Vec<EngineSpec>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What any way of measuring needs.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Positions a move.
    #[arg(long, value_name = "N", group = "limit")]
    nodes: Option<String>,
    /// Time a move, in ms.
    #[arg(long, value_name = "MS", group = "limit")]
    time: Option<String>,
    /// A clock, in seconds [default: 8+0.08].
    #[arg(long, value_name = "BASE+INC", group = "limit")]
    tc: Option<String>,
    /// Plies deep.
    #[arg(long, value_name = "PLIES", group = "limit")]
    depth: Option<String>,
    /// Games at most, rounded up to pairs; against each anchor [default: 100; 40000 with --sprt].
    #[arg(long, value_name = "N")]
    games: Option<usize>,
    /// Games at the same time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) concurrency: usize,
    /// Openings from a file, .pgn or else EPD; without one they are drawn from the seed.
    #[arg(long, value_name = "FILE")]
    openings: Option<PathBuf>,
    /// How many plies to take of the games in a .pgn of openings.
    #[arg(long, value_name = "N", default_value_t = 16)]
    opening_plies: usize,
    /// Where the openings come from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Play Chess960.
    #[arg(long)]
    pub(crate) chess960: bool,
    /// Write the games to this file as they end.
    #[arg(long, value_name = "FILE")]
    pub(crate) pgn: Option<PathBuf>,
    /// Count the games that --pgn holds already, if the settings are the same, and go on.
    #[arg(long, requires = "pgn")]
    pub(crate) resume: bool,
    /// Write the results as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// End games that both see decided: score=600 moves=4 [default: off].
    #[arg(long, value_name = "KEY=VALUE", num_args = 0..=2)]
    resign: Option<Vec<String>>,
    /// End games that both see level: score=10 moves=8 after=40 [default: off].
    #[arg(long, value_name = "KEY=VALUE", num_args = 0..=3)]
    draw: Option<Vec<String>>,
    /// A draw after so many plies.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_plies: usize,
    /// How much later than allowed an answer may come, in ms.
    #[arg(long, value_name = "MS", default_value_t = 50)]
    margin: u64,
    /// How long an engine may be silent beyond its time, in ms, before it is killed.
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    hang: u64,
    /// Succeed in spite of faults, which are reported all the same.
    #[arg(long)]
    pub(crate) allow_faults: bool,
}

impl Common {
    pub(crate) fn conditions(&self) -> Result<Conditions> {
        let given = [
            ("nodes", &self.nodes),
            ("time", &self.time),
            ("depth", &self.depth),
            ("tc", &self.tc),
        ];
        let given = given
            .into_iter()
            .find_map(|(kind, value)| Some((kind, value.as_ref()?)));
        let (kind, value) = given.map_or(("tc", "8+0.08"), |(kind, value)| (kind, value));
        Ok(Conditions {
            limit: Limit::parse(kind, value)?,
            margin: Duration::from_millis(self.margin),
            adjudication: self.adjudication()?,
        })
    }

    fn adjudication(&self) -> Result<Adjudication> {
        let resign = match &self.resign {
            None => None,
            Some(parts) => {
                let [score, moves] = numbers(parts, [("score", 600), ("moves", 4)])?;
                Some(Resign {
                    score: i32::try_from(score)?,
                    moves,
                })
            }
        };
        let draw = match &self.draw {
            None => None,
            Some(parts) => {
                let defaults = [("score", 10), ("moves", 8), ("after", 40)];
                let [score, moves, after] = numbers(parts, defaults)?;
                Some(Draw {
                    score: i32::try_from(score)?,
                    moves,
                    after,
                })
            }
        };
        Ok(Adjudication {
            max_plies: self.max_plies,
            resign,
            draw,
        })
    }

    pub(crate) const fn patience(&self) -> Duration {
        Duration::from_millis(self.hang)
    }

    pub(crate) fn pairs(&self, sprt: Option<Sprt>) -> usize {
        let default = if sprt.is_some() { 40_000 } else { 100 };
        self.games.unwrap_or(default).div_ceil(2)
    }

    fn mode(&self) -> CastlingMode {
        CastlingMode::from_chess960(self.chess960)
    }

    /// Anew for each match, so that each plays the same ones.
    pub(crate) fn openings(&self) -> Result<Openings> {
        Ok(match &self.openings {
            None => Openings::Random(Box::new(RandomOpenings::new(self.seed, self.mode()))),
            Some(file) => {
                let list = read(file, self.mode(), self.opening_plies)
                    .with_context(|| format!("no openings from {}", file.display()))?;
                Openings::listed(list)
            }
        })
    }

    /// What the openings are, for the report.
    pub(crate) fn openings_words(&self) -> String {
        let variant = if self.chess960 { "Chess960, " } else { "" };
        match &self.openings {
            None => format!(
                "{variant}openings of {PLIES} random plies from seed {}",
                self.seed
            ),
            Some(file) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                format!("{variant}openings from {name}")
            }
        }
    }
}

/// Whole numbers for the keys, as given or by default.
fn numbers<const N: usize>(parts: &[String], defaults: [(&str, usize); N]) -> Result<[usize; N]> {
    let mut values = defaults.map(|(_, value)| value);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let place = defaults.iter().position(|(known, _)| *known == key);
        let Some(field) = place.and_then(|place| values.get_mut(place)) else {
            let known = defaults.map(|(known, _)| known).join(", ");
            bail!("`{part}` is not key=value; known are {known}");
        };
        *field = value
            .parse()
            .with_context(|| format!("`{part}` needs a whole number"))?;
    }
    Ok(values)
}

/// The workspace's own engine, which lies beside this program.
pub(crate) fn own_engine() -> Result<EngineSpec> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let command = own.with_file_name(format!("rookery{}", std::env::consts::EXE_SUFFIX));
    if !command.is_file() {
        bail!("there is no engine beside this program; `cargo xtask match` builds it");
    }
    Ok(EngineSpec {
        name: "rookery".to_owned(),
        command,
        ..EngineSpec::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(["rookery-match"].iter().chain(line))
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn engines_limits_and_rules_are_read() {
        let cli = parse(&[
            "--engine",
            "name=A cmd=a",
            "--engine",
            "cmd=b nodes=5",
            "--time",
            "20",
            "--sprt",
            "elo0=-5",
            "elo1=0",
            "--resign",
            "score=500",
            "--draw",
            "--games",
            "7",
        ])
        .unwrap();
        assert!(cli.command.is_none());
        let versus = cli.versus;
        assert_eq!(versus.engines[1].limit, Some(Limit::Nodes(5)));
        let sprt = Sprt::parse(&versus.sprt.unwrap()).unwrap();
        assert_eq!(sprt.to_string(), "elo0=-5 elo1=0 alpha=0.05 beta=0.05");
        let conditions = versus.common.conditions().unwrap();
        assert_eq!(conditions.limit, Limit::MoveTime(Duration::from_millis(20)));
        let resign = Resign {
            score: 500,
            moves: 4,
        };
        assert_eq!(conditions.adjudication.resign, Some(resign));
        assert!(conditions.adjudication.draw.is_some());
        assert_eq!(versus.common.pairs(None), 4);
    }

    #[test]
    fn nothing_is_adjudicated_unless_asked_for() {
        let cli = parse(&["--engine", "cmd=a"]).unwrap();
        let rules = cli.versus.common.conditions().unwrap().adjudication;
        assert_eq!((rules.resign, rules.draw), (None, None));
    }

    #[test]
    fn a_rating_needs_anchors() {
        let cli = parse(&["rating", "--anchor", "cmd=a rating=2000", "--nodes", "9"]).unwrap();
        let Some(Command::Rating(options)) = cli.command else {
            panic!("no rating");
        };
        assert_eq!(options.anchors[0].rating, Some(2000.0));
        assert!(parse(&["rating"]).is_err());
    }

    #[test]
    fn contradictions_and_unknown_keys_are_refused() {
        assert!(parse(&["--nodes", "5", "--time", "5"]).is_err());
        assert!(parse(&["--resume"]).is_err());
        assert!(parse(&["--engine", "speed=3"]).is_err());
        let cli = parse(&["--draw", "sore=3"]).unwrap();
        assert!(cli.versus.common.conditions().is_err());
        let cli = parse(&["--resign", "score=x"]).unwrap();
        assert!(cli.versus.common.conditions().is_err());
    }
}
