//! One player's games and the sessions with relays. Pure: frames, wishes, time and entropy come in as arguments;
//! what is to be stored, sent and shown comes out as [`Output`]s. Nothing of one's own is sent before it is stored.

mod devices;
mod direct;
mod frames;
mod hand;
mod homes;
mod links;
mod onward;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{GameId, Hash, Nonce, PlayerKey};
use rookery_ledger::record::{Clock, Item, Join, Signed, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Request, RequestId, Seek};
use rookery_ledger::{Colour, Player, pgn, rook};

use crate::failure::Failure;
use crate::home::{LOADED_MS, SILENT_MS};
use crate::notes::Notes;
use crate::onward::Onward;
use crate::output::{LinkId, Now, Output, Token};
use crate::place::Watching;
use crate::session::Asked;
use crate::snapshot::{self, Path};
use crate::table::{Reading, SeatState, Table};
use links::Links;

/// Seeks that are shown at most.
const MAX_SEEKS: usize = 500;
/// Games of which it is remembered that they were in the lobby.
const MAX_OF_STRANGERS: usize = 20_000;
/// How long to wait before the same is sent again, where the relay does not say, ms.
const RETRY_MS: f64 = 1_000.0;
/// How often an unanswered wish to sit down is said again, ms: the creator may have been away.
const JOIN_AGAIN_MS: f64 = 10_000.0;

/// What the creator of a game chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGame {
    /// Rules of movement.
    pub variant: Variant,
    /// The start position as canonical FEN.
    pub start: String,
    /// How time is kept.
    pub clock: Clock,
    /// The creator's colour; none to draw lots.
    pub colour: Option<Colour>,
    /// The key that the other seat is kept for.
    pub opponent: Option<PlayerKey>,
    /// Whether moves may be taken back.
    pub takebacks: bool,
    /// Whether the open game is listed in the lobby.
    pub listed: bool,
}

/// What waits for storage.
#[derive(Debug)]
enum Waiting {
    /// A new game.
    Game(Box<Table>),
    /// A wish to sit down.
    Wish(GameId, Signed<Join>),
    /// An own record, with the moment of its signing.
    Record(GameId, Box<Item>, f64),
    /// An item that came by the channel to the other player, by its name there.
    Received(GameId, Hash),
    /// An own signature under the move of a game to another relay.
    Home(GameId, Box<Item>),
    /// A game without a clock that this player offers or accepts.
    Onward(GameId, Box<Onward>),
    /// A game that another device with this key began.
    TakenUp(GameId),
    /// The own Seat of such a game, in the one that is left for it.
    Seat(GameId, Box<Item>),
}

impl Waiting {
    fn game(&self) -> GameId {
        match self {
            Self::Game(table) => table.id(),
            Self::Wish(game, _) | Self::Record(game, _, _) | Self::Received(game, _) => *game,
            Self::Home(game, _) | Self::Onward(game, _) | Self::Seat(game, _) => *game,
            Self::TakenUp(game) => *game,
        }
    }
}

/// A player's games, in step with their relays.
#[derive(Debug)]
pub struct Core {
    key: Keypair,
    writer: bool,
    links: Links,
    tables: BTreeMap<GameId, Table>,
    /// Games that the page opened and of which nothing is known yet.
    opening: BTreeSet<GameId>,
    waiting: BTreeMap<Token, Waiting>,
    next_token: Token,
    lobby: bool,
    seeks: BTreeMap<GameId, Seek>,
    /// Games that were in the lobby at some time: who made them is a stranger.
    of_strangers: BTreeSet<GameId>,
}

