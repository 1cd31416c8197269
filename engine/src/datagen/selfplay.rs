//! One game of the engine against itself: its opening, its moves, its end. The settings and the game's number decide
//! it; no clock and no other game has a say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rookery_engine::rng::Rng;
use rookery_engine::{Engine, Exactness, Game as Line, Limits, Outcome, Request, Score, Step};
use rookery_games::{Game, Ply, centipawns, mate};
use shakmaty::{Color, Move, Position as _};

use super::options::{Setting, Settings};

/// Plays game `number`, or a part of it once `stop` is set. Gives the engine back.
pub(crate) fn play(
    mut engine: Engine,
    settings: &Settings,
    number: u64,
    stop: &AtomicBool,
) -> (Engine, Option<Game>) {
    // Mixed, as the streams of neighbouring numbers would overlap.
    let seed = settings.get(Setting::Seed) ^ Rng::new(number).next_u64();
    let mut rng = Rng::new(seed);
    let balance = settings.get(Setting::Balance) as i16;
    loop {
        if stop.load(Ordering::Relaxed) {
            return (engine, None);
        }
        let Some((mut line, mut plies)) = opening(&mut rng, settings) else {
            continue;
        };
        engine.clear();
        let opening = plies.len() as u8;
        let mut judge = Judge::new(settings);
        let winner = loop {
            if stop.load(Ordering::Relaxed) {
                return (engine, None);
            }
            let (back, thought) = think(engine, &line, settings);
            engine = back;
            // Without a legal move the rules would have ended it.
            let Some(thought) = thought else {
                break None;
            };
            if plies.len() == usize::from(opening)
                && thought
                    .score
                    .is_none_or(|score| !(-balance..=balance).contains(&score))
            {
                plies.clear();
                break None;
            }
            let turn = line.position().turn();
            plies.extend(Ply::new(thought.best, thought.score));
            line.play(thought.best);
            if let Some(winner) = judge.scored(turn, thought.score, plies.len()) {
                break winner;
            }
            if let Some(winner) = ended(&line, plies.len(), settings) {
                break winner;
            }
        };
        if !plies.is_empty() {
            return (
                engine,
                Some(Game {
                    winner,
                    opening,
                    plies,
                }),
            );
        }
    }
}

/// Random moves from the start; nothing if they end the game.
fn opening(rng: &mut Rng, settings: &Settings) -> Option<(Line, Vec<Ply>)> {
    let mut line = Line::default();
    let mut plies = Vec::new();
    for _ in 0..settings.get(Setting::RandomPlies) + rng.below(2) {
        let moves = line.position().chess().legal_moves();
        let m = *moves.get(rng.below(moves.len() as u64) as usize)?;
        plies.push(Ply::new(m, None)?);
        line.play(m);
    }
    let over = ended(&line, plies.len(), settings).is_some();
    (!over).then_some((line, plies))
}

/// What the engine made of a position.
struct Thought {
    best: Move,
    /// As a record has it; none if not even the first iteration came to an end.
    score: Option<i16>,
}

/// Thinks of the move to play; nothing if there is none.
fn think(engine: Engine, line: &Line, settings: &Settings) -> (Engine, Option<Thought>) {
    let soft = settings.get(Setting::Nodes);
    let hard = soft * settings.get(Setting::HardFactor);
    let (engine, outcome, last) = search(engine, line, soft, hard);
    let thought = match last {
        Some((best, score)) => Some(Thought {
            best,
            score: Some(recorded(score)),
        }),
        None => outcome.best.map(|best| Thought { best, score: None }),
    };
    (engine, thought)
}

/// Searches up to the end of the iteration in which `soft` nodes are passed, or for `hard` nodes. Gives the outcome, and
/// move and score of the last iteration that came to an end.
fn search(
    engine: Engine,
    line: &Line,
    soft: u64,
    hard: u64,
) -> (Engine, Outcome, Option<(Move, Score)>) {
    let limits = Limits {
        nodes: Some(hard),
        ..Limits::default()
    };
    // Its clock stands still: each slice ends when the search first looks at it, and nothing depends on the machine.
    let clock = Arc::new(|| Duration::ZERO);
    let mut search = engine.start(Request::new(line.clone(), limits), clock);
    let mut last = None;
    loop {
        let mut enough = false;
        let step = search.step(Duration::ZERO, |info| {
            enough |= info.nodes >= soft;
            if info.exactness == Exactness::Exact
                && let Some(&best) = info.pv.first()
            {
                last = Some((best, info.score));
            }
        });
        if let Step::Done(done) = step {
            let (engine, outcome) = *done;
            return (engine, outcome, last);
        }
        if enough {
            search.stop();
        }
    }
}

