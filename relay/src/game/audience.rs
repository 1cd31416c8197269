//! Who watches a game, and what they are sent: items, presence, wishes to sit down, messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rookery_ledger::Colour;
use rookery_ledger::id::{GameId, Hash, Millis, PlayerKey};
use rookery_ledger::record::{Item, Join, Message, Said, Signed};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::wire::{self, Gossip, Push};
use rookery_ledger::{Refusal, codec};

use super::{Task, colour_of};
use crate::heard::Heard;
use crate::node::{SHARDS, Topic};
use crate::outbox::{Answer, Out, Outbox, Refused, SessionId};
use crate::sequencer::refuse_join;

/// From so many watchers on, what a newcomer is shown is kept for the next one until the game goes on.
const CROWD: usize = 16;
/// So many of those, for watchers who know different parts of the game.
const REPLAYS: usize = 4;

/// The sessions that watch a game.
#[derive(Debug, Default)]
pub(super) struct Audience {
    watchers: BTreeMap<SessionId, Outbox>,
    /// The sessions of each key among them: who plays is looked up at every move, however many watch.
    by_player: HashMap<PlayerKey, Vec<Outbox>>,
    relays: usize,
    /// Whether the creator and the joiner have a session at another relay, as that said last.
    pub(super) far: (bool, bool),
    told: Option<(bool, bool)>,
    /// What players said last.
    pub(super) heard: Heard,
    /// Who wished to sit down last.
    pub(super) wished: Heard,
    /// What newcomers who know the game up to a receipt are shown.
    replays: Vec<(Option<Hash>, Arc<[Out]>)>,
}

impl Audience {
    pub(super) fn add(&mut self, outbox: Outbox) {
        let info = outbox.info().clone();
        // Whoever asks again counts once.
        self.remove(info.id);
        self.relays += usize::from(info.is_relay);
        if let Some(player) = info.player() {
            self.by_player
                .entry(player)
                .or_default()
                .push(outbox.clone());
        }
        self.watchers.insert(info.id, outbox);
    }

    pub(super) fn remove(&mut self, session: SessionId) -> Option<Outbox> {
        let outbox = self.watchers.remove(&session)?;
        let info = outbox.info();
        self.relays -= usize::from(info.is_relay);
        if let Some(player) = info.player()
            && let Some(sessions) = self.by_player.get_mut(&player)
        {
            sessions.retain(|outbox| outbox.info().id != session);
            if sessions.is_empty() {
                self.by_player.remove(&player);
            }
        }
        Some(outbox)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }

    fn of(&self, player: PlayerKey) -> &[Outbox] {
        self.by_player.get(&player).map_or(&[], Vec::as_slice)
    }

    /// The largest lag among a player's sessions here.
    pub(super) fn lag_of(&self, player: PlayerKey, game: GameId) -> Option<Millis> {
        let own = self.of(player).iter();
        own.map(|outbox| outbox.info().lag(game)).max()
    }

    fn has(&self, player: PlayerKey) -> bool {
        self.by_player.contains_key(&player)
    }

    /// How many sessions watch that are neither a player's nor a relay's.
    fn onlookers(&self, game: &rookery_ledger::Game) -> usize {
        let players = game.state().line.players();
        let players = players.map_or(0, |both| {
            let of = |player| {
                let own = self.of(player).iter();
                own.filter(|outbox| !outbox.info().is_relay).count()
            };
            of(both.white)
                + if both.black == both.white {
                    0
                } else {
                    of(both.black)
                }
        });
        self.watchers.len() - self.relays - players
    }

    fn with_key(&self) -> impl Iterator<Item = &Outbox> {
        self.by_player.values().flatten()
    }

    fn without_key(&self) -> impl Iterator<Item = &Outbox> {
        let all = self.watchers.values();
        all.filter(|outbox| outbox.info().player().is_none())
    }

    fn relays(&self) -> impl Iterator<Item = &Outbox> {
        let any = self.relays > 0;
        self.watchers
            .values()
            .filter(move |outbox| any && outbox.info().is_relay)
    }

