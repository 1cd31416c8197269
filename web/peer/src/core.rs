//! One player's games and the one session with a relay. Pure: frames, wishes, time and entropy come in as arguments;
//! what is to be stored, sent and shown comes out as [`Output`]s. Nothing of one's own is sent before it is stored.

mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use rookery_ledger::id::{GameId, Hash, Nonce, PlayerKey};
use rookery_ledger::record::{Clock, Item, Join, Said, Signed, Variant};
use rookery_ledger::sign::Keypair;
use rookery_ledger::wire::{self, Push, Request, RequestId, Seek};
use rookery_ledger::{Colour, Player, codec, genesis, pgn, rook};

use crate::failure::Failure;
use crate::notes::Notes;
use crate::output::{Now, Output, Token};
use crate::relay_clock::RelayClock;
use crate::session::{Asked, Session};
use crate::snapshot;
use crate::table::{Reading, SeatState, Table, Watching};
use crate::talk::Heard;

/// Seeks that are shown at most.
const MAX_SEEKS: usize = 500;
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
}

impl Waiting {
    fn game(&self) -> GameId {
        match self {
            Self::Game(table) => table.id(),
            Self::Wish(game, _) | Self::Record(game, _, _) => *game,
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
    tables: BTreeMap<GameId, Table>,
    /// Games that the page opened and of which nothing is known yet.
    opening: BTreeSet<GameId>,
    waiting: BTreeMap<Token, Waiting>,
    next_token: Token,
    lobby: bool,
    seeks: BTreeMap<GameId, Seek>,
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
            tables: BTreeMap::new(),
            opening: BTreeSet::new(),
            waiting: BTreeMap::new(),
            next_token: 1,
            lobby: false,
            seeks: BTreeMap::new(),
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
        let _ = table.settle(now.mono);
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

    /// Takes in a frame, without its length.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFrame`]: the stream is to be closed.
    pub fn receive(&mut self, frame: &[u8], now: Now) -> Result<Vec<Output>, Failure> {
        let push = wire::decode_push(frame).map_err(|error| Failure::BadFrame(error.code()))?;
        let mut out = Vec::new();
        match push {
            Push::Welcome {
                versions,
                nonce,
                order,
                now_ms,
                ..
            } => {
                let key = self.writer.then_some(&self.key);
                let hello = self
                    .session
                    .welcome(&versions, nonce, order, key)
                    .ok_or(Failure::BadFrame("welcome"))?;
                self.relay_clock.heard(now_ms, None, now.mono);
                out.push(Output::Send(wire::frame(&hello)));
            }
            Push::Ready { v } => {
                if !self.session.ready(v) {
                    return Err(Failure::BadFrame("ready"));
                }
                out.push(Output::Ready);
                self.begin(&mut out);
            }
            Push::Beat {
                n,
                now_ms,
                log_busy,
                rtt_ms,
            } => {
                send(&mut out, &Request::Echo { n });
                self.relay_clock.heard(now_ms, Some(rtt_ms), now.mono);
                out.push(Output::Beat {
                    rtt_ms: rtt_ms.get(),
                    log_busy,
                });
            }
            Push::Done { id } => self.done(id, now, &mut out),
            Push::Refused {
                id,
                code,
                words,
                item,
                retry_ms,
                ..
            } => {
                if let Some(asked) = self.session.answered(id) {
                    let retry = retry_ms.map(|ms| ms.get() as f64);
                    self.refused(asked, &code, words, item, retry, now, &mut out);
                }
            }
            Push::Items { game, items } => self.items(game, items, now, &mut out),
            Push::Joined { game, join } => self.joined(game, join, now, &mut out),
            Push::Said { game, said } => self.said(game, &said, now, &mut out),
            Push::Presence {
                game,
                creator,
                joiner,
            } => {
                if let Some(table) = self.tables.get_mut(&game) {
                    let came = creator && table.present.is_some_and(|(before, _)| !before);
                    table.present = Some((creator, joiner));
                    if came && table.join_at.is_some() {
                        table.join_at = Some(now.mono);
                    }
                    out.push(Output::Changed(game));
                    self.ask_for_seat(game, now, &mut out);
                }
            }
            Push::Lobby { reset, add, remove } => self.lobby_said(reset, add, &remove, &mut out),
            Push::Bye { code, words } => out.push(Output::Bye { code, words }),
        }
        Ok(out)
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

    /// Sends own records that no receipt confirms, as the same bytes.
    fn flush(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get(&id) else {
            return;
        };
        if !self.writer || table.watching != Watching::Live {
            return;
        }
        let items = table.player.unsent();
        self.submit_records(id, items, out);
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

    fn done(&mut self, id: RequestId, now: Now, out: &mut Vec<Output>) {
        match self.session.answered(id) {
            Some(Asked::Genesis(game)) => {
                let upload = self.tables.get(&game).filter(|table| table.uploaded);
                let records = upload.map(|table| table.player.game().items());
                self.submit_records(game, records.unwrap_or_default(), out);
                self.watch_after(game, None, out);
            }
            Some(Asked::Watch(game)) => {
                let Some(table) = self.tables.get_mut(&game) else {
                    return;
                };
                let whole = matches!(table.watching, Watching::Asked { whole: true });
                if !whole && !table.player.game().state().missing.is_empty() {
                    self.watch_after(game, None, out);
                    return;
                }
                table.watching = Watching::Live;
                if table.notes.wish.is_some() && table.seat() == SeatState::Waiting {
                    table.join_at = Some(now.mono);
                }
                let list = table.is_open() && table.is_creator() && table.notes.listed;
                if list && self.writer {
                    let request = Request::List {
                        id: self.session.ask(Asked::List(game)),
                        game,
                        listed: true,
                    };
                    send(out, &request);
                }
                out.push(Output::Changed(game));
                self.flush(game, out);
                self.ask_for_seat(game, now, out);
            }
            Some(Asked::Record(..) | Asked::Seat(_) | Asked::List(_) | Asked::Say(_)) | None => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one frame")]
    fn refused(
        &mut self,
        asked: Asked,
        code: &str,
        words: String,
        item: Option<Item>,
        retry: Option<f64>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let (Asked::Genesis(game)
        | Asked::Record(game, _)
        | Asked::Seat(game)
        | Asked::Watch(game)
        | Asked::List(game)
        | Asked::Say(game)) = asked;
        let later = retry.is_some()
            || matches!(
                code,
                "rate-limited" | "log-unavailable" | "log-full" | "creator-away"
            );
        let again = now.mono + retry.unwrap_or(RETRY_MS).max(RETRY_MS / 2.0);
        if let Some(item) = item {
            // What shows the refusal to be right counts like any other item.
            self.items(game, vec![item], now, out);
        }
        let Some(table) = self.tables.get_mut(&game) else {
            if matches!(asked, Asked::Watch(_)) {
                self.opening.remove(&game);
                out.push(Output::Unknown(game));
            }
            return;
        };
        match asked {
            Asked::Watch(_) if code == "unknown-game" && table.kept && !table.uploaded => {
                table.uploaded = true;
                self.submit_genesis(game, out);
                return;
            }
            Asked::Watch(_) | Asked::Genesis(_) => {
                table.watching = Watching::Off;
                table.retry_at = later.then_some(again);
            }
            Asked::Record(..) if later => {
                table.retry_at = Some(again);
            }
            Asked::Seat(_) if later => {
                table.join_at = Some(now.mono + retry.unwrap_or(2_000.0).max(RETRY_MS));
            }
            Asked::Seat(_) => {
                // `seat-taken` is told with the Seat itself.
                if table.seat() == SeatState::Refused {
                    return;
                }
                table.join_at = None;
                table.notes.wish = None;
                out.push(Output::Store {
                    token: None,
                    game,
                    notes: Some(table.notes.encode()),
                    items: Vec::new(),
                });
            }
            Asked::Record(..) | Asked::List(_) | Asked::Say(_) => {}
        }
        out.push(Output::Notice {
            game,
            code: code.to_owned(),
            words,
        });
        out.push(Output::Changed(game));
    }

    fn items(&mut self, game: GameId, items: Vec<Item>, now: Now, out: &mut Vec<Output>) {
        let mut items = items.into_iter();
        if !self.tables.contains_key(&game) {
            let Some(Item::Genesis(genesis)) = items.next() else {
                return;
            };
            if !self.opening.contains(&game) || genesis.body.id() != game {
                return;
            }
            let Ok(player) = Player::open(self.key.clone(), genesis, None) else {
                return;
            };
            self.opening.remove(&game);
            let mut table = Table::new(player, Notes::default(), false);
            table.shown = true;
            table.watching = Watching::Asked { whole: true };
            self.tables.insert(game, table);
            out.push(Output::Changed(game));
        }
        let Some(table) = self.tables.get_mut(&game) else {
            return;
        };
        let was_refused = table.seat() == SeatState::Refused;
        let mut new = Vec::new();
        for item in items {
            let bytes = codec::encode(&item);
            if table.receive(item) {
                new.push(bytes);
            }
        }
        if new.is_empty() {
            return;
        }
        if table.kept && self.writer {
            out.push(Output::Store {
                token: None,
                game,
                notes: None,
                items: new,
            });
        }
        let mut notices = table.settle(now.mono);
        if table.seat() == SeatState::Refused && !was_refused {
            table.join_at = None;
            notices.push((
                "seat-taken",
                "Another player sat down first: the creator signed that seat. You can watch."
                    .into(),
            ));
        }
        out.push(Output::Changed(game));
        out.extend(notices.into_iter().map(|(code, words)| Output::Notice {
            game,
            code: code.to_owned(),
            words,
        }));
    }

    /// The creator seats the first who may sit.
    fn joined(&mut self, game: GameId, join: Signed<Join>, now: Now, out: &mut Vec<Output>) {
        // Later wishes, and those that may not sit, are answered by the Seat that the relay shows them.
        let _ = self.act(game, now, out, |player| player.seat(join));
    }

    fn said(&mut self, game: GameId, said: &Signed<Said>, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&game) else {
            return;
        };
        match table.hear(said) {
            Heard::Nothing => {}
            Heard::News => out.push(Output::Changed(game)),
            Heard::Declined => {
                out.push(Output::Changed(game));
                out.push(Output::Notice {
                    game,
                    code: "declined".to_owned(),
                    words: "Your opponent declined.".to_owned(),
                });
            }
            Heard::Consent(consent) => {
                // Where the game went on meanwhile there is nothing to take back any more.
                let _ = self.act(game, now, out, |player| player.rewind(consent));
            }
        }
    }

    fn lobby_said(
        &mut self,
        reset: bool,
        add: Vec<Seek>,
        remove: &[GameId],
        out: &mut Vec<Output>,
    ) {
        if !self.lobby {
            return;
        }
        if reset {
            self.seeks.clear();
        }
        for id in remove {
            self.seeks.remove(id);
        }
        for seek in add {
            if let Ok(id) = genesis::verify(&seek.genesis)
                && self.seeks.len() < MAX_SEEKS
            {
                self.seeks.insert(id, seek);
            }
        }
        out.push(Output::Seeks);
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
        Some(table.snapshot(self.writer, self.session.is_ready()))
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

fn send(out: &mut Vec<Output>, request: &Request) {
    out.push(Output::Send(wire::frame(request)));
}

#[cfg(test)]
mod tests;
