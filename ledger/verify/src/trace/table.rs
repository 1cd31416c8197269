//! Two players at one table and all that they do: moves with and without offers, takebacks, draws, resignations, aborts,
//! waits until the flag falls, records again, and records that cannot stand. Whatever happens to the relay, they come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rookery_ledger::Player;
use rookery_ledger::id::{Hash, Height, Millis, Nonce, Ply, Signature};
use rookery_ledger::record::{Clock, Consent, Item, Move, Place, Record, Rewind, Seat, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request};
use rookery_relay::client::usual_game;
use shakmaty::{CastlingMode, Position as _};

use crate::real::{Link, Lost, Random};

/// An answer that takes longer will not come.
const ANSWER: Duration = Duration::from_secs(3);
const RETRY: Duration = Duration::from_millis(60);
/// Longer than a player of the shortest clock has.
const OVERSTEP: Duration = Duration::from_millis(1_400);
/// After so many records whoever is to move resigns.
const MOST_RECORDS: u64 = 40;

/// A table with a relay.
pub(super) struct Table {
    /// Where the creator and the joiner dial.
    pub(super) addresses: [Multiaddr; 2],
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) stop: Arc<AtomicBool>,
}

/// A game that is being played. The creator is 0, the joiner 1.
struct Board {
    keys: [Keypair; 2],
    players: [Player; 2],
    links: [Link; 2],
}

