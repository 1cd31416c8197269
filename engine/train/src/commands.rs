//! What `rookery-train` can be told to do.

pub(crate) mod check;
pub(crate) mod collect;
pub(crate) mod stats;
pub(crate) mod train;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rookery_train::filter::Filter;
use rookery_train::positions::{Position, load};

/// Which positions are left out.
#[derive(Args, Clone, Copy)]
pub(crate) struct FilterOptions {
    /// Leaves out so many plies at the beginning of each game.
    #[arg(long, value_name = "N", default_value_t = Filter::default().first_plies)]
    first_plies: usize,
}

impl FilterOptions {
    pub(crate) const fn filter(self) -> Filter {
        Filter {
            first_plies: self.first_plies,
        }
    }
}

/// The positions of all files.
pub(crate) fn load_all(files: &[PathBuf], filter: &Filter) -> Result<Vec<Position>> {
    let mut positions = Vec::new();
    for file in files {
        load(file, filter, |_, position| positions.push(position))?;
    }
    Ok(positions)
}
