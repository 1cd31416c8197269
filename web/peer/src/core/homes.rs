//! The move of a clocked game to another relay when its own is silent: by itself, as soon as both players reach that one.

use rookery_ledger::codec;
use rookery_ledger::id::{GameId, OrderKey};
use rookery_ledger::order::LAPSE_MS;
use rookery_ledger::record::{Home, Item};
use rookery_ledger::wire::{Request, RequestId};
use rookery_ledger::{PlayError, Player};

use super::{Core, Waiting};
use crate::direct;
use crate::findings::Against;
use crate::home::{BUSY_MS, SILENT_MS, Standing, UNANSWERED_MS};
use crate::output::{LinkId, Now, Output};
use crate::place::{Place, Watching};
use crate::session::Asked;
use crate::table::Table;

/// How long after the time for a lapse the same signature is sent again, which asks for it, ms.
const ASK_AGAIN_MS: f64 = LAPSE_MS as f64 + 200.0;

/// How long the home may have to show the other player's record that came another way, before it is asked for it, ms.
const FORWARD_MS: f64 = 500.0;

/// What is to be done about a game's home.
enum Step {
    Nothing,
    /// Sign what the other player signed.
    Agree(Home),
    /// Sign the next epoch number for this relay.
    Move(OrderKey),
    /// Send the own signature to this link.
    Send(LinkId, Home),
}

impl Core {
    /// Looks whether the homes of the games are heard, and does what is due where they are not.
    pub(super) fn look_at_homes(&mut self, now: Now, out: &mut Vec<Output>) {
        let ids: Vec<_> = self.tables.keys().copied().collect();
        for id in ids {
            self.feed(id, now, out);
            self.look_at_home(id, now, out);
        }
    }

    pub(super) fn look_at_home(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        self.links.look(now);
        if !self.writer {
            return;
        }
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        if !table.kept || !table.player.game().is_clocked() || table.player.colour().is_none() {
            return;
        }
        if table.notes.handed && table.check_device().is_err() {
            return self.stand_by(id, out);
        }
        self.stand_by(id, out);
        self.count_answer(id, now, out);
        let (standing, step) = self.judge_home(id, now);
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        if standing == Standing::Heard {
            table.home.heard();
        }
        if table.home.stand(standing, now.mono) {
            out.push(Output::Changed(id));
        }
        let signed = match step {
            Step::Nothing => return,
            Step::Send(link, home) => return self.send_home(id, link, home, now, out),
            Step::Agree(home) => sign(table, |player| player.agree_home(home))
                .or_else(|_| sign(table, |player| player.move_home(home.to))),
            Step::Move(to) => sign(table, |player| player.move_home(to)),
        };
        let Ok(item) = signed else { return };
        let bytes = codec::encode(&item);
        let token = self.token(Waiting::Home(id, Box::new(item)));
        if let Some(table) = self.tables.get_mut(&id) {
            table.home.signs(token, now.mono);
        }
        out.push(Output::Store {
            token: Some(token),
            game: id,
            notes: None,
            items: vec![bytes],
        });
    }

    /// An own signature is stored: it counts here from now on, and goes to the relay that it names.
    pub(super) fn home_stored(&mut self, id: GameId, item: Item, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        table.home.signing = None;
        // Refused only where the game went on meanwhile: then it will not be sent.
        let _ = table.receive(item);
        self.look_at_home(id, now, out);
    }

    /// The home of a game has another epoch, or a session began or ended: the game is played where it is ordered.
    pub(super) fn place(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let home = table.player.game().orderer().map(|(home, _)| home);
        let home = home.filter(|_| table.player.game().is_clocked());
        let to = home.and_then(|home| self.links.to(home));
        let to = to.unwrap_or_else(|| self.links.best());
        if to == table.at {
            return;
        }
        table.at = to;
        table.left();
        out.push(Output::Changed(id));
        // What the relay that is left has not is known only when it shows all that it has.
        table.places.get_mut(to.other()).watching = Watching::Off;
        self.watch(id, out);
        self.flush(id, out);
        self.stand_by(id, out);
    }

    /// Watches a clocked game at the relay that could take it over, and asks for all that this one has.
    pub(super) fn stand_by(&mut self, id: GameId, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let link = table.at.other();
        let order = self.links.order(link).filter(|_| self.links.is_ready(link));
        let game = table.player.game();
        let homes = &game.genesis().body.homes;
        let wanted = self.writer && table.kept && game.is_clocked() && table.plays();
        let wanted = wanted && order.is_some_and(|order| homes.contains(&order));
        let place = table.places.get(link);
        match (wanted, place.watching) {
            (true, Watching::Off) if place.retry_at.is_none() => {
                self.watch_at(id, link, None, out);
            }
            (false, Watching::Live) if order.is_some() => {
                *table.places.get_mut(link) = Place::default();
                super::send(link, out, &Request::Unwatch { game: id });
            }
            _ => {}
        }
    }

