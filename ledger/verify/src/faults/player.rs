//! A client that plays one whole game after another with its partner, and goes on by itself whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rookery_ledger::id::{Hash, Millis, Nonce};
use rookery_ledger::record::{Clock, Genesis, Item, Signed};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{Push, Request, RequestId};
use rookery_ledger::{Player, codec};
use rookery_relay::client::usual_game;
use shakmaty::{CastlingMode, Position as _};
use tokio::sync::watch;

use super::witness::Witness;
use crate::real::{Link, Lost, Random};

/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(100);
/// A request without an answer for so long means that the relay is gone.
const ANSWER: Duration = Duration::from_secs(3);
/// How often a client looks about when nothing comes.
const LOOK: Duration = Duration::from_millis(50);
/// The most that a player thinks about a move, ms.
const THINK_MS: u64 = 20;

/// What the one who cuts and kills knows of a client.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// When a receipt came that this client had not seen before, ms since the campaign began.
    pub(super) fresh_ms: AtomicU64,
    pub(super) stop: AtomicBool,
    /// The client is to say once what it is doing.
    pub(super) tell: AtomicBool,
}

/// What both clients of a board share: the invitation to the present game.
pub(super) type Invitation = watch::Sender<Option<Signed<Genesis>>>;

/// One of the two at a board.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) key: Keypair,
    pub(super) address: Multiaddr,
    pub(super) creates: bool,
    pub(super) clock: Clock,
    pub(super) invitation: Arc<Invitation>,
    pub(super) witness: Arc<Witness>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) random: Random,
    pub(super) begin: Instant,
    pub(super) player: Option<Player>,
    /// After so many plies the side to move resigns, if nobody was mated.
    pub(super) plies: usize,
}

/// What a session has asked and not heard of.
struct Asked {
    sent: Instant,
    /// The record, where one was submitted.
    record: Option<Hash>,
}

#[derive(Default)]
struct Talk {
    asked: BTreeMap<RequestId, Asked>,
    /// When to ask again for what was refused for now.
    again: Option<Instant>,
    joined: bool,
}

