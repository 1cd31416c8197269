//! A training that was interrupted, in a file.
//!
//! Little endian: the magic `RKCP`, a `u32` version, a `u32` length and so many bytes of JSON (what the training was
//! begun with and how it went), then for each parameter an `f32`, as often for the means and the spreads of the
//! optimiser, and the SHA-256 of all before.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::adam::Adam;
use super::{Losses, Settings, State};
use crate::network::{Network, Shape};

const MAGIC: [u8; 4] = *b"RKCP";
const VERSION: u32 = 1;

/// Why there is no state to go on from, or none could be left.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("cannot read or write the checkpoint")]
    Io(#[from] io::Error),
    /// It is none, or damaged.
    #[error("the file is no checkpoint, or damaged")]
    Damaged,
    /// It was written by another version.
    #[error("the checkpoint has version {0}, this program reads {VERSION}")]
    Version(u32),
    /// It belongs to another training.
    #[error("the checkpoint is of a training with other settings or other data")]
    Other,
}

#[derive(Serialize, Deserialize)]
struct Header {
    settings: Settings,
    data: String,
    history: Vec<Losses>,
    /// Files of programs that knew of no GPU do not have it.
    #[serde(default)]
    devices: Vec<String>,
}

/// Writes `bytes` into the file `path` at once: after a crash it has them or what it had before.
///
/// # Errors
///
/// When the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// Leaves `state` in the file `path`. `data` says, as its caller likes, what was learnt from.
///
/// # Errors
///
/// When the file cannot be written.
pub fn save(
    path: &Path,
    settings: &Settings,
    data: &str,
    state: &State,
) -> Result<(), CheckpointError> {
    let header = Header {
        settings: *settings,
        data: data.to_owned(),
        history: state.history.clone(),
        devices: state.devices.clone(),
    };
    let header = serde_json::to_vec(&header).map_err(io::Error::from)?;
    let length = u32::try_from(header.len()).map_err(io::Error::other)?;
    let lists = [
        &state.network.parameters,
        &state.adam.means,
        &state.adam.spreads,
    ];
    let mut bytes = Vec::from(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(header);
    for number in lists.into_iter().flatten() {
        bytes.extend(number.to_le_bytes());
    }
    let hash = Sha256::digest(&bytes);
    bytes.extend(hash);
    Ok(replace(path, &bytes)?)
}

/// The state in the file `path`; nothing if there is no such file.
///
/// # Errors
///
/// When the file cannot be read, is damaged, or of a training with other settings or data.
pub fn load(
    path: &Path,
    settings: &Settings,
    data: &str,
) -> Result<Option<State>, CheckpointError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (header, state) = read(&bytes)?;
    if header.settings == *settings && header.data == data {
        Ok(Some(state))
    } else {
        Err(CheckpointError::Other)
    }
}

/// The network in the file `path`, whatever it was trained with.
///
/// # Errors
///
/// When the file cannot be read or is damaged.
pub fn network(path: &Path) -> Result<Network, CheckpointError> {
    Ok(read(&fs::read(path)?)?.1.network)
}

fn read(bytes: &[u8]) -> Result<(Header, State), CheckpointError> {
    use CheckpointError::{Damaged, Version};

    let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(Damaged)?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or(Damaged)?;
    if *magic != MAGIC {
        return Err(Damaged);
    }
    match u32::from_le_bytes(*version) {
        VERSION => {}
        version => return Err(Version(version)),
    }
    let (content, hash) = bytes.split_last_chunk::<32>().ok_or(Damaged)?;
    if Sha256::digest(content).as_slice() != hash {
        return Err(Damaged);
    }

    let rest = rest.strip_suffix(hash).ok_or(Damaged)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(Damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (header, numbers) = rest.split_at_checked(length).ok_or(Damaged)?;
    let header: Header = serde_json::from_slice(header).map_err(|_| Damaged)?;
    let shape = Shape::new(header.settings.hidden).map_err(|_| Damaged)?;
    let (numbers, odd) = numbers.as_chunks::<4>();
    if !odd.is_empty() || numbers.len() != 3 * shape.parameters() {
        return Err(Damaged);
    }
    let numbers: Vec<f32> = numbers
        .iter()
        .map(|&four| f32::from_le_bytes(four))
        .collect();
    let (parameters, memory) = numbers.split_at(shape.parameters());
    let (means, spreads) = memory.split_at(shape.parameters());
    let state = State {
        network: Network::from_parameters(shape, parameters.to_vec()).ok_or(Damaged)?,
        adam: Adam {
            means: means.to_vec(),
            spreads: spreads.to_vec(),
        },
        history: header.history.clone(),
        devices: header.devices.clone(),
    };
    Ok((header, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(shape: Shape) -> State {
        let mut adam = Adam::new(shape);
        adam.means[3] = -0.25;
        adam.spreads[5] = 0.1;
        State {
            network: Network::random(shape, 3),
            adam,
            history: vec![Losses {
                training: 0.1,
                validation: 1.0 / 3.0,
            }],
            devices: vec!["CPU".to_owned()],
        }
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let settings = Settings::new(16);
        assert!(load(&path, &settings, "data").unwrap().is_none());
        let state = state(Shape::new(16).unwrap());
        for _ in 0..2 {
            save(&path, &settings, "data", &state).unwrap();
            assert!(load(&path, &settings, "data").unwrap() == Some(state.clone()));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(network(&path).unwrap() == state.network);

        let other = Settings {
            seed: 9,
            ..settings
        };
        for result in [load(&path, &other, "data"), load(&path, &settings, "other")] {
            assert!(matches!(result, Err(CheckpointError::Other)));
        }
    }

    #[test]
    fn a_damaged_checkpoint_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let settings = Settings::new(16);
        save(&path, &settings, "data", &state(Shape::new(16).unwrap())).unwrap();
        let bytes = fs::read(&path).unwrap();
        for length in [0, 3, 7, 11, 40, bytes.len() - 1] {
            let result = read(&bytes[..length]);
            assert!(matches!(result, Err(CheckpointError::Damaged)), "{length}");
        }
        for place in [0, 9, 50, bytes.len() / 2, bytes.len() - 1] {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1;
            let result = read(&bytes);
            assert!(matches!(result, Err(CheckpointError::Damaged)), "{place}");
        }
        let mut newer = bytes;
        newer[4] = 2;
        assert!(matches!(read(&newer), Err(CheckpointError::Version(2))));
        let missing = folder.path().join("none").join("checkpoint");
        let result = save(&missing, &settings, "", &state(Shape::new(16).unwrap()));
        assert!(matches!(result, Err(CheckpointError::Io(_))));
    }
}
