//! One player's side of one game: signs what an honest player may sign, and never two records for one place. Pure: the
//! caller stores what comes back before it sends it, and gives time and entropy.

use std::collections::BTreeSet;

use crate::game::{Game, Inserted};
use crate::genesis::canonical_uci;
use crate::id::{Epoch, GameId, Hash, Millis, Nonce, OrderKey, PlayerKey, Ply};
use crate::outcome::{ByColour, Colour};
use crate::record::{
    Clock, Colours, Consent, From, Genesis, Home, Item, Join, Message, Move, Place, Record, Rewind,
    Said, Seat, Signed, VERSION, Variant, What,
};
use crate::refusal::Refusal;
use crate::sign::{Keypair, Verifier as _, colours_commitment};

/// Why the player may not do this now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlayError {
    /// This key has no seat in the game.
    #[error("you have no seat in this game")]
    NotAPlayer,
    /// A record for this place is signed already, and on its way.
    #[error("your last move is still on its way")]
    OnItsWay,
    /// The rules forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not known yet: the first receipt, or what a draw of colours needs.
    #[error("the game is not ready for this yet")]
    NotReady,
}

impl PlayError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAPlayer => "not-a-player",
            Self::OnItsWay => "on-its-way",
            Self::Refused(refusal) => refusal.code(),
            Self::NotReady => "not-ready",
        }
    }
}

/// What the creator of a game chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Rules of movement.
    pub variant: Variant,
    /// The start position as canonical FEN.
    pub start: String,
    /// Moves already played.
    pub moves: Vec<String>,
    /// How time is kept.
    pub clock: Clock,
    /// The creator's colour; none to draw lots.
    pub colour: Option<Colour>,
    /// The key that the other seat is kept for.
    pub seat: Option<PlayerKey>,
    /// Whether moves may be taken back.
    pub takebacks: bool,
    /// Order keys in order of preference.
    pub homes: Vec<OrderKey>,
    /// The game that this one goes on from.
    pub from: Option<From>,
}

/// One player's side of one game.
#[derive(Debug, Clone)]
pub struct Player {
    key: Keypair,
    game: Game,
    /// The creator's secret where colours are drawn.
    secret: Option<Nonce>,
    /// Signed and not yet confirmed, to be sent until it is.
    unsent: BTreeSet<Hash>,
    /// The `Home` that this player signed last and that is neither committed nor lapsed.
    moving: Option<Home>,
    /// Receipts of lower epochs that came meanwhile.
    set_aside: Vec<Item>,
}

impl Player {
    /// Creates a game: the genesis is in [`Player::game`]. `nonce` and `secret` must be fresh random bytes; keep `secret` with the game.
    ///
    /// # Errors
    ///
    /// [`Refusal::BadGenesis`] where the options break a rule.
    pub fn create(
        key: Keypair,
        options: Options,
        nonce: Nonce,
        secret: Nonce,
    ) -> Result<Self, Refusal> {
        let colours = match options.colour {
            Some(Colour::White) => Colours::White,
            Some(Colour::Black) => Colours::Black,
            None => Colours::Drawn {
                commit: colours_commitment(secret),
            },
        };
        let genesis = Genesis {
            v: VERSION,
            variant: options.variant,
            start: options.start,
            moves: options.moves,
            clock: options.clock,
            creator: key.player(),
            colours,
            seat: options.seat,
            takebacks: options.takebacks,
            homes: options.homes,
            from: options.from,
            nonce,
        };
        let signed = key.sign(genesis.id(), genesis);
        Self::open(key, signed, Some(secret))
    }

    /// Takes up a game of which the genesis is known.
    ///
    /// # Errors
    ///
    /// As [`Game::new`].
    pub fn open(
        key: Keypair,
        genesis: Signed<Genesis>,
        secret: Option<Nonce>,
    ) -> Result<Self, Refusal> {
        let game = Game::new(genesis)?;
        Ok(Self {
            key,
            game,
            secret,
            unsent: BTreeSet::new(),
            moving: None,
            set_aside: Vec::new(),
        })
    }

    /// The game as this player counts it.
    #[must_use]
    pub fn game(&self) -> &Game {
        &self.game
    }

    /// The player's key.
    #[must_use]
    pub fn key(&self) -> PlayerKey {
        self.key.player()
    }

