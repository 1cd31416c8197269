//! `rookery-train stats`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rookery_train::filter::Reason;
use rookery_train::manifest::hex;
use rookery_train::positions::{Position, load};
use rookery_train::scale::{chance, fit};

use super::FilterOptions;

#[derive(Args)]
pub(crate) struct Options {
    /// Files of games.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    filter: FilterOptions,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let filter = options.filter.filter();
    let mut positions = Vec::new();
    for file in &options.files {
        let source = load(file, &filter, |_, position| positions.push(position))?;
        let [won, drawn, lost] = source.results;
        println!("{}", file.display());
        println!("  sha256     {}", hex(&source.sha256));
        println!(
            "  games      {} (White won {won}, drawn {drawn}, Black won {lost})",
            source.games
        );
        println!("  positions  {}", source.counts.total());
        println!("  kept       {}", source.counts.kept);
        for (reason, count) in Reason::ALL.iter().zip(source.counts.dropped) {
            let reason = format!("{reason:?}").to_lowercase();
            println!("  {reason:<10} {count} left out");
        }
    }
    let scale = fit(&positions);
    println!("scale        {scale:.1} centipawns");
    println!("score        positions  result  fitted");
    for score in (-400..=400).step_by(100) {
        show(&positions, score, scale);
    }
    Ok(())
}

/// How games went on from scores near `score`.
fn show(positions: &[Position], score: i16, scale: f32) {
    let near = positions.iter().filter(|position| {
        let distance = i32::from(position.score()) - i32::from(score);
        (-10..=10).contains(&distance)
    });
    let results: Vec<f64> = near.map(|near| f64::from(near.result())).collect();
    let mean = results.iter().sum::<f64>() / results.len().max(1) as f64;
    let fitted = chance(f32::from(score), scale);
    println!("{score:<12} {:<10} {mean:.3}   {fitted:.3}", results.len());
}