    /// Tells relays that do not order a game what they lack of it.
    fn feed(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        if !self.writer || !table.is_fed() {
            return;
        }
        let Some((home, epoch)) = table.player.game().orderer() else {
            return;
        };
        let at_once = table.home.standing.stands();
        for link in LinkId::ALL {
            let order = self.links.order(link);
            let place = table.places.get_mut(link);
            if !self.links.is_ready(link) || !place.is_live() || order == Some(home) {
                continue;
            }
            for (name, item) in place.feed.due(now.mono, at_once) {
                // A signature is for the relay that it names, until it is known what came of it.
                let private = matches!(&item, Item::Home(signed)
                    if Some(signed.body.to) != order && signed.body.epoch > epoch);
                if private {
                    continue;
                }
                let session = &mut self.links.get_mut(link).session;
                let request = Request::Submit {
                    id: session.ask(Asked::Feed(id, name)),
                    game: id,
                    item,
                };
                super::send(link, out, &request);
            }
        }
    }

    /// A relay that does not order a game answers what it was asked; true where that was not the relay that the game is played at.
    pub(super) fn stood_by(
        &mut self,
        link: LinkId,
        asked: Asked,
        refusal: Option<(&str, Option<f64>)>,
        now: Now,
        out: &mut Vec<Output>,
    ) -> bool {
        let (Asked::Watch(id) | Asked::Genesis(id) | Asked::Feed(id, _) | Asked::Home(id)) = asked
        else {
            return false;
        };
        let Some(table) = self.tables.get_mut(&id) else {
            return false;
        };
        let (here, mono) = (table.at == link, now.mono);
        let again = |retry: Option<f64>| Some(mono + retry.unwrap_or(super::RETRY_MS));
        let later = refusal.is_some_and(|(code, retry)| retry.is_some() && code != "no-home");
        match (asked, refusal) {
            (Asked::Feed(_, name), Some((_, retry))) if later => {
                let items = table.player.game().items();
                let item = items.into_iter().find(|item| direct::name(item) == name);
                let place = table.places.get_mut(link);
                if let Some(item) = item {
                    place
                        .feed
                        .again(name, item, mono + retry.unwrap_or_default());
                }
            }
            (Asked::Home(_), Some(_)) => {
                // Not before the relay may have what it lacked.
                if let Some((_, at)) = &mut table.home.sent {
                    *at = mono - ASK_AGAIN_MS + super::RETRY_MS;
                }
            }
            (Asked::Feed(..) | Asked::Home(_), _) => {}
            _ if here => return false,
            (Asked::Watch(_), Some(("unknown-game", _))) => self.submit_genesis(id, link, out),
            (Asked::Genesis(_), None) => self.watch_at(id, link, None, out),
            (Asked::Watch(_), None) => {
                let items = table.player.game().items();
                let place = table.places.get_mut(link);
                place.watching = Watching::Live;
                place.feed.add(items, mono);
                self.look_at_home(id, now, out);
            }
            (_, Some((_, retry))) => {
                let place = table.places.get_mut(link);
                (place.watching, place.retry_at) = (Watching::Off, again(retry));
            }
            (_, None) => {}
        }
        true
    }

    /// Items are known here that were not: what other relays may lack.
    pub(super) fn is_news(&mut self, id: GameId, items: &[Item], now: Now) {
        if let Some(table) = self.tables.get_mut(&id).filter(|table| table.is_fed()) {
            for link in LinkId::ALL {
                let place = table.places.get_mut(link);
                if place.is_live() {
                    place.feed.add(items.iter().cloned(), now.mono);
                }
            }
        }
    }

    /// Counts how long the home leaves a record without an answer while it is heard.
    fn count_answer(&mut self, id: GameId, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let home = table.player.game().orderer().map(|(home, _)| home);
        let listens = home.is_some_and(|home| self.links.to(home) == Some(table.at));
        // What the other player signed the home is asked for as well, where it came another way and is not ordered yet: if it
        // is silent to one of them, it is to both.
        let forward = if table.is_fed() {
            table.player.to_forward()
        } else {
            Vec::new()
        };
        let others = forward.first().and_then(|item| match item {
            Item::Record(signed) => Some(signed.hash()),
            _ => None,
        });
        let waits = table.unconfirmed().or(others).filter(|record| {
            listens && table.here().is_live() && !table.suspicion.is_refused(*record)
        });
        let passed = (now.mono - table.home.counted).clamp(0.0, 1_000.0);
        table.home.counted = now.mono;
        let before = table.home.unanswered;
        table.home.unanswered = waits.map(|record| match before {
            Some((same, heard)) if same == record => (record, heard + passed),
            _ => (record, 0.0),
        });
        if matches!(table.home.unanswered, Some((_, heard)) if heard >= FORWARD_MS) {
            self.submit_records(id, forward, out);
        }
    }

    /// Whether the home does not answer, or was proven to lie.
    fn is_at_fault(&self, table: &Table, home: OrderKey) -> bool {
        let lied = |found: &crate::findings::Finding| {
            found.proven && found.against == Against::Relay(Some(home))
        };
        if table.findings.list().iter().any(lied) {
            return true;
        }
        let busy = self.links.to(home);
        let busy = busy.is_some_and(|link| self.links.get(link).log_busy);
        let most = if busy { BUSY_MS } else { UNANSWERED_MS };
        matches!(table.home.unanswered, Some((_, heard)) if heard >= most)
    }

