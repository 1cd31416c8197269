//! Crowds: many who ask for one seat, many who come to watch one game, all within one second. The game of each follows
//! from the run's secret and the relay's key, so that all generators know its name.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rookery_ledger::id::{GameId, Nonce};
use rookery_ledger::record::{
    Clock as Terms, Colours, Genesis, Item, Join, Record, Seat as Seating, VERSION, Variant,
};
use rookery_ledger::sign::{Keypair, colours_commitment};

use super::board::{Shared, Stop, Window, reconnect};
use super::oracle::History;
use super::oracle::item::sha256;
use super::random::Random;
use super::seat::{Asked, Heard, Seat, retry_after};
use crate::client::{ClientError, new_key, new_nonce};

/// How long a crowd listens after the window.
const GRACE: Duration = Duration::from_secs(3);
/// All come within this time.
const BURST: Duration = Duration::from_secs(1);

/// The beginning of a game that everybody in the run can name.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    /// The creator's.
    pub(super) key: Keypair,
    secret: Nonce,
    nonce: Nonce,
}

impl Opening {
    /// From the run's secret and a word for what the game is for.
    pub(super) fn new(run: &[u8; 32], word: &str) -> Self {
        let draw = |part: &str| sha256(&[run, word.as_bytes(), part.as_bytes()]);
        let nonce = |part: &str| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&draw(part)[..16]);
            Nonce(bytes)
        };
        Self {
            key: Keypair::from_secret(&draw("key")),
            secret: nonce("secret"),
            nonce: nonce("nonce"),
        }
    }

    /// One that nobody else knows, of the player with this key.
    pub(super) fn drawn(key: Keypair) -> Result<Self, ClientError> {
        Ok(Self {
            key,
            secret: new_nonce()?,
            nonce: new_nonce()?,
        })
    }

    /// What reveals the creator's colour.
    pub(super) fn secret(&self) -> Nonce {
        self.secret
    }

    /// The genesis of a usual game at this relay.
    pub(super) fn genesis(&self, terms: Terms, home: rookery_ledger::id::OrderKey) -> Genesis {
        Genesis {
            v: VERSION,
            variant: Variant::Standard,
            start: "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1".into(),
            moves: Vec::new(),
            clock: terms,
            creator: self.key.player(),
            colours: Colours::Drawn {
                commit: colours_commitment(self.secret),
            },
            seat: None,
            takebacks: false,
            homes: vec![home],
            from: None,
            nonce: self.nonce,
        }
    }
}

/// What a crowd comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Join,
    Watch,
}

/// One generator's part of a crowd, connected.
pub(super) struct Crowd {
    shared: Arc<Shared>,
    purpose: Purpose,
    opening: Opening,
    /// With each its number in the whole crowd.
    seats: Vec<(u32, Seat)>,
    /// How many there are in all generators.
    whole: u32,
}

impl Crowd {
    /// Connects those with `numbers`, of a crowd of `whole`, from addresses that begin at `base`.
    pub(super) async fn open(
        shared: &Arc<Shared>,
        purpose: Purpose,
        opening: Opening,
        numbers: std::ops::Range<u32>,
        whole: u32,
        base: u32,
    ) -> Result<Self, ClientError> {
        let opened = join_all(numbers.map(|number| async move {
            let source = Ipv4Addr::from(base + number);
            let key = (purpose == Purpose::Join).then(new_key).transpose()?;
            let line = shared.open(0, source, key.as_ref()).await?;
            Ok::<_, ClientError>((number, Seat::new(key, source, line)))
        }));
        Ok(Self {
            shared: shared.clone(),
            purpose,
            opening,
            seats: opened.await.into_iter().collect::<Result<_, _>>()?,
            whole,
        })
    }

    /// Comes at the beginning of the window and listens to its end. None where nobody is in it.
    pub(super) async fn run(self, window: Window) -> Option<History> {
        let home = self.seats.first()?.1.line.order;
        let game = self.opening.genesis(self.shared.terms, home).id();
        let until = window.to + GRACE;
        let (purpose, whole) = (self.purpose, self.whole.max(1));
        let tasks = self.seats.into_iter().map(|(number, mut seat)| {
            let shared = self.shared.clone();
            let due = window.from + BURST * number / whole;
            let random = Random::new(0, number.into());
            tokio::spawn(async move {
                seat.turn_to(game);
                tokio::time::sleep_until(due.into()).await;
                let attending = attend(&mut seat, purpose, due, &shared, random);
                match tokio::time::timeout_at(until.into(), attending).await {
                    // The time is over, as it should be.
                    Err(_) => {
                        if seat.view.height == 0 {
                            shared.stopped("in a crowd: never learnt who sits");
                        }
                    }
                    Ok(Err(stop)) => shared.stopped(&format!("in a crowd: {stop}")),
                }
                ("one of a crowd", seat.turn_to(GameId::NONE))
            })
        });
        let mut live = Vec::new();
        for task in join_all(tasks).await {
            match task {
                Ok(copy) => live.push(copy),
                Err(error) => self.shared.stopped(&error.to_string()),
            }
        }
        Some(History {
            game: game.0,
            home: home.0,
            live,
            afterwards: Default::default(),
            acknowledged: Vec::new(),
            sent: Default::default(),
        })
    }
}

