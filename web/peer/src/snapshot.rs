//! A game as the page sees it: the JSON of `GameState` in `js/index.d.ts`.

use std::collections::BTreeMap;

use rookery_ledger::genesis::canonical_fen;
use rookery_ledger::id::GameId;
use rookery_ledger::record::{Clock, Colours, Genesis, Variant};
use rookery_ledger::wire::Seek;
use rookery_ledger::{Colour, Line, Outcome};
use shakmaty::Position as _;
use shakmaty::san::SanPlus;
use shakmaty::uci::UciMove;

use crate::failure::Failure;
use crate::findings::Against;
use crate::json::{self, Object};
use crate::table::{SeatState, Table};

/// A move with what is costly to compute.
#[derive(Debug, Clone)]
struct Shown {
    uci: String,
    san: String,
    fen: String,
}

/// The moves of the line, computed once each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moves(Vec<Shown>);

impl Moves {
    /// Follows the line as it is now.
    pub(crate) fn follow(&mut self, line: &Line) {
        // The start is fixed, so moves with the same text lead to the same positions.
        let common = self
            .0
            .iter()
            .zip(line.moves())
            .take_while(|(shown, played)| shown.uci == played.uci)
            .count();
        self.0.truncate(common);
        for (i, played) in line.moves().iter().enumerate().skip(common) {
            let (Some(before), Some(after)) =
                (line.positions().get(i), line.positions().get(i + 1))
            else {
                return;
            };
            let m = played
                .uci
                .parse::<UciMove>()
                .ok()
                .and_then(|uci| uci.to_move(before).ok());
            self.0.push(Shown {
                uci: played.uci.clone(),
                san: m.map_or_else(
                    || played.uci.clone(),
                    |m| SanPlus::from_move(before.clone(), m).to_string(),
                ),
                fen: canonical_fen(after),
            });
        }
    }
}

pub(crate) const fn variant_name(variant: Variant) -> &'static str {
    match variant {
        Variant::Standard => "standard",
        Variant::Chess960 => "chess960",
    }
}

fn write_clock(clock: Clock, o: &mut Object<'_>) {
    match clock {
        Clock::None => o.text("kind", "none"),
        Clock::Live { initial_s, inc_s } => {
            o.text("kind", "live");
            o.number("initialS", u64::from(initial_s));
            o.number("incrementS", u64::from(inc_s));
        }
        Clock::Days { days } => {
            o.text("kind", "days");
            o.number("days", u64::from(days));
        }
    }
}

fn write_result(outcome: Outcome, o: &mut Object<'_>) {
    o.text("outcome", outcome.as_pgn());
    o.text("reason", outcome.reason.as_str());
}

/// The seeks of a lobby, each with all addresses of its relay: which of them the page can dial is known there.
pub(crate) fn seeks<'a>(seeks: impl Iterator<Item = &'a Seek>) -> String {
    json::list(seeks, |seek, o| {
        let genesis: &Genesis = &seek.genesis.body;
        o.text("game", &genesis.id().to_string());
        o.text("creator", &genesis.creator.to_string());
        o.object("clock", |o| write_clock(genesis.clock, o));
        o.text(
            "colour",
            match genesis.colours {
                Colours::White => "white",
                Colours::Black => "black",
                Colours::Drawn { .. } => "random",
            },
        );
        o.text("variant", variant_name(genesis.variant));
        o.text("startFen", &genesis.start);
        o.maybe_text(
            "keptFor",
            genesis.seat.map(|key| key.to_string()).as_deref(),
        );
        o.texts("relays", &seek.relay);
    })
}

/// How records reach the other player now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// By the channel between the two; by the relay as well, where there is one.
    Direct,
    Relay,
    None,
}

impl Path {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Relay => "relay",
            Self::None => "none",
        }
    }
}

/// What the page may do in a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Can {
    pub(crate) play: bool,
    pub(crate) resign: bool,
    pub(crate) abort: bool,
    pub(crate) claim_draw: bool,
    pub(crate) accept_draw: bool,
    pub(crate) ask_takeback: bool,
    pub(crate) accept_takeback: bool,
    pub(crate) leave_clock: bool,
}

impl Table {
    pub(crate) fn can(&self, connected: bool) -> Can {
        let (Some(own), true) = (self.player.colour(), self.plays()) else {
            return Can::default();
        };
        if self.goes_on_in().is_some() || self.check_device().is_err() {
            return Can::default();
        }
        let line = &self.player.game().state().line;
        let turn = self.turn_is_own();
        let offered = self.draw_offered() == Some(own.other());
        let claim = || line.repetitions() >= 3 || line.position().halfmoves() >= 100;
        let own_ask = self.ask.as_ref().is_some_and(|ask| ask.by == own);
        Can {
            play: turn,
            resign: self.preparing.is_none(),
            abort: turn && !line.has_moved(own),
            claim_draw: turn && claim(),
            accept_draw: turn && offered,
            ask_takeback: connected && !own_ask && self.takeback_ply().is_some(),
            accept_takeback: self
                .asked_of_us()
                .is_some_and(|ask| ask.consent.is_some() || connected),
            leave_clock: self.may_leave_clock() && self.preparing.is_none(),
        }
    }

