//! One game on this device: the player's side of it, and what only the screen and the session need to know.

use std::collections::BTreeSet;

use rookery_ledger::clock::FIRST_MOVE_MS;
use rookery_ledger::id::{GameId, Hash, Millis, OrderKey, PlayerKey};
use rookery_ledger::record::{Clock, Colours, Genesis, Item, Record, Signed, What};
use rookery_ledger::{Colour, Inserted, Outcome, PlayError, Player, Reason, Refusal};
use shakmaty::{Chess, Position as _};

use crate::direct::{self, Channel};
use crate::findings::Findings;
use crate::home::HomeWatch;
use crate::notes::Notes;
use crate::output::{LinkId, Token};
use crate::place::{Place, Places};
use crate::relay_clock::RelayClock;
use crate::snapshot::Moves;
use crate::suspicion::Suspicion;
use crate::talk::Ask;

/// The relay of the session: its key, and its clock as it shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) order: Option<OrderKey>,
    pub(crate) clock: &'a RelayClock,
}

impl Source<'_> {
    /// The relay's clock at a moment of this device's, ms.
    pub(crate) fn now(&self, mono: f64) -> Option<f64> {
        Some(self.clock.at(mono)?.get() as f64)
    }
}

/// Whether this player has, or asked for, a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatState {
    None,
    Waiting,
    Seated,
    Refused,
}

/// Clocks as they stand at one moment, ms; none in an untimed game.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// White's time.
    pub white_ms: Option<f64>,
    /// Black's time.
    pub black_ms: Option<f64>,
    /// Whose time runs.
    pub running: Option<Colour>,
    /// What is left of a free first move, where one runs.
    pub first_move_ms: Option<f64>,
}

/// An own record from its signing to its confirmation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnItsWay {
    pub(crate) record: Hash,
    /// When it was signed, on the monotonic clock.
    pub(crate) mono: f64,
    /// What the stopwatch said, and the time left before; none where nothing can be compared.
    pub(crate) charge: Option<(Millis, Millis)>,
}

/// One game.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) player: Player,
    pub(crate) notes: Notes,
    /// Whether its items are stored on this device: one's own games are, watched ones are not.
    pub(crate) kept: bool,
    /// Whether the page shows it.
    pub(crate) shown: bool,
    /// The link to the relay that the game is played at now.
    pub(crate) at: LinkId,
    pub(crate) places: Places,
    /// What is known of the game's home, and the move to another one.
    pub(crate) home: HomeWatch,
    /// What waits for storage. Nothing else is signed meanwhile.
    pub(crate) preparing: Option<Token>,
    pub(crate) on_its_way: Option<OnItsWay>,
    pub(crate) ask: Option<Ask>,
    /// A draw is offered with the next own move.
    pub(crate) offer_next: bool,
    /// The head at which a draw offer was declined.
    pub(crate) declined: Option<Hash>,
    /// When to ask for the seat again.
    pub(crate) join_at: Option<f64>,
    pub(crate) moves: Moves,
    /// The game without a clock that the other player offered last.
    pub(crate) offered: Option<Signed<Genesis>>,
    /// The one that this player declined last: it may be said again.
    pub(crate) declined_onward: Option<GameId>,
    /// The channel to the other player, while one is open.
    pub(crate) channel: Option<Channel>,
    /// What the other player said to have stored, by the names of the channel.
    pub(crate) delivered: BTreeSet<Hash>,
    /// The head with one's own turn that was shown last, and when: the stopwatch.
    stopwatch: Option<(Hash, f64)>,
    /// What is held against the relay, and what was.
    pub(crate) suspicion: Suspicion,
    pub(crate) findings: Findings,
}

impl Table {
    pub(crate) fn new(player: Player, notes: Notes, kept: bool) -> Self {
        let mut table = Self {
            player,
            notes,
            kept,
            shown: false,
            at: LinkId::One,
            places: Places::default(),
            home: HomeWatch::default(),
            preparing: None,
            on_its_way: None,
            ask: None,
            offer_next: false,
            declined: None,
            join_at: None,
            moves: Moves::default(),
            offered: None,
            declined_onward: None,
            channel: None,
            delivered: BTreeSet::new(),
            stopwatch: None,
            suspicion: Suspicion::default(),
            findings: Findings::default(),
        };
        table.player.resume();
        table
    }

