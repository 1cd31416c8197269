//! A chess game as signed records.
//!
//! The ledger decides what is true of a game from bytes that anyone can keep and show: who sits, which moves were made,
//! what the clocks say, how it ended, and who signed what could not honestly be signed. It does no I/O and reads no
//! clock and no random source: time and entropy are arguments. The page and the relay run this same code.
//!
//! Two players make a game, move, and come to the same state from what they exchanged:
//!
//! ```
//! use rookery_ledger::id::{Millis, Nonce};
//! use rookery_ledger::player::Options;
//! use rookery_ledger::record::{Clock, Variant};
//! use rookery_ledger::sign::Keypair;
//! use rookery_ledger::{Colour, Game, Player, rook};
//!
//! // 32 secret bytes for each key and 16 for each nonce come from the system's random source; these are for show.
//! let options = Options {
//!     variant: Variant::Standard,
//!     start: "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1".into(),
//!     moves: vec![],
//!     clock: Clock::None,
//!     colour: Some(Colour::White),
//!     seat: None,
//!     takebacks: true,
//!     homes: vec![],
//!     from: None,
//! };
//! let (nonce, secret) = (Nonce([1; 16]), Nonce([2; 16]));
//! let mut white = Player::create(Keypair::from_secret(&[1; 32]), options, nonce, secret)?;
//!
//! // The other side gets the genesis, asks to sit down, and is seated: record 1.
//! let genesis = white.game().genesis().clone();
//! let mut black = Player::open(Keypair::from_secret(&[2; 32]), genesis.clone(), None)?;
//! let join = black.join(Nonce([3; 16]))?;
//! let seat = white.seat(join)?;
//! black.receive(seat)?;
//!
//! // Each move is an item: store it, then send it by any way there is.
//! let first = white.play("e2e4", Millis::new(1_500), false)?;
//! black.receive(first)?;
//! let second = black.play("e7e5", Millis::new(900), false)?;
//! white.receive(second)?;
//!
//! // Whoever has the items has the state, in whatever order they came.
//! let mut game = Game::new(genesis)?;
//! for item in white.game().items().into_iter().rev() {
//!     game.insert(item)?;
//! }
//! assert_eq!(game.state().line.fen(), "rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2");
//! assert_eq!(game.state().line.head(), black.game().state().line.head());
//! assert_eq!(rook::open(&rook::write(&game.items()))?.0.items(), game.items());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In a clocked game a relay orders the records ([`order::Orderer`]) and only what it has given a receipt counts.
//! `docs/protocol.md` has the formats and rules for those who write a client; `vectors/` has them as bytes.

pub mod clock;
mod clocked;
pub mod codec;
mod game;
pub mod genesis;
pub mod id;
mod insert;
mod line;
mod links;
#[doc(hidden)]
pub mod mutant;
pub mod order;
mod outcome;
pub mod pgn;
pub mod player;
pub mod proof;
pub mod record;
mod refusal;
pub mod rook;
pub mod sign;
mod store;
mod untimed;
pub mod wire;

pub use clocked::Counted;
pub use game::{Game, Inserted, State};
pub use line::{Line, MAX_HEIGHT, Played};
pub use outcome::{ByColour, Colour, Outcome, Reason};
pub use player::{PlayError, Player};
pub use proof::Proof;
pub use refusal::Refusal;
pub use store::{
    Entry, MAX_HELD, MAX_HELD_RECORDS, MAX_HOME_SIGNATURES, MAX_OTHER_RELAYS, MAX_RECEIPTS,
    MAX_RECORDS,
};
