//! One player's side of one game: signs what an honest player may sign, and never two records for one place. Pure: the
//! caller stores what comes back before it sends it, and gives time and entropy.

mod home;

use crate::game::{Game, Inserted};
use crate::genesis::canonical_uci;
use crate::id::{GameId, Hash, Millis, Nonce, OrderKey, PlayerKey, Ply};
use crate::mutant::Mutant;
use crate::outcome::{ByColour, Colour};
use crate::record::{
    Clock, Colours, Consent, From, Genesis, Home, Item, Join, MAX_CHAT_CHARS, Message, Move, Place,
    Record, Rewind, Said, Seat, Signed, VERSION, Variant, What,
};
use crate::refusal::Refusal;
use crate::sign::{Keypair, Verifier as _, colours_commitment};
use crate::store::Entry;

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
    /// The `Home` of the highest epoch that this player signed and that is neither committed nor lapsed.
    moving: Option<Home>,
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
            moving: None,
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

    /// Takes an item in. While a `Home` of this player's is open, no receipt of a lower epoch counts: it is [`Inserted::Held`].
    ///
    /// # Errors
    ///
    /// As [`Game::insert`].
    pub fn receive(&mut self, item: Item) -> Result<Inserted, Refusal> {
        let about_home = matches!(
            item,
            Item::Home(_) | Item::Lapsed { .. } | Item::Receipt { .. }
        );
        let epoch = match &item {
            Item::Receipt { receipt, .. } => Some(receipt.body.epoch),
            _ => None,
        };
        let inserted = self.game.insert(item)?;
        if about_home || self.moving.is_some() {
            self.settle();
        }
        let waits = self
            .moving
            .zip(epoch)
            .is_some_and(|(home, epoch)| epoch < home.epoch);
        Ok(if waits && inserted == Inserted::New {
            Inserted::Held
        } else {
            inserted
        })
    }

    /// Whether a receipt says that this record is stored (untimed: by a home, if there is one) or ordered (clocked).
    #[must_use]
    pub fn is_confirmed(&self, record: Hash) -> bool {
        let (state, homes) = (self.game.state(), &self.game.genesis().body.homes);
        if self.game.is_clocked() {
            let mut counted = state.counted.iter().rev();
            state.outcome().is_some()
                || counted.any(|counted| counted.receipt.what == What::Record(record))
        } else if homes.is_empty() {
            self.game.is_receipted(record)
        } else {
            homes
                .iter()
                .any(|home| self.game.is_receipted_by(*home, record))
        }
    }

    /// Own records that no receipt confirms, in the order in which they were signed: send them again after a reconnection,
    /// and after a `Home`, which can make receipts void.
    #[must_use]
    pub fn unsent(&self) -> Vec<Item> {
        let own = self.key();
        let records = self.unconfirmed();
        let records = records.into_iter().filter(|entry| entry.author == own);
        records
            .map(|entry| Item::Record(entry.signed.clone()))
            .collect()
    }

    /// Records of either player that no receipt confirms, in the order in which a relay can take them: what the other player
    /// sent by another way may be unknown to the relay.
    #[must_use]
    pub fn to_forward(&self) -> Vec<Item> {
        let records = self.unconfirmed().into_iter();
        records
            .map(|entry| Item::Record(entry.signed.clone()))
            .collect()
    }

    /// Records of an untimed game that the relay with this order key has given no receipt for, in the order in which it can
    /// take them; none in a clocked game. Send them when the relay has told what it knows: the home that confirmed them may
    /// have lost them since, and whoever looks for the game here has no other way to them.
    #[must_use]
    pub fn unstored_at(&self, relay: OrderKey) -> Vec<Item> {
        if self.game.is_clocked() {
            return Vec::new();
        }
        let records = self.game.records();
        let lacking = records.filter(|(hash, _)| !self.game.is_receipted_by(relay, *hash));
        let lacking = in_height_order(lacking.map(|(_, entry)| entry).collect());
        let items = lacking.into_iter();
        items
            .map(|entry| Item::Record(entry.signed.clone()))
            .collect()
    }

    fn unconfirmed(&self) -> Vec<&Entry> {
        let own = self.key();
        let resigned = |entry: &Entry| entry.signed.body.place().is_none();
        let records = self.game.records();
        let mut out: Vec<&Entry> = Vec::new();
        if self.game.is_clocked() {
            if self.game.state().outcome().is_some() {
                return out;
            }
            // What can still be ordered leads on from the head.
            let mut head = self.game.state().line.head();
            loop {
                let children: Vec<_> = self.game.children(head).collect();
                let next = children.iter().find(|(_, entry)| entry.author == own);
                let Some((hash, entry)) = next.or(children.first()) else {
                    break;
                };
                out.push(entry);
                head = *hash;
            }
            out.extend(
                records
                    .map(|(_, entry)| entry)
                    .filter(|entry| resigned(entry)),
            );
        } else {
            let open = records.filter(|(hash, _)| !self.is_confirmed(*hash));
            return in_height_order(open.map(|(_, entry)| entry).collect());
        }
        out
    }

    /// After a restart, when everything stored was received: finds the `Home` that is open. What is unsent follows from the game.
    pub fn resume(&mut self) {
        self.settle();
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
        let signed_before = self.pending().is_some() && !Mutant::SIGNS_TWICE.is_on();
        if signed_before || self.own_resignation().is_some() {
            return Err(PlayError::OnItsWay);
        }
        let signed = self.key.sign(self.game.id(), record(place));
        self.game.judge(&signed)?;
        self.keep(signed)
    }

    fn keep(&mut self, signed: Signed<Record>) -> Result<Item, PlayError> {
        let item = Item::Record(signed);
        self.game.insert(item.clone())?;
        Ok(item)
    }

    /// The resignation off the chain that this player signed, if any.
    fn own_resignation(&self) -> Option<&Signed<Record>> {
        let own = self.key();
        let mut resigned = self.game.resignations();
        resigned
            .find(|entry| entry.author == own)
            .map(|entry| &entry.signed)
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

    /// Resigns: on the chain where it is this player's turn, else off it. Said again it gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`PlayError`]
    pub fn resign(&mut self) -> Result<Item, PlayError> {
        let own = self.key();
        self.colour().ok_or(PlayError::NotAPlayer)?;
        let mut place = self.place()?;
        if let Some(resigned) = self.own_resignation() {
            return Ok(Item::Record(resigned.clone()));
        }
        // Own records that are on their way count as played: the resignation goes behind them.
        let mut tip = place.prev;
        while let Some((hash, _)) = self
            .game
            .children(tip)
            .find(|(_, entry)| entry.author == own)
        {
            tip = hash;
        }
        let line = self.game.line_at(tip).ok_or(PlayError::NotReady)?;
        if line.outcome().is_some() {
            return Err(PlayError::OnItsWay);
        }
        let record = if line.author() == own {
            (place.prev, place.height) = (tip, line.height().next());
            Record::Resign(place)
        } else {
            Record::ResignAt { at: tip }
        };
        let signed = self.key.sign(self.game.id(), record);
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

    /// Who says this: none where the signature is not by the player that it names, that player does not sit here, or the
    /// text is too long.
    #[must_use]
    pub fn heard(&self, said: &Signed<Said>) -> Option<Colour> {
        let colour = self.game.colour_of(said.body.player)?;
        if let Message::Chat { text } = &said.body.message
            && text.chars().nth(MAX_CHAT_CHARS).is_some()
        {
            return None;
        }
        said.body
            .player
            .signed(self.game.id(), said)
            .then_some(colour)
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

/// In the order in which a relay can take them; resignations off the chain come last.
fn in_height_order(mut records: Vec<&Entry>) -> Vec<&Entry> {
    records.sort_by_key(|entry| {
        let place = entry.signed.body.place();
        place.map_or(u64::MAX, |place| place.height.get())
    });
    records
}