impl Core {
    /// The player of this secret key. It signs nothing before [`Core::set_writer`].
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            key: Keypair::from_secret(secret),
            writer: false,
            links: Links::new(),
            tables: BTreeMap::new(),
            opening: BTreeSet::new(),
            waiting: BTreeMap::new(),
            next_token: 1,
            lobby: false,
            seeks: BTreeMap::new(),
            of_strangers: BTreeSet::new(),
        }
    }

    /// The player's public key.
    #[must_use]
    pub fn player(&self) -> PlayerKey {
        self.key.player()
    }

    /// Whether the front relay's session is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.links.is_ready(self.links.front)
    }

    /// Whether this tab is the one that signs. Say so before connecting: only the writer gives its key to the relay.
    pub fn set_writer(&mut self, writer: bool) -> Vec<Output> {
        self.writer = writer;
        self.tables.keys().copied().map(Output::Changed).collect()
    }

    /// Takes up a game from this device's storage, in place of what was known of it here, and asks the relay for what
    /// is new. `items` is a DAG-CBOR sequence, genesis first.
    ///
    /// # Errors
    ///
    /// [`Failure::Play`] where there is no valid genesis.
    pub fn load(&mut self, items: &[u8], notes: &[u8], now: Now) -> Result<Vec<Output>, Failure> {
        let notes = Notes::decode(notes);
        let mut items = rook::read(items)
            .map_err(|error| Failure::from(rookery_ledger::Refusal::from(error)))?
            .into_iter();
        let Some(Item::Genesis(genesis)) = items.next() else {
            return Err(Failure::NoSuchGame);
        };
        let mut player = Player::open(self.key.clone(), genesis, notes.secret)?;
        for item in items {
            // What was kept and does not count is left out.
            let _ = player.receive(item);
        }
        let mut table = Table::new(player, notes, true);
        // Evidence was told when it came; after a reload it is not news.
        let _ = table.settle(now.mono, self.links.get(table.at).source());
        table.home.since = now.mono + LOADED_MS - SILENT_MS;
        let id = table.id();
        table.shown = self.tables.get(&id).is_some_and(|before| before.shown);
        self.tables.insert(id, table);
        let mut out = vec![Output::Changed(id)];
        self.place(id, &mut out);
        self.watch(id, &mut out);
        self.stand_by(id, &mut out);
        Ok(out)
    }

    /// What opens the relay that this link is about to be connected to, if it is private; none where nothing is known.
    pub fn set_token(&mut self, link: LinkId, token: Option<String>) {
        let token = token.map(wire::Token);
        self.links.get_mut(link).session.set_token(token);
    }

    /// A stream to a relay is open. `from` and `to` are the peer ids of both ends, as bytes.
    pub fn connected(&mut self, link: LinkId, from: Vec<u8>, to: Vec<u8>) {
        let link = self.links.get_mut(link);
        link.session.connected(from, to);
        link.clock.begin();
        link.pulse.begin();
        link.log_busy = false;
    }

    /// New games go to the relay of this link from now on, and the lobby is read there.
    pub fn set_front(&mut self, link: LinkId) -> Vec<Output> {
        let mut out = Vec::new();
        if self.links.front == link {
            return out;
        }
        if self.lobby && self.is_ready() {
            send(self.links.front, &mut out, &Request::Lobby { on: false });
        }
        self.links.front = link;
        self.forget_seeks(&mut out);
        if self.links.is_ready(link) {
            self.begin_front(&mut out);
        }
        self.place_all(&mut out);
        out
    }

    /// The stream of a link is gone.
    pub fn disconnected(&mut self, link: LinkId) -> Vec<Output> {
        self.links.get_mut(link).session.disconnected();
        let mut out = Vec::new();
        for (id, table) in &mut self.tables {
            table.disconnected(link);
            table.home.sent = None;
            out.push(Output::Changed(*id));
        }
        if self.links.front == link {
            self.forget_seeks(&mut out);
        }
        self.place_all(&mut out);
        out
    }

    fn forget_seeks(&mut self, out: &mut Vec<Output>) {
        if !self.seeks.is_empty() {
            self.seeks.clear();
            out.push(Output::Seeks);
        }
    }

    fn place_all(&mut self, out: &mut Vec<Output>) {
        let ids: Vec<_> = self.tables.keys().copied().collect();
        for id in ids {
            self.place(id, out);
        }
    }

    /// Several times a second: sends again what is due, and looks whether the relays of clocked games are heard.
    pub fn tick(&mut self, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        let ids: Vec<_> = self.tables.keys().copied().collect();
        for id in ids {
            self.ask_for_seat(id, now, &mut out);
            for link in LinkId::ALL {
                self.try_again(id, link, now, &mut out);
            }
        }
        self.look_at_homes(now, &mut out);
        out
    }

    fn try_again(&mut self, id: GameId, link: LinkId, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let place = table.places.get_mut(link);
        if place.retry_at.take_if(|at| *at <= now.mono).is_none() {
            return;
        }
        if table.at == link {
            self.watch(id, out);
            self.flush(id, out);
        } else if !table.places.get(link).is_live() {
            self.stand_by(id, out);
        }
    }

    /// Everything that is asked for when a session begins.
    fn begin(&mut self, link: LinkId, out: &mut Vec<Output>) {
        if link == self.links.front {
            self.begin_front(out);
        }
        self.place_all(out);
        let ids: Vec<_> = self.tables.keys().copied().collect();
        for id in ids {
            let here = self.tables.get(&id).is_some_and(|table| table.at == link);
            if here {
                out.push(Output::Changed(id));
                self.watch(id, out);
            } else {
                self.stand_by(id, out);
            }
        }
    }

    fn begin_front(&mut self, out: &mut Vec<Output>) {
        if self.lobby {
            send(self.links.front, out, &Request::Lobby { on: true });
        }
        let opening: Vec<_> = self.opening.iter().copied().collect();
        for id in opening {
            out.push(Output::Changed(id));
            self.watch(id, out);
        }
    }

    /// The link to the relay that a game is played at, or where one that is not known yet is looked for.
    #[must_use]
    pub fn at(&self, id: GameId) -> LinkId {
        let table = self.tables.get(&id);
        table.map_or(self.links.front, |table| table.at)
    }

    /// Asks for what is new in a game; where the relay may never have had it, gives it the genesis first.
    fn watch(&mut self, id: GameId, out: &mut Vec<Output>) {
        let at = self.at(id);
        if !self.links.is_ready(at) {
            return;
        }
        let mut after = None;
        if let Some(table) = self.tables.get_mut(&id) {
            let over = table.outcome().is_some() && !table.shown;
            if over || (!table.kept && !table.shown) || table.here().watching != Watching::Off {
                return;
            }
            after = self.links.order(at).and_then(|order| table.after(order));
            let own = table.kept && table.is_creator() && self.writer;
            if own && after.is_none() && table.is_open() {
                self.submit_genesis(id, at, out);
                return;
            }
        }
        self.watch_at(id, at, after, out);
    }

    fn watch_at(&mut self, id: GameId, at: LinkId, after: Option<Hash>, out: &mut Vec<Output>) {
        if let Some(table) = self.tables.get_mut(&id) {
            table.places.get_mut(at).watching = Watching::Asked {
                whole: after.is_none(),
            };
        }
        self.ask(at, Asked::Watch(id), out, |request| Request::Watch {
            id: request,
            game: id,
            after,
        });
    }

    fn submit_genesis(&mut self, id: GameId, at: LinkId, out: &mut Vec<Output>) {
        let asked = Asked::Genesis(id);
        if self.links.get(at).session.is_asking(asked) {
            return;
        }
        let Some(table) = self.tables.get(&id) else {
            return;
        };
        let item = Item::Genesis(table.player.game().genesis().clone());
        self.ask(at, asked, out, |request| Request::Submit {
            id: request,
            game: id,
            item,
        });
    }

    /// Sends a request that is answered.
    fn ask(
        &mut self,
        at: LinkId,
        asked: Asked,
        out: &mut Vec<Output>,
        request: impl FnOnce(RequestId) -> Request,
    ) {
        let id = self.links.get_mut(at).session.ask(asked);
        send(at, out, &request(id));
    }

    /// Sends own records that no receipt confirms, as the same bytes; in an untimed game all that this relay has no receipt for.
    fn flush(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get(&id) else {
            return;
        };
        let at = table.at;
        if !self.writer || !table.here().is_live() {
            return;
        }
        let lacking = self.lacking(&table.player, at);
        let left = table.goes_on_in().is_some();
        let items = lacking.unwrap_or_else(|| {
            // One that both left ends at the last of them, whoever signed it.
            if left {
                table.player.to_forward()
            } else {
                table.player.unsent()
            }
        });
        self.submit_records(id, items, out);
        self.end_left(id, out);
    }

    /// What the relay may not have of an untimed game that is played here; none of a clocked or a watched one.
    fn lacking(&self, player: &Player, at: LinkId) -> Option<Vec<Item>> {
        let played = player.colour().is_some() && !player.game().is_clocked();
        let order = self.links.order(at).filter(|_| played)?;
        Some(player.unstored_at(order))
    }

    fn submit_records(&mut self, id: GameId, items: Vec<Item>, out: &mut Vec<Output>) {
        let at = self.at(id);
        for item in items {
            let Item::Record(signed) = &item else {
                continue;
            };
            let asked = Asked::Record(id, signed.hash());
            if !self.links.get(at).session.is_asking(asked) {
                self.ask(at, asked, out, |request| Request::Submit {
                    id: request,
                    game: id,
                    item,
                });
            }
        }
    }

    /// Asks for the seat, where that is due.
    fn ask_for_seat(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let due = table.join_at.is_some_and(|at| at <= now.mono);
        if !due || !self.writer || !table.here().is_live() {
            return;
        }
        if table.seat() != SeatState::Waiting {
            table.join_at = None;
            return;
        }
        table.join_at = Some(now.mono + JOIN_AGAIN_MS);
        let Some(join) = table.notes.wish.clone() else {
            return;
        };
        let (at, asked) = (table.at, Asked::Seat(id));
        if !self.links.get(at).session.is_asking(asked) {
            self.ask(at, asked, out, |request| Request::Join {
                id: request,
                game: id,
                join,
            });
        }
    }

    /// The snapshot of a game as JSON, as `GameState` in `js/index.d.ts`; none where nothing is known of it.
    #[must_use]
    pub fn state(&self, id: GameId) -> Option<String> {
        let table = self.tables.get(&id)?;
        let path = if table.channel.is_some() {
            Path::Direct
        } else if self.links.is_ready(table.at) {
            Path::Relay
        } else {
            Path::None
        };
        Some(table.snapshot(self.writer, path))
    }

    /// The clocks of a game.
    #[must_use]
    pub fn clocks(&self, id: GameId, now: Now) -> Option<Reading> {
        let table = self.tables.get(&id)?;
        let clock = &self.links.get(table.at).clock;
        Some(table.reading(clock, now.mono))
    }

    /// The game as PGN.
    #[must_use]
    pub fn pgn(&self, id: GameId) -> Option<String> {
        Some(pgn::write(self.tables.get(&id)?.player.game()))
    }

    /// The signed game, a DAG-CBOR sequence.
    #[must_use]
    pub fn export(&self, id: GameId) -> Option<Vec<u8>> {
        let items = self.tables.get(&id)?.player.game().items();
        Some(rook::write(&items))
    }

    /// What was signed in a game, and what the relay sent that is broken: a file for whoever checks a finding.
    #[must_use]
    pub fn evidence(&self, id: GameId) -> Option<Vec<u8>> {
        let table = self.tables.get(&id)?;
        let items = table.player.game().items();
        Some(rook::write(items.iter().chain(table.findings.exhibits())))
    }

    /// The lobby as JSON, a list of `Seek` as in `js/index.d.ts`.
    #[must_use]
    pub fn seeks(&self) -> String {
        snapshot::seeks(self.seeks.values())
    }

    /// Random bytes as nonces: `random` holds 16 for each.
    fn nonces<const N: usize>(random: &[u8]) -> Result<[Nonce; N], Failure> {
        let mut nonces = [Nonce([0; 16]); N];
        if random.len() != 16 * N {
            return Err(Failure::BadInput(
                "16 random bytes are needed for each nonce",
            ));
        }
        for (nonce, bytes) in nonces.iter_mut().zip(random.chunks_exact(16)) {
            nonce.0.copy_from_slice(bytes);
        }
        Ok(nonces)
    }
}

fn tell_notices(game: GameId, notices: Vec<(&'static str, String)>, out: &mut Vec<Output>) {
    out.extend(notices.into_iter().map(|(code, words)| Output::Notice {
        game,
        code: code.to_owned(),
        words,
    }));
}

fn send(link: LinkId, out: &mut Vec<Output>, request: &Request) {
    out.push(Output::Send(link, wire::frame(request)));
}

#[cfg(test)]
mod tests;
