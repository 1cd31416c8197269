//! What is printed and written of a match: words for people, rows for scripts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rookery_match::fault::FaultKind;
use rookery_match::standing::Standing;
use rookery_match::statistics::{AnchorResult, Rating, Sprt, Verdict};
use serde_json::{Value, json};

/// One line on where the match stands.
pub(crate) fn progress(standing: &Standing, sprt: Option<&Sprt>) -> String {
    let (score, _) = standing.score_and_draws();
    let mut line = format!(
        "{} games: +{} ={} -{}, {:.1} %",
        standing.games(),
        standing.wins,
        standing.draws,
        standing.losses,
        100.0 * score
    );
    if let Some((low, high)) = standing.pairs.interval() {
        line += &format!(
            ", Elo {} ({} to {})",
            signed(standing.pairs.elo()),
            signed(low),
            signed(high)
        );
    }
    if let Some(sprt) = sprt {
        let (lower, upper) = sprt.bounds();
        let ratio = sprt.ratio(&standing.pairs);
        line += &format!(", LLR {ratio:.2} ({lower:.2} to {upper:.2})");
    }
    line
}

/// The whole result, from the first engine's side.
pub(crate) fn summary(standing: &Standing, names: &[String; 2], sprt: Option<&Sprt>) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    let [first, second] = names;
    let (score, draws) = standing.score_and_draws();
    let pairs = &standing.pairs;
    line(format!(
        "{first} against {second}: {} games, +{} ={} -{}, score {:.1} %, draws {:.1} %",
        standing.games(),
        standing.wins,
        standing.draws,
        standing.losses,
        100.0 * score,
        100.0 * draws
    ));
    let [a, b, c, d, e] = pairs.0;
    line(format!(
        "Pairs:   0: {a}   0.5: {b}   1: {c}   1.5: {d}   2: {e}   (points of {first})"
    ));
    let elo = signed(pairs.elo());
    line(
        match (
            pairs.interval(),
            pairs.superiority(),
            pairs.normalised_elo(),
        ) {
            (Some((low, high)), Some(superiority), Some(normalised)) => format!(
                "Elo:     {elo} (95 %: {} to {}, by the variance of pairs), LOS {:.1} %, normalised {}",
                signed(low),
                signed(high),
                100.0 * superiority,
                signed(normalised)
            ),
            _ => format!(
                "Elo:     {elo}, without an interval: there are too few pairs, or all ended alike"
            ),
        },
    );
    if let Some(sprt) = sprt {
        let (lower, upper) = sprt.bounds();
        let verdict = match sprt.verdict(pairs) {
            Verdict::Open => "not decided",
            Verdict::H0 => "H0 accepted: not as strong as elo1",
            Verdict::H1 => "H1 accepted: stronger than elo0",
        };
        line(format!(
            "SPRT:    {sprt} (logistic Elo, pairs): LLR {:.2} ({lower:.2} to {upper:.2}), {verdict}",
            sprt.ratio(pairs)
        ));
    }
    for (name, faults) in names.iter().zip(&standing.faults) {
        line(format!("Faults:  {name}: {faults}"));
    }
    text
}

/// What a rating came to.
pub(crate) fn rating_summary(
    name: &str,
    results: &[(String, AnchorResult)],
    rating: Option<Rating>,
) -> String {
    let mut text = String::new();
    for (anchor, result) in results {
        let share = 100.0 * result.points / (result.games.max(1) as f64);
        let _ = writeln!(
            text,
            "{anchor:<24} {:>6.0}   {:>6.1} / {:<5} {share:>5.1} %",
            result.rating, result.points, result.games
        );
    }
    match rating {
        Some(Rating { value, low, high }) => {
            let _ = writeln!(
                text,
                "{name}: {value:.0} (95 %: {low:.0} to {high:.0}; the anchors' own errors are not in it)"
            );
        }
        None => text += "no games, no rating\n",
    }
    let (weaker, stronger) = sides(results);
    let _ = writeln!(
        text,
        "{weaker} of {} anchors scored below 50 % against {name}, {stronger} above",
        results.len()
    );
    text
}

/// How many anchors are weaker, and how many stronger than the one that is rated, by what they scored.
fn sides(results: &[(String, AnchorResult)]) -> (usize, usize) {
    let surplus = |result: &AnchorResult| 2.0 * result.points - result.games as f64;
    let count = |holds: fn(f64) -> bool| {
        let surpluses = results.iter().map(|(_, result)| surplus(result));
        surpluses.filter(|&surplus| holds(surplus)).count()
    };
    (count(|s| s > 0.0), count(|s| s < 0.0))
}

