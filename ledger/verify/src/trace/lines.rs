//! A trace as text: which lines it has, whether any is missing, where a relay was killed and where it could not write.

use rookery_relay::trace::{Bytes, Event, Line, VERSION};

/// A rule that a trace breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// The line, from 1.
    pub(super) line: usize,
    /// The game, where it is about one.
    pub(super) game: Option<String>,
    /// Which promise, and how it is broken.
    pub(super) words: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(game) = &self.game {
            write!(f, ", game {game}")?;
        }
        write!(f, ": {}", self.words)
    }
}

/// A line that is what it seems to be.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// Its number in the file, from 1.
    pub(super) number: usize,
    pub(super) line: Line,
}

/// The lines of a trace that can be vouched for.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<Read>,
    /// Where lines are missing because they could not be written, and how many.
    pub(super) hole: Option<(usize, u64)>,
}

/// Which run the lines are in, and what its next line has to be.
#[derive(Debug, Default)]
struct Order {
    /// The run, the number of its next line, and the time of its last.
    run: Option<(Bytes, u64, u64)>,
    runs: Vec<Bytes>,
}

impl Order {
    fn is_in(&self, line: &Line) -> bool {
        self.run
            .as_ref()
            .is_some_and(|(name, _, _)| *name == line.run)
    }

    fn next(&mut self, line: &Line) -> Result<(), String> {
        let starts = matches!(line.event, Event::Start { .. });
        if line.v != VERSION {
            return Err(format!(
                "version {} of the trace; this reads {VERSION}",
                line.v
            ));
        }
        match &mut self.run {
            Some((name, next, now)) if *name == line.run => {
                if line.n > *next {
                    return Err(format!(
                        "lines {next} to {} of this run are missing",
                        line.n - 1
                    ));
                }
                if line.n < *next {
                    return Err(format!(
                        "line {} of this run stands where {next} should",
                        line.n
                    ));
                }
                if starts {
                    return Err("a run begins twice".into());
                }
                if line.now < *now {
                    return Err(format!(
                        "P6: the clock runs back from {now} to {}",
                        line.now
                    ));
                }
                (*next, *now) = (line.n + 1, line.now);
            }
            _ => {
                if !starts || line.n != 0 {
                    return Err("a run that does not begin with its start, its line 0".into());
                }
                if self.runs.contains(&line.run) {
                    return Err("a run goes on behind another one's lines".into());
                }
                self.runs.push(line.run.clone());
                self.run = Some((line.run.clone(), 1, line.now));
            }
        }
        Ok(())
    }
}

/// Reads a trace. Each run of the relay begins with [`Event::Start`] as line 0, its lines are numbered without gaps and its
/// time never runs back. Only the last line of a run may be torn: it was being written when the relay was killed.
///
/// # Errors
///
/// The first line that breaks one of these rules.
pub(super) fn read(text: &str) -> Result<Lines, Broken> {
    let mut found = Lines::default();
    let mut order = Order::default();
    let mut torn: Option<usize> = None;
    for (number, text) in (1..).zip(text.split('\n')) {
        if text.is_empty() {
            continue;
        }
        let broken = |line: usize, words: String| Broken {
            line,
            game: None,
            words,
        };
        let line: Line = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) if error.is_eof() && torn.is_none() => {
                torn = Some(number);
                continue;
            }
            Err(error) => return Err(broken(number, format!("no line of a trace: {error}"))),
        };
        if let Event::Hole { lines } = line.event
            && order.is_in(&line)
        {
            found.hole = Some((number, lines));
            return Ok(found);
        }
        if let Some(torn) = torn.take()
            && order.is_in(&line)
        {
            let words = "half a line, and the relay went on writing behind it".to_owned();
            return Err(broken(torn, words));
        }
        order.next(&line).map_err(|words| broken(number, words))?;
        found.lines.push(Read { number, line });
    }
    Ok(found)
}

/// The same for lines that are no text any more.
///
/// # Errors
///
/// As [`read`].
pub(super) fn number(lines: impl IntoIterator<Item = Line>) -> Result<Vec<Read>, Broken> {
    let mut order = Order::default();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(lines) {
        order.next(&line).map_err(|words| Broken {
            line: number,
            game: line.game.as_ref().map(ToString::to_string),
            words,
        })?;
        found.push(Read { number, line });
    }
    Ok(found)
}
