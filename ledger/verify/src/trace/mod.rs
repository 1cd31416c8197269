//! Way 7, traces: the relay writes down what it does (`rookery-relay serve --trace FILE`), and a checker that was written from
//! the model and from `docs/protocol.md` replays it, step by step. Copies of the trace that were doctored must be rejected.
//! `actions` says which line of a trace and which function of the relay each action of the model is.

#[cfg(test)]
mod actions;
mod answer;
mod chain;
mod checker;
mod doctor;
mod epochs;
mod game;
mod homes;
mod input;
mod known;
mod lines;
mod order;
mod record;
mod refusals;
mod shown;
mod table;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::real::{Random, program};
use crate::{Plan, Row};

use checker::{Verdict, check, check_lines};
use doctor::DOCTORINGS;
use homes::Stuck;
use known::Tools;
use lines::Lines;
use record::{Gone, Recorded, Session};

/// From this time on each kind of doctoring must have found its place: a shorter run need not come to all of them.
const CAMPAIGN: Duration = Duration::from_secs(120);
/// How long a relay is left alone so that outages are stamped although nobody comes back.
const LONG_REST: Duration = Duration::from_secs(13);

/// Runs the way; with an input it checks the trace in that file.
///
/// # Errors
///
/// Where the relay cannot be started, the file cannot be read, or the trace has a hole behind which nothing can be said.
pub(crate) fn run(plan: &Plan) -> Result<Row> {
    match &plan.input {
        Some(input) => check_file(plan, input),
        None => Run::new(plan)?.run(plan),
    }
}

fn row(seed: u64) -> Row {
    Row {
        way: "trace",
        cases: 0,
        states: 0,
        faults: 0,
        violations: 0,
        seed,
    }
}

fn check_file(plan: &Plan, input: &Path) -> Result<Row> {
    let text =
        fs::read_to_string(input).with_context(|| format!("cannot read {}", input.display()))?;
    let mut row = row(plan.seed);
    let verdict = check(&text, &mut Tools::default());
    (row.cases, row.states) = (verdict.games, verdict.steps);
    if let Some(broken) = &verdict.broken {
        row.violations = 1;
        eprintln!("trace: VIOLATION: {}: {broken}", input.display());
    } else if let Some((line, lost)) = verdict.hole {
        bail!(
            "{}: line {line}: {lost} lines could not be written; what comes behind them cannot be vouched for",
            input.display()
        );
    } else {
        eprintln!(
            "trace: {}: {} games, {} steps, each of them allowed",
            input.display(),
            row.cases,
            row.states
        );
    }
    Ok(row)
}

/// What a run records, checks and doctors.
struct Run {
    program: PathBuf,
    random: Random,
    runtime: tokio::runtime::Runtime,
    row: Row,
    traces: u64,
    bytes: u64,
    /// How often each kind of doctoring was rejected.
    doctored: BTreeMap<&'static str, u64>,
    checking: Duration,
}

impl Run {
    fn new(plan: &Plan) -> Result<Self> {
        Ok(Self {
            program: program(plan)?,
            random: Random::new(plan.seed),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?,
            row: row(plan.seed),
            traces: 0,
            bytes: 0,
            doctored: BTreeMap::new(),
            checking: Duration::ZERO,
        })
    }

    fn run(mut self, plan: &Plan) -> Result<Row> {
        let begin = Instant::now();
        let mut rests = 0;
        for number in 0_u64.. {
            if number > 0 && begin.elapsed() >= plan.budget {
                break;
            }
            let left = plan.budget.saturating_sub(begin.elapsed());
            // Once in each 40 s there is time to leave the relay alone.
            let patient =
                begin.elapsed().as_secs() / 40 >= rests && left > LONG_REST + LONG_REST / 2;
            let session = |relays, rest| Session {
                relays,
                faults: 3,
                rest,
            };
            let short = Duration::from_millis(400);
            let recorded = match number % 3 {
                0 => {
                    let session = session(1, short).record(&self.program, &mut self.random);
                    self.runtime.block_on(session)
                }
                1 => {
                    let played = homes::record(&self.program, patient, &mut self.random);
                    self.runtime.block_on(played)
                }
                _ => {
                    rests += u64::from(patient);
                    let rest = if patient { LONG_REST } else { short };
                    let session = session(if patient { 1 } else { 2 }, rest);
                    self.runtime
                        .block_on(session.record(&self.program, &mut self.random))
                }
            };
            let recorded = match recorded {
                Ok(recorded) => recorded,
                Err(error) if error.is::<Gone>() || error.is::<Stuck>() => {
                    self.row.violations += 1;
                    eprintln!("trace: VIOLATION: P9: {error:#}");
                    break;
                }
                Err(error) => return Err(error),
            };
            self.judge(&recorded)?;
            if self.row.violations > 0 {
                break;
            }
        }
        self.runtime.shutdown_timeout(Duration::from_secs(2));
        if plan.budget >= CAMPAIGN && self.row.violations == 0 {
            for kind in DOCTORINGS {
                if !self.doctored.contains_key(kind.name) {
                    self.row.violations += 1;
                    eprintln!("trace: VIOLATION: no trace had a place for: {}", kind.name);
                }
            }
        }
        eprintln!(
            "trace: {} traces of {} kB, {} games, {} steps checked in {:.1} s, {} doctored copies of {} kinds rejected",
            self.traces,
            self.bytes / 1_000,
            self.row.cases,
            self.row.states,
            self.checking.as_secs_f64(),
            self.doctored.values().sum::<u64>(),
            self.doctored.len(),
        );
        if self.row.violations > 0 {
            eprintln!(
                "trace: run again: rookery-verify --way trace --seed {} --budget {}s",
                plan.seed,
                plan.budget.as_secs()
            );
        }
        Ok(self.row)
    }