    /// The snapshot. `writer`: this tab may sign.
    pub(crate) fn snapshot(&self, writer: bool, path: Path) -> String {
        let connected = path != Path::None;
        let game = self.player.game();
        let genesis = &game.genesis().body;
        let line = &game.state().line;
        let (confirmed, position) = (self.confirmed(), self.position());
        let outcome = self.outcome();
        let own = self.colour();
        let can = if writer {
            self.can(connected)
        } else {
            Can::default()
        };
        let key_of = |colour: Colour| match (line.players(), self.reserved()) {
            (Some(players), _) => Some(*players.get(colour)),
            (None, Some(creators)) if creators == colour => Some(genesis.creator),
            (None, Some(_)) => genesis.seat,
            (None, None) => None,
        };
        let key_text = |colour| key_of(colour).map(|key| key.to_string());
        let present = |colour: Colour| {
            let (creator, joiner) = self.here().present?;
            let key = line.players().map(|players| *players.get(colour));
            match key {
                Some(key) => Some(if key == genesis.creator {
                    creator
                } else {
                    joiner
                }),
                None => (self.reserved() == Some(colour)).then_some(creator),
            }
        };
        json::object(|o| {
            o.text("id", &game.id().to_string());
            o.text(
                "phase",
                match (outcome, line.players()) {
                    (Some(_), _) => "over",
                    (None, Some(_)) => "playing",
                    (None, None) => "open",
                },
            );
            o.text("variant", variant_name(genesis.variant));
            o.text("startFen", &genesis.start);
            o.object("clock", |o| write_clock(genesis.clock, o));
            o.flag("takebacks", genesis.takebacks);
            o.text("creator", &genesis.creator.to_string());
            o.maybe_text("white", key_text(Colour::White).as_deref());
            o.maybe_text("black", key_text(Colour::Black).as_deref());
            o.maybe_text(
                "keptFor",
                genesis.seat.map(|key| key.to_string()).as_deref(),
            );
            o.maybe_text("you", own.map(Colour::as_str));
            o.text(
                "seat",
                match self.seat() {
                    SeatState::None => "none",
                    SeatState::Waiting => "waiting",
                    SeatState::Seated => "seated",
                    SeatState::Refused => "refused",
                },
            );
            o.object("present", |o| {
                o.maybe_flag("white", present(Colour::White));
                o.maybe_flag("black", present(Colour::Black));
            });
            o.text("fen", &canonical_fen(position));
            o.number("ply", confirmed as u64);
            o.text("turn", Colour::from(position.turn()).as_str());
            o.flag("check", position.is_check());
            o.objects(
                "moves",
                self.moves.0.iter().take(confirmed).enumerate(),
                |(i, played), o| {
                    o.number("ply", i as u64 + 1);
                    o.text("uci", &played.uci);
                    o.text("san", &played.san);
                    o.text("fen", &played.fen);
                },
            );
            o.object("dests", |o| {
                if can.play {
                    write_dests(line, o);
                }
            });
            o.maybe_object("pending", self.pending(), |(uci, position), o| {
                o.text("uci", &uci);
                o.text("fen", &canonical_fen(&position));
            });
            o.object("offers", |o| {
                let kept = self.offer_next && self.plays();
                let draw = self
                    .draw_offered()
                    .or_else(|| self.player.colour().filter(|_| kept));
                o.maybe_text("draw", draw.map(Colour::as_str));
                let ask = self.ask.as_ref().filter(|_| outcome.is_none());
                o.maybe_object("takeback", ask, |ask, o| {
                    o.text("by", ask.by.as_str());
                    o.number("toPly", ask.to_ply.get());
                });
            });
            o.object("can", |o| {
                o.flag("move", can.play);
                o.flag("resign", can.resign);
                o.flag("abort", can.abort);
                o.flag("claimDraw", can.claim_draw);
                o.flag("acceptDraw", can.accept_draw);
                o.flag("askTakeback", can.ask_takeback);
                o.flag("acceptTakeback", can.accept_takeback);
                o.flag("leaveClock", can.leave_clock);
            });
            o.maybe_object("result", outcome, write_result);
            o.objects("findings", self.findings.list().iter(), |finding, o| {
                o.text("code", finding.code);
                let seats = line.players();
                let against = match finding.against {
                    Against::Relay(_) => "relay",
                    Against::Player(key) if seats.is_some_and(|seats| seats.white == key) => {
                        "white"
                    }
                    Against::Player(_) => "black",
                };
                o.text("against", against);
                o.flag("proven", finding.proven);
                o.text("words", &finding.words);
            });
            o.text("path", path.as_str());
            o.text("home", self.home.standing.as_str());
            let device = match self.check_device() {
                Err(Failure::Elsewhere) => "elsewhere",
                Err(_) => "unheard",
                Ok(()) => "here",
            };
            o.text("device", device);
            o.text("leaving", self.leaving());
            let name = |id: GameId| id.to_string();
            o.maybe_text("goesOnIn", self.goes_on_in().map(name).as_deref());
            let before = genesis.from.map(|from| name(from.game));
            o.maybe_text("goesOnFrom", before.as_deref());
            let asks = self.kept && self.player.colour().is_some();
            o.text(
                "direct",
                match self.may_connect() {
                    Some(true) => "allowed",
                    Some(false) => "refused",
                    None if asks && outcome.is_none() => "ask",
                    None => "none",
                },
            );
        })
    }
}

/// Legal destinations by origin; promotions once each.
fn write_dests(line: &Line, o: &mut Object<'_>) {
    let mut dests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for m in line.position().legal_moves() {
        if let UciMove::Normal { from, to, .. } = m.to_uci(line.castling_mode()) {
            let (to, targets) = (to.to_string(), dests.entry(from.to_string()).or_default());
            if !targets.contains(&to) {
                targets.push(to);
            }
        }
    }
    for (from, targets) in dests {
        o.texts(&from, targets);
    }
}
