//! The state at one head of a chain: position, players, what may come next. It judges a record by the rules of the
//! game; signatures, receipts and clocks are judged elsewhere.

use std::sync::Arc;

use shakmaty::uci::UciMove;
use shakmaty::{Chess, Position};

use crate::genesis::{Start, canonical_fen};
use crate::id::{GameId, Hash, Height, PlayerKey, Ply};
use crate::mutant::Mutant;
use crate::outcome::{ByColour, Colour, Outcome, Reason};
use crate::record::{Colours, Genesis, Record, Seat};
use crate::refusal::Refusal;
use crate::sign::{Verifier as _, colours_commitment, creator_draws_white};

/// The height of the last record that a game may have.
pub const MAX_HEIGHT: u64 = 2_000;

/// A move on the current line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The ledger's text of the move.
    pub uci: String,
    /// The record that made it; none for the moves that came with the genesis.
    pub record: Option<Hash>,
}

/// The state at one head.
#[derive(Debug, Clone)]
pub struct Line {
    id: GameId,
    genesis: Arc<Genesis>,
    mode: shakmaty::CastlingMode,
    players: Option<ByColour<PlayerKey>>,
    /// Every head from the genesis on, by height, with the side to move there (none before the Seat).
    path: Vec<(Hash, Option<Colour>)>,
    /// The current line: one position more than moves.
    positions: Vec<Chess>,
    moves: Vec<Played>,
    /// Who has made a Move record, on this line or one taken back.
    moved: ByColour<bool>,
    /// The head is a Move that offers a draw.
    offer: bool,
    outcome: Option<Outcome>,
}

/// A head as a place where others may stand: what is needed to know who may sign there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// The side to move; none before the Seat.
    pub(crate) turn: Option<Colour>,
    /// Who may extend the chain there.
    pub(crate) moves: PlayerKey,
    /// Who may resign there off the chain.
    pub(crate) waits: Option<PlayerKey>,
    /// How the chain ended the game there.
    pub(crate) over: Option<Outcome>,
}

/// What a record that may stand would change.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Seat(ByColour<PlayerKey>),
    Move {
        position: Box<Chess>,
        uci: String,
        offer: bool,
    },
    Rewind {
        to: usize,
    },
    End(Outcome),
}

impl Line {
    pub(crate) fn new(id: GameId, genesis: Arc<Genesis>, start: &Start) -> Self {
        let moves = genesis.moves.iter().map(|uci| Played {
            uci: uci.clone(),
            record: None,
        });
        Self {
            id,
            mode: start.mode,
            players: None,
            path: vec![(id.as_hash(), None)],
            positions: start.positions.clone(),
            moves: moves.collect(),
            moved: ByColour::default(),
            offer: false,
            outcome: None,
            genesis,
        }
    }

    /// The genesis as a place to stand.
    pub(crate) fn root(&self) -> Node {
        Node {
            turn: None,
            moves: self.genesis.creator,
            waits: None,
            over: None,
        }
    }

    /// The newest record on the chain (the genesis at first).
    #[must_use]
    pub fn head(&self) -> Hash {
        self.path
            .last()
            .map_or(self.id.as_hash(), |(hash, _)| *hash)
    }

    /// The head's distance from the genesis.
    #[must_use]
    pub fn height(&self) -> Height {
        Height::new(self.path.len() as u64 - 1)
    }

    /// The height and the side to move at a head of this chain.
    #[must_use]
    pub fn find(&self, head: Hash) -> Option<(Height, Option<Colour>)> {
        let at = self.path.iter().rposition(|(hash, _)| *hash == head)?;
        Some((Height::new(at as u64), self.path[at].1))
    }

    /// Both players, once seated.
    #[must_use]
    pub fn players(&self) -> Option<&ByColour<PlayerKey>> {
        self.players.as_ref()
    }

    /// The colour of a seated player.
    #[must_use]
    pub fn colour_of(&self, player: PlayerKey) -> Option<Colour> {
        let players = self.players?;
        [Colour::White, Colour::Black]
            .into_iter()
            .find(|colour| *players.get(*colour) == player)
    }

    /// The position on the board.
    #[must_use]
    pub fn position(&self) -> &Chess {
        // There is always the start position.
        &self.positions[self.positions.len() - 1]
    }