    /// What was put together for a newcomer who knows the game up to `after`, if the game is still there.
    pub(super) fn replay(&self, after: Option<Hash>) -> Option<Arc<[Out]>> {
        let mut replays = self.replays.iter();
        replays
            .find(|(known, _)| *known == after)
            .map(|(_, frames)| frames.clone())
    }

    /// Keeps it for the next one, where many come.
    pub(super) fn keep_replay(&mut self, after: Option<Hash>, frames: &Arc<[Out]>) {
        if self.watchers.len() >= CROWD && self.replays.len() < REPLAYS {
            self.replays.push((after, frames.clone()));
        }
    }

    /// The game goes on, so newcomers are to be shown more.
    pub(super) fn drop_replays(&mut self) {
        self.replays = Vec::new();
    }
}

/// The frames that carry `items`, each below the limit of a frame.
pub(super) fn frames(game: GameId, items: &[Item]) -> Vec<Out> {
    let (mut frames, mut newest) = (Vec::new(), None);
    for items in wire::parts(items) {
        let mut receipts = items.iter().filter_map(|item| match item {
            Item::Receipt { receipt, .. } => Some(receipt.body.at_ms),
            _ => None,
        });
        newest = receipts.next_back().or(newest);
        frames.push(Out {
            bytes: wire::frame(&Push::Items { game, items }).into(),
            news: newest.map(|at| (game, at)),
        });
    }
    frames
}

pub(super) fn joined(game: GameId, join: &Signed<Join>) -> Push {
    Push::Joined {
        game,
        join: join.clone(),
    }
}

impl Task {
    /// Sends new items to all who watch, and to fellow relays.
    pub(super) fn publish(&self, items: &[Item]) {
        for frame in frames(self.id, items) {
            // Keys first, the players' among them: their writers run before those of a crowd that only looks on.
            for outbox in self.audience.with_key().chain(self.audience.without_key()) {
                outbox.send(frame.clone());
            }
        }
        if self.upstream.is_none() && !items.is_empty() && self.relay.fellows.any() {
            let topic = Topic::Moves(self.id.as_bytes()[0] % SHARDS);
            let gossip = Gossip::Items {
                game: self.id,
                items: items.to_vec(),
            };
            self.relay.node.publish(topic, codec::encode(&gossip));
        }
    }

    /// Shows the game among those that anyone may watch, if it is one.
    pub(super) fn show_live(&self) {
        if let (true, Some(orderer)) = (self.public, self.orderer()) {
            let game = orderer.game();
            let onlookers = self.audience.onlookers(game);
            self.relay
                .live
                .show(game, onlookers, self.relay.clock.now());
        }
    }

    /// Tells who is there: everybody where that changed, else the newcomer alone.
    pub(super) fn tell_presence(&mut self, newcomer: Option<&Outbox>) {
        let Some(orderer) = self.orderer() else {
            return;
        };
        let game = orderer.game();
        let creator = game.genesis().body.creator;
        let players = game.state().line.players();
        let joiner = players.map(|players| {
            if players.white == creator {
                players.black
            } else {
                players.white
            }
        });
        let near = (
            self.audience.has(creator),
            joiner.is_some_and(|joiner| self.audience.has(joiner)),
        );
        let now = (near.0 || self.audience.far.0, near.1 || self.audience.far.1);
        let changed = self.audience.told.replace(now) != Some(now);
        if !changed && newcomer.is_none() {
            return;
        }
        let push = Push::Presence {
            game: self.id,
            creator: now.0,
            joiner: now.1,
        };
        let frame = Out {
            bytes: wire::frame(&push).into(),
            news: None,
        };
        let all = self.audience.watchers.values().filter(|_| changed);
        for outbox in all.chain(newcomer.filter(|_| !changed)) {
            outbox.send(frame.clone());
        }
    }