/// Watches the game, and asks for its seat where that is the purpose. Whose session ends comes back and catches up.
async fn attend(
    seat: &mut Seat,
    purpose: Purpose,
    due: Instant,
    shared: &Shared,
    mut random: Random,
) -> Result<Infallible, Stop> {
    seat.follow().await;
    let (mut has_game, mut is_seated) = (false, false);
    loop {
        let Some(frame) = seat.line.inbox.recv().await else {
            reconnect(seat, 0, shared, &mut random).await?;
            continue;
        };
        let at = frame.at;
        let heard = seat.hear(frame, &shared.clock)?;
        if !has_game && seat.view.receipt.is_some() {
            has_game = true;
            shared.count(|figures| figures.due_to_game.record(at - due));
            if let (Purpose::Join, Some(key)) = (purpose, seat.key.clone()) {
                let join = Join {
                    player: key.player(),
                    nonce: new_nonce()?,
                };
                seat.join(key.sign(seat.game, join)).await;
            }
        }
        if !is_seated && seat.view.height > 0 {
            is_seated = true;
            if purpose == Purpose::Join {
                shared.count(|figures| figures.due_to_seat.record(at - due));
            }
        }
        if let Some(stamped) = seat.take_stamp()
            && is_seated
            && at > due + BURST
            && purpose == Purpose::Watch
        {
            let delay = shared.clock.ms(at).saturating_sub(stamped);
            shared.count(|figures| {
                figures
                    .order_to_watcher
                    .record(Duration::from_millis(delay))
            });
        }
        if let Heard::Refused {
            asked,
            code,
            retry_ms,
        } = heard
        {
            shared.refused(&code);
            // Who is refused the seat learns from the items who sits.
            if let Some(wait) = retry_after(&code, retry_ms) {
                tokio::time::sleep(wait).await;
                seat.again(asked).await;
            } else if asked == Asked::Watch {
                return Err(Stop::Refused(code));
            }
        }
    }
}

/// Creates the game whose seat the crowd asks for, seats the first who asks, and listens to the end of the window.
pub(super) async fn host(
    shared: Arc<Shared>,
    opening: Opening,
    source: Ipv4Addr,
    window: Window,
) -> Option<History> {
    let hosted = host_game(&shared, &opening, source, window).await;
    match hosted {
        Ok(history) => Some(history),
        Err(stop) => {
            shared.stopped(&format!("the creator: {stop}"));
            None
        }
    }
}

async fn host_game(
    shared: &Shared,
    opening: &Opening,
    source: Ipv4Addr,
    window: Window,
) -> Result<History, Stop> {
    let key = opening.key.clone();
    let line = shared.open(0, source, Some(&key)).await?;
    let home = line.order;
    let mut seat = Seat::new(Some(key.clone()), source, line);
    let genesis = opening.genesis(shared.terms, home);
    let game = genesis.id();
    seat.turn_to(game);
    let signed = key.sign(game, genesis);
    seat.submit(game.as_hash(), Item::Genesis(signed)).await;
    let mut has_seated = false;
    let until = window.to + GRACE;
    while let Ok(frame) = tokio::time::timeout_at(until.into(), seat.line.inbox.recv()).await {
        let frame = frame.ok_or(Stop::Silence)?;
        match seat.hear(frame, &shared.clock)? {
            Heard::Wish(join) if !has_seated => {
                has_seated = true;
                let seating = Record::Seat(Seating {
                    at: seat.place(),
                    join,
                    reveal: Some(opening.secret()),
                });
                let signed = key.sign(game, seating);
                seat.submit(signed.hash(), Item::Record(signed)).await;
            }
            Heard::Refused { code, .. } => return Err(Stop::Refused(code)),
            _ => {}
        }
        if !seat.follows && seat.acknowledged.contains(&game.as_hash()) {
            seat.follow().await;
        }
    }
    Ok(History {
        game: game.0,
        home: home.0,
        acknowledged: seat.acknowledged.iter().map(|hash| hash.0).collect(),
        live: vec![("the creator", seat.turn_to(GameId::NONE))],
        afterwards: Default::default(),
        sent: Default::default(),
    })
}