impl Table {
    /// Plays one game after the other until told to stop. Some are left where they are, with nobody there.
    pub(super) async fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            let leave_at = match self.random.below(4) {
                0 => 2 + self.random.below(12),
                _ => u64::MAX,
            };
            if self.game(leave_at).await.is_err() {
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn game(&mut self, leave_at: u64) -> Result<(), Lost> {
        let keys = [(); 2].map(|()| Keypair::from_secret(&self.random.bytes()));
        let links = self.links(&keys).await?;
        let mut options = usual_game(self.clock, vec![links[0].order]);
        options.takebacks = self.random.below(3) > 0;
        let [secret, nonce] = [(); 2].map(|()| Nonce(self.random.bytes()));
        let refused = |refusal: rookery_ledger::Refusal| Lost(refusal.to_string());
        let creator = Player::create(keys[0].clone(), options, nonce, secret).map_err(refused)?;
        let genesis = creator.game().genesis().clone();
        let joiner = Player::open(keys[1].clone(), genesis, None).map_err(refused)?;
        let mut board = Board {
            keys,
            players: [creator, joiner],
            links,
        };
        let mut back = true;
        while !self.stop.load(Ordering::Relaxed) {
            if !back {
                tokio::time::sleep(RETRY).await;
                match self.links(&board.keys).await {
                    Ok(links) => board.links = links,
                    Err(_) => continue,
                }
            }
            let played = async {
                // What is unsent may come before the player has a session that watches.
                board.bring_up(self.random.below(2) == 0).await?;
                while !self.stop.load(Ordering::Relaxed) {
                    if board.is_over() || board.height() >= leave_at {
                        return Ok(());
                    }
                    self.act(&mut board).await?;
                }
                Ok::<_, Lost>(())
            };
            back = played.await.is_ok();
            if back {
                break;
            }
        }
        Ok(())
    }

    async fn links(&self, keys: &[Keypair; 2]) -> Result<[Link; 2], Lost> {
        let first = Link::open(&self.addresses[0], &keys[0]).await?;
        Ok([first, Link::open(&self.addresses[1], &keys[1]).await?])
    }

    /// One thing that somebody does.
    async fn act(&mut self, board: &mut Board) -> Result<(), Lost> {
        board.listen(Duration::ZERO).await?;
        if board.players[0].players().is_none() {
            return self.sit(board).await;
        }
        let Some(mover) = board.mover() else {
            return board.listen(RETRY).await;
        };
        if let Some((_, signed)) = board.players[mover].pending() {
            let again = Item::Record(signed.clone());
            board.submit(mover, again).await?;
            return board.listen(RETRY).await;
        }
        let (dice, resigns) = (self.random.below(100), board.height() > MOST_RECORDS);
        let signed = match dice {
            _ if resigns => board.players[mover].resign(),
            0 => board.players[mover].resign(),
            1 => board.players[1 - mover].resign(),
            2..8 => {
                let ply = board.players[mover].game().state().line.ply().get();
                let back = 1 + self.random.below(3);
                let consent = board.players[1 - mover].consent(Ply::new(ply.saturating_sub(back)));
                match consent {
                    Ok(consent) => board.players[mover].rewind(consent),
                    Err(error) => Err(error),
                }
            }
            8..12 => board.players[mover].draw(),
            12 => board.players[mover].abort(),
            13..35 => {
                let who = if self.random.below(2) == 0 {
                    mover
                } else {
                    1 - mover
                };
                if let Some(item) = self.mischief(board, mover) {
                    board.submit(who, item).await?;
                }
                return Ok(());
            }
            35..38 if self.clock != Clock::None => {
                return board.listen(OVERSTEP).await;
            }
            _ => {
                let moves = board.players[mover]
                    .game()
                    .state()
                    .line
                    .position()
                    .legal_moves();
                let Some(chosen) = self.random.pick(&moves) else {
                    return board.listen(RETRY).await;
                };
                let uci = chosen.to_uci(CastlingMode::Standard).to_string();
                let think = Millis::new(self.random.below(20));
                board.players[mover].play(&uci, think, self.random.below(8) == 0)
            }
        };
        if let Ok(item) = signed {
            board.submit(mover, item).await?;
            // Both see it before the next one acts, as far as that takes no time.
            board.listen(Duration::from_millis(2)).await?;
        }
        Ok(())
    }

    async fn sit(&mut self, board: &mut Board) -> Result<(), Lost> {
        if let Some((_, signed)) = board.players[0].pending() {
            let again = Item::Record(signed.clone());
            board.submit(0, again).await?;
            return board.listen(RETRY).await;
        }
        let Ok(join) = board.players[1].join(Nonce(self.random.bytes())) else {
            return board.listen(RETRY).await;
        };
        match board.players[0].seat(join) {
            Ok(seat) => board.submit(0, seat).await,
            Err(_) => board.listen(RETRY).await,
        }
    }

    /// Something that cannot stand, or that is there already.
    fn mischief(&mut self, board: &Board, mover: usize) -> Option<Item> {
        let (game, key) = (board.players[mover].game(), &board.keys[mover]);
        let (id, state) = (game.id(), game.state());
        let right = Place {
            prev: state.line.head(),
            height: state.line.height().next(),
            on: game.is_clocked().then_some(state.last_receipt()?.hash),
        };
        let records: Vec<Signed<Record>> = game
            .records()
            .map(|(_, entry)| entry.signed.clone())
            .collect();
        let old = self.random.pick(&records)?.clone();
        let played = |at: Place, uci: &str| {
            Record::Move(Move {
                at,
                uci: uci.into(),
                think_ms: Millis::new(7),
                offer: false,
            })
        };
        let uci = {
            let moves = state.line.position().legal_moves();
            let chosen = self.random.pick(&moves)?;
            chosen.to_uci(CastlingMode::Standard).to_string()
        };
        let other = &board.keys[1 - mover];
        let record = match self.random.below(16) {
            0 => return Some(Item::Record(old)),
            1 => return Some(Item::Genesis(game.genesis().clone())),
            2 => {
                let receipts = game.items().into_iter();
                let receipts: Vec<Item> = receipts
                    .filter(|item| matches!(item, Item::Receipt { .. }))
                    .collect();
                return self.random.pick(&receipts).cloned();
            }
            3 => {
                let mut forged = key.sign(id, played(right, &uci));
                forged.sig = Signature([3; 64]);
                return Some(Item::Record(forged));
            }
            4 => return Some(Item::Record(other.sign(id, played(right, &uci)))),
            5 => key.sign(id, played(right, "e2e5")),
            6 => {
                let height = Height::new(right.height.get() + 1);
                key.sign(id, played(Place { height, ..right }, &uci))
            }
            7 => {
                let on = (!game.is_clocked()).then_some(Hash([1; 32]));
                key.sign(id, played(Place { on, ..right }, &uci))
            }
            8 => {
                let prev = Hash(self.random.bytes());
                key.sign(id, played(Place { prev, ..right }, &uci))
            }
            9 => key.sign(id, Record::Draw(right)),
            10 => key.sign(id, Record::Abort(right)),
            // Where one is to move, one resigns on the chain.
            11 => key.sign(id, Record::ResignAt { at: right.prev }),
            12 => {
                let at = Hash(self.random.bytes());
                other.sign(id, Record::ResignAt { at })
            }
            13 => {
                let body = Consent {
                    at: right.prev,
                    to_ply: Ply::ZERO,
                };
                let consent = key.sign(id, body);
                key.sign(id, Record::Rewind(Rewind { at: right, consent }))
            }
            14 => {
                let join = board.players[1].join(Nonce([5; 16])).ok();
                let seats = records.iter().find_map(|record| match &record.body {
                    Record::Seat(seat) => Some(seat.clone()),
                    _ => None,
                });
                let Seat {
                    at,
                    join: first,
                    reveal,
                } = seats?;
                let join = join.unwrap_or(first);
                let at = if game.is_clocked() { at } else { right };
                board.keys[0].sign(id, Record::Seat(Seat { at, join, reveal }))
            }
            // Another one for a place that is taken. In an untimed game that would end it.
            _ => {
                let place = *old.body.place()?;
                if !game.is_clocked() && self.random.below(6) > 0 {
                    return None;
                }
                key.sign(id, played(place, &uci))
            }
        };
        Some(Item::Record(record))
    }
}

impl Board {
    fn is_over(&self) -> bool {
        self.players[0].game().state().outcome().is_some()
    }

