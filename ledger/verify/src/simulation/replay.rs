//! A third reading of a finished game, by the simulation's own stopwatch: the chain that counts, move by move with plain
//! shakmaty, and what each turn was charged beside what really passed while the relay served (P6).

use rookery_ledger::Game;
use rookery_ledger::id::{Hash, OrderKey};
use rookery_ledger::record::{Clock, Item, Record, Variant, What};
use shakmaty::fen::Fen;
use shakmaty::uci::UciMove;
use shakmaty::{CastlingMode, Chess, EnPassantMode, Position as _};

use super::witness::Witness;

/// What clocks of relays may differ by, a second's rounding of an alive mark, and a stamp's own rounding, ms.
const TOLERANCE_MS: u64 = 200;

/// For how long the relay of a key served between two moments, by its own clock at most, ms.
pub(super) type Served<'a> = dyn Fn(OrderKey, u64, u64) -> u64 + 'a;

/// What a game came to.
pub(super) struct Replayed {
    /// Moves that count, taken back or not.
    pub(super) plies: usize,
    pub(super) broken: Vec<String>,
}

/// Replays what `game` counts.
pub(super) fn replay(
    game: &Game,
    items: &[Item],
    witness: &Witness,
    served: Option<&Served>,
) -> Replayed {
    let mut broken = Vec::new();
    let line = match chain(game, items) {
        Ok(line) => line,
        Err(words) => {
            return Replayed {
                plies: 0,
                broken: vec![words],
            };
        }
    };
    let mut board = match Board::new(game) {
        Ok(board) => board,
        Err(words) => {
            return Replayed {
                plies: 0,
                broken: vec![words],
            };
        }
    };
    for record in &line {
        if let Err(words) = board.play(record) {
            broken.push(words);
        }
    }
    let state = game.state();
    let fen = Fen::from_position(board.now(), EnPassantMode::Legal).to_string();
    if fen != state.line.fen() {
        broken.push(format!(
            "P1: a plain replay comes to {fen}, the players to {}",
            state.line.fen()
        ));
    }
    if let Some(words) = board.contradicts(state.outcome()) {
        broken.push(words);
    }
    if matches!(game.genesis().body.clock, Clock::Live { .. }) {
        broken.extend(charges(game, witness, served));
    }
    Replayed {
        plies: board.plies,
        broken,
    }
}

/// The records that count, in order. In a clocked game those with a counted receipt; else by height, which honest players
/// never fork.
fn chain(game: &Game, items: &[Item]) -> Result<Vec<Record>, String> {
    let find = |hash: Hash| {
        items.iter().find_map(|item| match item {
            Item::Record(record) if record.hash() == hash => Some(record.body.clone()),
            _ => None,
        })
    };
    if game.is_clocked() {
        let mut line = Vec::new();
        for counted in &game.state().counted {
            if let What::Record(hash) = counted.receipt.what {
                let record = find(hash).ok_or("P3: a counted receipt's record is nowhere")?;
                if counted.valid {
                    line.push(record);
                }
            }
        }
        return Ok(line);
    }
    let mut line: Vec<(Hash, Record)> = items
        .iter()
        .filter_map(|item| match item {
            Item::Record(record) => Some((record.hash(), record.body.clone())),
            _ => None,
        })
        .collect();
    line.sort_by_key(|(_, record)| record.place().map_or(u64::MAX, |place| place.height.get()));
    line.dedup_by_key(|(hash, _)| *hash);
    let (mut head, mut at, mut out) = (game.id().as_hash(), 0, Vec::new());
    for (hash, record) in line {
        match record.place() {
            Some(place) => {
                // A resignation at an earlier head comes before what was played on from there.
                if place.prev != head || place.height.get() != at + 1 {
                    return Err(format!(
                        "P7: a record of height {} does not follow",
                        place.height
                    ));
                }
                (head, at) = (hash, at + 1);
                out.push(record);
            }
            None => out.push(record),
        }
    }
    // What lies behind the lowest resignation does not count.
    let heads: Vec<Hash> = out
        .iter()
        .filter_map(|record| match record {
            Record::ResignAt { at } => Some(*at),
            _ => None,
        })
        .collect();
    let mut counted = Vec::new();
    for record in &out {
        let Some(place) = record.place() else {
            continue;
        };
        if heads.contains(&place.prev) {
            break;
        }
        counted.push(record.clone());
    }
    counted.extend(out.into_iter().filter(|record| record.place().is_none()));
    Ok(counted)
}

