//! What the files of a folder were begun with: games of different settings must not get into one set, nor two processes
//! into one file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rookery_match::spec::EngineSpec;

/// Longer settings are none.
const SETTINGS_MAX: u64 = 1 << 16;

/// The files of one seed in a folder, for one process at a time: others are refused while this value lives.
pub struct Begun {
    /// It is locked as long.
    _file: File,
}

/// Why files cannot be added to those of a folder.
#[derive(Debug, thiserror::Error)]
pub enum BegunError {
    /// The file with the settings cannot be read or written.
    #[error("cannot open {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process makes these files.
    #[error("another process is making the files of {}", .0.display())]
    Busy(PathBuf),
    /// The files that are there were made otherwise.
    #[error("{} was begun with `{begun}`, not `{wanted}`: go on with that, or choose another folder or seed", path.display())]
    Other {
        /// The file with the settings.
        path: PathBuf,
        /// Those in it.
        begun: String,
        /// Those wished for.
        wanted: String,
    },
}

impl Begun {
    /// Begins the files of `seed` in `folder`, or goes on with them.
    ///
    /// # Errors
    ///
    /// [`BegunError`] if they were begun with other settings, or if another process makes them.
    pub fn open(
        folder: &Path,
        seed: u64,
        engine: &EngineSpec,
        nodes: u64,
        games: u64,
    ) -> Result<Self, BegunError> {
        let path = folder.join(format!("games-{seed}.settings"));
        let failed = |source| BegunError::File {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BegunError::Busy(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let wanted = settings(engine, nodes, games);
        let mut begun = String::new();
        let mut whole = (&file).take(SETTINGS_MAX);
        whole.read_to_string(&mut begun).map_err(failed)?;
        if begun.is_empty() {
            file.write_all(wanted.as_bytes()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        } else if begun != wanted {
            return Err(BegunError::Other {
                path,
                begun,
                wanted,
            });
        }
        Ok(Self { _file: file })
    }
}

/// All that decides a game besides its seed and number, in one line.
fn settings(engine: &EngineSpec, nodes: u64, games: u64) -> String {
    let mut text = format!("cmd={}", engine.command.display());
    for argument in &engine.arguments {
        text += &format!(" arg={argument}");
    }
    for (option, value) in &engine.options {
        text += &format!(" option.{option}={value}");
    }
    text + &format!(" nodes={nodes} games={games}")
}
