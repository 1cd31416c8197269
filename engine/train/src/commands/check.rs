//! `rookery-train check`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use rookery_train::manifest::{architecture, hex};
use rookery_train::quantise::{Difference, Quantised};
use rookery_train::scale::{chance, fit};
use rookery_train::train::checkpoint;
use rookery_train::train::gradient::Target;
use sha2::{Digest, Sha256};

use super::{FilterOptions, load_all};

#[derive(Args)]
pub(crate) struct Options {
    /// The network's file.
    #[arg(value_name = "NET")]
    net: PathBuf,
    /// Files of games to judge it by.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    filter: FilterOptions,
    /// The checkpoint of the training that wrote it, to compare with the network before rounding. Otherwise whole
    /// numbers are compared with the same numbers as floating point.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let path = &options.net;
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let quantised = Quantised::from_bytes(&bytes)
        .with_context(|| format!("{} cannot be used", path.display()))?;
    println!("network    {}", architecture(quantised.shape().hidden()));
    println!("sha256     {}", hex(&Sha256::digest(&bytes)));

    let positions = load_all(&options.data, &options.filter.filter())?;
    ensure!(!positions.is_empty(), "there are no positions to judge by");
    let scale = fit(&positions);
    println!("positions  {}, scale {scale:.1}", positions.len());
    // By the scores alone and by the results alone.
    for (name, blend) in [("score", 0.0), ("result", 1.0)] {
        let target = Target { scale, blend };
        let squares = positions.iter().map(|position| {
            let value = quantised.evaluate(position) as f32;
            f64::from(chance(value, scale) - target.of(position)).powi(2)
        });
        let loss = squares.sum::<f64>() / positions.len() as f64;
        println!("loss       {loss:.6} ({name})");
    }

    let exact = match &options.checkpoint {
        Some(path) => {
            checkpoint::network(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => quantised.to_network().context("the network has no shape")?,
    };
    ensure!(
        exact.shape() == quantised.shape(),
        "the checkpoint's network has another width"
    );
    let difference = Difference::of(&exact, &quantised, &positions);
    println!(
        "rounding   mean difference {:.2} centipawns, largest {:.1}",
        difference.mean, difference.max
    );
    Ok(())
}
