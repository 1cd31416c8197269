//! The file of a trace: lines go to the end of it, one write each.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use rookery_ledger::id::{GameId, Millis};

use super::event::{Bytes, Event, Line, VERSION};

/// Where lines go.
#[derive(Debug)]
pub(super) struct Writer<F = File> {
    file: F,
    run: [u8; 8],
    /// The number of the next line of this run.
    next: u64,
    /// Lines that could not be written since the last one that could.
    lost: u64,
    /// Whether the file may end in half a line.
    torn: bool,
}

impl Writer {
    pub(super) fn open(path: &Path, run: [u8; 8]) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another relay writes to this file"),
            TryLockError::Error(error) => error,
        })?;
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok(Self::new(file, run, last != [b'\n']))
    }
}

impl<F: io::Write> Writer<F> {
    /// `torn`: whether what is there already ends in half a line, as a killed relay may leave it.
    fn new(file: F, run: [u8; 8], torn: bool) -> Self {
        Self {
            file,
            run,
            next: 0,
            lost: 0,
            torn,
        }
    }

    pub(super) fn write(&mut self, now: Millis, game: Option<GameId>, event: Event) {
        if self.lost > 0 {
            let hole = Event::Hole { lines: self.lost };
            if self.put(now, None, hole).is_ok() {
                self.lost = 0;
            }
        }
        let written = if self.lost > 0 {
            Err(io::Error::other("a hole is not marked yet"))
        } else {
            self.put(now, game, event)
        };
        if let Err(error) = written {
            if self.lost == 0 {
                tracing::warn!(%error, "the trace has a hole: its file cannot be written");
            }
            self.lost += 1;
            self.next += 1;
        }
    }

    fn put(&mut self, now: Millis, game: Option<GameId>, event: Event) -> io::Result<()> {
        let line = Line {
            v: VERSION,
            run: Bytes(self.run.to_vec()),
            n: self.next,
            now: now.get(),
            game: game.map(Bytes::from),
            event,
        };
        let mut bytes = if self.torn { vec![b'\n'] } else { Vec::new() };
        serde_json::to_writer(&mut bytes, &line)?;
        bytes.push(b'\n');
        // Whatever comes of it, the end of the file is whole only if this succeeds.
        self.torn = true;
        self.file.write_all(&bytes)?;
        self.torn = false;
        self.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    #[derive(Default)]
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room);
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= fits;
            self.bytes.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(bytes: &[u8]) -> Vec<Result<Line, serde_json::Error>> {
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines.map(serde_json::from_slice).collect()
    }

    #[test]
    fn a_full_disk_loses_lines_and_the_next_says_how_many() {
        let mut writer = Writer::new(Disk::default(), [7; 8], false);
        writer.file.room = 1_000;
        let at = Millis::new(5);
        writer.write(at, None, Event::Alive { at: 1 });
        writer.file.room = 30;
        for at in 2..5 {
            writer.write(Millis::new(at), None, Event::Alive { at });
        }
        writer.file.room = 1_000;
        writer.write(at, None, Event::Alive { at: 5 });
        let lines = lines(&writer.file.bytes);
        let (first, torn) = (lines[0].as_ref().unwrap(), &lines[1]);
        assert_eq!((first.n, &first.event), (0, &Event::Alive { at: 1 }));
        assert!(torn.is_err(), "30 bytes of a line");
        let rest: Vec<_> = lines[2..].iter().flatten().collect();
        assert_eq!((rest[0].n, &rest[0].event), (4, &Event::Hole { lines: 3 }));
        assert_eq!((rest[1].n, &rest[1].event), (5, &Event::Alive { at: 5 }));
    }

    #[test]
    fn a_torn_line_of_a_killed_relay_stays_on_a_line_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        std::fs::write(&path, b"{\"v\":1,\"ru").unwrap();
        let mut writer = Writer::open(&path, [1; 8]).unwrap();
        assert!(
            Writer::open(&path, [2; 8]).is_err(),
            "two relays on one trace"
        );
        writer.write(Millis::new(1), None, Event::Draining);
        drop(writer);
        let mut writer = Writer::open(&path, [2; 8]).unwrap();
        writer.write(Millis::new(2), None, Event::Ended);
        let lines = lines(&std::fs::read(&path).unwrap());
        assert_eq!(lines.len(), 3);
        assert!(lines[0].is_err());
        assert_eq!(lines[1].as_ref().unwrap().event, Event::Draining);
        let last = lines[2].as_ref().unwrap();
        assert_eq!((last.n, &last.event), (0, &Event::Ended));
    }
}
