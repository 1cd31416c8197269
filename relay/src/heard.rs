//! What the players of a game said or wished last: between relays that watch a game at each other it would go round for
//! ever.

use std::collections::VecDeque;

use rookery_ledger::id::Signature;

/// What goes round is back within a second or two, and the two players say 8 messages a second at most.
const REMEMBERED: usize = 64;

/// The signatures of the last messages of a game, 4 kB at most.
#[derive(Debug, Default)]
pub struct Heard {
    last: VecDeque<Signature>,
}

impl Heard {
    /// Whether `signature` is under none of the last messages; it is from now on.
    pub fn is_new(&mut self, signature: Signature) -> bool {
        let new = !self.last.contains(&signature);
        if new {
            if self.last.len() >= REMEMBERED {
                self.last.pop_front();
            }
            self.last.push_back(signature);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_last_messages_each_is_new_once() {
        let mut heard = Heard::default();
        let signature = |n: usize| Signature([u8::try_from(n).unwrap(); 64]);
        for n in 0..REMEMBERED {
            assert!(heard.is_new(signature(n)));
        }
        // What comes again takes no room.
        for n in [5; 10].into_iter().chain(0..REMEMBERED) {
            assert!(!heard.is_new(signature(n)), "{n} was heard");
        }
        // The oldest gives way.
        assert!(heard.is_new(signature(REMEMBERED)));
        assert!(!heard.is_new(signature(1)));
        assert!(heard.is_new(signature(0)));
        assert_eq!(heard.last.len(), REMEMBERED);
    }
}
