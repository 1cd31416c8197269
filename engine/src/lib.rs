//! Rookery's chess engine: search, evaluation, eight strength levels and UCI, natively and in the browser.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, Instant};
//!
//! use rookery_engine::{Engine, Game, Limits, Request, Score};
//! use shakmaty::CastlingMode;
//!
//! // White mates in two.
//! let game = Game::from_fen("6k1/5ppp/8/8/8/8/1r3PPP/R2R2K1 w - - 0 1", CastlingMode::Standard)?;
//! let limits = Limits { depth: Some(6), ..Limits::default() };
//!
//! // The library reads no clock of its own.
//! let started = Instant::now();
//! let clock = Arc::new(move || started.elapsed());
//!
//! let engine = Engine::new(16)?; // MiB of hash table
//! let (engine, outcome) = engine.search(Request::new(game.clone(), limits), clock.clone(), |info| {
//!     println!("{}", info.to_uci(CastlingMode::Standard));
//! });
//! let best = outcome.best.expect("the game is not over");
//! assert!(["a1a8", "d1d8"].contains(&game.uci(best).as_str()));
//! assert!(matches!(outcome.info.map(|info| info.score), Some(Score::Mate(1 | 2))));
//!
//! // Or in slices, for a host that has other things to do: here the clock of a game, and a weaker player.
//! let limits = Limits {
//!     time: shakmaty::ByColor::new_with(|_| Some(Duration::from_millis(500))),
//!     ..Limits::default()
//! };
//! let level = rookery_engine::Level::new(3)?;
//! let request = Request { level, seed: 1, ..Request::new(game, limits) };
//! let mut search = engine.start(request, clock);
//! let outcome = loop {
//!     match search.step(Duration::from_millis(5), |_info| {}) {
//!         rookery_engine::Step::Done(done) => break done.1,
//!         _ => { /* Look after messages; `search.stop()` would end it. */ }
//!     }
//! };
//! assert!(outcome.best.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A module is one noun of the field: [`search`] drives [`movepick`], [`history`], [`correction`], [`cuckoo`],
//! [`transposition`], [`see`] and [`evaluation`], which asks a network that is built in; [`uci`] is the protocol,
//! without any input or output of its own.
//!
//! # Determinism
//!
//! With limits in depth or nodes the same engine state, request and seed give the same answer and visit the same
//! number of nodes, on every platform and however the search is sliced. The library reads no clock and no source of
//! randomness but what it is given.
//!
//! # Features
//!
//! - `magics` (default): sliding attacks from tables. Costs 694 KiB of constant data, gives about 20 % more moves a
//!   second.
//! - `ablation`: for measurements only, never shipped. `ROOKERY_ABLATE` leaves techniques of the search out.
//! - `datagen`: only for the program `rookery`, whose command of that name plays games and writes them down. Costs zstd,
//!   a C library; the library has nothing of it.

pub mod bench;
pub mod correction;
pub mod cuckoo;
pub mod evaluation;
pub mod game;
pub mod history;
pub mod level;
pub mod limits;
pub mod movegen;
pub mod movepick;
pub mod perft;
pub mod position;
pub mod rng;
pub mod score;
pub mod search;
pub mod see;
pub mod time;
pub mod transposition;
pub mod uci;

pub use game::{Game, GameError};
pub use level::{Level, LevelError};
pub use limits::Limits;
pub use position::Position;
pub use score::Score;
pub use search::{Engine, Exactness, Info, Outcome, Request, Search, Step};
pub use time::Clock;
pub use transposition::HashError;
