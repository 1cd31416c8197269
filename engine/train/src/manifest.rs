//! What is written beside a network: where it comes from.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::positions::Source;
use crate::quantise::Difference;
use crate::train::{Losses, Settings};

/// The network's origin, as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// The network's form, in words.
    pub architecture: String,
    /// SHA-256 of the network's file, in hexadecimal digits.
    pub sha256: String,
    /// The program that trained it.
    pub program: String,
    /// The arguments that it was last started with, files without their folders.
    pub command: Vec<String>,
    /// All settings, the seed among them.
    pub settings: Settings,
    /// The files that were learnt from, and how many plies at the beginning of games were left out.
    pub data: Vec<DataFile>,
    /// The files that it was judged by, if any were named; else games of the others were held out.
    pub validation: Vec<DataFile>,
    /// Plies at the beginning of each game that were left out.
    pub first_plies: usize,
    /// Positions to learn from.
    pub training_positions: usize,
    /// Positions to judge by.
    pub validation_positions: usize,
    /// Where it was trained, in the order of their first use.
    pub devices: Vec<String>,
    /// Losses of each superbatch.
    pub losses: Vec<Losses>,
    /// Between the network before and after rounding, over the validation positions, in centipawns.
    pub quantisation: Difference,
}

/// A file of games.
#[derive(Clone, Debug, Serialize)]
pub struct DataFile {
    /// Its name, without its folder.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Games in it.
    pub games: u64,
    /// Positions in it that passed the filter.
    pub positions: u64,
}

impl From<&Source> for DataFile {
    fn from(source: &Source) -> DataFile {
        let name = source.path.file_name().unwrap_or_default();
        DataFile {
            file: name.to_string_lossy().into_owned(),
            sha256: hex(&source.sha256),
            games: source.games,
            positions: source.counts.kept,
        }
    }
}

/// Hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// An argument of the command line, without the folder of the file that it names.
#[must_use]
pub fn without_folder(argument: &str) -> String {
    let name = |path: &str| -> String {
        let name = Path::new(path).file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    match argument.split_once('=') {
        Some((option, path)) if option.starts_with("--") => format!("{option}={}", name(path)),
        _ => name(argument),
    }
}

/// A network's form, in words.
#[must_use]
pub fn architecture(hidden: usize) -> String {
    format!("(768 mirrored -> {hidden}) x 2 -> 1 x 8, SCReLU, QA 255, QB 192, scale 400")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Counts;
    use std::path::PathBuf;

    #[test]
    fn arguments_name_no_folder() {
        for (argument, kept) in [
            ("train", "train"),
            ("--out", "--out"),
            ("0.25", "0.25"),
            ("/home/somebody/net.rknn", "net.rknn"),
            ("../games.bin.zst", "games.bin.zst"),
            ("--out=/home/somebody/a=b.rknn", "--out=a=b.rknn"),
            ("--rate=0.5", "--rate=0.5"),
        ] {
            assert_eq!(without_folder(argument), kept);
        }
    }

    #[test]
    fn a_file_is_named_without_its_folder() {
        let source = Source {
            path: PathBuf::from("/home/somebody/games.bin"),
            sha256: [0xa5; 32],
            games: 3,
            results: [1, 1, 1],
            counts: Counts {
                kept: 7,
                dropped: [0; 4],
            },
        };
        let file = DataFile::from(&source);
        assert_eq!((file.file.as_str(), file.positions), ("games.bin", 7));
        assert_eq!(file.sha256, "a5".repeat(32));
    }
}
