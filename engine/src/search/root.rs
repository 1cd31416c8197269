//! The root: iterative deepening, aspiration windows, several lines, the clock, and the choice of a weaker level.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shakmaty::{Move, Position as _};

use super::reductions::reduction;
use super::technique::Technique;
use super::{Engine, Exactness, Info, MULTIPV_MAX, Outcome, Request, Shared, pause};
use crate::history::{PieceTo, Quiet};
use crate::level::Plan;
use crate::movegen::PackedMove;
use crate::movepick::MoveStack;
use crate::position::Position;
use crate::score::{INFINITE, MATE, MATE_BOUND, MAX_PLY, Score, Value};
use crate::time::{Budget, Clock};

/// Nodes with at least this depth left may pause, before each of their moves.
pub(super) const PAUSE_DEPTH: i32 = 4;
/// After so many nodes below such a move the leaves are taken as they stand: where queens abound, captures go on and on.
/// In games it takes a few thousand at most.
const QUIESCENCE_NODES: u64 = 50_000;
/// The clock and the stop flag are looked at once in so many nodes.
const CHECK_INTERVAL: u64 = 512;
/// Even a search that is stopped at once looks at so many nodes, to finish its first iteration.
const LEAST_NODES: u64 = 8_000;
/// Frames before the first ply, so that looking back needs no test.
pub(super) const LOOK_BACK: usize = 8;

/// What is remembered of each ply of the current line.
#[derive(Clone, Copy, Default)]
pub(super) struct Frame {
    /// Corrected static evaluation; none in check.
    pub(super) evaluation: Option<Value>,
    /// The move played at this ply; none for a null move.
    pub(super) played: Option<PieceTo>,
    /// Where its history is, if it is quiet.
    pub(super) quiet: Option<Quiet>,
    /// How many plies less it is being searched.
    pub(super) reduction: i32,
    /// Nodes at this ply that failed high, of those with the same grandparent.
    pub(super) cutoffs: u32,
    /// Left out, to see how much better it is than the others.
    pub(super) excluded: Option<Move>,
}

/// A move at the root.
struct RootMove {
    m: Move,
    value: Value,
    /// From the iteration before, which decides between equals.
    previous: Value,
    exactness: Exactness,
    seldepth: usize,
    nodes: u64,
    line: Vec<Move>,
}

/// One search at work.
pub(super) struct Searcher {
    pub(super) engine: Engine,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    started: Duration,
    hard: Option<Duration>,
    node_limit: u64,
    pub(super) stopped: bool,
    pub(super) pause_wanted: bool,
    settled: bool,
    pub(super) nodes: u64,
    next_check: u64,
    /// From this node on the leaves are taken as they stand.
    pub(super) quiescence_end: u64,
    pub(super) seldepth: usize,
    pub(super) root_depth: i32,
    /// Before this ply no move is passed: a null move is being verified.
    pub(super) no_pass_before: usize,
    /// Keys of the positions before the current one, the game's first.
    pub(super) keys: Vec<u64>,
    /// How many of them come before the root.
    pub(super) game_keys: usize,
    pub(super) frames: Vec<Frame>,
    pub(super) moves: MoveStack,
    pub(super) lines: Vec<Vec<Move>>,
}

