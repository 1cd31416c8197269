//! Plays UCI engines against each other and measures their strength.
//!
//! A [`tournament`] plays pairs of [`game`]s from [`openings`] between two engines that [`spec`] describes, each of them a
//! [`player`] with a process of its own. What engines do wrong is counted as a [`fault`] and never stops the match. The
//! [`standing`] goes to [`statistics`], the games to [`pgn`]. The program `rookery-match` puts a command line and a report
//! around it:
//!
//! ```text
//! rookery-match --engine "cmd=target/release/rookery" --engine "cmd=stockfish option.UCI_LimitStrength=true" --time 20
//! ```
//!
//! ```
//! use rookery_match::statistics::{Pentanomial, Sprt, Verdict};
//!
//! // Pairs of games that gave 0, ½, 1, 1½ and 2 points.
//! let pairs = Pentanomial([10, 40, 90, 50, 20]);
//! assert!((pairs.elo() - 24.9).abs() < 0.1);
//! let test = Sprt::parse(&["elo0=0", "elo1=8"])?;
//! assert_eq!(test.verdict(&pairs), Verdict::Open);
//! # Ok::<(), rookery_match::statistics::SprtError>(())
//! ```

pub mod adjudication;
pub mod board;
pub mod fault;
pub mod game;
pub mod limit;
pub mod openings;
pub mod pgn;
pub mod player;
mod process;
pub mod result;
pub mod spec;
pub mod standing;
pub mod statistics;
pub mod tournament;
pub mod uci;