    /// The position as canonical FEN.
    #[must_use]
    pub fn fen(&self) -> String {
        canonical_fen(self.position())
    }

    /// The side to move.
    #[must_use]
    pub fn turn(&self) -> Colour {
        self.position().turn().into()
    }

    /// Moves on the current line, those of the genesis included.
    #[must_use]
    pub fn moves(&self) -> &[Played] {
        &self.moves
    }

    /// The positions of the current line, the start position first.
    #[must_use]
    pub fn positions(&self) -> &[Chess] {
        &self.positions
    }

    /// Half-moves on the current line, those of the genesis included.
    #[must_use]
    pub fn ply(&self) -> Ply {
        Ply::new(self.moves.len() as u64)
    }

    /// Castling notation of the game.
    #[must_use]
    pub fn castling_mode(&self) -> shakmaty::CastlingMode {
        self.mode
    }

    /// Who offers a draw with the head, if anyone.
    #[must_use]
    pub fn draw_offer(&self) -> Option<Colour> {
        self.offer.then(|| self.turn().other())
    }

    /// Whether `colour` has made a move in this game, taken back or not.
    #[must_use]
    pub fn has_moved(&self, colour: Colour) -> bool {
        *self.moved.get(colour)
    }

    /// How the game ended at this head, if it did.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    pub(crate) fn end(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    /// How often the position has stood on the board on the current line, now included.
    #[must_use]
    pub fn repetitions(&self) -> usize {
        let before = &self.positions[..self.positions.len() - 1];
        1 + times_before(before, self.position())
    }

    /// Why the side to move may take a draw now, if it may.
    #[must_use]
    pub fn draw_reason(&self) -> Option<Reason> {
        if self.offer {
            Some(Reason::Agreement)
        } else if self.repetitions() >= if Mutant::TWOFOLD.is_on() { 2 } else { 3 } {
            Some(Reason::Threefold)
        } else if self.position().halfmoves() >= 100 - u32::from(Mutant::FIFTY_EARLY.is_on()) {
            Some(Reason::Fifty)
        } else {
            None
        }
    }

    /// The plies that a takeback here may return to, least and most; none where there is nothing to take back.
    #[must_use]
    pub fn rewind_range(&self) -> Option<(Ply, Ply)> {
        let (mut least, now) = (self.genesis.moves.len() as u64, self.moves.len() as u64);
        if Mutant::TAKES_BACK_THE_START.is_on() {
            least = 0;
        }
        (self.genesis.takebacks && least < now).then(|| (Ply::new(least), Ply::new(now - 1)))
    }

    /// The only player who may extend the chain here.
    #[must_use]
    pub fn author(&self) -> PlayerKey {
        self.players
            .map_or(self.genesis.creator, |players| *players.get(self.turn()))
    }

    /// Judges a record by the rules of the game and the signatures inside it, as if its own signature were right.
    pub(crate) fn check(&self, record: &Record) -> Result<Step, Refusal> {
        let step = self.step(record)?;
        match record {
            Record::Seat(seat)
                if !seat.join.body.player.signed(self.id, &seat.join)
                    && !Mutant::ANY_JOINER.is_on() =>
            {
                Err(Refusal::BadSignature)
            }
            Record::Rewind(rewind) => {
                let by = self.players.map(|both| *both.get(self.turn().other()));
                let signed = by.is_some_and(|by| by.signed(self.id, &rewind.consent));
                if signed || Mutant::ANY_CONSENT.is_on() {
                    Ok(step)
                } else {
                    Err(Refusal::BadConsent)
                }
            }
            _ => Ok(step),
        }
    }