/// A score as a record has it.
fn recorded(score: Score) -> i16 {
    match score {
        Score::Centipawns(value) => centipawns(value),
        Score::Mate(moves) => mate(moves),
    }
}

/// Whether the rules, or its length, end the game: then who has won.
fn ended(line: &Line, plies: usize, settings: &Settings) -> Option<Option<Color>> {
    let position = line.position();
    let chess = position.chess();
    if chess.legal_moves().is_empty() {
        let mated = position.in_check();
        return Some(mated.then(|| !position.turn()));
    }
    let before = line.keys().iter().filter(|key| **key == position.key());
    let drawn = position.halfmoves() >= 100
        || before.count() >= 2
        || chess.is_insufficient_material()
        || plies as u64 >= settings.get(Setting::MaxPlies);
    drawn.then_some(None)
}

/// Ends games that the scores have decided.
struct Judge {
    win_score: i16,
    win_plies: u64,
    draw_score: i16,
    draw_plies: u64,
    draw_after: u64,
    /// Plies in a row that were won for White, for Black, and level.
    white: u64,
    black: u64,
    level: u64,
}

impl Judge {
    const fn new(settings: &Settings) -> Judge {
        Judge {
            win_score: settings.get(Setting::WinScore) as i16,
            win_plies: settings.get(Setting::WinPlies),
            draw_score: settings.get(Setting::DrawScore) as i16,
            draw_plies: settings.get(Setting::DrawPlies),
            draw_after: settings.get(Setting::DrawAfter),
            white: 0,
            black: 0,
            level: 0,
        }
    }

