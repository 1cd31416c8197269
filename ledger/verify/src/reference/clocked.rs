//! The fold of a clocked game: the receipts decide, applied in order, and charge the clocks.

use super::counting::counting;
use super::{Board, Content, End, For, Home, Receipt, Record, Setup, Side, TimeControl};

/// Before a player's first move in a live game, ms.
const FIRST_MOVE: u64 = 30_000;

/// What both players have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// White's and Black's, ms.
    pub remaining: [u64; 2],
    quota: [u64; 2],
    grace: u64,
    /// When the running turn began.
    since: Option<u64>,
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

    fn elapsed(&self, at: u64) -> u64 {
        let since = self.since.unwrap_or(at);
        at.saturating_sub(since).saturating_sub(self.gaps)
    }
}

/// The state of `receipts` over `records` and `homes`; nothing if the genesis is not playable.
#[must_use]
pub fn clocked(
    setup: &Setup,
    records: &[Record],
    receipts: &[Receipt],
    homes: &[Home],
) -> Option<(Board, Clocks)> {
    let mut board = Board::new(setup)?;
    let mut clocks = Clocks::new(setup.time);
    let (mut now, mut key) = (0, setup.home);
    for receipt in counting(setup, records, receipts, homes) {
        let (before, from) = (now, key);
        (now, key) = (receipt.at_ms.max(now), receipt.key);
        if board.end().is_some() {
            continue;
        }
        match receipt.what {
            For::Genesis => {}
            For::Home(_) if from != key => clocks.gaps += now - before,
            For::Home(_) => {}
            For::Gap(ms) if ms <= clocks.elapsed(now) => clocks.gaps += ms,
            For::Gap(_) => {}
            For::Flag => {
                let side = board.turn();
                let grace = receipt.lag_ms.min(clocks.quota[side.index()]);
                let runs = clocks.since.is_some();
                if runs && clocks.elapsed(now) > allowance(setup, &board, &clocks, side) + grace {
                    time_up(&mut board, side);
                }
            }
            For::Record(hash) => {
                // What is not known yet is asked for; the state waits for it.
                let Some(record) = records.iter().find(|record| record.hash == hash) else {
                    break;
                };
                apply(setup, &mut board, &mut clocks, record, receipt, now);
            }
        }
    }
    Some((board, clocks))
}

fn apply(
    setup: &Setup,
    board: &mut Board,
    clocks: &mut Clocks,
    record: &Record,
    receipt: &Receipt,
    now: u64,
) {
    if let Some(loser) = board.resigns_at(record) {
        board.end_with(End::lost(loser, "resignation"));
        return;
    }
    let Some(next) = board.after(setup, record) else {
        return;
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
        return;
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
