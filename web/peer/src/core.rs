//! One player's games and the one session with a relay. Pure: frames, wishes, time and entropy come in as arguments;
//! what is to be stored, sent and shown comes out as [`Output`]s. Nothing of one's own is sent before it is stored.

mod direct;
mod frames;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{GameId, Hash, Nonce, PlayerKey};
use rookery_ledger::record::{Clock, Item, Join, Signed, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Request, Seek};
use rookery_ledger::{Colour, Player, pgn, rook};

use crate::failure::Failure;
use crate::notes::Notes;
use crate::output::{Now, Output, Token};
use crate::relay_clock::RelayClock;
use crate::session::{Asked, Session};
use crate::snapshot::{self, Path};
use crate::suspicion::Pulse;
use crate::table::{Reading, SeatState, Source, Table, Watching};

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
}

impl Waiting {
    fn game(&self) -> GameId {
        match self {
            Self::Game(table) => table.id(),
            Self::Wish(game, _) | Self::Record(game, _, _) | Self::Received(game, _) => *game,
        }
    }
}

/// A player's games, in step with one relay.
#[derive(Debug)]
pub struct Core {
    key: Keypair,
    writer: bool,
    session: Session,
    relay_clock: RelayClock,
    pulse: Pulse,
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
            session: Session::new(),
            relay_clock: RelayClock::default(),
            pulse: Pulse::default(),
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

    /// Whether the relay's session is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.session.is_ready()
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
        let _ = table.settle(now.mono, self.source());
        let id = table.id();
        table.shown = self.tables.get(&id).is_some_and(|before| before.shown);
        self.tables.insert(id, table);
        let mut out = vec![Output::Changed(id)];
        self.watch(id, &mut out);
        Ok(out)
    }

    /// A stream to a relay is open. `from` and `to` are the peer ids of both ends, as bytes.
    pub fn connected(&mut self, from: Vec<u8>, to: Vec<u8>) {
        self.session.connected(from, to);
        self.relay_clock.begin();
        self.pulse.begin();
    }

    fn source(&self) -> Source<'_> {
        Source {
            order: self.session.order(),
            clock: &self.relay_clock,
        }
    }

    /// The stream is gone.
    pub fn disconnected(&mut self) -> Vec<Output> {
        self.session.disconnected();
        let mut out = Vec::new();
        for (id, table) in &mut self.tables {
            table.disconnected();
            out.push(Output::Changed(*id));
        }
        if !self.seeks.is_empty() {
            self.seeks.clear();
            out.push(Output::Seeks);
        }
        out
    }

    /// Once a second: sends again what is due.
    pub fn tick(&mut self, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        let ids: Vec<_> = self.tables.keys().copied().collect();
        for id in ids {
            self.ask_for_seat(id, now, &mut out);
            let Some(table) = self.tables.get_mut(&id) else {
                continue;
            };
            if table.retry_at.is_some_and(|at| at <= now.mono) {
                table.retry_at = None;
                self.watch(id, &mut out);
                self.flush(id, &mut out);
            }
        }
        out
    }

    /// Everything that is asked for when a session begins.
    fn begin(&mut self, out: &mut Vec<Output>) {
        if self.lobby {
            send(out, &Request::Lobby { on: true });
        }
        let open: Vec<_> = self.tables.keys().chain(&self.opening).copied().collect();
        for id in open {
            out.push(Output::Changed(id));
            self.watch(id, out);
        }
    }

    /// Asks for what is new in a game; where the relay may never have had it, gives it the genesis first.
    fn watch(&mut self, id: GameId, out: &mut Vec<Output>) {
        if !self.session.is_ready() {
            return;
        }
        let mut after = None;
        if let Some(table) = self.tables.get_mut(&id) {
            let over = table.outcome().is_some() && !table.shown;
            if over || (!table.kept && !table.shown) || table.watching != Watching::Off {
                return;
            }
            after = self.session.order().and_then(|order| table.after(order));
            let own = table.kept && table.is_creator() && self.writer;
            if own && after.is_none() && table.is_open() {
                self.submit_genesis(id, out);
                return;
            }
        }
        self.watch_after(id, after, out);
    }

    fn watch_after(&mut self, id: GameId, after: Option<Hash>, out: &mut Vec<Output>) {
        if let Some(table) = self.tables.get_mut(&id) {
            table.watching = Watching::Asked {
                whole: after.is_none(),
            };
        }
        let request = Request::Watch {
            id: self.session.ask(Asked::Watch(id)),
            game: id,
            after,
        };
        send(out, &request);
    }

    fn submit_genesis(&mut self, id: GameId, out: &mut Vec<Output>) {
        let asked = Asked::Genesis(id);
        if self.session.is_asking(asked) {
            return;
        }
        let Some(table) = self.tables.get(&id) else {
            return;
        };
        let item = Item::Genesis(table.player.game().genesis().clone());
        let request = Request::Submit {
            id: self.session.ask(asked),
            game: id,
            item,
        };
        send(out, &request);
    }

    /// Sends own records that no receipt confirms, as the same bytes; in an untimed game all that this relay has no receipt for.
    fn flush(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get(&id) else {
            return;
        };
        if !self.writer || table.watching != Watching::Live {
            return;
        }
        let lacking = self.lacking(&table.player);
        let items = lacking.unwrap_or_else(|| table.player.unsent());
        self.submit_records(id, items, out);
    }

    /// What the relay may not have of an untimed game that is played here; none of a clocked or a watched one.
    fn lacking(&self, player: &Player) -> Option<Vec<Item>> {
        let played = player.colour().is_some() && !player.game().is_clocked();
        let order = self.session.order().filter(|_| played)?;
        Some(player.unstored_at(order))
    }

    fn submit_records(&mut self, id: GameId, items: Vec<Item>, out: &mut Vec<Output>) {
        for item in items {
            let Item::Record(signed) = &item else {
                continue;
            };
            let asked = Asked::Record(id, signed.hash());
            if !self.session.is_asking(asked) {
                let request = Request::Submit {
                    id: self.session.ask(asked),
                    game: id,
                    item,
                };
                send(out, &request);
            }
        }
    }

    /// Asks for the seat, where that is due.
    fn ask_for_seat(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let due = table.join_at.is_some_and(|at| at <= now.mono);
        if !due || !self.writer || table.watching != Watching::Live {
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
        let asked = Asked::Seat(id);
        if !self.session.is_asking(asked) {
            let request = Request::Join {
                id: self.session.ask(asked),
                game: id,
                join,
            };
            send(out, &request);
        }
    }

    /// The snapshot of a game as JSON, as `GameState` in `js/index.d.ts`; none where nothing is known of it.
    #[must_use]
    pub fn state(&self, id: GameId) -> Option<String> {
        let table = self.tables.get(&id)?;
        let path = if table.channel.is_some() {
            Path::Direct
        } else if self.session.is_ready() {
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
        Some(table.reading(&self.relay_clock, now.mono))
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

fn send(out: &mut Vec<Output>, request: &Request) {
    out.push(Output::Send(wire::frame(request)));
}

#[cfg(test)]
mod tests;