    /// How the game stands with its home, and what is to be done.
    fn judge_home(&mut self, id: GameId, now: Now) -> (Standing, Step) {
        let nothing = (Standing::Heard, Step::Nothing);
        let Some(table) = self.tables.get_mut(&id) else {
            return nothing;
        };
        let Some((home, epoch)) = table.player.game().orderer() else {
            return nothing;
        };
        let own = table.player.key();
        let moving = table.player.moving();
        let game = table.player.game();
        let open = game.home_signatures().filter(|(_, signed)| {
            signed.body.epoch > epoch && !game.has_lapsed(signed.body.to, signed.body.epoch)
        });
        let asked = open
            .filter(|(by, _)| *by != own)
            .map(|(_, signed)| signed.body)
            .max_by_key(|home| home.epoch);
        if let (None, Some((sent, _))) = (moving, table.home.sent) {
            let (mut signed, mut answered) = (0, false);
            for (by, home) in game.home_signatures() {
                signed += usize::from(by == own);
                answered |= by != own && home.body.epoch == sent;
            }
            table.home.failed(!answered, signed, now.mono);
        }
        let Some(table) = self.tables.get(&id) else {
            return nothing;
        };
        let over = table.player.game().state().outcome().is_some();
        if over && asked.is_none() && moving.is_none() {
            return nothing;
        }
        let heard = self.links.to(home);
        let silence = self
            .links
            .silence(home, now)
            .min(now.mono - table.home.since);
        let at_fault = self.is_at_fault(table, home);
        let silent = at_fault || silence >= SILENT_MS;
        // What comes from the home by another relay shows that it lives.
        let gone = at_fault || (silent && !(heard.is_none() && table.home.forwarded));
        let reach = |to: OrderKey| {
            let link = self.links.to(to)?;
            table.places.get(link).is_live().then_some(link)
        };
        if !silent && moving.is_none() {
            let standing = if asked.is_some() {
                Standing::Asked
            } else {
                Standing::Heard
            };
            return (standing, Step::Nothing);
        }
        if !gone && moving.is_none() && asked.is_none() {
            return nothing;
        }
        // The relay that was asked first is waited for as long as it is heard.
        let waits = moving.filter(|home| {
            reach(home.to).is_some() || self.links.silence(home.to, now) < SILENT_MS
        });
        let back = moving.is_some() && !silent;
        let homes = table.player.game().genesis().body.homes.iter().copied();
        let mut others = homes.filter(|to| (*to != home || back) && reach(*to).is_some());
        let to = waits.map(|home| home.to).or_else(|| others.next());
        let Some((to, link)) = to.and_then(|to| Some((to, reach(to)?))) else {
            return (Standing::Away, Step::Nothing);
        };
        let place = table.places.get(link);
        let present = place.present.is_some_and(
            |(creator, joiner)| {
                if table.is_creator() { joiner } else { creator }
            },
        );
        let standing = if present || asked.is_some() {
            Standing::Moving
        } else {
            Standing::Alone
        };
        if table.home.signing.is_some() || !place.feed.is_whole() {
            return (standing, Step::Nothing);
        }
        let newer = asked.filter(|asked| {
            asked.to == to && moving.is_none_or(|moving| asked.epoch > moving.epoch)
        });
        if let (Some(home), None) = (waits, newer) {
            // Signed on both sides it is the relay's turn; else the same again asks for the lapse.
            let due = match table.home.sent {
                Some((epoch, at)) => epoch != home.epoch || now.mono - at >= ASK_AGAIN_MS,
                None => true,
            };
            let step = if due {
                Step::Send(link, home)
            } else {
                Step::Nothing
            };
            return (standing, step);
        }
        let step = match newer {
            _ if !table.home.may_sign(now.mono) => Step::Nothing,
            Some(home) => Step::Agree(home),
            None if present => Step::Move(to),
            None => Step::Nothing,
        };
        (standing, step)
    }

    fn send_home(&mut self, id: GameId, link: LinkId, home: Home, now: Now, out: &mut Vec<Output>) {
        let Some(table) = self.tables.get_mut(&id) else {
            return;
        };
        let own = table.player.key();
        let mut signatures = table.player.game().home_signatures();
        let Some((_, signed)) = signatures.find(|(by, signed)| *by == own && signed.body == home)
        else {
            return;
        };
        let item = Item::Home(*signed);
        table.home.sent = Some((home.epoch, now.mono));
        let session = &mut self.links.get_mut(link).session;
        let id_of = |id: RequestId| Request::Submit {
            id,
            game: home.game,
            item,
        };
        let request = id_of(session.ask(Asked::Home(id)));
        super::send(link, out, &request);
    }
}

/// Signs on a copy: until the bytes are stored, nothing here knows of them, so nothing can send them.
fn sign(
    table: &Table,
    act: impl FnOnce(&mut Player) -> Result<Item, PlayError>,
) -> Result<Item, PlayError> {
    act(&mut table.player.clone())
}