    /// Takes a wish to sit down and passes it on to the creator.
    pub(super) fn on_join(&mut self, join: Signed<Join>, answer: &Answer) {
        let Some(orderer) = self.orderer() else {
            return;
        };
        let game = orderer.game();
        if let Some(refusal) = refuse_join(game, &join) {
            return answer.refused(Refused::ledger(&refusal, Some(game)));
        }
        let from = answer.outbox.info();
        // Whoever wishes may do so again, because no answer came.
        let pass_on = self.audience.wished.is_new(join.sig) || !from.is_relay;
        let heard = self.to_creator(&join, pass_on);
        // What a relay forwards is not forwarded again.
        if let (false, false, Some(fellow)) = (heard, from.is_relay, self.upstream) {
            let id = self.id;
            return self.relay.fellows.forward(
                fellow,
                move |request| wire::Request::Join {
                    id: request,
                    game: id,
                    join,
                },
                answer.clone(),
            );
        }
        if !self.keep_wish(join) {
            let words = "The creator is away, and as many wait as may; try again later.";
            return answer.refused(Refused::retry("creator-away", words, 10_000));
        }
        answer.done();
    }

    /// Keeps a wish, so that a creator who comes later sees it too; whether there is room.
    pub(super) fn keep_wish(&mut self, join: Signed<Join>) -> bool {
        let known = self.joins.contains(&join);
        let room = (self.joins.len() as u64) < self.relay.limits().pending_joins;
        if !known && room {
            self.joins.push(join);
        }
        known || room
    }

    /// Shows a wish to the creator's sessions here and, where it is to be passed on, to the relays that watch; whether the
    /// creator is here.
    pub(super) fn to_creator(&self, join: &Signed<Join>, pass_on: bool) -> bool {
        let Some(orderer) = self.orderer() else {
            return false;
        };
        let push = joined(self.id, join);
        let sessions = self.relay.players.of(orderer.game().genesis().body.creator);
        let relays = self.audience.relays().filter(|_| pass_on);
        for outbox in sessions.iter().chain(relays) {
            outbox.push(&push);
        }
        !sessions.is_empty()
    }

    /// Passes a player's message on.
    pub(super) fn on_say(&mut self, said: Signed<Said>, answer: &Answer) {
        let Some(orderer) = self.orderer() else {
            return;
        };
        let author = said.body.player;
        let is_own = answer.outbox.info().is_relay || answer.outbox.info().player() == Some(author);
        if !is_own || orderer.game().colour_of(author).is_none() {
            return answer.refused(Refused::new(
                "not-a-player",
                "Only the players of a game talk in it.",
            ));
        }
        if !author.signed(self.id, &said) {
            return answer.refused(Refused::ledger(&Refusal::BadSignature, None));
        }
        if let Message::Chat { text } = &said.body.message
            && text.chars().count() > rookery_ledger::record::MAX_CHAT_CHARS
        {
            return answer.refused(Refused::new(
                "too-large",
                "A line of chat has at most 500 characters.",
            ));
        }
        let from = answer.outbox.info();
        // A player may say it again, because no answer came.
        if self.audience.heard.is_new(said.sig) || !from.is_relay {
            self.pass_on(&said, Some(from.id));
        }
        if let (Some(fellow), false) = (self.upstream, answer.outbox.info().is_relay) {
            let id = self.id;
            let request = move |request| wire::Request::Say {
                id: request,
                game: id,
                said,
            };
            return self.relay.fellows.forward(fellow, request, answer.clone());
        }
        answer.done();
    }

    /// Shows a message to the other player (to both, where it is chat) and to the relays that watch.
    pub(super) fn pass_on(&self, said: &Signed<Said>, from: Option<SessionId>) {
        let Some(orderer) = self.orderer() else {
            return;
        };
        let game = orderer.game();
        let Some(author) = game.colour_of(said.body.player) else {
            return;
        };
        let chat = matches!(said.body.message, Message::Chat { .. });
        let bytes: Arc<[u8]> = wire::frame(&Push::Said {
            game: self.id,
            said: said.clone(),
        })
        .into();
        for outbox in self.audience.watchers.values() {
            let meant = |colour: Colour| chat || colour != author;
            let to = outbox.info().is_relay || colour_of(game, outbox).is_some_and(meant);
            if to && from != Some(outbox.info().id) {
                outbox.send(Out {
                    bytes: bytes.clone(),
                    news: None,
                });
            }
        }
    }
}
