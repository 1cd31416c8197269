//! `rookery-train train`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use rookery_train::manifest::{DataFile, Manifest, architecture, hex, without_folder};
use rookery_train::positions::{Data, Source, load};
use rookery_train::quantise::{Difference, Quantised};
use rookery_train::scale::fit;
use rookery_train::train::device::{Choice, Device};
use rookery_train::train::{Settings, Trainer, checkpoint};
use sha2::{Digest, Sha256};

use super::FilterOptions;

/// [`Choice`] on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum On {
    /// A GPU if there is one, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// A GPU.
    Gpu,
}

impl From<On> for Choice {
    fn from(on: On) -> Choice {
        match on {
            On::Auto => Choice::Auto,
            On::Cpu => Choice::Cpu,
            On::Gpu => Choice::Gpu,
        }
    }
}

#[derive(Args)]
pub(crate) struct Options {
    /// Files of games to learn from.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Files of games to judge by. Without any, some of the others' games are held out.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    validation: Vec<PathBuf>,
    /// Of a thousand games so many are held out.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        conflicts_with = "validation"
    )]
    held_out: u16,
    #[command(flatten)]
    filter: FilterOptions,
    /// Numbers in an accumulator, a multiple of 16.
    #[arg(long, value_name = "N")]
    hidden: usize,
    /// After each superbatch there is a line of progress and a checkpoint.
    #[arg(long, value_name = "N", default_value_t = Settings::new(16).superbatches)]
    superbatches: u32,
    /// Batches in a superbatch.
    #[arg(long, value_name = "N", default_value_t = Settings::new(16).batches)]
    batches: u32,
    /// Positions in a batch.
    #[arg(long, value_name = "N", default_value_t = Settings::new(16).batch)]
    batch: u32,
    /// Where the random choices come from.
    #[arg(long, value_name = "S", default_value_t = Settings::new(16).seed)]
    seed: u64,
    /// The optimiser's rate at first.
    #[arg(long, value_name = "R", default_value_t = Settings::new(16).rate)]
    rate: f32,
    /// Its rate in the end.
    #[arg(long, value_name = "R", default_value_t = Settings::new(16).last_rate)]
    last_rate: f32,
    /// The share of the rate by which weights shrink.
    #[arg(long, value_name = "D", default_value_t = Settings::new(16).decay)]
    decay: f32,
    /// Centipawns in the exponent that turns scores into chances; fitted to the data unless given.
    #[arg(long, value_name = "K")]
    scale: Option<f32>,
    /// The weight of the game's result against the score, 0 to 1.
    #[arg(long, value_name = "B", default_value_t = Settings::new(16).blend)]
    blend: f32,
    /// Where to train. A GPU needs a program that was built with the feature `gpu`.
    #[arg(long, value_name = "DEVICE", value_enum, default_value_t = On::Auto)]
    device: On,
    /// Threads of a training on the processor: as many as there are cores, unless given. The network does not depend on
    /// it.
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    /// The network's file; the manifest's has `.json` after that.
    #[arg(long, value_name = "NET")]
    out: PathBuf,
    /// Where the training keeps how far it is; it goes on from there.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl Options {
    fn settings(&self, scale: f32) -> Settings {
        Settings {
            hidden: self.hidden,
            superbatches: self.superbatches,
            batches: self.batches,
            batch: self.batch,
            seed: self.seed,
            rate: self.rate,
            last_rate: self.last_rate,
            decay: self.decay,
            scale,
            blend: self.blend,
        }
    }
}

/// Names all that the positions depend on.
fn fingerprint(options: &Options, sources: &[Source], judges: &[Source]) -> String {
    let first_plies = options.filter.filter().first_plies;
    let mut text = format!("{first_plies} {} {}", options.held_out, sources.len());
    for source in sources.iter().chain(judges) {
        // Writing into a string cannot fail.
        let _ = write!(text, " {}", hex(&source.sha256));
    }
    text
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.into();
    name.push(ending);
    name.into()
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let filter = options.filter.filter();
    ensure!(options.held_out <= 1000, "--held-out is at most 1000");
    // Before the data are read, which can take minutes.
    let device = Device::find(options.device.into(), options.threads)?;
    match &device {
        Device::Cpu(threads) => println!("device: CPU, threads: {threads}"),
        #[cfg(feature = "gpu")]
        Device::Gpu(_) => println!("device: {}", device.name()),
    }
    let held_out = if options.validation.is_empty() {
        options.held_out
    } else {
        0
    };
    let mut data = Data::default();
    for file in &options.data {
        data.add(file, &filter, options.seed, held_out)?;
    }
    let mut judges = Vec::new();
    for file in &options.validation {
        judges.push(load(file, &filter, |_, position| {
            data.validation.push(position);
        })?);
    }
    let (training, validation) = (&data.training, &data.validation);
    let settings = options.settings(options.scale.unwrap_or_else(|| fit(training)));
    println!(
        "{} positions to learn from, {} to judge by, scale {:.1}, {}",
        training.len(),
        validation.len(),
        settings.scale,
        architecture(settings.hidden)
    );

    let fingerprint = fingerprint(options, &data.sources, &judges);
    let state = match &options.checkpoint {
        Some(path) => checkpoint::load(path, &settings, &fingerprint)
            .with_context(|| format!("cannot go on from {}", path.display()))?,
        None => None,
    };
    let mut trainer = Trainer::new(settings, training, validation, &device, state)?;
    while let Some(progress) = trainer.superbatch()? {
        println!(
            "superbatch {} of {}: {:.0} positions/s, training loss {:.6}, validation loss {:.6}, rate {:.1e}",
            progress.superbatch,
            settings.superbatches,
            progress.speed,
            progress.losses.training,
            progress.losses.validation,
            progress.rate
        );
        if let Some(path) = &options.checkpoint {
            checkpoint::save(path, &settings, &fingerprint, trainer.state())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }

    let state = trainer.state();
    let quantised = Quantised::new(&state.network);
    let difference = Difference::of(&state.network, &quantised, validation);
    println!(
        "rounded to whole numbers: mean difference {:.2} centipawns, largest {:.1}",
        difference.mean, difference.max
    );
    let bytes = quantised.to_bytes();
    let manifest = Manifest {
        architecture: architecture(settings.hidden),
        sha256: hex(&Sha256::digest(&bytes)),
        program: concat!("rookery-train ", env!("CARGO_PKG_VERSION")).to_owned(),
        command: std::env::args()
            .skip(1)
            .map(|argument| without_folder(&argument))
            .collect(),
        settings,
        data: data.sources.iter().map(DataFile::from).collect(),
        validation: judges.iter().map(DataFile::from).collect(),
        first_plies: filter.first_plies,
        training_positions: training.len(),
        validation_positions: validation.len(),
        devices: state.devices.clone(),
        losses: state.history.clone(),
        quantisation: difference,
    };
    let mut json = serde_json::to_vec_pretty(&manifest)?;
    json.push(b'\n');
    for (path, bytes) in [
        (options.out.clone(), bytes),
        (beside(&options.out, ".json"), json),
    ] {
        checkpoint::replace(&path, &bytes)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
