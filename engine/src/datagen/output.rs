//! The file of games, and the progress file beside it.
//!
//! Games are appended in whole zstd frames. After each the progress file says how far it is, at once and only when the
//! frame is on disk. What follows after that is a frame that was cut off: the next run takes it away. So nothing is
//! written twice and no game is torn, whenever the process or the machine stops.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rookery_games::{Game, Reader, Writer};

use super::error::Error;
use super::options::Settings;

/// Games of a frame: fewer would pack worse, more would be lost when a run is cut off.
const FRAME: usize = 32;
const TITLE: &str = "rookery datagen 1";
/// A longer progress file is none.
const PROGRESS_MAX: u64 = 4096;

/// How far a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) games: u64,
    /// Scored ones.
    pub(crate) positions: u64,
    bytes: u64,
}

/// The open file of games. It is locked as long.
pub(crate) struct Output {
    path: PathBuf,
    progress: PathBuf,
    file: File,
    settings: Settings,
    engine: u64,
    written: Written,
    /// Not yet in the file.
    frame: Vec<Game>,
}

impl Output {
    /// Opens the file at `path`, new or to go on with it. `engine` tells engines apart that play differently.
    pub(crate) fn open(path: &Path, settings: Settings, engine: u64) -> Result<Output, Error> {
        let failed = |doing| move |source| io_error(doing, path, source);
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => return Err(Error::NotAFile(path.to_owned())),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed("look at")(error));
            }
            _ => {}
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed("lock")(error)),
        }
        let found = file.metadata().map_err(failed("look at"))?.len();
        let progress = beside(path, ".progress");
        let written = match read_progress(&progress)? {
            Some(text) => {
                let begun = Begun::parse(&text).map_err(|reason| Error::Progress {
                    path: progress.clone(),
                    reason,
                })?;
                begun.check(path, &settings, engine)?;
                begun.written
            }
            None if found > 0 => {
                return Err(Error::Foreign {
                    path: path.to_owned(),
                    progress,
                });
            }
            None => Written::default(),
        };
        if found < written.bytes {
            return Err(Error::Short {
                path: path.to_owned(),
                expected: written.bytes,
                found,
            });
        }
        verify(path, &mut file, written)?;
        file.set_len(written.bytes).map_err(failed("cut"))?;
        let end = SeekFrom::Start(written.bytes);
        file.seek(end).map_err(failed("seek in"))?;
        let output = Output {
            path: path.to_owned(),
            progress,
            file,
            settings,
            engine,
            written,
            frame: Vec::new(),
        };
        output.save()?;
        Ok(output)
    }

    /// What is in the file, and what waits to be.
    pub(crate) fn written(&self) -> Written {
        let waiting = self.frame.iter().map(positions).sum::<u64>();
        Written {
            games: self.written.games + self.frame.len() as u64,
            positions: self.written.positions + waiting,
            ..self.written
        }
    }

    /// Takes a game; with enough of them, writes them.
    pub(crate) fn add(&mut self, game: Game) -> Result<(), Error> {
        self.frame.push(game);
        if self.frame.len() >= FRAME {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let mut writer = Writer::new(Vec::new())?;
        for game in &self.frame {
            writer.write(game)?;
        }
        let bytes = writer.finish()?;
        let result = self.file.write_all(&bytes);
        result
            .and_then(|()| self.file.sync_data())
            .map_err(|source| io_error("write", &self.path, source))?;
        self.written = Written {
            bytes: self.written.bytes + bytes.len() as u64,
            ..self.written()
        };
        self.frame.clear();
        self.save()
    }

    /// Writes the progress file, all of it or nothing.
    fn save(&self) -> Result<(), Error> {
        let begun = Begun {
            settings: self.settings.entries().collect(),
            engine: self.engine,
            written: self.written,
        };
        let fresh = beside(&self.progress, ".new");
        let write = || {
            let mut file = File::create(&fresh)?;
            file.write_all(begun.print().as_bytes())?;
            file.sync_data()?;
            fs::rename(&fresh, &self.progress)
        };
        write().map_err(|source| io_error("write", &self.progress, source))
    }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.into();
    name.push(ending);
    name.into()
}

/// How many positions of a game have a score.
fn positions(game: &Game) -> u64 {
    game.plies.iter().filter(|ply| ply.score.is_some()).count() as u64
}

fn read_progress(path: &Path) -> Result<Option<String>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("open", path, error)),
    };
    let mut text = String::new();
    let read = file.take(PROGRESS_MAX).read_to_string(&mut text);
    match read {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(Error::Progress {
            path: path.to_owned(),
            reason: "it is no text".to_owned(),
        }),
        Err(error) => Err(io_error("read", path, error)),
    }
}

/// Reads all games that should be there.
fn verify(path: &Path, file: &mut File, written: Written) -> Result<(), Error> {
    let damaged = |source| Error::Damaged {
        path: path.to_owned(),
        source,
    };
    file.rewind()
        .map_err(|source| io_error("seek in", path, source))?;
    let mut found = Written {
        bytes: written.bytes,
        ..Written::default()
    };
    // Of no bytes there is no stream.
    if written.bytes > 0 {
        let bytes = BufReader::new(file.take(written.bytes));
        for game in Reader::new(bytes).map_err(damaged)? {
            found.games += 1;
            found.positions += positions(&game.map_err(damaged)?);
        }
    }
    if found == written {
        Ok(())
    } else {
        Err(Error::Counts(path.to_owned()))
    }
}

/// What a progress file says: a title, then lines of a name and a number.
#[derive(Debug, PartialEq, Eq)]
struct Begun {
    settings: Vec<(&'static str, u64)>,
    engine: u64,
    written: Written,
}

impl Begun {
    fn print(&self) -> String {
        let Written {
            games,
            positions,
            bytes,
        } = self.written;
        let mut text = format!("{TITLE}\nbench {}\n", self.engine);
        for (name, value) in &self.settings {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} {value}");
        }
        let _ = writeln!(text, "games {games}\npositions {positions}\nbytes {bytes}");
        text
    }

    fn parse(text: &str) -> Result<Begun, String> {
        let mut lines = text.lines();
        if lines.next() != Some(TITLE) {
            return Err(format!("it does not begin with \"{TITLE}\""));
        }
        let mut number = |name: &str| {
            let line = lines.next().unwrap_or_default();
            let value = line
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(' '));
            value
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| format!("it has no line \"{name} N\" where one should be"))
        };
        let engine = number("bench")?;
        let mut settings = Vec::new();
        for (name, _) in Settings::default().entries() {
            settings.push((name, number(name)?));
        }
        let written = Written {
            games: number("games")?,
            positions: number("positions")?,
            bytes: number("bytes")?,
        };
        Ok(Begun {
            settings,
            engine,
            written,
        })
    }

    /// Whether the same settings and the same engine go on.
    fn check(&self, path: &Path, settings: &Settings, engine: u64) -> Result<(), Error> {
        for (&(name, begun), (_, wanted)) in self.settings.iter().zip(settings.entries()) {
            if begun != wanted {
                return Err(Error::Other {
                    path: path.to_owned(),
                    name,
                    begun,
                    wanted,
                });
            }
        }
        if self.engine == engine {
            Ok(())
        } else {
            Err(Error::OtherEngine {
                path: path.to_owned(),
                begun: self.engine,
                own: engine,
            })
        }
    }
}

#[cfg(test)]
mod tests;