    /// The secret to keep beside the game, where this player drew colours.
    #[must_use]
    pub fn secret(&self) -> Option<Nonce> {
        self.secret
    }

    /// The colour that this player has, once seated.
    #[must_use]
    pub fn colour(&self) -> Option<Colour> {
        self.game.colour_of(self.key())
    }

    /// Takes an item in. While a `Home` of this player's is open, receipts of lower epochs are set aside.
    ///
    /// # Errors
    ///
    /// As [`Game::insert`].
    pub fn receive(&mut self, item: Item) -> Result<Inserted, Refusal> {
        if let (Some(home), Item::Receipt { receipt, .. }) = (&self.moving, &item)
            && receipt.body.epoch < home.epoch
            && !self.game.knows(receipt.hash())
        {
            if self.set_aside.len() >= crate::MAX_HELD {
                return Err(Refusal::TooMany);
            }
            self.set_aside.push(item);
            return Ok(Inserted::Held);
        }
        let inserted = self.game.insert(item)?;
        self.settle();
        Ok(inserted)
    }

    /// Ends a move to another home once it is committed or has lapsed, and forgets what is confirmed.
    fn settle(&mut self) {
        if let Some(home) = self.moving {
            let committed = self
                .game
                .orderer()
                .is_some_and(|(_, epoch)| epoch >= home.epoch);
            if committed || self.game.has_lapsed(home.to, home.epoch) {
                self.moving = None;
                for item in std::mem::take(&mut self.set_aside) {
                    // Receipts that the commit made void are refused or change nothing.
                    let _ = self.game.insert(item);
                }
            }
        }
        let unsent = std::mem::take(&mut self.unsent);
        self.unsent = unsent
            .into_iter()
            .filter(|hash| !self.is_confirmed(*hash))
            .collect();
    }

    /// Whether a receipt says that this record is stored (untimed) or ordered (clocked).
    #[must_use]
    pub fn is_confirmed(&self, record: Hash) -> bool {
        let state = self.game.state();
        if self.game.is_clocked() {
            state.outcome().is_some()
                || state
                    .counted
                    .iter()
                    .rev()
                    .any(|counted| counted.receipt.what == What::Record(record))
        } else {
            self.game.is_receipted(record)
        }
    }

    /// Own records that no receipt confirms, in the order in which they were signed: send them again after a reconnection.
    #[must_use]
    pub fn unsent(&self) -> Vec<Item> {
        let mut records: Vec<_> = self
            .unsent
            .iter()
            .filter_map(|hash| self.game.record(*hash))
            .map(|entry| entry.signed.clone())
            .collect();
        records.sort_by_key(|record| {
            record
                .body
                .place()
                .map_or(u64::MAX, |place| place.height.get())
        });
        records.into_iter().map(Item::Record).collect()
    }