    /// Takes the score that `turn` moved with, after which the game has `plies`: then who has won.
    fn scored(&mut self, turn: Color, score: Option<i16>, plies: usize) -> Option<Option<Color>> {
        let white = score.map(|score| if turn.is_white() { score } else { -score });
        let count = |row: &mut u64, holds: bool| *row = if holds { *row + 1 } else { 0 };
        count(&mut self.white, white.is_some_and(|w| w >= self.win_score));
        count(&mut self.black, white.is_some_and(|w| w <= -self.win_score));
        let level = plies as u64 > self.draw_after;
        count(
            &mut self.level,
            level && white.is_some_and(|w| w.abs() <= self.draw_score),
        );
        if self.white >= self.win_plies {
            Some(Some(Color::White))
        } else if self.black >= self.win_plies {
            Some(Some(Color::Black))
        } else if self.level >= self.draw_plies {
            Some(None)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakmaty::CastlingMode;

    fn settings() -> Settings {
        Settings::default()
            .with(Setting::Nodes, 150)
            .with(Setting::HardFactor, 2)
    }

    fn game(settings: &Settings, number: u64) -> Game {
        let engine = Engine::new(1).unwrap();
        let (_, game) = play(engine, settings, number, &AtomicBool::new(false));
        game.unwrap()
    }

    #[test]
    fn a_number_decides_its_game_whatever_was_played_before() {
        let settings = settings();
        let go = AtomicBool::new(false);
        let engine = Engine::new(1).unwrap();
        let (engine, first) = play(engine, &settings, 7, &go);
        let (engine, other) = play(engine, &settings, 8, &go);
        let (_, again) = play(engine, &settings, 7, &go);
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_ne!(first.unwrap(), game(&settings.with(Setting::Seed, 2), 7));
    }

    #[test]
    fn games_are_legal_begin_at_random_and_in_balance_and_end_by_the_rules_or_the_scores() {
        let settings = settings();
        let mut lengths = [0; 2];
        for number in 0..30 {
            let game = game(&settings, number);
            let opening = usize::from(game.opening);
            lengths[opening - 8] += 1;
            let mut line = Line::default();
            let mut judge = Judge::new(&settings);
            let mut decided = None;
            game.replay(|position, m, index, ply| {
                assert_eq!(decided, None, "it goes on after its end");
                assert_eq!(ply.score.is_some(), index >= opening, "{number} {index}");
                if index == opening {
                    assert!(ply.score.unwrap().abs() <= 400);
                }
                line.play(m);
                decided = judge.scored(position.turn(), ply.score, index + 1);
                if index >= opening {
                    decided = decided.or_else(|| ended(&line, index + 1, &settings));
                }
            })
            .unwrap();
            assert_eq!(decided, Some(game.winner), "game {number}");
        }
        assert!(lengths[0] > 5 && lengths[1] > 5, "{lengths:?}");
    }

    #[test]
    fn the_soft_limit_ends_with_an_iteration_and_the_hard_one_at_once() {
        let line = Line::default();
        let engine = Engine::new(1).unwrap();
        let (mut engine, outcome, last) = search(engine, &line, 3_000, 1_000_000);
        assert!((3_000..40_000).contains(&outcome.nodes), "{outcome:?}");
        assert!(last.is_some());
        engine.clear();
        let (mut engine, outcome, last) = search(engine, &line, 3_000, 3_001);
        assert_eq!(outcome.nodes, 3_001);
        assert!(last.is_some());
        engine.clear();
        // Too few for the first iteration: a legal move, and nothing said of its worth.
        let few = settings()
            .with(Setting::Nodes, 1)
            .with(Setting::HardFactor, 1);
        let thought = think(engine, &line, &few).1.unwrap();
        assert!(line.position().chess().is_legal(thought.best));
        assert_eq!(thought.score, None);
    }

    #[test]
    fn scores_are_recorded_as_the_format_says() {
        assert_eq!(recorded(Score::Centipawns(-31)), -31);
        assert_eq!(recorded(Score::Centipawns(31_000)), 28_999);
        assert_eq!(recorded(Score::Centipawns(-31_000)), -28_999);
        assert_eq!(recorded(Score::Mate(3)), 29_997);
        assert_eq!(recorded(Score::Mate(-3)), -29_997);
        assert_eq!(recorded(Score::Mate(0)), -30_000);
    }

    #[test]
    fn the_rules_end_games() {
        let at = |fen: &str, moves: &[&str]| {
            let mut line = Line::from_fen(fen, CastlingMode::Standard).unwrap();
            line.play_all(moves.iter().copied()).unwrap();
            ended(&line, 100, &settings())
        };
        let mate = "R5k1/5ppp/8/8/8/8/8/7K b - - 0 1";
        assert_eq!(at(mate, &[]), Some(Some(Color::White)));
        assert_eq!(at("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", &[]), Some(None));
        assert_eq!(at("7k/8/6K1/8/8/8/8/6N1 b - - 0 1", &[]), Some(None));
        assert_eq!(at("7k/8/6K1/8/8/8/8/6R1 b - - 100 90", &[]), Some(None));
        assert_eq!(at("7k/8/6K1/8/8/8/8/6R1 b - - 99 90", &[]), None);
        let dance = ["g1f3", "g8f6", "f3g1", "f6g8"].repeat(2);
        let start = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
        assert_eq!(at(start, &dance[..7]), None);
        assert_eq!(at(start, &dance), Some(None));
        let long = Line::default();
        assert_eq!(ended(&long, 600, &Settings::default()), Some(None));
    }

    #[test]
    fn scores_decide_games() {
        let settings = Settings::default();
        let mut judge = Judge::new(&settings);
        let sides = [Color::White, Color::Black];
        let mut feed = |scores: &[i16], from: usize| {
            let mut last = None;
            for (ply, score) in (from..).zip(scores) {
                assert_eq!(last, None);
                last = judge.scored(sides[ply % 2], Some(*score), ply + 1);
            }
            last
        };
        assert_eq!(feed(&[2600, -2600, 2600], 10), None);
        assert_eq!(feed(&[-2400], 13), None, "interrupted");
        assert_eq!(feed(&[-2600, 2600, -2600], 14), None);
        assert_eq!(feed(&[2600], 17), Some(Some(Color::Black)));
        assert_eq!(feed(&[0; 20], 20), None, "too early");
        assert_eq!(feed(&[8, -8, 0, 8, 0, 0, 0, 0, 0, 0, 0], 60), None);
        assert_eq!(feed(&[9], 71), None, "interrupted");
        assert_eq!(feed(&[0; 12], 72), Some(None));
    }

    #[test]
    fn a_stopped_game_is_none() {
        let engine = Engine::new(1).unwrap();
        let (_, game) = play(engine, &settings(), 1, &AtomicBool::new(true));
        assert_eq!(game, None);
    }
}
