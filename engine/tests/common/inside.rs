//! Drives a session without a process: every line and every slice of thinking is a call, and time goes on by 1 ms
//! whenever somebody looks at the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rookery_engine::Game;
use rookery_engine::uci::{Activity, Flow, Session};
use shakmaty::CastlingMode;

pub struct Inside {
    session: Session,
    /// How often somebody looked at the clock.
    looks: Arc<AtomicU64>,
}

impl Inside {
    pub fn new() -> Inside {
        let looks = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&looks);
        let clock =
            Arc::new(move || Duration::from_millis(counter.fetch_add(1, Ordering::Relaxed)));
        let mut inside = Inside {
            session: Session::new(clock, 1).unwrap(),
            looks,
        };
        assert!(inside.send("setoption name Hash value 1").is_empty());
        inside
    }

    /// What its clock shows.
    pub fn now(&self) -> Duration {
        Duration::from_millis(self.looks.load(Ordering::Relaxed))
    }

    /// What it says to a line.
    pub fn send(&mut self, line: &str) -> Vec<String> {
        let mut said = Vec::new();
        let flow = self
            .session
            .line(line, &mut |line| said.push(line.to_owned()));
        assert_eq!(flow == Flow::Quit, line.trim() == "quit");
        said
    }

    pub fn activity(&self) -> Activity {
        self.session.activity()
    }

    /// What it says in a slice of thinking.
    pub fn step(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        let slice = Duration::from_millis(4);
        self.session
            .step(slice, &mut |line| said.push(line.to_owned()));
        said
    }

    /// What it says until it has nothing more to do by itself.
    pub fn settle(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while self.activity() == Activity::Busy {
            said.extend(self.step());
        }
        said
    }

    /// What it says to a line that is refused; nothing if it is followed.
    pub fn refused(&mut self, line: &str) -> Option<String> {
        let mut said = self.send(line);
        assert!(said.len() <= 1, "{line}: {said:?}");
        let said = said.pop()?;
        assert!(said.starts_with("info string refused: "), "{line}: {said}");
        Some(said)
    }

    /// Thinks to the end; the one move that it answers, or `(none)`.
    pub fn go(&mut self, limits: &str) -> String {
        let mut said = self.send(&format!("go {limits}"));
        said.extend(self.settle());
        let best = moves(&said);
        assert_eq!(best.len(), 1, "go {limits}: {said:?}");
        best[0].clone()
    }

    pub fn fen(&mut self) -> String {
        let said = self.send("d").pop().unwrap();
        said.strip_prefix("info string fen ").unwrap().to_owned()
    }

    /// Searches, and checks that the answer is a legal move, or none where there is none.
    pub fn answer(&mut self, limits: &str, game: &Game) -> String {
        let best = self.go(limits);
        check(&best, game);
        best
    }
}

/// The moves of all answers among the lines.
pub fn moves(said: &[String]) -> Vec<String> {
    let answers = said
        .iter()
        .filter_map(|line| line.strip_prefix("bestmove "));
    answers
        .map(|answer| answer.split(' ').next().unwrap().to_owned())
        .collect()
}

/// Whether `best` answers `game`.
pub fn check(best: &str, game: &Game) {
    use shakmaty::Position as _;
    let chess = game.position().chess();
    if chess.legal_moves().is_empty() {
        assert_eq!(best, "(none)", "{}", game.fen());
    } else {
        let m = game.legal(best);
        let m = m.unwrap_or_else(|| panic!("{best} is not legal in {}", game.fen()));
        assert_eq!(game.uci(m), best, "written otherwise than it should be");
    }
}

pub fn mode(chess960: bool) -> CastlingMode {
    CastlingMode::from_chess960(chess960)
}