    pub(crate) fn id(&self) -> GameId {
        self.player.id()
    }

    pub(crate) fn head(&self) -> Hash {
        self.player.game().state().line.head()
    }

    /// Takes an item in; whether it is new.
    ///
    /// # Errors
    ///
    /// As [`Player::receive`], where it can never count.
    pub(crate) fn receive(&mut self, item: Item) -> Result<bool, Refusal> {
        let inserted = self.player.receive(item)?;
        Ok(matches!(inserted, Inserted::New | Inserted::Held))
    }

    /// After items came in: forgets what belonged to an older head, starts the stopwatch, and says what evidence is new.
    pub(crate) fn settle(&mut self, mono: f64, relay: Source<'_>) -> Vec<(&'static str, String)> {
        let head = self.head();
        self.ask = self.ask.take().filter(|ask| ask.at == head);
        self.declined = self.declined.filter(|at| *at == head);
        if self.outcome().is_some() {
            self.offer_next = false;
            self.here_mut().retry_at = None;
        }
        self.moves.follow(&self.player.game().state().line);
        self.look_at_charge(relay);
        if self.turn_is_own() && self.stopwatch.is_none_or(|(at, _)| at != head) {
            self.stopwatch = Some((head, mono));
            let last = self.player.game().state().last_receipt();
            let late = last.filter(|last| self.here().is_live() && Some(last.by) == relay.order);
            let late =
                late.and_then(|last| Some(relay.now(mono)? - last.receipt.at_ms.get() as f64));
            self.suspicion.turn(late);
        }
        self.new_findings()
    }

    /// Forgets the own record on its way once it is confirmed. The relay is trusted with time, so a charge that the own
    /// stopwatch does not bear out is held against it: a complaint, and no proof.
    fn look_at_charge(&mut self, relay: Source<'_>) {
        let confirmed = |sent: &OnItsWay| self.player.is_confirmed(sent.record);
        let Some(sent) = self.on_its_way.filter(confirmed) else {
            return;
        };
        self.on_its_way = None;
        let state = self.player.game().state();
        let (Some((think, before)), Some(clocks)) = (sent.charge, &state.clocks) else {
            return;
        };
        let ordered = state
            .last_receipt()
            .is_some_and(|last| Some(last.by) == relay.order);
        let Clock::Live { inc_s, .. } = self.player.game().genesis().body.clock else {
            return;
        };
        if let Some(own) = self.player.colour().filter(|_| ordered) {
            let now = clocks.remaining(own).get();
            let charged = (before.get() + u64::from(inc_s) * 1000).saturating_sub(now);
            self.suspicion.charged(charged as f64, think.get() as f64);
        }
    }

    /// The game at the relay that it is played at.
    pub(crate) fn here(&self) -> &Place {
        self.places.get(self.at)
    }

    pub(crate) fn here_mut(&mut self) -> &mut Place {
        self.places.get_mut(self.at)
    }

    /// A connection is gone, and what was known through it.
    pub(crate) fn disconnected(&mut self, link: LinkId) {
        *self.places.get_mut(link) = Place::default();
        if link == self.at {
            self.left();
        }
    }

    /// The game is not played at the relay any more that it was played at.
    pub(crate) fn left(&mut self) {
        self.join_at = None;
        // What an outage adds to a charge is no fault of the clock.
        if let Some(sent) = &mut self.on_its_way {
            sent.charge = None;
        }
        self.suspicion.begin();
    }

    /// An untimed game counts an own move at once; until a relay or the other player has it, the screen shows it as on its
    /// way.
    pub(crate) fn hides_last(&self) -> bool {
        let game = self.player.game();
        let line = &game.state().line;
        let by_rule = line.outcome().is_none_or(|outcome| {
            !matches!(outcome.reason, Reason::Resignation | Reason::Equivocation)
        });
        let head = line.head();
        !game.is_clocked()
            && by_rule
            && line
                .moves()
                .last()
                .is_some_and(|last| last.record == Some(head))
            && !game.is_receipted(head)
            && game.record(head).is_some_and(|entry| {
                let delivered = || {
                    self.delivered
                        .contains(&direct::name(&Item::Record(entry.signed.clone())))
                };
                entry.author == self.player.key() && !delivered()
            })
    }

