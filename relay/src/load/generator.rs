//! A generator: a process of its own that plays a share of the boards, then asks as an outsider for every game, has the
//! oracle look at all of them, and says what it found. It is told what to do by lines of JSON on standard input and answers
//! by lines on standard output.

use std::io::{BufRead as _, Write as _};
use std::net::Ipv4Addr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;
use libp2p::Multiaddr;
use rookery_ledger::id::GameId;
use rookery_ledger::record::Clock as Terms;
use rookery_ledger::wire::Token;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::board::{Board, Setting, Shared, Stop, Window};
use super::crowd::{self, Crowd, Opening, Purpose};
use super::figures::Figures;
use super::line::Line;
use super::oracle::{self, History};
use super::random::Random;
use super::seat::{Asked, Heard, Seat};
use crate::client::ClientError;

/// Games that one outsider asks for: fewer than the replays of a minute that a session has by default.
const GAMES_PER_OUTSIDER: usize = 60;
/// Outsiders at once.
const OUTSIDERS: usize = 8;
/// How long the relay may take to tell one game.
const REPLAY_WITHIN: Duration = Duration::from_secs(30);

/// What a generator plays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Boards, numbered over all generators; board n plays at relay n modulo the relays.
    pub(super) boards: Range<u32>,
    /// Sessions without a player that stay open and do nothing.
    pub(super) idle: Range<u32>,
    /// Each board whose number is a multiple of this has somebody who watches; 0: none.
    pub(super) watch_each: u32,
    pub(super) relays: Vec<Multiaddr>,
    pub(super) handshakes: usize,
    pub(super) terms: Terms,
    /// What opens the relays, where they are private.
    pub(super) token: Option<Token>,
    pub(super) think: Option<Duration>,
    /// All boards of the run, where each makes its first move within the window's first second.
    pub(super) first_moves_of: Option<u32>,
    /// A secret of the run, from which the crowds' games follow.
    pub(super) run: [u8; 32],
    /// Those who ask for one seat, and of how many.
    pub(super) joiners: (Range<u32>, u32),
    /// Those who come to watch one game, and of how many.
    pub(super) watchers: (Range<u32>, u32),
    /// Whether the crowds' games are this generator's.
    pub(super) hosts: bool,
}

/// To a generator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Order {
    /// First: connect.
    Connect(Plan),
    /// Play: the boards begin spread over the time from `start_ms` to `from_ms`, moves count from then to `to_ms`; all ms
    /// since 1970.
    Play {
        start_ms: u64,
        from_ms: u64,
        to_ms: u64,
    },
    /// The relays are at other addresses now.
    Relays(Vec<Multiaddr>),
}

/// From a generator.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// All are connected.
    Connected,
    /// All is played and checked.
    Done(Box<Figures>),
    /// It cannot go on.
    Failed(String),
}

/// Where the addresses of players, of idle sessions and of outsiders begin: 127.1.0.0 and so on, below 127.254.0.0.
const PLAYERS: u32 = 0x7F01_0000;
const IDLE: u32 = 0x7F20_0000;
const CROWDS: u32 = 0x7F30_0000;
const OUTSIDE: u32 = 0x7F40_0000;
/// Between the first joiner's address and the first watcher's, which is followed by those of the hosts.
const CROWD: u32 = 0x2_0000;
/// How long the players think in the mean whose game a crowd watches.
const STAGE_THINK: Duration = Duration::from_secs(1);

/// Runs until the work is done, or until standard input ends.
pub(super) async fn run() {
    let mut orders = read_orders();
    let Some(Order::Connect(plan)) = orders.recv().await else {
        return;
    };
    let answer = match work(&plan, &mut orders).await {
        Ok(Some(figures)) => Answer::Done(Box::new(figures)),
        // Who gave the orders is gone.
        Ok(None) => return,
        Err(error) => Answer::Failed(error.to_string()),
    };
    say(&answer);
}

fn say(answer: &Answer) {
    let mut out = std::io::stdout().lock();
    if let Ok(line) = serde_json::to_string(answer) {
        // Nobody reads where the parent is gone; the input ends then too.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

fn read_orders() -> mpsc::Receiver<Order> {
    let (told, orders) = mpsc::channel(16);
    // A thread, because a read of standard input cannot be given up.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            let Ok(order) = serde_json::from_str(&line) else {
                return;
            };
            if told.blocking_send(order).is_err() {
                return;
            }
        }
    });
    orders
}

