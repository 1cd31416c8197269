//! What the relay says, frame by frame.

use rookery_ledger::id::{GameId, Millis};
use rookery_ledger::record::{Item, Join, Said, Signed};
use rookery_ledger::wire::{self, Push, Request, Seek};
use rookery_ledger::{Player, codec, genesis};

use super::{Core, MAX_OF_STRANGERS, MAX_SEEKS, RETRY_MS, send, tell_notices};
use crate::failure::Failure;
use crate::intake::From;
use crate::notes::Notes;
use crate::onward::Saying;
use crate::output::{LinkId, Now, Output, Token};
use crate::place::Watching;
use crate::session::Asked;
use crate::suspicion::Beat;
use crate::table::{SeatState, Table};
use crate::talk::Heard;

/// A receipt that is older when another relay shows it is no sign that the home lives, ms.
const FORWARDED_MS: f64 = 500.0;

impl Core {
    /// Takes in a frame, without its length.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFrame`]: the stream is to be closed.
    pub fn receive(
        &mut self,
        link: LinkId,
        frame: &[u8],
        now: Now,
    ) -> Result<Vec<Output>, Failure> {
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
                let relay = self.links.get_mut(link);
                let hello = relay
                    .session
                    .welcome(&versions, nonce, order, key)
                    .ok_or(Failure::BadFrame("welcome"))?;
                relay.clock.heard(now_ms, None, now.mono);
                send(link, &mut out, &hello);
            }
            Push::Ready { v } => {
                if !self.links.get_mut(link).session.ready(v) {
                    return Err(Failure::BadFrame("ready"));
                }
                self.links.hears(link, now);
                out.push(Output::Ready(link));
                self.begin(link, &mut out);
            }
            Push::Beat {
                n,
                now_ms,
                log_busy,
                rtt_ms,
            } => {
                send(link, &mut out, &Request::Echo { n });
                self.links.hears(link, now);
                let relay = self.links.get_mut(link);
                relay.clock.heard(now_ms, Some(rtt_ms), now.mono);
                relay.log_busy = log_busy;
                out.push(Output::Beat {
                    link,
                    rtt_ms: rtt_ms.get(),
                    log_busy,
                });
                let beat = relay.pulse.beat(now, rtt_ms, log_busy);
                self.judge(link, beat, &mut out);
                self.look_at_homes(now, &mut out);
            }
            Push::Done { id } => {
                let asked = self.links.get_mut(link).session.answered(id);
                if let Some(asked) = asked
                    && !self.stood_by(link, asked, None, now, &mut out)
                {
                    self.done(asked, now, &mut out);
                }
            }
            Push::Refused {
                id,
                code,
                words,
                item,
                retry_ms,
                ..
            } => {
                let retry = retry_ms.map(|ms| ms.get() as f64);
                let asked = self.links.get_mut(link).session.answered(id);
                if let Some(asked) = asked
                    && !self.stood_by(link, asked, Some((&code, retry)), now, &mut out)
                {
                    self.refused(link, asked, &code, words, item, retry, now, &mut out);
                }
            }
            Push::Items { game, items } => self.items(link, game, items, now, &mut out),
            // Relays pass on to each other what is said, so it may come from both.
            Push::Joined { game, .. } | Push::Said { game, .. } if self.at(game) != link => {}
            Push::Joined { game, join } => self.joined(game, join, now, &mut out),
            Push::Said { game, said } => self.said(game, &said, now, &mut out),
            Push::Presence {
                game,
                creator,
                joiner,
            } => {
                if let Some(table) = self.tables.get_mut(&game) {
                    let place = table.places.get_mut(link);
                    let came = creator && place.present.is_some_and(|(before, _)| !before);
                    place.present = Some((creator, joiner));
                    if came && table.join_at.is_some() {
                        table.join_at = Some(now.mono);
                    }
                    out.push(Output::Changed(game));
                    self.ask_for_seat(game, now, &mut out);
                    self.look_at_home(game, now, &mut out);
                    self.remind(game, now, &mut out);
                }
            }
            Push::Lobby { .. } if link != self.links.front => {}
            Push::Lobby { reset, add, remove } => self.lobby_said(reset, add, &remove, &mut out),
            Push::Bye { code, words } => out.push(Output::Bye { link, code, words }),
        }
        Ok(out)
    }

    fn done(&mut self, asked: Asked, now: Now, out: &mut Vec<Output>) {
        match asked {
            Asked::Genesis(game) => {
                let upload = self.tables.get(&game);
                let upload = upload.filter(|table| table.here().uploaded);
                let records = upload.map(|table| table.player.game().items());
                self.submit_records(game, records.unwrap_or_default(), out);
                self.watch_at(game, self.at(game), None, out);
            }
            Asked::Watch(game) => {
                let Some(table) = self.tables.get_mut(&game) else {
                    return;
                };
                let at = table.at;
                let whole = matches!(table.here().watching, Watching::Asked { whole: true });
                if !whole && !table.player.game().state().missing.is_empty() {
                    self.watch_at(game, at, None, out);
                    return;
                }
                table.here_mut().watching = Watching::Live;
                if whole && table.is_fed() {
                    let items = table.player.game().items();
                    table.here_mut().feed.add(items, now.mono);
                }
                if table.notes.wish.is_some() && table.seat() == SeatState::Waiting {
                    table.join_at = Some(now.mono);
                }
                let list = table.is_open() && table.is_creator() && table.notes.listed;
                if list && self.writer {
                    self.ask(at, Asked::List(game), out, |id| Request::List {
                        id,
                        game,
                        listed: true,
                    });
                }
                out.push(Output::Changed(game));
                self.flush(game, out);
                self.ask_for_seat(game, now, out);
            }
            Asked::Record(..) | Asked::Seat(_) | Asked::List(_) | Asked::Say(_) => {}
            Asked::Feed(..) | Asked::Home(_) | Asked::Continued(_) => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one frame")]
    fn refused(
        &mut self,
        link: LinkId,
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
        | Asked::Say(game)
        | Asked::Feed(game, _)
        | Asked::Home(game)
        | Asked::Continued(game)) = asked;
        let later = retry.is_some()
            || matches!(
                code,
                "rate-limited" | "log-unavailable" | "log-full" | "creator-away" | "no-home"
            );
        let again = now.mono + retry.unwrap_or(RETRY_MS).max(RETRY_MS / 2.0);
        if let Some(item) = item {
            // What shows the refusal to be right counts like any other item.
            self.items(link, game, vec![item], now, out);
        }
        let Some(table) = self.tables.get_mut(&game) else {
            if matches!(asked, Asked::Watch(_)) {
                self.opening.remove(&game);
                out.push(Output::Unknown(game));
            }
            return;
        };
        match asked {
            Asked::Watch(_) if code == "unknown-game" && table.kept && !table.here().uploaded => {
                table.here_mut().uploaded = true;
                self.submit_genesis(game, link, out);
                return;
            }
            Asked::Watch(_) | Asked::Genesis(_) => {
                let place = table.here_mut();
                place.watching = Watching::Off;
                place.retry_at = later.then_some(again);
            }
            Asked::Record(..) if code == "no-home" => {
                // Said of the relay's own accord: the page says what is wrong with the home itself.
                table.here_mut().retry_at = Some(again);
                table.home.forwarded = false;
                table.suspicion.excused(None);
                self.look_at_home(game, now, out);
                return;
            }
            Asked::Record(..) if later => {
                table.here_mut().retry_at = Some(again);
                if !matches!(code, "log-unavailable" | "log-full") {
                    table.suspicion.excused(None);
                }
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
            Asked::Continued(_) => {
                // It is asked again when the head or the home is another one.
                table.here_mut().retry_at = later.then_some(again);
                return;
            }
            Asked::Record(_, record) => table.suspicion.excused(Some(record)),
            Asked::List(_) | Asked::Say(_) | Asked::Feed(..) | Asked::Home(_) => {}
        }
        out.push(Output::Notice {
            game,
            code: code.to_owned(),
            words,
        });
        out.push(Output::Changed(game));
    }

    /// What a relay shows of a game: that which the game is played at, or one beside it.
    fn items(
        &mut self,
        link: LinkId,
        game: GameId,
        items: Vec<Item>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let at = self.at(game);
        let from = if at == link {
            From::Relay
        } else {
            From::Standby
        };
        if let Some(table) = self.tables.get_mut(&game).filter(|table| table.is_fed()) {
            let place = table.places.get_mut(link);
            place.feed.showed(&items);
            let live = place.is_live();
            // Who has no connection to the home hears of it by others.
            let home = table.player.game().orderer().map(|(home, _)| home);
            let home = home.filter(|home| live && self.links.to(*home).is_none());
            let clock = self.links.get(link).source().now(now.mono);
            let young =
                |at: Millis| clock.is_some_and(|clock| clock - at.get() as f64 <= FORWARDED_MS);
            let fresh = |item: &Item| {
                matches!(item, Item::Receipt { by, receipt }
                if Some(*by) == home && young(receipt.body.at_ms))
            };
            if let Some(home) = home.filter(|_| items.iter().any(fresh)) {
                table.home.forwarded = true;
                self.links.hears_of(home, now);
            }
        }
        self.take_in(game, items, from, None, now, out);
    }

    /// Takes items in, from wherever they come, and passes on by the channel to the other player what is new. `token` waits
    /// for their storage. False where nothing was new.
    pub(super) fn take_in(
        &mut self,
        game: GameId,
        items: Vec<Item>,
        from: From,
        token: Option<Token>,
        now: Now,
        out: &mut Vec<Output>,
    ) -> bool {
        let mut items = items.into_iter();
        if !self.tables.contains_key(&game) {
            let Some(Item::Genesis(genesis)) = items.next() else {
                return false;
            };
            if !self.opening.contains(&game) || genesis.body.id() != game {
                return false;
            }
            let Ok(player) = Player::open(self.key.clone(), genesis, None) else {
                return false;
            };
            self.opening.remove(&game);
            let mut table = Table::new(player, Notes::default(), false);
            table.shown = true;
            table.at = self.links.front;
            table.here_mut().watching = Watching::Asked { whole: true };
            self.tables.insert(game, table);
            out.push(Output::Changed(game));
        }
        let Some(table) = self.tables.get_mut(&game) else {
            return false;
        };
        let was_refused = table.seat() == SeatState::Refused;
        let relay = self.links.get(table.at).source();
        let new = table.take_in(items, from, relay, now.mono);
        if new.is_empty() {
            let notices = table.new_findings();
            if !notices.is_empty() {
                out.push(Output::Changed(game));
                tell_notices(game, notices, out);
            }
            return false;
        }
        if table.kept && self.writer {
            out.push(Output::Store {
                token,
                game,
                notes: None,
                items: new.iter().map(codec::encode).collect(),
            });
        }
        let mut notices = table.settle(now.mono, relay);
        if table.seat() == SeatState::Refused && !was_refused {
            table.join_at = None;
            notices.push((
                "seat-taken",
                "Another player sat down first: the creator signed that seat. You can watch."
                    .into(),
            ));
        }
        out.push(Output::Changed(game));
        tell_notices(game, notices, out);
        self.is_news(game, &new, now);
        self.tell_direct(game, new, out);
        self.place(game, out);
        self.look_at_home(game, now, out);
        self.go_on(game, out);
        true
    }

    /// A heartbeat: what was waited for may be overdue by now.
    fn judge(&mut self, link: LinkId, beat: Beat, out: &mut Vec<Output>) {
        let relay = self.links.get(link).source();
        for (id, table) in &mut self.tables {
            if table.at != link || !table.here().is_live() {
                continue;
            }
            let may = self.writer && table.is_ordered_by(relay);
            let waits = table.unconfirmed().filter(|_| may);
            table.suspicion.beat(beat, waits);
            let notices = table.new_findings();
            if !notices.is_empty() {
                out.push(Output::Changed(*id));
                tell_notices(*id, notices, out);
            }
        }
    }

    /// The creator seats the first who may sit.
    fn joined(&mut self, game: GameId, join: Signed<Join>, now: Now, out: &mut Vec<Output>) {
        // Later wishes, and those that may not sit, are answered by the Seat that the relay shows them.
        let _ = self.act(game, now, out, |player| player.seat(join));
    }

    pub(super) fn said(
        &mut self,
        game: GameId,
        said: &Signed<Said>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
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
            Heard::Signal(data) => match Saying::read(&data) {
                Some(saying) => self.heard_onward(game, saying, now, out),
                None => out.push(Output::Signal { game, data }),
            },
            Heard::Chat { by, text, at } => out.push(Output::Said { game, by, text, at }),
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
                if self.of_strangers.len() < MAX_OF_STRANGERS {
                    self.of_strangers.insert(id);
                }
            }
        }
        out.push(Output::Seeks);
    }
}
