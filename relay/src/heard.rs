//! What the players of a game said last: between relays that watch a game at each other it would go round for ever.

use std::collections::VecDeque;

use rookery_ledger::id::Signature;
use rookery_ledger::record::{Said, Signed};

/// What goes round is back within a second or two, and the two players say 8 messages a second at most.
const REMEMBERED: usize = 64;

/// The signatures of the last messages of a game, 4 kB at most.
#[derive(Debug, Default)]
pub struct Heard {
    last: VecDeque<Signature>,
}

impl Heard {
    /// Whether `said` is none of the last messages; it is one from now on.
    pub fn is_new(&mut self, said: &Signed<Said>) -> bool {
        let new = !self.last.contains(&said.sig);
        if new {
            if self.last.len() >= REMEMBERED {
                self.last.pop_front();
            }
            self.last.push_back(said.sig);
        }
        new
    }
}