async fn work(
    plan: &Plan,
    orders: &mut mpsc::Receiver<Order>,
) -> Result<Option<Figures>, ClientError> {
    let (moved, relays) = watch::channel(plan.relays.clone());
    let shared = Arc::new(Shared::new(
        relays,
        plan.handshakes,
        plan.terms,
        plan.token.clone(),
    ));
    let boards = connect(plan, &shared);
    let crowds = crowds(plan, &shared);
    let idle = join_all(plan.idle.clone().map(|number| {
        let shared = &shared;
        let relay = number as usize % plan.relays.len().max(1);
        async move {
            shared
                .open(relay, Ipv4Addr::from(IDLE + number), None)
                .await
        }
    }));
    let (boards, idle, crowds) = tokio::join!(boards, idle, crowds);
    let (boards, crowds) = (boards?, crowds?);
    let _idle: Vec<Line> = idle.into_iter().collect::<Result<_, _>>()?;
    say(&Answer::Connected);
    let (start_ms, from_ms, to_ms) = loop {
        match orders.recv().await {
            Some(Order::Play {
                start_ms,
                from_ms,
                to_ms,
            }) => break (start_ms, from_ms, to_ms),
            Some(_) => {}
            None => return Ok(None),
        }
    };
    let window = Window {
        from: shared.clock.at(from_ms),
        to: shared.clock.at(to_ms),
    };
    let (first, spread) = (
        shared.clock.at(start_ms),
        Duration::from_millis(from_ms.saturating_sub(start_ms)) * 3 / 4,
    );
    let count = u32::try_from(boards.len()).unwrap_or(u32::MAX).max(1);
    let mut tasks: Vec<JoinHandle<Vec<History>>> = Vec::new();
    for (board, number) in boards.into_iter().zip(0..) {
        let start = first + spread * number / count;
        let numbered = plan.boards.start + number;
        let burst = plan
            .first_moves_of
            .map(|all| window.from + Duration::from_secs(1) * numbered / all.max(1));
        tasks.push(tokio::spawn(board.run(start, burst, window)));
    }
    for crowd in crowds {
        let run = async move { crowd.run(window).await.into_iter().collect() };
        tasks.push(tokio::spawn(run));
    }
    if plan.hosts && plan.joiners.1 > 0 {
        let source = Ipv4Addr::from(CROWDS + 2 * CROWD);
        let (shared, opening) = (shared.clone(), Opening::new(&plan.run, JOINED));
        tasks.push(tokio::spawn(async move {
            tokio::time::sleep_until(first.into()).await;
            let hosted = crowd::host(shared, opening, source, window).await;
            hosted.into_iter().collect()
        }));
    }
    let mut playing = join_all(tasks);
    let played = loop {
        tokio::select! {
            played = &mut playing => break played,
            order = orders.recv() => match order {
                Some(Order::Relays(addresses)) => { moved.send_replace(addresses); }
                Some(_) => {}
                None => return Ok(None),
            },
        }
    };
    let mut histories = Vec::new();
    for played in played {
        histories.extend(played.map_err(ClientError::lost)?);
    }
    let histories = replay(histories, plan, &shared).await?;
    let mut figures = shared.take_figures();
    let found = tokio::task::spawn_blocking(move || judge(&histories));
    figures.merge(found.await.map_err(ClientError::lost)?);
    Ok(Some(figures))
}

/// The games that crowds come for.
const JOINED: &str = "joined";
const WATCHED: &str = "watched";

async fn crowds(plan: &Plan, shared: &Arc<Shared>) -> Result<Vec<Crowd>, ClientError> {
    let open = |purpose, word, (numbers, whole): &(Range<u32>, u32), base| {
        let opening = Opening::new(&plan.run, word);
        Crowd::open(shared, purpose, opening, numbers.clone(), *whole, base)
    };
    let (joiners, watchers) = tokio::try_join!(
        open(Purpose::Join, JOINED, &plan.joiners, CROWDS),
        open(Purpose::Watch, WATCHED, &plan.watchers, CROWDS + CROWD),
    )?;
    Ok(vec![joiners, watchers])
}