    /// Whether the receipts that the game needs are this relay's: in a clocked game only its home has them.
    pub(crate) fn is_ordered_by(&self, relay: Source<'_>) -> bool {
        let game = self.player.game();
        !game.is_clocked() || game.orderer().map(|(by, _)| by) == relay.order
    }

    /// The own record on the chain that no relay has confirmed.
    pub(crate) fn unconfirmed(&self) -> Option<Hash> {
        if self.hides_last() {
            return Some(self.head());
        }
        let waits = self.player.game().state().outcome().is_none();
        self.player
            .pending()
            .filter(|_| waits)
            .map(|(record, _)| record)
    }

    /// How many moves of the line are confirmed.
    pub(crate) fn confirmed(&self) -> usize {
        let line = &self.player.game().state().line;
        line.moves().len() - usize::from(self.hides_last())
    }

    /// The confirmed position.
    pub(crate) fn position(&self) -> &Chess {
        let line = &self.player.game().state().line;
        line.positions()
            .get(self.confirmed())
            .unwrap_or(line.position())
    }

    /// How the game ended, as far as that is confirmed.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.player
            .game()
            .state()
            .outcome()
            .filter(|_| !self.hides_last())
    }

    /// The own move that is signed and not confirmed: its text and the position after it.
    pub(crate) fn pending(&self) -> Option<(String, Chess)> {
        let line = &self.player.game().state().line;
        if self.hides_last() {
            let last = line.moves().last()?;
            return Some((last.uci.clone(), line.position().clone()));
        }
        if line.outcome().is_some() {
            return None;
        }
        let (_, signed) = self.player.pending()?;
        let Record::Move(played) = &signed.body else {
            return None;
        };
        let mut position = line.position().clone();
        let uci: shakmaty::uci::UciMove = played.uci.parse().ok()?;
        position.play_unchecked(uci.to_move(&position).ok()?);
        Some((played.uci.clone(), position))
    }

    /// Whether relays that do not order this game are to have it all the same.
    pub(crate) fn is_fed(&self) -> bool {
        let game = self.player.game();
        self.kept
            && game.is_clocked()
            && game.genesis().body.homes.len() > 1
            && self.player.colour().is_some()
    }

    /// The colour of this player: by the Seat, or before it by the genesis where that fixes it.
    pub(crate) fn colour(&self) -> Option<Colour> {
        self.player
            .colour()
            .or_else(|| self.reserved().filter(|_| self.is_creator()))
    }

    /// The creator's colour where the genesis fixes it.
    pub(crate) fn reserved(&self) -> Option<Colour> {
        match self.player.game().genesis().body.colours {
            Colours::White => Some(Colour::White),
            Colours::Black => Some(Colour::Black),
            Colours::Drawn { .. } => None,
        }
    }

    pub(crate) fn is_creator(&self) -> bool {
        self.player.game().genesis().body.creator == self.player.key()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.player.players().is_none()
    }

    /// Whether a channel to the other player's device may be opened: who was invited by a link is known, a stranger from the
    /// lobby is not, so the person is asked; none while there is no answer, or nobody to connect to.
    pub(crate) fn may_connect(&self) -> Option<bool> {
        self.player.colour()?;
        self.notes.direct.or((!self.notes.listed).then_some(true))
    }

    /// Whether this player is seated and the game goes on, as far as that is confirmed.
    pub(crate) fn plays(&self) -> bool {
        self.player.colour().is_some() && self.outcome().is_none()
    }

    /// Whether this player is to move and nothing of its own is on its way.
    pub(crate) fn turn_is_own(&self) -> bool {
        let line = &self.player.game().state().line;
        self.plays()
            && !self.hides_last()
            && self.player.colour() == Some(line.turn())
            && self.player.pending().is_none()
            && self.preparing.is_none()
    }

    pub(crate) fn seat(&self) -> SeatState {
        if self.player.colour().is_some() {
            return SeatState::Seated;
        }
        if self.notes.wish.is_none() {
            return SeatState::None;
        }
        let own = self.player.key();
        let mut others = false;
        for player in self.seats() {
            if player == own {
                return SeatState::Waiting;
            }
            others = true;
        }
        if others {
            SeatState::Refused
        } else {
            SeatState::Waiting
        }
    }

    /// Whom the creator signed a Seat for, with or without its receipt.
    fn seats(&self) -> impl Iterator<Item = PlayerKey> + '_ {
        let game = self.player.game();
        game.children(game.id().as_hash())
            .filter_map(|(_, entry)| match &entry.signed.body {
                Record::Seat(seat) => Some(seat.join.body.player),
                _ => None,
            })
    }

    /// Time since the position with one's own turn was shown.
    pub(crate) fn think(&self, mono: f64) -> Millis {
        let head = self.head();
        let since = self.stopwatch.filter(|(at, _)| *at == head);
        Millis::new(since.map_or(0.0, |(_, since)| (mono - since).max(0.0)) as u64)
    }

    /// Signs on a copy: until the bytes are stored, nothing here knows of them, so nothing can send them.
    pub(crate) fn sign(
        &self,
        act: impl FnOnce(&mut Player) -> Result<Item, PlayError>,
    ) -> Result<Item, PlayError> {
        if self.preparing.is_some() {
            return Err(PlayError::OnItsWay);
        }
        act(&mut self.player.clone())
    }

    /// Takes in an own record that is stored now.
    pub(crate) fn take_signed(&mut self, item: Item, mono: f64) {
        let Item::Record(signed) = &item else {
            return;
        };
        let (record, body) = (signed.hash(), signed.body.clone());
        let state = self.player.game().state();
        let charge = match (&body, &state.clocks, self.player.colour()) {
            (Record::Move(played), Some(clocks), Some(own)) if state.line.has_moved(own) => {
                Some((played.think_ms, clocks.remaining(own)))
            }
            _ => None,
        };
        // Refused only where the game went on meanwhile: then it will not be sent.
        if self.receive(item) == Ok(true) {
            self.on_its_way = Some(OnItsWay {
                record,
                mono,
                charge,
            });
        }
        self.player.resume();
    }

    /// The last receipt of `order` up to which nothing is missing here; none where all must be asked for.
    pub(crate) fn after(&self, order: OrderKey) -> Option<Hash> {
        let game = self.player.game();
        if !game.state().missing.is_empty() {
            return None;
        }
        let next = game.next_receipt(order, What::Genesis, Millis::ZERO, Millis::ZERO);
        let last = next.prev?;
        let mut link = Some(last);
        while let Some(hash) = link {
            let (by, receipt) = game.receipt(hash)?;
            if by != order {
                return None;
            }
            if let What::Record(record) = receipt.body.what {
                game.record(record)?;
            }
            link = receipt.body.prev;
        }
        Some(last)
    }

    /// The clocks at a moment of this device's monotonic clock.
    pub(crate) fn reading(&self, relay: &RelayClock, mono: f64) -> Reading {
        let game = self.player.game();
        let state = game.state();
        let Some(clocks) = &state.clocks else {
            return Reading::default();
        };
        let left = |colour| clocks.remaining(colour).get() as f64;
        let mut reading = Reading {
            white_ms: Some(left(Colour::White)),
            black_ms: Some(left(Colour::Black)),
            ..Reading::default()
        };
        let turn = state.line.turn();
        let mut set = |ms: f64| match turn {
            Colour::White => reading.white_ms = Some(ms),
            Colour::Black => reading.black_ms = Some(ms),
        };
        if let Some(outcome) = state.outcome() {
            if matches!(
                outcome.reason,
                Reason::Timeout | Reason::TimeoutVsInsufficient
            ) {
                set(0.0);
            }
            return reading;
        }
        // Where nothing can be ordered no time passes.
        let stands = self.home.standing.stands();
        let mono = if stands {
            mono.min(self.home.stands_at)
        } else {
            mono
        };
        // An own move on its way stops the own clock on screen; its receipt says what it cost.
        let mono = match self.on_its_way {
            Some(sent) if self.player.colour() == Some(turn) => mono.min(sent.mono),
            _ => mono,
        };
        let (Some(now), Some(_)) = (relay.at(mono), clocks.since()) else {
            return reading;
        };
        let elapsed = clocks.elapsed(now).get() as f64;
        let live = matches!(game.genesis().body.clock, Clock::Live { .. });
        if live && !state.line.has_moved(turn) {
            reading.first_move_ms = Some((FIRST_MOVE_MS as f64 - elapsed).max(0.0));
        } else {
            set((left(turn) - elapsed).max(0.0));
        }
        reading.running = Some(turn).filter(|_| !stands);
        reading
    }
}
