//! What the relay says, frame by frame.

use rookery_ledger::id::GameId;
use rookery_ledger::record::{Item, Join, Said, Signed};
use rookery_ledger::wire::{self, Push, Request, RequestId, Seek};
use rookery_ledger::{Player, codec, genesis};

use super::{Core, MAX_OF_STRANGERS, MAX_SEEKS, RETRY_MS, send, tell_notices};
use crate::failure::Failure;
use crate::intake::From;
use crate::notes::Notes;
use crate::output::{Now, Output, Token};
use crate::session::Asked;
use crate::suspicion::Beat;
use crate::table::{SeatState, Source, Table, Watching};
use crate::talk::Heard;

impl Core {
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
                let beat = self.pulse.beat(now, rtt_ms, log_busy);
                self.judge(beat, &mut out);
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
            Asked::Record(_, record) => table.suspicion.excused(Some(record)),
            Asked::List(_) | Asked::Say(_) => {}
        }
        out.push(Output::Notice {
            game,
            code: code.to_owned(),
            words,
        });
        out.push(Output::Changed(game));
    }

    fn items(&mut self, game: GameId, items: Vec<Item>, now: Now, out: &mut Vec<Output>) {
        self.take_in(game, items, None, now, out);
    }

    /// Takes items in, from wherever they come, and passes on by the channel to the other player what is new. `token` waits
    /// for their storage. False where nothing was new.
    pub(super) fn take_in(
        &mut self,
        game: GameId,
        items: Vec<Item>,
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
            table.watching = Watching::Asked { whole: true };
            self.tables.insert(game, table);
            out.push(Output::Changed(game));
        }
        let Some(table) = self.tables.get_mut(&game) else {
            return false;
        };
        let was_refused = table.seat() == SeatState::Refused;
        let relay = Source {
            order: self.session.order(),
            clock: &self.relay_clock,
        };
        let from = if token.is_none() {
            From::Relay
        } else {
            From::OtherPlayer
        };
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
        self.tell_direct(game, new, out);
        true
    }

    /// A heartbeat: what was waited for may be overdue by now.
    fn judge(&mut self, beat: Beat, out: &mut Vec<Output>) {
        let relay = Source {
            order: self.session.order(),
            clock: &self.relay_clock,
        };
        for (id, table) in &mut self.tables {
            if table.watching != Watching::Live {
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
            Heard::Signal(data) => out.push(Output::Signal { game, data }),
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