    /// After a restart: every own record of the game that no receipt confirms is unsent again.
    pub fn resume(&mut self) {
        let own = self.key();
        let records: Vec<_> = self
            .game
            .records()
            .filter(|(_, entry)| entry.author == own)
            .map(|(hash, _)| hash)
            .collect();
        self.unsent = records
            .into_iter()
            .filter(|hash| !self.is_confirmed(*hash))
            .collect();
        let epoch = self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch);
        let open = self
            .game
            .home_signatures()
            .filter(|(by, home)| *by == own && home.body.epoch > epoch);
        self.moving = open
            .map(|(_, home)| home.body)
            .filter(|home| !self.game.has_lapsed(home.to, home.epoch))
            .max_by_key(|home| home.epoch);
    }

    /// Own chain record at the head that counts, if one is signed already.
    #[must_use]
    pub fn pending(&self) -> Option<(Hash, &Signed<Record>)> {
        let own = self.key();
        let head = self.game.state().line.head();
        self.game
            .children(head)
            .find(|(_, entry)| entry.author == own)
            .map(|(hash, entry)| (hash, &entry.signed))
    }

    fn place(&self) -> Result<Place, PlayError> {
        let state = self.game.state();
        if let Some(outcome) = state.outcome() {
            return Err(Refusal::GameOver(outcome).into());
        }
        let on = state.last_receipt().map(|counted| counted.hash);
        if self.game.is_clocked() && on.is_none() {
            return Err(PlayError::NotReady);
        }
        let line = &state.line;
        let on = if self.game.is_clocked() { on } else { None };
        Ok(Place {
            prev: line.head(),
            height: line.height().next(),
            on,
        })
    }

    /// Signs a chain record for the head, unless one is signed already.
    fn sign(&mut self, record: impl FnOnce(Place) -> Record) -> Result<Item, PlayError> {
        let place = self.place()?;
        let line = &self.game.state().line;
        if line.author() != self.key() {
            return Err(match (line.players(), self.colour()) {
                (Some(_), None) => PlayError::NotAPlayer,
                (Some(_), Some(_)) => Refusal::NotYourTurn { turn: line.turn() }.into(),
                (None, _) => Refusal::NotSeated.into(),
            });
        }
        if self.pending().is_some() {
            return Err(PlayError::OnItsWay);
        }
        let signed = self.key.sign(self.game.id(), record(place));
        self.game.judge(&signed)?;
        self.keep(signed)
    }

    fn keep(&mut self, signed: Signed<Record>) -> Result<Item, PlayError> {
        let item = Item::Record(signed.clone());
        self.game.insert(item.clone())?;
        self.unsent.insert(signed.hash());
        Ok(item)
    }

    /// A wish to sit down; `nonce` must be fresh random bytes.
    ///
    /// # Errors
    ///
    /// [`PlayError::Refused`] where the seat is taken or kept for another.
    pub fn join(&self, nonce: Nonce) -> Result<Signed<Join>, PlayError> {
        let (genesis, line) = (&self.game.genesis().body, &self.game.state().line);
        if line.players().is_some() {
            return Err(Refusal::SeatTaken { seat: line.head() }.into());
        }
        if genesis.creator == self.key() || genesis.seat.is_some_and(|kept| kept != self.key()) {
            return Err(Refusal::SeatReserved.into());
        }
        Ok(self.key.sign(
            self.game.id(),
            Join {
                player: self.key(),
                nonce,
            },
        ))
    }

    /// The creator seats the joiner. Only the first call signs a Seat; others get [`PlayError::OnItsWay`].
    ///
    /// # Errors
    ///
    /// [`PlayError::Refused`] where the wish is not valid or somebody sits already.
    pub fn seat(&mut self, join: Signed<Join>) -> Result<Item, PlayError> {
        if let Some((seat, _)) = self.game.children(self.game.id().as_hash()).next() {
            return Err(if self.game.state().line.players().is_some() {
                Refusal::SeatTaken { seat }.into()
            } else {
                PlayError::OnItsWay
            });
        }
        let drawn = matches!(self.game.genesis().body.colours, Colours::Drawn { .. });
        let reveal = if drawn {
            Some(self.secret.ok_or(PlayError::NotReady)?)
        } else {
            None
        };
        self.sign(|at| Record::Seat(Seat { at, join, reveal }))
    }

    /// Makes a move, written in any usual form of UCI. `think_ms` is the time since the position was shown.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn play(&mut self, uci: &str, think_ms: Millis, offer: bool) -> Result<Item, PlayError> {
        let line = &self.game.state().line;
        let uci = canonical_uci(line.position(), line.castling_mode(), uci)
            .unwrap_or_else(|| uci.to_owned());
        self.sign(|at| {
            Record::Move(Move {
                at,
                uci,
                think_ms,
                offer,
            })
        })
    }

    /// Takes the draw that is offered or can be claimed.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn draw(&mut self) -> Result<Item, PlayError> {
        self.sign(Record::Draw)
    }

    /// Ends the game without result instead of the first move.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn abort(&mut self) -> Result<Item, PlayError> {
        self.sign(Record::Abort)
    }

    /// Resigns: on the chain when it is this player's turn, else off it.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn resign(&mut self) -> Result<Item, PlayError> {
        let colour = self.colour().ok_or(PlayError::NotAPlayer)?;
        let line = &self.game.state().line;
        if let Some(outcome) = line.outcome() {
            return Err(Refusal::GameOver(outcome).into());
        }
        let at = match self.pending() {
            // The record that is on its way is the head at which this player is not to move.
            Some((pending, _)) => pending,
            None if line.turn() == colour => return self.sign(Record::Resign),
            None => line.head(),
        };
        let signed = self.key.sign(self.game.id(), Record::ResignAt { at });
        self.keep(signed)
    }

    /// Consent to a takeback at the present head, which the side to move may use.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn consent(&self, to_ply: Ply) -> Result<Signed<Consent>, PlayError> {
        let place = self.place()?;
        let line = &self.game.state().line;
        let colour = self.colour().ok_or(PlayError::NotAPlayer)?;
        if colour == line.turn() {
            return Err(Refusal::NotYourTurn { turn: colour }.into());
        }
        let (least, most) = line.rewind_range().ok_or(Refusal::NoTakebacks)?;
        if !(least..=most).contains(&to_ply) {
            return Err(Refusal::BadPly { least, most }.into());
        }
        Ok(self.key.sign(
            self.game.id(),
            Consent {
                at: place.prev,
                to_ply,
            },
        ))
    }

    /// Takes moves back with the other player's consent.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn rewind(&mut self, consent: Signed<Consent>) -> Result<Item, PlayError> {
        self.sign(|at| Record::Rewind(Rewind { at, consent }))
    }

    /// Signs a message in this game. `at_ms` is this device's clock.
    #[must_use]
    pub fn say(&self, message: Message, at_ms: Millis) -> Signed<Said> {
        self.key.sign(
            self.game.id(),
            Said {
                player: self.key(),
                at_ms,
                message,
            },
        )
    }

    /// Whether a message is by the player that it names, and that player sits here.
    #[must_use]
    pub fn heard(&self, said: &Signed<Said>) -> Option<Colour> {
        let colour = self.game.colour_of(said.body.player)?;
        said.body
            .player
            .signed(self.game.id(), said)
            .then_some(colour)
    }

    /// Signs the move of a clocked game to the order key `to`, one for each epoch number. Until it is committed or lapses
    /// no receipt of a lower epoch counts for this player.
    ///
    /// # Errors
    ///
    /// [`PlayError::NotReady`] where another `Home` of this player's is open, [`PlayError::Refused`] in an untimed or ended game.
    pub fn move_home(&mut self, to: OrderKey) -> Result<Item, PlayError> {
        self.colour().ok_or(PlayError::NotAPlayer)?;
        let after = self.place()?.on.ok_or(PlayError::NotReady)?;
        if self.moving.is_some() {
            return Err(PlayError::NotReady);
        }
        let own = self.key();
        let used = self
            .game
            .home_signatures()
            .filter(|(by, _)| *by == own)
            .map(|(_, home)| home.body.epoch)
            .max();
        let now = self.game.orderer().map_or(Epoch::ZERO, |(_, epoch)| epoch);
        let epoch = used.map_or(now, |used| used.max(now)).next();
        self.sign_home(Home {
            game: self.game.id(),
            epoch,
            to,
            after,
        })
    }

    /// Signs the bytes that the other player signed, where this player counts the same receipt last.
    ///
    /// # Errors
    ///
    /// [`PlayError::NotReady`] where this player counts another receipt last, or has signed another `Home` for that epoch.
    pub fn agree_home(&mut self, home: Home) -> Result<Item, PlayError> {
        self.colour().ok_or(PlayError::NotAPlayer)?;
        let after = self.place()?.on;
        let own = self.key();
        let signed = self
            .game
            .home_signatures()
            .any(|(by, other)| by == own && other.body.epoch >= home.epoch);
        let behind = self
            .game
            .orderer()
            .is_some_and(|(_, epoch)| epoch >= home.epoch);
        if home.game != self.game.id() || after != Some(home.after) || signed || behind {
            return Err(PlayError::NotReady);
        }
        self.sign_home(home)
    }

    fn sign_home(&mut self, home: Home) -> Result<Item, PlayError> {
        let item = Item::Home(self.key.sign(self.game.id(), home));
        self.game.insert(item.clone())?;
        self.moving = Some(home);
        Ok(item)
    }

    /// The `Home` that this player signed and that is neither committed nor lapsed.
    #[must_use]
    pub fn moving(&self) -> Option<Home> {
        self.moving
    }

    /// The two players, once seated.
    #[must_use]
    pub fn players(&self) -> Option<&ByColour<PlayerKey>> {
        self.game.state().line.players()
    }

    /// The game's name.
    #[must_use]
    pub fn id(&self) -> GameId {
        self.game.id()
    }
}