/// Measurements in the form that all measuring commands write.
#[derive(Default)]
pub(crate) struct Rows {
    rows: Vec<Value>,
    command: String,
}

impl Rows {
    /// For a run of this program with the given arguments.
    pub(crate) fn new(arguments: &[String]) -> Self {
        let quoted = arguments.iter().map(|word| {
            if word.contains(char::is_whitespace) {
                format!("'{word}'")
            } else {
                word.clone()
            }
        });
        let words: Vec<String> = quoted.collect();
        Self {
            rows: Vec::new(),
            command: format!("cargo xtask match {}", words.join(" ")),
        }
    }

    /// Adds a row. A number that is none or infinite becomes `null`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        unit: &str,
        value: f64,
        runs: &[f64],
        peer: Option<&str>,
    ) {
        self.rows.push(json!({
            "name": name,
            "unit": unit,
            "value": value,
            "runs": runs,
            "peer": peer.map(|name| json!({ "name": name })),
            "command": self.command,
        }));
    }

    /// The rows of a match.
    pub(crate) fn add_match(
        &mut self,
        standing: &Standing,
        names: &[String; 2],
        sprt: Option<&Sprt>,
    ) {
        let [first, second] = names;
        let peer = Some(second.as_str());
        let mut add = |name: &str, unit: &str, value: f64, runs: &[f64]| {
            self.add(&format!("match.{name}"), unit, value, runs, peer);
        };
        let pairs = &standing.pairs;
        let (score, draws) = standing.score_and_draws();
        let (low, high) = pairs.interval().unwrap_or((f64::NAN, f64::NAN));
        let percent = |share: f64| 100.0 * share;
        add("elo", "Elo", pairs.elo(), &[]);
        add("elo.low", "Elo", low, &[]);
        add("elo.high", "Elo", high, &[]);
        add(
            "normalised-elo",
            "Elo",
            pairs.normalised_elo().unwrap_or(f64::NAN),
            &[],
        );
        add(
            "los",
            "%",
            pairs.superiority().map_or(f64::NAN, percent),
            &[],
        );
        add("score", "%", percent(score), &[]);
        add("draws", "%", percent(draws), &[]);
        add("games", "games", standing.games() as f64, &[]);
        // How many pairs gave 0, 0.5, 1, 1.5 and 2 points.
        add(
            "pairs",
            "pairs",
            pairs.pairs() as f64,
            &pairs.0.map(|count| count as f64),
        );
        if let Some(sprt) = sprt {
            let (lower, upper) = sprt.bounds();
            add("llr", "nats", sprt.ratio(pairs), &[lower, upper]);
            let accepted = match sprt.verdict(pairs) {
                Verdict::Open => f64::NAN,
                Verdict::H0 => 0.0,
                Verdict::H1 => 1.0,
            };
            add("sprt", "hypothesis", accepted, &[]);
        }
        for (name, faults) in [first, second].into_iter().zip(&standing.faults) {
            for kind in FaultKind::ALL {
                let row = format!("faults.{name}.{kind}");
                add(&row, "games", faults.of(kind) as f64, &[]);
            }
        }
    }

    /// The rows of a rating, beside those of its matches.
    pub(crate) fn add_rating(
        &mut self,
        results: &[(String, AnchorResult)],
        rating: Option<Rating>,
    ) {
        let none = Rating {
            value: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
        };
        let Rating { value, low, high } = rating.unwrap_or(none);
        self.add("rating", "Elo", value, &[], None);
        self.add("rating.low", "Elo", low, &[], None);
        self.add("rating.high", "Elo", high, &[], None);
        let (weaker, stronger) = sides(results);
        self.add("rating.anchors-weaker", "anchors", weaker as f64, &[], None);
        self.add(
            "rating.anchors-stronger",
            "anchors",
            stronger as f64,
            &[],
            None,
        );
    }

    /// Writes them.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.rows).context("cannot write the report")?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
    }
}

fn signed(elo: f64) -> String {
    // Without a sign for what rounds to nothing.
    let rounded = (10.0 * elo).round() / 10.0 + 0.0;
    format!("{rounded:+.1}")
}
