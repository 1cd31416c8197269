//! The fold of a clocked game: the receipts decide, applied in order, and charge the clocks.

use std::collections::BTreeSet;

use super::counting::counting;
use super::{
    Board, Content, Continuation, End, For, Home, Id, Receipt, Record, Setup, Side, TimeControl,
};

/// Before a player's first move in a live game, ms.
const FIRST_MOVE: u64 = 30_000;

/// What both players have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// White's and Black's, ms.
    pub remaining: [u64; 2],
    quota: [u64; 2],
    grace: u64,
    /// When the running turn began, once both sit.
    pub since: Option<u64>,
    gaps: u64,
}

impl Clocks {
    fn new(time: TimeControl) -> Self {
        let (whole, grace) = match time {
            TimeControl::Untimed => (0, 0),
            TimeControl::Live { initial_s, inc_s } => (
                1_000 * initial_s,
                (150 + 4 * (initial_s + 40 * inc_s)).min(1_000),
            ),
            TimeControl::Days { days } => (days * 24 * 60 * 60 * 1_000, 0),
        };
        Self {
            remaining: [whole; 2],
            quota: [3 * grace; 2],
            grace,
            since: None,
            gaps: 0,
        }
    }

    /// How long the running turn has taken at this moment, gaps left out, ms.
    #[must_use]
    pub fn elapsed(&self, at: u64) -> u64 {
        let since = self.since.unwrap_or(at);
        at.saturating_sub(since).saturating_sub(self.gaps)
    }
}

/// The state of a clocked game.
#[derive(Clone, Debug)]
pub struct Clocked {
    /// The chain that counts.
    pub board: Board,
    /// The clocks.
    pub clocks: Clocks,
    /// The receipts that no honest relay signs.
    pub guilty: BTreeSet<Id>,
}

impl Clocked {
    /// The first moment at which the side to move has overstepped, with this lag.
    #[must_use]
    pub fn flag_at(&self, setup: &Setup, lag: u64) -> Option<u64> {
        let (board, clocks) = (&self.board, &self.clocks);
        if board.end().is_some() || board.players().is_none() {
            return None;
        }
        let side = board.turn();
        let time = allowance(setup, board, clocks, side) + lag.min(clocks.quota[side.index()]);
        Some(clocks.since? + clocks.gaps + time + 1)
    }
}

/// The state of `receipts` over `records`, `homes` and `continuations`; nothing if the genesis is not playable.
#[must_use]
pub fn clocked(
    setup: &Setup,
    records: &[Record],
    receipts: &[Receipt],
    homes: &[Home],
    continuations: &[Continuation],
) -> Option<Clocked> {
    let start = Board::new(setup)?;
    // Whoever sits by some Seat may go on elsewhere with the creator.
    let seats = records
        .iter()
        .filter_map(|record| start.after(setup, record)?.players());
    let pairs: Vec<[Id; 2]> = seats.collect();
    let mut state = Clocked {
        board: start,
        clocks: Clocks::new(setup.time),
        guilty: BTreeSet::new(),
    };
    let (mut now, mut last_key) = (0, None);
    for receipt in counting(setup, records, receipts, homes) {
        let (before, from) = (now, last_key);
        (now, last_key) = (receipt.at_ms.max(now), Some(receipt.key));
        let Clocked { board, clocks, .. } = &mut state;
        let over = board.end().is_some();
        let fits = match receipt.what {
            For::Genesis => from.is_none() || over,
            _ if from.is_none() => false,
            For::Home(_) => {
                if from != Some(receipt.key) {
                    clocks.gaps += now - before;
                }
                receipt.seq == 0 && receipt.epoch > 0
            }
            _ if over => true,
            For::Gap(ms) => {
                let fits = clocks.since.is_some() && ms <= clocks.elapsed(now);
                clocks.gaps += if fits { ms } else { 0 };
                fits
            }
            For::Flag => {
                let flag = state.flag_at(setup, receipt.lag_ms);
                let fits = flag.is_some_and(|flag| now >= flag);
                if fits {
                    let side = state.board.turn();
                    time_up(&mut state.board, side);
                }
                fits
            }
            For::Continued(seat) => {
                let known = continuations.iter().find(|next| next.seat == seat);
                let same =
                    |one: &[Id; 2], other: &[Id; 2]| one == other || *one == [other[1], other[0]];
                let known = known.filter(|next| pairs.iter().any(|pair| same(pair, &next.players)));
                let Some(next) = known else { break };
                let both = board
                    .players()
                    .is_some_and(|players| same(&players, &next.players));
                if both && next.head == board.head() {
                    board.end_with(End::none("continued"));
                }
                true
            }
            For::Record(hash) => {
                // What is not known yet is asked for; the state waits for it.
                let Some(record) = records.iter().find(|record| record.hash == hash) else {
                    break;
                };
                let fits = apply(setup, board, clocks, record, receipt, now);
                if !fits && board.could_stand(setup, record) {
                    // Another may have signed it than whose signature is known.
                    break;
                }
                fits
            }
        };
        if !fits {
            state.guilty.insert(receipt.hash);
        }
    }
    Some(state)
}

/// Whether the record may stand where it has its receipt.
fn apply(
    setup: &Setup,
    board: &mut Board,
    clocks: &mut Clocks,
    record: &Record,
    receipt: &Receipt,
    now: u64,
) -> bool {
    if let Some(loser) = board.resigns_at(record) {
        board.end_with(End::lost(loser, "resignation"));
        return true;
    }
    let Some(next) = board.after(setup, record) else {
        return false;
    };
    let side = board.turn();
    let i = side.index();
    let elapsed = clocks.elapsed(now);
    let credit = match record.content {
        Content::Move { think_ms, .. } => elapsed
            .saturating_sub(think_ms)
            .min(receipt.lag_ms)
            .min(clocks.quota[i]),
        _ => 0,
    };
    let used = elapsed - credit;
    // Whoever gives up or ends a game that has not begun is never too late.
    let ends = matches!(record.content, Content::Resign | Content::Abort);
    let late = used >= allowance(setup, board, clocks, side);
    if late && !ends {
        time_up(board, side);
        return true;
    }
    if let TimeControl::Live { inc_s, .. } = setup.time
        && !late
        && board.has_moved(side)
    {
        clocks.remaining[i] -= used;
        clocks.quota[i] -= credit;
        if matches!(record.content, Content::Move { .. }) {
            clocks.remaining[i] += 1_000 * inc_s;
            clocks.quota[i] = (clocks.quota[i] + clocks.grace).min(7 * clocks.grace);
        }
    }
    *board = next;
    clocks.since = Some(now);
    clocks.gaps = 0;
    true
}

fn allowance(setup: &Setup, board: &Board, clocks: &Clocks, side: Side) -> u64 {
    let live = matches!(setup.time, TimeControl::Live { .. });
    if live && !board.has_moved(side) {
        FIRST_MOVE
    } else {
        clocks.remaining[side.index()]
    }
}

fn time_up(board: &mut Board, side: Side) {
    let end = if !board.has_moved(side) {
        End::none("no-show")
    } else if board.lacks_material(side.other()) {
        End::none("timeout-vs-insufficient")
    } else {
        End::lost(side, "timeout")
    };
    board.end_with(end);
}
