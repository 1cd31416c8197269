//! What results say of strength: Elo with its interval, the sequential test, ratings. All of it computes and nothing plays.

mod elo;
mod pentanomial;
mod rating;
mod sprt;

pub use elo::{elo, expected, likelihood};
pub use pentanomial::Pentanomial;
pub use rating::{AnchorResult, Rating, rate};
pub use sprt::{Sprt, SprtError, Verdict};