struct Board {
    mode: CastlingMode,
    positions: Vec<Chess>,
    plies: usize,
    offered: bool,
    ended: Option<&'static str>,
}

impl Board {
    fn new(game: &Game) -> Result<Self, String> {
        let genesis = &game.genesis().body;
        let mode = match genesis.variant {
            Variant::Standard => CastlingMode::Standard,
            Variant::Chess960 => CastlingMode::Chess960,
        };
        let fen: Fen = genesis
            .start
            .parse()
            .map_err(|_| "P4: the start is no FEN")?;
        let start: Chess = fen
            .into_position(mode)
            .map_err(|_| "P4: the start is not legal")?;
        Ok(Self {
            mode,
            positions: vec![start],
            plies: 0,
            offered: false,
            ended: None,
        })
    }

    fn now(&self) -> &Chess {
        &self.positions[self.positions.len() - 1]
    }

    fn repeated(&self) -> usize {
        let now = self.now();
        self.positions
            .iter()
            .filter(|position| *position == now)
            .count()
    }

    fn play(&mut self, record: &Record) -> Result<(), String> {
        if self.ended.is_some() && !matches!(record, Record::ResignAt { .. }) {
            return Err("P4: a record counts after the end".into());
        }
        match record {
            Record::Seat(_) => {}
            Record::Move(played) => {
                let uci: UciMove = played.uci.parse().map_err(|_| "P4: a move is no UCI")?;
                let mut next = self.now().clone();
                let chosen = uci
                    .to_move(&next)
                    .map_err(|_| format!("P4: {} is not legal and counts", played.uci))?;
                if chosen.to_uci(self.mode).to_string() != played.uci {
                    return Err(format!(
                        "P4: {} is not how that move is written",
                        played.uci
                    ));
                }
                next.play_unchecked(chosen);
                self.positions.push(next);
                self.plies += 1;
                self.offered = played.offer;
                self.ended = self.by_rule();
            }
            Record::Rewind(rewind) => {
                let to = usize::try_from(rewind.consent.body.to_ply.get()).unwrap_or(usize::MAX);
                if to + 1 >= self.positions.len() {
                    return Err("P4: a takeback to a ply that was not".into());
                }
                self.positions.truncate(to + 1);
                self.offered = false;
            }
            Record::Draw(_) => {
                if !self.offered && self.repeated() < 3 && self.now().halfmoves() < 100 {
                    return Err("P4: a draw counts that could not be had".into());
                }
                self.ended = Some("draw");
            }
            Record::Resign(_) | Record::ResignAt { .. } => {
                self.ended.get_or_insert("resignation");
            }
            Record::Abort(_) => self.ended = Some("abort"),
        }
        Ok(())
    }

    fn by_rule(&self) -> Option<&'static str> {
        let now = self.now();
        if now.is_checkmate() {
            Some("checkmate")
        } else if now.is_stalemate() {
            Some("stalemate")
        } else if now.is_insufficient_material() {
            Some("dead-position")
        } else if self.repeated() >= 5 {
            Some("fivefold")
        } else if now.halfmoves() >= 150 {
            Some("seventy-five")
        } else {
            None
        }
    }

    /// Where the end that players see cannot be.
    fn contradicts(&self, outcome: Option<rookery_ledger::Outcome>) -> Option<String> {
        let outcome = outcome?;
        let why = outcome.reason.as_str();
        let fits = match self.ended {
            Some("draw") => matches!(why, "agreement" | "threefold" | "fifty"),
            Some(ended) => ended == why,
            None => matches!(
                why,
                "timeout" | "timeout-vs-insufficient" | "no-show" | "record-limit"
            ),
        };
        if !fits {
            return Some(format!(
                "P1: the players see {outcome}, a plain replay {:?}",
                self.ended
            ));
        }
        let mated = self.ended == Some("checkmate");
        let winner = outcome.winner.map(shakmaty::Color::from);
        (mated && winner != Some(!self.now().turn()))
            .then(|| format!("P1: {outcome}, but the other side is mated"))
    }
}

