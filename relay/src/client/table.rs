//! A player (or one who watches) at one game over one session: keeps the game, seats a joiner, sends records and
//! brings what is unsent after a reconnection.

use std::time::{Duration, Instant};

use rookery_ledger::id::GameId;
use rookery_ledger::player::Options;
use rookery_ledger::record::{Genesis, Item, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request};
use rookery_ledger::{Colour, Game, Player, Refusal};

use super::session::{Event, Session};
use super::{ClientError, millis, new_nonce};

/// How long [`Table::until`] waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// One's place at one game.
pub struct Table {
    session: Session,
    player: Player,
    /// When the position on the board was first seen.
    since: Instant,
    /// Every item in the order in which it came from the relay.
    arrived: Vec<Item>,
}

impl Table {
    /// Creates a game and follows it.
    ///
    /// # Errors
    ///
    /// [`ClientError`]
    pub async fn create(
        session: Session,
        key: Keypair,
        options: Options,
    ) -> Result<Self, ClientError> {
        let player = Player::create(key, options, new_nonce()?, new_nonce()?)?;
        let genesis = Item::Genesis(player.game().genesis().clone());
        let mut table = Self::at(session, player);
        table.submit(genesis).await?;
        table.follow().await?;
        Ok(table)
    }

    /// Follows a game that is known by its name alone.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; [`ClientError::Unexpected`] where the relay's first item is no genesis.
    pub async fn watch(
        mut session: Session,
        key: Keypair,
        game: GameId,
    ) -> Result<Self, ClientError> {
        session.requests().watch(game, None).await?;
        let mut early = Vec::new();
        let genesis = loop {
            let event = session
                .try_next()
                .ok_or(ClientError::Unexpected("the genesis"))?;
            let found = genesis_in(&event.push, game).cloned();
            early.push(event);
            if let Some(genesis) = found {
                break genesis;
            }
        };
        let mut table = Self::at(session, Player::open(key, genesis, None)?);
        for event in &early {
            table.take(event).await?;
        }
        table.drain().await?;
        Ok(table)
    }

    /// Follows a game, asks for its seat, and waits until somebody sits.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `seat-taken` where it was not this player who sat down.
    pub async fn sit(session: Session, key: Keypair, game: GameId) -> Result<Self, ClientError> {
        let mut table = Self::watch(session, key, game).await?;
        table.join().await?;
        Ok(table)
    }

    /// Asks for the seat of a game that is followed, and waits until somebody sits.
    ///
    /// # Errors
    ///
    /// As [`Table::sit`].
    pub async fn join(&mut self) -> Result<(), ClientError> {
        let join = self.player.join(new_nonce()?)?;
        self.session.requests().join(self.id(), join).await?;
        self.until("somebody to sit down", |game| {
            game.state().line.players().is_some()
        })
        .await?;
        if self.player.colour().is_none() {
            let seat = self.game().state().line.head();
            return Err(ClientError::Item(Refusal::SeatTaken { seat }));
        }
        Ok(())
    }

    fn at(session: Session, player: Player) -> Self {
        Self {
            session,
            player,
            since: Instant::now(),
            arrived: Vec::new(),
        }
    }

    /// The game's name.
    #[must_use]
    pub fn id(&self) -> GameId {
        self.player.id()
    }

    /// The game as it is known here.
    #[must_use]
    pub fn game(&self) -> &Game {
        self.player.game()
    }

    /// The player's side of it.
    #[must_use]
    pub fn player(&mut self) -> &mut Player {
        &mut self.player
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Every item in the order in which it came from the relay.
    #[must_use]
    pub fn arrived(&self) -> &[Item] {
        &self.arrived
    }

    /// The colour of this player, once seated.
    #[must_use]
    pub fn colour(&self) -> Option<Colour> {
        self.player.colour()
    }

    /// Whether the game waits for a move of this player's that is not signed yet.
    #[must_use]
    pub fn is_my_turn(&self) -> bool {
        let state = self.game().state();
        state.outcome().is_none()
            && self.colour() == Some(state.line.turn())
            && self.player.pending().is_none()
    }

    /// Offers an item and waits until the relay has it on disk; where the relay asks for patience, tries again as told.
    ///
    /// # Errors
    ///
    /// As [`super::Requests::ask`].
    pub async fn submit(&self, item: Item) -> Result<(), ClientError> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self
                .session
                .requests()
                .submit(self.id(), item.clone())
                .await
            {
                Err(ClientError::Refused(refused))
                    if refused.code == "rate-limited" && Instant::now() < give_up =>
                {
                    let wait = refused.retry_ms.map_or(100, |ms| ms.get().clamp(1, 5_000));
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                result => return result,
            }
        }
    }