    /// Checks the traces of one recording, each and beside each other, and doctored copies of each.
    fn judge(&mut self, recorded: &[Recorded]) -> Result<()> {
        let mut tools = Tools::default();
        let mut verdicts: Vec<Verdict> = Vec::new();
        for trace in recorded {
            let begin = Instant::now();
            let verdict = check(&trace.text, &mut tools);
            self.checking += begin.elapsed();
            self.traces += 1;
            self.bytes += trace.text.len() as u64;
            self.row.cases += verdict.games;
            self.row.states += verdict.steps;
            self.row.faults += trace.kills;
            if let Some(broken) = &verdict.broken {
                return self.violation(&trace.text, &broken.to_string());
            }
            verdicts.push(verdict);
        }
        for (trace, verdict) in recorded.iter().zip(&verdicts) {
            for other in &verdicts {
                if let Some(words) = made_up(verdict, other) {
                    return self.violation(&trace.text, &words);
                }
            }
        }
        for trace in recorded {
            self.doctor(&trace.text, &mut tools)?;
        }
        Ok(())
    }

    /// Each kind of doctoring once, at a random place.
    fn doctor(&mut self, text: &str, tools: &mut Tools) -> Result<()> {
        let lines: Vec<_> = match lines::read(text) {
            Ok(read) => read.lines.into_iter().map(|read| read.line).collect(),
            Err(_) => return Ok(()),
        };
        for kind in DOCTORINGS {
            let Some((at, doctored)) = kind.apply(&lines, &mut self.random) else {
                continue;
            };
            self.row.faults += 1;
            let verdict = judge_doctored(&doctored, tools);
            if let Some(broken) = verdict.broken {
                *self.doctored.entry(kind.name).or_default() += 1;
                if !kind.is_told(&broken.words) {
                    eprintln!(
                        "trace: doctored ({}), rejected because: {broken}",
                        kind.name
                    );
                }
            } else {
                let words = format!("a doctored trace passes: {}, at line {}", kind.name, at + 1);
                return self.violation(&doctor::text(&doctored), &words);
            }
        }
        Ok(())
    }

    fn violation(&mut self, text: &str, words: &str) -> Result<()> {
        self.row.violations += 1;
        let file = tempfile::Builder::new()
            .prefix("rookery-trace-")
            .suffix(".jsonl")
            .tempfile()?;
        let (_, path) = file.keep()?;
        fs::write(&path, text)?;
        eprintln!(
            "trace: VIOLATION: {words}; check it again: rookery-verify --way trace --input {}",
            path.display()
        );
        Ok(())
    }
}

/// Checks lines that are there already.
fn judge_doctored(doctored: &[rookery_relay::trace::Line], tools: &mut Tools) -> Verdict {
    match lines::number(doctored.iter().cloned()) {
        Ok(lines) => check_lines(&Lines { lines, hole: None }, tools),
        Err(broken) => Verdict {
            broken: Some(broken),
            ..Verdict::default()
        },
    }
}

/// A receipt that one relay took for another's, and that this one never made durable.
fn made_up(of: &Verdict, other: &Verdict) -> Option<String> {
    let own = other.own?;
    let mut foreign = of.foreign.iter();
    let found = foreign.find(|(_, game, key, receipt)| {
        *key == own.0 && !other.durable.contains(&(*game, *receipt))
    });
    found.map(|(line, game, _, _)| {
        format!("line {line}, game {game}: P3: a receipt of another relay that is not in its log")
    })
}