async fn connect(plan: &Plan, shared: &Arc<Shared>) -> Result<Vec<Board>, ClientError> {
    let relays = plan.relays.len().max(1);
    let opening = plan.boards.clone().map(|number| {
        let watched = plan.watch_each > 0 && number % plan.watch_each == 0;
        let seats = if watched { 3 } else { 2 };
        let sources: Vec<Ipv4Addr> = (0..seats)
            .map(|seat| Ipv4Addr::from(PLAYERS + 3 * number + seat))
            .collect();
        let random = Random::new(plan.seed, u64::from(number));
        let shared = shared.clone();
        let setting = Setting {
            relay: number as usize % relays,
            think: plan.think,
            opening: None,
        };
        async move { Board::open(shared, setting, random, &sources).await }
    });
    let mut boards: Vec<Board> = join_all(opening)
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    if plan.hosts && plan.watchers.1 > 0 {
        let setting = Setting {
            relay: 0,
            think: Some(STAGE_THINK),
            opening: Some(Opening::new(&plan.run, WATCHED)),
        };
        let sources = [1, 2].map(|seat| Ipv4Addr::from(CROWDS + 2 * CROWD + seat));
        let random = Random::new(plan.seed, u64::MAX - 1);
        boards.insert(
            0,
            Board::open(shared.clone(), setting, random, &sources).await?,
        );
    }
    Ok(boards)
}

/// Has outsiders ask for every game.
async fn replay(
    histories: Vec<History>,
    plan: &Plan,
    shared: &Arc<Shared>,
) -> Result<Vec<History>, ClientError> {
    let mut parts: Vec<(u32, Vec<History>)> = Vec::new();
    for history in histories {
        match parts.last_mut() {
            Some((_, part)) if part.len() < GAMES_PER_OUTSIDER => part.push(history),
            _ => parts.push((parts.len() as u32, vec![history])),
        }
    }
    let replayed: Vec<_> = stream::iter(parts)
        .map(|(number, part)| outsider(part, number, plan, shared))
        .buffer_unordered(OUTSIDERS)
        .collect()
        .await;
    let parts: Vec<Vec<History>> = replayed.into_iter().collect::<Result<_, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}

async fn outsider(
    mut part: Vec<History>,
    number: u32,
    plan: &Plan,
    shared: &Arc<Shared>,
) -> Result<Vec<History>, ClientError> {
    let mut seats: Vec<Option<Seat>> = (0..plan.relays.len()).map(|_| None).collect();
    for history in &mut part {
        for (relay, seat) in seats.iter_mut().enumerate() {
            if seat.is_none() {
                // Apart for each generator.
                let source = Ipv4Addr::from(OUTSIDE + (plan.boards.start << 8) + number);
                let line = shared.open(relay, source, None).await?;
                *seat = Some(Seat::new(None, source, line));
            }
            if let Some(seat) = seat
                && seat.line.order.0 == history.home
            {
                history.afterwards = ask(seat, GameId(history.game), shared)
                    .await
                    .map_err(ClientError::lost)?;
            }
        }
    }
    Ok(part)
}

/// All that the relay tells of a game; nothing where it does not know it.
async fn ask(seat: &mut Seat, game: GameId, shared: &Shared) -> Result<oracle::Copy, Stop> {
    seat.turn_to(game);
    seat.follow().await;
    let asking = async {
        while seat.is_waiting() {
            let frame = seat.line.inbox.recv().await.ok_or(Stop::Silence)?;
            if let Heard::Refused { code, retry_ms, .. } = seat.hear(frame, &shared.clock)? {
                match (code.as_str(), retry_ms) {
                    ("unknown-game", _) => break,
                    (_, Some(ms)) => {
                        tokio::time::sleep(Duration::from_millis(ms)).await;
                        seat.again(Asked::Watch).await;
                    }
                    (_, None) => return Err(Stop::Refused(code)),
                }
            }
        }
        Ok(())
    };
    let asked = tokio::time::timeout(REPLAY_WITHIN, asking).await;
    asked.map_err(|_| Stop::Silence)??;
    seat.leave().await;
    Ok(seat.turn_to(GameId::NONE))
}

/// Has the oracle look at every game, on all cores.
fn judge(histories: &[History]) -> Figures {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = histories.len().div_ceil(threads).max(1);
    let mut figures = Figures::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = histories
            .chunks(share)
            .map(|part| scope.spawn(|| judge_part(part)))
            .collect();
        for part in parts {
            match part.join() {
                Ok(found) => figures.merge(found),
                // A panic of the oracle's: no game of its share is vouched for.
                Err(_) => *figures.stopped.entry("the oracle".into()).or_default() += 1,
            }
        }
    });
    figures
}

fn judge_part(histories: &[History]) -> Figures {
    let mut figures = Figures::default();
    for history in histories {
        let name = GameId(history.game).to_string();
        let verdict = oracle::check(history);
        figures.checked += verdict.receipts;
        for fault in verdict.faults {
            figures.fault(&name, fault);
        }
    }
    figures
}
