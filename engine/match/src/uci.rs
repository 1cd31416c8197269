//! What an engine says in UCI, as types. Whatever cannot be understood is [`Line::Other`]: engines print much.

use std::fmt;

/// A line of an engine's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// `uciok`.
    UciOk,
    /// `readyok`.
    ReadyOk,
    /// `id name`.
    Name(String),
    /// `option name ...`: the name alone.
    Option(String),
    /// `info` with something in it that is kept.
    Info(Info),
    /// `bestmove`: the move as the engine wrote it, empty if it wrote none.
    BestMove(String),
    /// Anything else.
    Other,
}

/// What is kept of an engine's reports on its search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Plies.
    pub depth: Option<u32>,
    /// For the side to move.
    pub score: Option<Score>,
    /// Positions.
    pub nodes: Option<u64>,
}

/// A judgement, for the side to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// In hundredths of a pawn.
    Centipawns(i32),
    /// In so many moves; negative if mated, 0 if mated already.
    Mate(i32),
}

impl Score {
    /// One number to compare: mates are beyond all centipawns.
    #[must_use]
    pub fn centipawns(self) -> i32 {
        const MATE: i32 = 100_000;
        match self {
            Self::Centipawns(value) => value.clamp(-MATE / 2, MATE / 2),
            Self::Mate(moves) if moves > 0 => MATE - moves.min(1000),
            Self::Mate(moves) => -MATE - moves.max(-1000),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Centipawns(value) => write!(f, "{:+.2}", f64::from(value) / 100.0),
            Self::Mate(moves) if moves > 0 => write!(f, "+M{moves}"),
            Self::Mate(moves) => write!(f, "-M{}", moves.unsigned_abs()),
        }
    }
}

impl Info {
    /// Takes over what `newer` knows. Reports on other than the first line of play, and scores that are mere bounds,
    /// never get here.
    pub fn update(&mut self, newer: Self) {
        // A score belongs to its depth.
        if newer.score.is_some() {
            self.score = newer.score;
            self.depth = newer.depth.or(self.depth);
        }
        self.nodes = newer.nodes.or(self.nodes);
    }
}

impl Line {
    /// Reads a line.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("uciok") => Self::UciOk,
            Some("readyok") => Self::ReadyOk,
            Some("id") if words.next() == Some("name") => {
                Self::Name(words.collect::<Vec<_>>().join(" "))
            }
            Some("option") if words.next() == Some("name") => {
                let name: Vec<_> = words.take_while(|&word| word != "type").collect();
                Self::Option(name.join(" "))
            }
            Some("info") => info(words).map_or(Self::Other, Self::Info),
            Some("bestmove") => Self::BestMove(words.next().unwrap_or_default().to_owned()),
            _ => Self::Other,
        }
    }
}

/// `None` if the report is of no use here.
fn info<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Info> {
    let mut info = Info::default();
    let mut bound = false;
    while let Some(word) = words.next() {
        match word {
            // Whatever follows is text, or moves.
            "string" | "pv" | "refutation" | "currline" => break,
            "depth" => info.depth = words.next()?.parse().ok(),
            "nodes" => info.nodes = words.next()?.parse().ok(),
            "multipv" if words.next()? != "1" => return None,
            "lowerbound" | "upperbound" => bound = true,
            "score" => {
                let (unit, value) = (words.next()?, words.next()?);
                info.score = match (unit, value.parse()) {
                    ("cp", Ok(value)) => Some(Score::Centipawns(value)),
                    ("mate", Ok(moves)) => Some(Score::Mate(moves)),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    if bound {
        info.score = None;
    }
    (info != Info::default()).then_some(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_lines_are_understood() {
        assert_eq!(Line::parse("uciok"), Line::UciOk);
        assert_eq!(Line::parse("  readyok \r"), Line::ReadyOk);
        assert_eq!(
            Line::parse("id name Some Engine 1.0"),
            Line::Name("Some Engine 1.0".to_owned())
        );
        assert_eq!(
            Line::parse("option name Skill Level type spin default 20 min 0 max 20"),
            Line::Option("Skill Level".to_owned())
        );
        assert_eq!(
            Line::parse("bestmove e2e4 ponder e7e5"),
            Line::BestMove("e2e4".to_owned())
        );
        let info = Info {
            depth: Some(8),
            score: Some(Score::Centipawns(-35)),
            nodes: Some(4242),
        };
        assert_eq!(
            Line::parse(
                "info depth 8 seldepth 12 multipv 1 score cp -35 nodes 4242 nps 9 time 3 pv e2e4"
            ),
            Line::Info(info)
        );
        let Line::Info(mate) = Line::parse("info depth 3 score mate -2 pv a1a2") else {
            panic!("no info");
        };
        assert_eq!(mate.score, Some(Score::Mate(-2)));
    }

    #[test]
    fn hostile_lines_are_ignored_or_harmless() {
        for line in [
            "",
            "   ",
            "\u{0}\u{1}\u{fffd}",
            "uciok?",
            "UCIOK",
            "id",
            "id author Nobody",
            "option",
            "option type name",
            "info",
            "info string bestmove e2e4 score cp 300",
            "info depth",
            "info score cp",
            "info score",
            "info nodes 99999999999999999999999999",
            "info depth -1 score cp 99999999999999",
            "info multipv 2 score cp 30",
            "info score xy 30",
            "xbestmove e2e4",
        ] {
            assert_eq!(Line::parse(line), Line::Other, "{line:?}");
        }
        assert_eq!(Line::parse("bestmove"), Line::BestMove(String::new()));
        assert_eq!(Line::parse("option name"), Line::Option(String::new()));
    }

    #[test]
    fn a_bound_is_no_score_and_a_score_brings_its_depth() {
        let mut sum = Info::default();
        for line in [
            "info depth 5 score cp 20 nodes 100",
            "info depth 6 score cp 90 lowerbound nodes 200",
            "info depth 7 currmove e2e4",
            "info nodes 300",
        ] {
            if let Line::Info(info) = Line::parse(line) {
                sum.update(info);
            }
        }
        let kept = Info {
            depth: Some(5),
            score: Some(Score::Centipawns(20)),
            nodes: Some(300),
        };
        assert_eq!(sum, kept);
    }

    #[test]
    fn mates_are_beyond_all_centipawns_and_the_nearer_counts_more() {
        let value = Score::centipawns;
        assert!(value(Score::Mate(3)) > value(Score::Mate(9)));
        assert!(value(Score::Mate(9)) > value(Score::Centipawns(i32::MAX)));
        assert!(value(Score::Mate(-3)) < value(Score::Mate(-9)));
        assert!(value(Score::Mate(i32::MIN)) < value(Score::Centipawns(i32::MIN)));
        assert_eq!(Score::Mate(-2).to_string(), "-M2");
        assert_eq!(Score::Centipawns(25).to_string(), "+0.25");
    }
}