/// The whole search.
pub(super) async fn run(
    mut engine: Engine,
    request: Request,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
) -> (Engine, Outcome) {
    let started = clock.now();
    engine.table.age();
    engine.history.clear_killers();
    let root = request.game.position().clone();
    engine.evaluation.start(&root);
    let plan = request.level.plan(&root);
    let budget = Budget::new(&request.limits, root.turn(), request.overhead);
    let node_limit = [request.limits.nodes, plan.map(|plan| plan.nodes)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(u64::MAX);
    let keys = request.game.keys().to_vec();
    let mut searcher = Searcher {
        engine,
        clock,
        shared,
        started,
        hard: budget.hard,
        node_limit,
        stopped: false,
        pause_wanted: false,
        settled: false,
        nodes: 0,
        next_check: 0,
        quiescence_end: QUIESCENCE_NODES,
        seldepth: 0,
        root_depth: 0,
        no_pass_before: 0,
        game_keys: keys.len(),
        keys,
        frames: vec![Frame::default(); MAX_PLY + LOOK_BACK + 2],
        moves: MoveStack::with_capacity(1024),
        lines: vec![Vec::new(); MAX_PLY + 2],
    };
    let outcome = searcher.deepen(&root, &request, plan, budget).await;

    // UCI forbids an answer before `stop` or `ponderhit` in these two cases.
    let shared = Arc::clone(&searcher.shared);
    while !shared.stop.load(Ordering::Relaxed)
        && (request.limits.infinite || shared.pondering.load(Ordering::Relaxed))
    {
        shared.waiting.store(true, Ordering::Relaxed);
        pause().await;
    }
    (searcher.engine, outcome)
}

impl Searcher {
    async fn deepen(
        &mut self,
        root: &Position,
        request: &Request,
        plan: Option<Plan>,
        budget: Budget,
    ) -> Outcome {
        let limits = &request.limits;
        let mut moves: Vec<RootMove> = root
            .chess()
            .legal_moves()
            .into_iter()
            .filter(|m| limits.search_moves.is_empty() || limits.search_moves.contains(m))
            .map(|m| RootMove {
                m,
                value: -INFINITE,
                previous: -INFINITE,
                exactness: Exactness::Exact,
                seldepth: 0,
                nodes: 0,
                line: vec![m],
            })
            .collect();
        if moves.is_empty() {
            self.report_end(root);
            return self.outcome(None, None);
        }

        let depth_limit = [limits.depth, plan.map(|plan| plan.depth)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(MAX_PLY as u32)
            .clamp(1, MAX_PLY as u32 - 8);
        let wanted = request.multipv.clamp(1, MULTIPV_MAX).min(moves.len());
        let lines = wanted
            .max(plan.map_or(1, |plan| plan.candidates))
            .min(moves.len());
        let mut best = moves[0].m;
        let mut stable = 0;
        let mut last_value = 0;
        let mut reported = None;

        for depth in 1..=depth_limit {
            self.root_depth = depth as i32;
            for root_move in &mut moves {
                root_move.previous = root_move.value;
            }
            let nodes_before = self.nodes;
            for root_move in &mut moves {
                root_move.nodes = 0;
            }
            for first in 0..lines {
                self.aspirate(root, &mut moves, first, depth as i32).await;
                moves[..=first].sort_by_key(|m| Reverse((m.value, m.previous)));
                if self.stopped {
                    break;
                }
            }
            self.settled = true;
            if plan.is_none() && (!self.stopped || reported != Some(moves[0].m)) {
                for (index, root_move) in moves[..wanted].iter().enumerate() {
                    if root_move.value > -INFINITE {
                        let info = self.info(depth, index + 1, root_move);
                        self.shared.report(info);
                    }
                }
                reported = Some(moves[0].m);
            }
            if self.stopped {
                break;
            }

            // When to be content.
            let value = moves[0].value;
            if best == moves[0].m {
                stable += 1;
            } else {
                (best, stable) = (moves[0].m, 0);
            }
            let mate_found = limits.mate.is_some_and(
                |n| matches!(Score::from_value(value), Score::Mate(m) if m > 0 && m as u32 <= n),
            );
            // A proven mate gets no shorter by looking further than it is long.
            let proven = value.abs() >= MATE_BOUND && depth as i32 > 2 * (MATE - value.abs()) + 4;
            let free_to_end = !limits.infinite && limits.mate.is_none();
            let only_move = moves.len() == 1 && budget.soft.is_some() && depth >= 4;
            let share = moves[0].nodes * 100 / (self.nodes - nodes_before).max(1);
            let out_of_time = budget.soft.is_some_and(|soft| {
                !self.shared.pondering.load(Ordering::Relaxed)
                    && self.elapsed() >= soft * patience(stable, last_value - value, share) / 100
            });
            last_value = value;
            if mate_found || (free_to_end && (proven || only_move || out_of_time)) {
                break;
            }
        }

        let chosen = match plan {
            Some(plan) => {
                let candidates: Vec<_> = moves[..lines]
                    .iter()
                    .filter(|m| m.value > -INFINITE)
                    .map(|m| (PackedMove::pack(m.m), m.value))
                    .collect();
                plan.choose(root, request.seed, &candidates)
            }
            None => 0,
        };
        if plan.is_some() {
            // Only what it plays: a weak level gives no master's advice.
            let info = self.info(self.root_depth as u32, 1, &moves[chosen]);
            self.shared.report(info);
        }
        self.outcome(Some(root), Some(&moves[chosen]))
    }

    /// Searches the moves from `first` on within a narrow window around the last value, widened where it fails.
    async fn aspirate(
        &mut self,
        root: &Position,
        moves: &mut [RootMove],
        first: usize,
        depth: i32,
    ) {
        self.seldepth = 0;
        let guess = moves[first].previous;
        let mut delta = 14;
        let (mut alpha, mut beta) = (-INFINITE, INFINITE);
        if depth >= 5 && guess.abs() < MATE_BOUND && self.uses(Technique::Aspiration) {
            alpha = guess - delta;
            beta = guess + delta;
        }
        let mut reduced = 0;
        loop {
            let value = self
                .root(
                    root,
                    &mut moves[first..],
                    alpha,
                    beta,
                    (depth - reduced).max(1),
                )
                .await;
            moves[first..].sort_by_key(|m| Reverse((m.value, m.previous)));
            if self.stopped {
                return;
            }
            if value <= alpha {
                beta = i32::midpoint(alpha, beta);
                alpha = (value - delta).max(-INFINITE);
                reduced = 0;
            } else if value >= beta {
                beta = (value + delta).min(INFINITE);
                reduced = (reduced + 1).min(3);
            } else {
                return;
            }
            delta += delta;
            if delta > 600 {
                (alpha, beta) = (-INFINITE, INFINITE);
            }
        }
    }

    /// One pass over the root moves (principal variation search).
    async fn root(
        &mut self,
        root: &Position,
        moves: &mut [RootMove],
        mut alpha: Value,
        beta: Value,
        depth: i32,
    ) -> Value {
        self.frames[LOOK_BACK].evaluation = (!root.in_check()).then(|| self.evaluate(root, 0));
        self.frames[LOOK_BACK + 1].excluded = None;
        self.frames[LOOK_BACK + 1].cutoffs = 0;
        self.frames[LOOK_BACK + 2].cutoffs = 0;
        let mut best = -INFINITE;
        for (index, root_move) in moves.iter_mut().enumerate() {
            let m = root_move.m;
            self.may_pause().await;
            if self.stopped {
                return best;
            }
            let nodes_before = self.nodes;
            self.seldepth = 0;
            let child = self.enter(root, 0, Some(m), root.play(m));
            let quiet = !m.is_capture() && !m.is_promotion();
            let mut value = alpha + 1;
            if index > 0 {
                let late = depth >= 3 && index >= 3 && quiet && !child.in_check();
                let reduction = if late {
                    (reduction(depth, index as i32 + 1) - 1).clamp(0, depth - 2)
                } else {
                    0
                };
                value = -self
                    .child::<false>(&child, -alpha - 1, -alpha, depth - 1 - reduction, 1, true)
                    .await;
                if value > alpha && reduction > 0 && !self.stopped {
                    value = -self
                        .child::<false>(&child, -alpha - 1, -alpha, depth - 1, 1, true)
                        .await;
                }
            }
            if value > alpha && !self.stopped {
                value = -self
                    .child::<true>(&child, -beta, -alpha, depth - 1, 1, false)
                    .await;
            }
            self.leave();
            root_move.nodes += self.nodes - nodes_before;
            if self.stopped {
                return best;
            }
            if index == 0 || value > alpha {
                root_move.value = value;
                root_move.seldepth = self.seldepth;
                root_move.exactness = if value >= beta {
                    Exactness::AtLeast
                } else if value <= alpha {
                    Exactness::AtMost
                } else {
                    Exactness::Exact
                };
                root_move.line.truncate(1);
                root_move.line.extend_from_slice(&self.lines[1]);
            } else {
                root_move.value = -INFINITE;
            }
            best = best.max(value);
            if value > alpha {
                alpha = value;
                if value >= beta {
                    break;
                }
            }
        }
        best
    }

    /// Makes a move, or a null move: counts the node and remembers the way.
    pub(super) fn enter(
        &mut self,
        parent: &Position,
        ply: usize,
        m: Option<Move>,
        child: Position,
    ) -> Position {
        self.engine.table.prefetch(child.key());
        self.keys.push(parent.key());
        let frame = &mut self.frames[ply + LOOK_BACK];
        frame.played = m.map(|m| PieceTo::new(parent.turn(), m));
        frame.quiet = None;
        frame.reduction = 0;
        self.engine.evaluation.enter(parent, ply, m);
        self.nodes += 1;
        if self.nodes >= self.next_check {
            self.check();
        }
        child
    }

    /// Takes the last move back.
    pub(super) fn leave(&mut self) {
        self.keys.pop();
    }

    /// Looks at the clock and at what the driver wants.
    fn check(&mut self) {
        self.next_check = (self.nodes + CHECK_INTERVAL).min(self.node_limit);
        if self.nodes >= self.node_limit {
            self.stopped = true;
            return;
        }
        let now = self.clock.now();
        let stop = self.shared.stop.load(Ordering::Relaxed);
        // What is stopped ends in the step at hand.
        self.pause_wanted = !stop
            && u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
                >= self.shared.slice_end.load(Ordering::Relaxed);
        if !self.settled && self.nodes < LEAST_NODES {
            return;
        }
        let overrun = self
            .hard
            .is_some_and(|hard| now.saturating_sub(self.started) >= hard);
        if stop || (overrun && !self.shared.pondering.load(Ordering::Relaxed)) {
            self.stopped = true;
        }
    }

    /// Gives control back if that is wanted, then looks at what has changed meanwhile.
    pub(super) async fn may_pause(&mut self) {
        self.quiescence_end = self.nodes + QUIESCENCE_NODES;
        if self.pause_wanted {
            self.pause_wanted = false;
            pause().await;
            self.check();
        }
    }

    fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.started)
    }

    fn info(&self, depth: u32, multipv: usize, root_move: &RootMove) -> Info {
        Info {
            depth,
            seldepth: root_move.seldepth.max(1) as u32,
            multipv,
            score: Score::from_value(root_move.value),
            exactness: root_move.exactness,
            nodes: self.nodes,
            time: self.elapsed(),
            hashfull: self.engine.table.permille_full(),
            pv: root_move.line.clone(),
        }
    }

    /// The game is over: says how.
    fn report_end(&self, root: &Position) {
        let value = if root.in_check() { -MATE } else { 0 };
        self.shared.report(Info {
            depth: 0,
            seldepth: 0,
            multipv: 1,
            score: Score::from_value(value),
            exactness: Exactness::Exact,
            nodes: 0,
            time: self.elapsed(),
            hashfull: 0,
            pv: Vec::new(),
        });
    }

    fn outcome(&self, root: Option<&Position>, chosen: Option<&RootMove>) -> Outcome {
        let ponder = chosen.and_then(|chosen| {
            chosen.line.get(1).copied().or_else(|| {
                // A line that was cut off at its first move may go on in the table.
                let child = root?.play(chosen.m);
                let hit = self.engine.table.probe(child.key(), 0)?;
                hit.packed.unpack(&child)
            })
        });
        Outcome {
            best: chosen.map(|chosen| chosen.m),
            ponder,
            info: chosen.map(|chosen| self.info(self.root_depth as u32, 1, chosen)),
            nodes: self.nodes,
            time: self.elapsed(),
        }
    }
}

/// What share of the planned time to use, in percent: less when the best move has long been the same and took most of
/// the nodes, more when its value falls.
fn patience(stable: u32, fall: Value, share: u64) -> u32 {
    let settled = [150, 120, 105, 95, 88, 82][(stable as usize).min(5)];
    let fall = 100 + fall.clamp(-10, 50);
    let effort = 160 - share.min(100) as i32 * 9 / 10;
    (settled * fall / 100 * effort / 100).clamp(35, 260) as u32
}