    fn height(&self) -> u64 {
        self.players[0].game().state().line.height().get()
    }

    /// Whose turn it is, where both count the same.
    fn mover(&self) -> Option<usize> {
        let [first, second] = &self.players;
        let heads = [first, second].map(|player| player.game().state().line.head());
        let line = &first.game().state().line;
        (heads[0] == heads[1]).then(|| usize::from(first.colour() != Some(line.turn())))
    }

    /// Says all that the relay may not know, and asks for all that it knows.
    async fn bring_up(&mut self, at_once: bool) -> Result<(), Lost> {
        let game = self.players[0].id();
        let genesis = Item::Genesis(self.players[0].game().genesis().clone());
        self.submit(0, genesis).await?;
        for who in [0, 1] {
            let unsent = self.players[who].unsent();
            for item in unsent.into_iter().filter(|_| at_once) {
                self.submit(who, item).await?;
            }
            let after = None;
            let asked = self.links[who]
                .ask(|id| Request::Watch { id, game, after })
                .await?;
            self.answer(who, asked).await?;
            for item in self.players[who].unsent() {
                self.submit(who, item).await?;
            }
        }
        Ok(())
    }

    async fn submit(&mut self, who: usize, item: Item) -> Result<(), Lost> {
        let game = self.players[0].id();
        let asked = self.links[who]
            .ask(|id| Request::Submit { id, game, item })
            .await?;
        self.answer(who, asked).await
    }

    /// Waits for an answer, whatever it is.
    async fn answer(&mut self, who: usize, asked: u32) -> Result<(), Lost> {
        let late = Instant::now() + ANSWER;
        loop {
            match self.links[who].next(late).await? {
                None => return Err(Lost("no answer".into())),
                Some(Push::Done { id } | Push::Refused { id, .. }) if id == asked => return Ok(()),
                Some(push) => self.take(who, push),
            }
        }
    }

    /// Takes in what both hear for so long.
    async fn listen(&mut self, time: Duration) -> Result<(), Lost> {
        let until = Instant::now() + time;
        loop {
            let mut quiet = true;
            for who in [0, 1] {
                let soon = Instant::now() + Duration::from_millis(1);
                if let Some(push) = self.links[who].next(soon).await? {
                    self.take(who, push);
                    quiet = false;
                }
            }
            if quiet && Instant::now() >= until {
                return Ok(());
            }
        }
    }

    fn take(&mut self, who: usize, push: Push) {
        if let Push::Items { items, .. } = push {
            for item in items {
                // A game that is left, or a record that cannot stand: nothing that counts is refused.
                let _ = self.players[who].receive(item);
            }
        }
    }
}
