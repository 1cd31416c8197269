//! How a simulated player plays: which moves, how long it thinks, when it offers, asks, claims, gives up.

use rookery_ledger::PlayError;
use rookery_ledger::id::{Millis, Ply};
use rookery_ledger::record::{Clock, Item, Message};
use shakmaty::{Chess, Move, Position as _, Role as Piece};

use super::client::{Client, Role};
use super::witness::Witness;
use crate::real::Random;

/// How a game is to end, if the rules of chess don't end it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The side to move resigns.
    Resign,
    /// The side not to move resigns.
    ResignOff,
    /// A draw is offered and taken.
    Draw,
    /// Both go to and fro, and claim.
    Repeat,
    /// The side to move does nothing more.
    Flag,
    /// The first move is never made.
    NoShow,
    /// The game is aborted instead of the first move.
    Abort,
    /// It goes on to the end that chess has.
    PlayOut,
}

/// A player's ways.
#[derive(Debug, Clone)]
pub(super) struct Manners {
    pub(super) clock: Clock,
    pub(super) ending: Ending,
    /// From this ply on the ending comes.
    pub(super) plies: usize,
    pub(super) takebacks: bool,
}

impl Manners {
    /// How long the next move is thought about, ms.
    pub(super) fn think(&self, random: &mut Random) -> u64 {
        let quick = random.below(6) == 0;
        match self.clock {
            _ if quick => 20 + random.below(150),
            Clock::Live { initial_s, inc_s } => {
                let share = u64::from(initial_s) * 14 + u64::from(inc_s) * 700;
                60 + random.below(share.clamp(200, 6_000))
            }
            Clock::None => 100 + random.below(5_000),
            Clock::Days { .. } => {
                let most = if random.below(3) == 0 {
                    8 * 3_600_000
                } else {
                    60_000
                };
                1_000 + random.below(most)
            }
        }
    }
}

impl Client {
    /// Does what it is this player's turn to do.
    pub(super) fn act(&mut self, witness: &mut Witness) {
        let state = self.player.game().state();
        if state.outcome().is_some() || self.role == Role::Watcher {
            return;
        }
        let (Some(colour), Some(_)) = (self.player.colour(), state.line.players()) else {
            return;
        };
        if self.now < self.ready {
            return;
        }
        let plies = state.line.moves().len();
        let ends = plies >= self.manners.plies;
        if colour != state.line.turn() {
            return self.meanwhile(ends, plies, witness);
        }
        if self.player.pending().is_some() {
            return;
        }
        if let Some(message) = self.heard.pop_front()
            && self.answers(message, witness)
        {
            return;
        }
        let signed = self.turn(ends, plies, witness);
        match signed {
            Ok(Some(item)) => self.sign(item, witness),
            // Not until the receipt before has come.
            Ok(None) | Err(PlayError::NotReady | PlayError::OnItsWay) => {}
            Err(error) => witness.broken(format!("P4: {} may not play: {error}", self.name)),
        }
    }

    fn turn(
        &mut self,
        ends: bool,
        plies: usize,
        witness: &mut Witness,
    ) -> Result<Option<Item>, PlayError> {
        let line = &self.player.game().state().line;
        let begun = line.has_moved(line.turn());
        let claim = line.draw_reason();
        let think = Millis::new(self.now.saturating_sub(self.shown.1));
        match self.manners.ending {
            Ending::NoShow if !begun && ends => return Ok(None),
            Ending::Abort if !begun && ends => return self.player.abort().map(Some),
            Ending::Resign | Ending::PlayOut if ends => return self.player.resign().map(Some),
            Ending::Flag if ends && self.random.below(4) == 0 => {
                // Looks away until the time is up.
                self.ready = u64::MAX / 4;
                witness.faults.count("player who stays away");
                return Ok(None);
            }
            Ending::Draw if line.draw_offer().is_some() && ends => {
                return self.player.draw().map(Some);
            }
            Ending::Repeat if claim.is_some() && ends => return self.player.draw().map(Some),
            _ => {}
        }
        if claim.is_some() && self.random.below(60) == 0 {
            return self.player.draw().map(Some);
        }
        // Asks for a takeback of the other's move and the own one before it.
        if self.manners.takebacks && plies > 3 && self.random.below(40) == 0 {
            let line = &self.player.game().state().line;
            let (at, to_ply) = (line.head(), Ply::new(line.ply().get() - 2));
            self.say(Message::AskTakeback {
                at,
                to_ply,
                consent: None,
            });
            self.ready = self.now + 1_500;
            let ready = self.ready;
            self.wake_at(ready);
            return Ok(None);
        }
        let line = &self.player.game().state().line;
        let repeats = self.manners.ending == Ending::Repeat && ends;
        let own = line
            .moves()
            .len()
            .checked_sub(2)
            .and_then(|at| line.moves().get(at));
        let last = own.map(|played| played.uci.as_str());
        let Some(chosen) = choose(line.position(), repeats, last, &mut self.random) else {
            return Ok(None);
        };
        let uci = chosen.to_uci(line.castling_mode()).to_string();
        let offer = (self.manners.ending == Ending::Draw && ends) || self.random.below(25) == 0;
        self.player.play(&uci, think, offer).map(Some)
    }