impl Client {
    /// Plays until told to stop.
    pub(super) async fn run(mut self) {
        while !self.pulse.stop.load(Ordering::Relaxed) {
            let served = match Link::open(&self.address, &self.key).await {
                Ok(link) => self.serve(link).await,
                Err(lost) => Err(lost),
            };
            if let Err(Lost(words)) = served {
                if words.starts_with("too-many") {
                    self.witness
                        .broken(&format!("P9: {} was sent away: {words}", self.name));
                }
                self.tell_if_asked(None, &words);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Says what this client is doing, where somebody wants to know why it does not play on.
    fn tell_if_asked(&self, talk: Option<&Talk>, last: &str) {
        if !self.pulse.tell.swap(false, Ordering::Relaxed) {
            return;
        }
        let game = self.player.as_ref().map(|player| {
            let state = player.game().state();
            format!(
                "game {}, {} plies, {} receipts, seated: {}, over: {:?}, {} unsent, signed: {}",
                player.id(),
                state.line.moves().len(),
                state.counted.len(),
                player.players().is_some(),
                state.outcome(),
                player.unsent().len(),
                player.pending().is_some()
            )
        });
        let talk = talk.map(|talk| {
            let asked: Vec<_> = talk.asked.keys().collect();
            format!(
                "waits for answers {asked:?}, asks again: {}, asked for the seat: {}",
                talk.again.is_some(),
                talk.joined
            )
        });
        eprintln!(
            "faults: {} is at {}; {}",
            self.name,
            game.as_deref().unwrap_or("no game"),
            talk.as_deref().unwrap_or(last)
        );
    }

    async fn serve(&mut self, mut link: Link) -> Result<(), Lost> {
        let mut talk = Talk::default();
        if self.player.is_some() {
            self.bring_up(&mut link, &mut talk).await?;
        }
        let mut ready = Instant::now();
        while !self.pulse.stop.load(Ordering::Relaxed) {
            self.tell_if_asked(Some(&talk), "");
            self.next_game(&mut link, &mut talk).await?;
            if Instant::now() >= ready && self.act(&mut link, &mut talk).await? {
                ready = Instant::now() + self.random.time(THINK_MS);
            }
            let look = Instant::now() + LOOK;
            let until = if ready > Instant::now() {
                ready.min(look)
            } else {
                look
            };
            if let Some(push) = link.next(until).await? {
                self.take(&mut link, &mut talk, push).await?;
            }
            if talk.again.is_some_and(|again| Instant::now() >= again) {
                talk.again = None;
                self.bring_up(&mut link, &mut talk).await?;
            }
            if talk
                .asked
                .values()
                .any(|asked| asked.sent.elapsed() > ANSWER)
            {
                return Err(Lost("no answer".into()));
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.player.as_ref().is_none_or(|player| {
            player.game().state().outcome().is_some() && player.unsent().is_empty()
        })
    }

    /// When the game is over: the creator invites to another one, the joiner takes the invitation.
    async fn next_game(&mut self, link: &mut Link, talk: &mut Talk) -> Result<(), Lost> {
        if !self.is_over() {
            return Ok(());
        }
        let next = if self.creates {
            let options = usual_game(self.clock, vec![link.order]);
            let [secret, nonce] = [(); 2].map(|()| Nonce(self.random.bytes()));
            Player::create(self.key.clone(), options, secret, nonce)
        } else {
            let invited = self.invitation.borrow().clone();
            let old = self.player.as_ref().map(Player::id);
            match invited.filter(|genesis| Some(genesis.body.id()) != old) {
                Some(genesis) => Player::open(self.key.clone(), genesis, None),
                None => return Ok(()),
            }
        };
        let next = match next {
            Ok(next) => next,
            Err(error) => {
                self.witness
                    .broken(&format!("{} cannot open a game: {error}", self.name));
                return Err(Lost("no game".into()));
            }
        };
        let old = self.player.replace(next);
        // Before anything is sent: the link may be dead, and the game is this client's from here on.
        if let (true, Some(player)) = (self.creates, &self.player) {
            self.invitation
                .send_replace(Some(player.game().genesis().clone()));
        }
        self.plies = 16 + usize::try_from(self.random.below(64)).unwrap_or(0);
        *talk = Talk::default();
        if let Some(old) = old {
            self.witness.finish();
            let game = old.id();
            link.send(&Request::Unwatch { game }).await?;
        }
        self.bring_up(link, talk).await
    }

    /// Says everything that the relay may not know: it is harmless where it does.
    async fn bring_up(&mut self, link: &mut Link, talk: &mut Talk) -> Result<(), Lost> {
        let Some(player) = &self.player else {
            return Ok(());
        };
        let game = player.id();
        let mut items = Vec::new();
        if self.creates {
            items.push(Item::Genesis(player.game().genesis().clone()));
        }
        items.extend(player.unsent());
        let genesis = items.iter().take(usize::from(self.creates));
        for item in genesis.cloned().collect::<Vec<_>>() {
            submit(link, talk, game, item).await?;
        }
        let id = link
            .ask(|id| Request::Watch {
                id,
                game,
                after: None,
            })
            .await?;
        talk.asked.insert(id, Asked::now(None));
        for item in items.into_iter().skip(usize::from(self.creates)) {
            submit(link, talk, game, item).await?;
        }
        talk.joined = false;
        Ok(())
    }

    /// Does what it is this client's turn to do; whether that was a move.
    async fn act(&mut self, link: &mut Link, talk: &mut Talk) -> Result<bool, Lost> {
        let Some(player) = &mut self.player else {
            return Ok(false);
        };
        let game = player.id();
        let state = player.game().state();
        if state.outcome().is_some() {
            return Ok(false);
        }
        if state.line.players().is_none() {
            // The wish waits for the answer to the watch, which says whether the relay knows the game.
            if !self.creates && !talk.joined && talk.asked.is_empty() && talk.again.is_none() {
                let nonce = Nonce(self.random.bytes());
                if let Ok(join) = player.join(nonce) {
                    let id = link.ask(|id| Request::Join { id, game, join }).await?;
                    talk.asked.insert(id, Asked::now(None));
                    talk.joined = true;
                }
            }
            return Ok(false);
        }
        if player.colour() != Some(state.line.turn()) || player.pending().is_some() {
            return Ok(false);
        }
        let resigns = state.line.moves().len() >= self.plies;
        let signed = if resigns {
            player.resign()
        } else {
            let position = state.line.position();
            let moves = position.legal_moves();
            let Some(chosen) = self.random.pick(&moves) else {
                return Ok(false);
            };
            let uci = chosen.to_uci(CastlingMode::Standard).to_string();
            player.play(&uci, Millis::ZERO, false)
        };
        match signed {
            Ok(item) => {
                submit(link, talk, game, item).await?;
                Ok(true)
            }
            // Not until the receipt before has come.
            Err(_) => Ok(false),
        }
    }

    async fn take(&mut self, link: &mut Link, talk: &mut Talk, push: Push) -> Result<(), Lost> {
        let Some(player) = &mut self.player else {
            return Ok(());
        };
        let id = player.id();
        match push {
            Push::Items { game, items } => {
                for item in items {
                    if let Item::Receipt { by, receipt } = &item {
                        self.witness.see(game, *by, receipt);
                        if game == id && player.game().receipt(receipt.hash()).is_none() {
                            let now = self.begin.elapsed().as_millis();
                            let now = u64::try_from(now).unwrap_or(u64::MAX);
                            self.pulse.fresh_ms.store(now, Ordering::Relaxed);
                        }
                    }
                    if game == id
                        && let Err(refusal) = player.receive(item)
                    {
                        self.witness.broken(&format!(
                            "P4: game {game}: the relay sent {} what does not count: {refusal}",
                            self.name
                        ));
                    }
                }
            }
            Push::Joined { game, join } if game == id => {
                // A wish that comes too early is shown again when the relay answers the watch.
                if let Ok(seat) = player.seat(join) {
                    submit(link, talk, id, seat).await?;
                }
            }
            Push::Done { id: request } => {
                if let Some(record) = talk.asked.remove(&request).and_then(|asked| asked.record) {
                    self.witness.acknowledge(id, record);
                }
            }
            Push::Refused {
                id: request,
                code,
                words,
                ..
            } => {
                talk.asked.remove(&request);
                match code.as_str() {
                    "unknown-game" | "creator-away" | "stale-head" | "unknown-prev"
                    | "not-seated" | "log-unavailable" | "log-full" | "clock-behind"
                    | "rate-limited" => {
                        talk.again = Some(Instant::now() + RETRY);
                    }
                    // The wish, or a resignation, crossed what it was about.
                    "seat-taken" | "game-over" => {}
                    _ => self.witness.broken(&format!(
                        "game {id}: {}, who is honest, was refused: {code}: {words}",
                        self.name
                    )),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Asked {
    fn now(record: Option<Hash>) -> Self {
        Self {
            sent: Instant::now(),
            record,
        }
    }
}

async fn submit(
    link: &mut Link,
    talk: &mut Talk,
    game: rookery_ledger::id::GameId,
    item: Item,
) -> Result<(), Lost> {
    let record = match &item {
        Item::Record(record) => Some(codec::hash(&record.body)),
        _ => None,
    };
    let id = link.ask(|id| Request::Submit { id, game, item }).await?;
    talk.asked.insert(id, Asked::now(record));
    Ok(())
}