    /// As [`Line::check`], for a record whose inner signatures were found right before.
    pub(crate) fn step(&self, record: &Record) -> Result<Step, Refusal> {
        if let Record::ResignAt { at } = record {
            let (height, turn) = self.find(*at).ok_or_else(|| self.unknown_prev())?;
            let turn = turn.ok_or(Refusal::NotSeated)?;
            // The head of an ended game has no record after it, so only the last one needs the question.
            if let (Some(outcome), true) = (self.outcome, height == self.height()) {
                return Err(Refusal::GameOver(outcome));
            }
            return Ok(Step::End(Outcome::lost(turn.other(), Reason::Resignation)));
        }
        let Some(place) = record.place() else {
            return Err(self.unknown_prev());
        };
        if place.prev != self.head() {
            return Err(match (record, self.players.is_some(), self.path.get(1)) {
                (Record::Seat(_), true, Some((seat, _))) => Refusal::SeatTaken { seat: *seat },
                _ if self.find(place.prev).is_some() => Refusal::StaleHead {
                    head: self.head(),
                    height: self.height(),
                },
                _ => self.unknown_prev(),
            });
        }
        if let Some(outcome) = self.outcome {
            return Err(Refusal::GameOver(outcome));
        }
        if place.height != self.height().next() && !Mutant::ANY_HEIGHT.is_on() {
            return Err(Refusal::WrongHeight {
                expected: self.height().next(),
            });
        }
        if place.on.is_some() != self.genesis.clock.is_clocked() {
            return Err(Refusal::WrongOn);
        }
        match record {
            Record::Seat(seat) => self.check_seat(seat),
            _ if self.players.is_none() => Err(Refusal::NotSeated),
            Record::Move(played) => self.check_move(&played.uci, played.offer),
            Record::Rewind(rewind) => {
                let (least, most) = self.rewind_range().ok_or_else(|| {
                    let least = Ply::new(self.genesis.moves.len() as u64);
                    if self.genesis.takebacks {
                        Refusal::BadPly { least, most: least }
                    } else {
                        Refusal::NoTakebacks
                    }
                })?;
                let consent = &rewind.consent;
                if !(least..=most).contains(&consent.body.to_ply) {
                    return Err(Refusal::BadPly { least, most });
                }
                if consent.body.at != place.prev && !Mutant::CONSENT_STANDS.is_on() {
                    return Err(Refusal::BadConsent);
                }
                let short = usize::from(Mutant::TAKEBACK_SHORT.is_on());
                Ok(Step::Rewind {
                    to: consent.body.to_ply.get() as usize + short,
                })
            }
            Record::Draw(_) => self
                .draw_reason()
                .map(|reason| Step::End(Outcome::drawn(reason)))
                .ok_or(Refusal::NoDraw),
            Record::Resign(_) => Ok(Step::End(Outcome::lost(self.turn(), Reason::Resignation))),
            Record::Abort(_) if self.has_moved(self.turn()) && !Mutant::ALWAYS_ABORT.is_on() => {
                Err(Refusal::AbortTooLate)
            }
            Record::Abort(_) => Ok(Step::End(Outcome::drawn(Reason::Abort))),
            Record::ResignAt { .. } => Err(self.unknown_prev()),
        }
    }

    pub(crate) fn unknown_prev(&self) -> Refusal {
        Refusal::UnknownPrev {
            head: self.head(),
            height: self.height(),
        }
    }

    fn check_seat(&self, seat: &Seat) -> Result<Step, Refusal> {
        if let (Some(_), Some((first, _))) = (self.players, self.path.get(1)) {
            return Err(Refusal::SeatTaken { seat: *first });
        }
        let (creator, joiner) = (self.genesis.creator, seat.join.body.player);
        let taken = self.genesis.seat.is_some_and(|kept| kept != joiner);
        if joiner == creator || (taken && !Mutant::KEPT_SEAT_FREE.is_on()) {
            return Err(Refusal::SeatReserved);
        }
        let creator_white = match (self.genesis.colours, seat.reveal) {
            (Colours::White, None) => true,
            (Colours::Black, None) => false,
            (Colours::Drawn { commit }, Some(secret))
                if colours_commitment(secret) == commit || Mutant::ANY_REVEAL.is_on() =>
            {
                creator_draws_white(secret, seat.join.body.nonce)
            }
            _ => return Err(Refusal::BadReveal),
        };
        let (white, black) = if creator_white {
            (creator, joiner)
        } else {
            (joiner, creator)
        };
        Ok(Step::Seat(ByColour { white, black }))
    }