    /// While the other thinks.
    fn meanwhile(&mut self, ends: bool, plies: usize, witness: &mut Witness) {
        // Once at each head.
        self.ready = u64::MAX / 4;
        if ends && self.manners.ending == Ending::ResignOff {
            if let Ok(item) = self.player.resign() {
                self.sign(item, witness);
            }
            return;
        }
        if let Some(Message::AskTakeback { at, to_ply, .. }) = self.heard.pop_front()
            && at == self.player.game().state().line.head()
        {
            if self.random.below(3) > 0
                && let Ok(consent) = self.player.consent(to_ply)
            {
                self.say(Message::Consent { consent });
            } else {
                self.say(Message::Decline { at });
            }
            return;
        }
        if self.manners.takebacks && plies > 2 && self.random.below(25) == 0 {
            let line = &self.player.game().state().line;
            let (at, to_ply) = (line.head(), Ply::new(line.ply().get() - 1));
            if let Ok(consent) = self.player.consent(to_ply) {
                self.say(Message::AskTakeback {
                    at,
                    to_ply,
                    consent: Some(consent),
                });
            }
        }
    }

    /// Answers what the other player said, on one's own turn. Whether that was a record.
    fn answers(&mut self, message: Message, witness: &mut Witness) -> bool {
        let consent = match message {
            Message::AskTakeback { consent, .. } => consent.filter(|_| self.random.below(3) > 0),
            Message::Consent { consent } => Some(consent),
            _ => None,
        };
        let head = self.player.game().state().line.head();
        let Some(consent) = consent.filter(|consent| consent.body.at == head) else {
            return false;
        };
        match self.player.rewind(consent) {
            Ok(item) => {
                self.sign(item, witness);
                true
            }
            Err(PlayError::NotReady | PlayError::OnItsWay) => false,
            Err(error) => {
                witness.broken(format!("P4: {} may not take back: {error}", self.name));
                false
            }
        }
    }
}

/// A move: now and then the mate, else any. Who repeats takes the `last` own move back where that can be done.
fn choose(
    position: &Chess,
    repeats: bool,
    last: Option<&str>,
    random: &mut Random,
) -> Option<Move> {
    let moves = position.legal_moves();
    if repeats {
        let quiet = |m: &&Move| !m.is_capture() && m.role() != Piece::Pawn && !m.is_castle();
        let back = last.and_then(|uci| Some(format!("{}{}", uci.get(2..4)?, uci.get(..2)?)));
        let is_back = |m: &&Move| {
            let uci = m.to_uci(shakmaty::CastlingMode::Chess960).to_string();
            Some(uci) == back
        };
        let found = moves.iter().filter(quiet).find(is_back);
        if let Some(found) = found.or_else(|| moves.iter().find(quiet)) {
            return Some(*found);
        }
    }
    let chosen = *random.pick(&moves)?;
    // Two lone kings come soon enough: captures are half as likely.
    let chosen = if chosen.is_capture() && random.below(2) == 0 {
        *random.pick(&moves)?
    } else {
        chosen
    };
    if random.below(12) == 0 {
        let mates = |m: &&Move| {
            let mut next = position.clone();
            next.play_unchecked(**m);
            next.is_checkmate()
        };
        if let Some(mate) = moves.iter().find(mates) {
            return Some(*mate);
        }
    }
    Some(chosen)
}