/// What each turn of a live game was charged, beside the simulation's own stopwatch: never more than what passed while the
/// relay that ordered served.
fn charges(game: &Game, witness: &Witness, served: Option<&Served>) -> Vec<String> {
    let mut broken = Vec::new();
    let Clock::Live { initial_s, inc_s } = game.genesis().body.clock else {
        return broken;
    };
    let gain = (150 + 4 * (u64::from(initial_s) + 40 * u64::from(inc_s))).min(1_000);
    let mut quota = [3 * gain; 2];
    let mut remaining = [u64::from(initial_s) * 1_000; 2];
    let mut moved = [false; 2];
    let mut side = usize::from(game.genesis().body.start.split(' ').nth(1) == Some("b"));
    let mut sides = vec![side];
    let (mut since, mut gaps, mut real) = (None, 0, Some(0));
    let (mut last, mut seated) = (None, false);
    for counted in &game.state().counted {
        let receipt = &counted.receipt;
        // What really passed since the receipt before, where this relay served; nothing across a move of home.
        let arrived = witness.arrived.get(&counted.hash).copied();
        let step = match (last, arrived) {
            (Some((by, Some(before))), Some(now)) if by == counted.by => {
                served.map(|served| served(counted.by, before, now))
            }
            (Some((by, _)), _) if by != counted.by => Some(0),
            _ => None,
        };
        real = real.zip(step).map(|(sum, step): (u64, u64)| sum + step);
        last = Some((counted.by, arrived));
        if let What::Gap { ms } = receipt.what {
            gaps += ms.get();
        }
        if let What::Home(_) = receipt.what {
            let before = game
                .state()
                .counted
                .iter()
                .find(|other| Some(other.hash) == receipt.prev);
            // A return to the same key moves nothing.
            let before = before.filter(|before| before.by != counted.by);
            gaps += before.map_or(0, |before| {
                receipt.at_ms.saturating_sub(before.receipt.at_ms).get()
            });
        }
        let What::Record(hash) = receipt.what else {
            continue;
        };
        let Some(record) = game.record(hash).map(|entry| &entry.signed.body) else {
            continue;
        };
        if !counted.valid || record.place().is_none() {
            continue;
        }
        if let (Some(began), true) = (since, seated) {
            let elapsed = receipt
                .at_ms
                .get()
                .saturating_sub(began)
                .saturating_sub(gaps);
            let think = match record {
                Record::Move(played) => played.think_ms.get(),
                _ => u64::MAX,
            };
            let credit = elapsed
                .saturating_sub(think)
                .min(receipt.lag_ms.get())
                .min(quota[side]);
            if let Some(real) = real
                && elapsed > real + real / 1_000 + TOLERANCE_MS
            {
                let (epoch, seq) = (receipt.epoch, receipt.seq);
                broken.push(format!(
                    "P6: a turn was charged {elapsed} ms of the {real} ms that passed on the simulation's stopwatch, with \
                     place {seq} of epoch {epoch}"
                ));
            }
            if moved[side] {
                remaining[side] = remaining[side].saturating_sub(elapsed - credit);
                quota[side] = quota[side].saturating_sub(credit);
                if let Record::Move(_) = record {
                    remaining[side] += u64::from(inc_s) * 1_000;
                    quota[side] = (quota[side] + gain).min(7 * gain);
                }
            }
        }
        match record {
            Record::Seat(_) => seated = true,
            Record::Move(_) => {
                moved[side] = true;
                side = 1 - side;
                sides.push(side);
            }
            Record::Rewind(rewind) => {
                let to = usize::try_from(rewind.consent.body.to_ply.get()).unwrap_or(0);
                sides.truncate(to + 1);
                side = sides.last().copied().unwrap_or(side);
            }
            _ => {}
        }
        (since, gaps, real) = (Some(receipt.at_ms.get()), 0, Some(0));
    }
    let shown = game.state().clocks.as_ref().map(|clocks| {
        [rookery_ledger::Colour::White, rookery_ledger::Colour::Black]
            .map(|colour| clocks.remaining(colour).get())
    });
    if shown != Some(remaining) {
        broken.push(format!(
            "P6: the players' clocks show {shown:?}, a replay {remaining:?}"
        ));
    }
    broken
}
