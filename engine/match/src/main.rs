//! `rookery-match`: matches between engines, and ratings out of them. `cargo xtask match` builds and runs it.

mod cli;
mod games_file;
mod report;

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use rookery_match::spec::EngineSpec;
use rookery_match::standing::Standing;
use rookery_match::statistics::{AnchorResult, Sprt, rate};
use rookery_match::tournament::{MatchError, Tournament};

use cli::{Cli, Command, Common, RatingOptions, Versus};
use games_file::{GamesFile, Identity};
use report::Rows;

/// Between two lines on where the match stands.
const PROGRESS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rows = Rows::new(&arguments);
    let result = match &cli.command {
        None => versus(&cli.versus, rows),
        Some(Command::Rating(options)) => rating(options, rows),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn versus(options: &Versus, mut rows: Rows) -> Result<ExitCode> {
    let mut engines = options.engines.clone();
    if engines.len() == 1 {
        engines.insert(0, cli::own_engine()?);
    }
    let Ok(engines) = <[EngineSpec; 2]>::try_from(engines) else {
        bail!("a match needs one --engine, which this workspace's own plays, or two");
    };
    let sprt = options.sprt.as_ref().map(|parts| Sprt::parse(parts));
    let sprt = sprt.transpose()?;
    let mut games = Games::open(&options.common)?;
    let (names, standing) = games.play(engines, sprt)?;
    say(&report::summary(&standing, &names, sprt.as_ref()));
    rows.add_match(&standing, &names, sprt.as_ref());
    end(&options.common, &rows, standing.fault_sum())
}

fn rating(options: &RatingOptions, mut rows: Rows) -> Result<ExitCode> {
    let engine = match &options.engine {
        Some(engine) => engine.clone(),
        None => cli::own_engine()?,
    };
    if let Some(anchor) = options
        .anchors
        .iter()
        .find(|anchor| anchor.rating.is_none())
    {
        bail!("the anchor {} needs its rating=", anchor.name);
    }
    let mut games = Games::open(&options.common)?;
    let mut results = Vec::new();
    let mut faults = 0;
    for anchor in &options.anchors {
        let (names, standing) = games.play([engine.clone(), anchor.clone()], None)?;
        say(&report::summary(&standing, &names, None));
        rows.add_match(&standing, &names, None);
        faults += standing.fault_sum();
        let result = AnchorResult {
            rating: anchor.rating.unwrap_or_default(),
            games: standing.games(),
            points: standing.points(),
        };
        results.push((anchor.name.clone(), result));
    }
    let alone: Vec<AnchorResult> = results.iter().map(|(_, result)| *result).collect();
    let rating = rate(&alone);
    say(&report::rating_summary(&engine.name, &results, rating));
    rows.add_rating(&results, rating);
    end(&options.common, &rows, faults)
}

/// Writes the rows; faults are a failure unless they are allowed.
fn end(common: &Common, rows: &Rows, faults: u64) -> Result<ExitCode> {
    if let Some(file) = &common.json {
        rows.write(file)?;
    }
    Ok(if faults == 0 || common.allow_faults {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Plays matches one after another, into one file.
struct Games<'a> {
    common: &'a Common,
    file: Option<GamesFile>,
}

impl<'a> Games<'a> {
    fn open(common: &'a Common) -> Result<Self> {
        let path = common.pgn.as_deref();
        let file = path
            .map(|path| GamesFile::open(path, common.resume))
            .transpose()?;
        Ok(Self { common, file })
    }

    fn play(
        &mut self,
        mut engines: [EngineSpec; 2],
        sprt: Option<Sprt>,
    ) -> Result<([String; 2], Standing)> {
        let common = self.common;
        let [first, second] = &mut engines;
        if first.name == second.name {
            second.name += " (2)";
        }
        let names = engines.each_ref().map(|engine| engine.name.clone());
        let conditions = common.conditions()?;
        let settings = [
            conditions.limit.to_string(),
            common.openings_words(),
            conditions.adjudication.to_string(),
            format!("margin {} ms", conditions.margin.as_millis()),
        ];
        let mut settings = settings.join("; ");
        for engine in &engines {
            let limit = engine.limit.map(|limit| format!(" {limit}"));
            let options = engine
                .options
                .iter()
                .map(|(name, value)| format!(" {name}={value}"));
            let own: String = limit.into_iter().chain(options).collect();
            if !own.is_empty() {
                settings += &format!("; {}:{own}", engine.name);
            }
        }
        let [white, black] = &names;
        let identity = Identity {
            event: format!("{white} against {black}"),
            names: names.clone(),
            settings,
        };
        say(&format!("{}: {}\n", identity.event, identity.settings));
        let pairs = common.pairs(sprt);
        let file = self.file.as_ref();
        let (played, standing) = file
            .map(|file| file.played(&identity, pairs))
            .unwrap_or_default();
        if !played.is_empty() {
            say(&format!("going on after {} games\n", played.len()));
        }
        let tournament = Tournament {
            engines,
            conditions,
            chess960: common.chess960,
            patience: common.patience(),
            pairs,
            concurrency: common.concurrency,
            sprt,
            played,
            standing,
        };
        let mut told = Instant::now();
        let file = &mut self.file;
        let standing = tournament.run(common.openings()?, |slot, record, standing| {
            if let Some(file) = file {
                file.append(slot, record, &identity)?;
            }
            if let Some((color, fault)) = &record.fault {
                let name = identity.names.get(slot.engine(*color));
                let name = name.map_or("?", String::as_str);
                say(&format!("game {}: {name}: {fault}\n", slot.round()));
            }
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                say(&(report::progress(standing, sprt.as_ref()) + "\n"));
            }
            anyhow::Ok(())
        });
        let standing = standing.map_err(|error| match error {
            MatchError::Start(error) => error.into(),
            MatchError::Report(error) => error,
        });
        Ok((names, standing?))
    }
}

/// Nobody may be reading any more; the match still counts.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