    fn check_move(&self, uci: &str, offer: bool) -> Result<Step, Refusal> {
        let illegal = |expected| Refusal::IllegalMove {
            uci: uci.chars().take(16).collect(),
            expected,
        };
        let mut position = self.position().clone();
        let parsed: UciMove = uci.parse().map_err(|_| illegal(None))?;
        let played = parsed.to_move(&position).map_err(|_| illegal(None))?;
        let canonical = played.to_uci(self.mode).to_string();
        if canonical != uci && !Mutant::ANY_SPELLING.is_on() {
            return Err(illegal(Some(canonical)));
        }
        position.play_unchecked(played);
        Ok(Step::Move {
            position: Box::new(position),
            uci: canonical,
            offer,
        })
    }

    /// How the game ends with a step that may be taken here, if it does.
    pub(crate) fn ending_of(&self, step: &Step) -> Option<Outcome> {
        let ending = match step {
            Step::Seat(_) | Step::Rewind { .. } => None,
            Step::Move { position, .. } => ending_by_rule(&self.positions, position),
            Step::End(outcome) => Some(*outcome),
        };
        let last = self.height().next().get() >= MAX_HEIGHT;
        ending.or_else(|| last.then(|| Outcome::drawn(Reason::RecordLimit)))
    }

    /// The head that a step leads to, as a place where others may stand.
    pub(crate) fn node_after(&self, step: &Step) -> Node {
        let turn = match step {
            Step::Seat(_) | Step::End(_) => self.turn(),
            Step::Move { .. } => self.turn().other(),
            Step::Rewind { to } => self
                .positions
                .get(*to)
                .map_or(self.turn(), |position| position.turn().into()),
        };
        let players = match step {
            Step::Seat(players) => Some(players),
            _ => self.players.as_ref(),
        };
        Node {
            turn: Some(turn),
            moves: players.map_or(self.genesis.creator, |both| *both.get(turn)),
            waits: players.map(|both| *both.get(turn.other())),
            over: self.ending_of(step),
        }
    }

    /// Moves the head to `record`, whose step this is.
    pub(crate) fn apply(&mut self, record: Hash, step: Step) {
        let (by, ending) = (self.turn(), self.ending_of(&step));
        let kept = Mutant::OFFER_STAYS.is_on()
            || (matches!(step, Step::Rewind { .. }) && Mutant::REWIND_KEEPS_OFFER.is_on());
        self.offer &= kept;
        match step {
            Step::Seat(players) => self.players = Some(players),
            Step::Move {
                position,
                uci,
                offer,
            } => {
                self.positions.push(*position);
                self.moves.push(Played {
                    uci,
                    record: Some(record),
                });
                *self.moved.get_mut(by) = true;
                self.offer = offer || (self.offer && Mutant::OFFER_STAYS.is_on());
            }
            Step::Rewind { to } => {
                self.positions.truncate(to + 1);
                self.moves.truncate(to);
            }
            Step::End(_) => {}
        }
        self.outcome = ending;
        self.path.push((record, Some(self.turn())));
    }
}

/// How often `now` stood on the board among the positions that led to it. What was before the last capture or pawn move
/// cannot come back.
fn times_before(before: &[Chess], now: &Chess) -> usize {
    let quiet = now.halfmoves() as usize;
    let same = |position: &&Chess| {
        let here = (position.board(), position.turn()) == (now.board(), now.turn());
        *position == now || (here && Mutant::RIGHTS_IGNORED.is_on())
    };
    before.iter().rev().take(quiet).filter(same).count()
}

/// How the rules of chess end the game at `position`, which `before` led to, if they do.
pub(crate) fn ending_by_rule(before: &[Chess], position: &Chess) -> Option<Outcome> {
    if position.is_checkmate() {
        Some(Outcome::lost(position.turn().into(), Reason::Checkmate))
    } else if position.is_stalemate() {
        Some(Outcome::drawn(Reason::Stalemate))
    } else if position.is_insufficient_material() {
        Some(Outcome::drawn(Reason::DeadPosition))
    } else if times_before(before, position) >= 4 - usize::from(Mutant::FOURFOLD.is_on()) {
        Some(Outcome::drawn(Reason::Fivefold))
    } else if position.halfmoves() >= 150 {
        Some(Outcome::drawn(Reason::SeventyFive))
    } else {
        None
    }
}