    /// Signs a move. It is sent with [`Table::submit`], or by the next [`Table::resume`].
    ///
    /// # Errors
    ///
    /// [`ClientError::Play`]
    pub fn sign(&mut self, uci: &str) -> Result<Item, ClientError> {
        let think = millis(self.since.elapsed());
        Ok(self.player.play(uci, think, false)?)
    }

    /// Makes a move and waits until the relay has it on disk.
    ///
    /// # Errors
    ///
    /// [`ClientError`]
    pub async fn play(&mut self, uci: &str) -> Result<(), ClientError> {
        let item = self.sign(uci)?;
        self.submit(item).await
    }

    /// Takes the next event in and gives it back.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`] once the session is over, [`ClientError::Item`] for an item that is not valid.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        let event = self.session.next().await?;
        self.take(&event).await?;
        Ok(event)
    }

    /// Takes in every event that is there.
    ///
    /// # Errors
    ///
    /// As [`Table::next`].
    pub async fn drain(&mut self) -> Result<(), ClientError> {
        while let Some(event) = self.session.try_next() {
            self.take(&event).await?;
        }
        Ok(())
    }

    /// Takes events in until the game is as wanted; `what` names that for the error. Gives the moment at which the frame
    /// that brought it was read, or this one where it was so already.
    ///
    /// # Errors
    ///
    /// As [`Table::next`], and [`ClientError::Timeout`] after 30 s.
    pub async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&Game) -> bool,
    ) -> Result<Instant, ClientError> {
        let waiting = async {
            let mut at = Instant::now();
            while !wanted(self.player.game()) {
                at = self.next().await?.at;
            }
            Ok(at)
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(result) => result,
            Err(_) => Err(ClientError::Timeout {
                what: what.into(),
                seconds: PATIENCE.as_secs(),
            }),
        }
    }

    /// Leaves the game and gives the session back for another one.
    ///
    /// # Errors
    ///
    /// [`ClientError::Closed`]
    pub async fn leave(self) -> Result<Session, ClientError> {
        let game = self.id();
        self.session
            .requests()
            .tell(&Request::Unwatch { game })
            .await?;
        Ok(self.session)
    }

    /// Goes on over another session: hears what came meanwhile, then sends what is unsent.
    ///
    /// # Errors
    ///
    /// [`ClientError`]
    pub async fn resume(&mut self, session: Session) -> Result<(), ClientError> {
        self.session = session;
        self.follow().await?;
        for item in self.player.unsent() {
            self.submit(item).await?;
        }
        Ok(())
    }

    async fn follow(&mut self) -> Result<(), ClientError> {
        self.session.requests().watch(self.id(), None).await?;
        self.drain().await
    }

    async fn take(&mut self, event: &Event) -> Result<(), ClientError> {
        let id = self.id();
        match &event.push {
            Push::Items { game, items } if *game == id => {
                for item in items {
                    let before = self.game().state().line.head();
                    self.player.receive(item.clone())?;
                    if self.game().state().line.head() != before {
                        self.since = event.at;
                    }
                    self.arrived.push(item.clone());
                }
            }
            Push::Joined { game, join } if *game == id => {
                // Only the first wish is answered; the others learn it from the Seat.
                if let Ok(seat) = self.player.seat(join.clone()) {
                    let requests = self.session.requests().clone();
                    requests.submit(id, seat).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn genesis_in(push: &Push, wanted: GameId) -> Option<&Signed<Genesis>> {
    match push {
        Push::Items { game, items } if *game == wanted => {
            items.iter().find_map(|item| match item {
                Item::Genesis(genesis) => Some(genesis),
                _ => None,
            })
        }
        _ => None,
    }
}
