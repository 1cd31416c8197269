//! Rows of a copy on their way through the socket: a byte for the table, the lengths of key and value in 4 bytes each,
//! big-endian, and both. A zero byte ends them, with the number of rows in 8 bytes behind it; a copy without it is not whole.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::order_log::redb::{Copied, CopyError, Table};

/// The longest key or value, bytes: an item and its receipt are far less.
const LONGEST: u32 = 1 << 20;

/// A copy cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there.
    #[error("{} is there already; name another file", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: CopyError,
    },
    /// The relay broke off.
    #[error("the relay broke off: {0}")]
    BrokenOff(io::Error),
}

/// Writes a row.
///
/// # Errors
///
/// The stream's; `InvalidInput` where key or value is too long.
pub(super) fn write_row(
    out: &mut impl Write,
    table: Table,
    key: &[u8],
    value: &[u8],
) -> io::Result<()> {
    out.write_all(&[table as u8])?;
    for part in [key, value] {
        let len = u32::try_from(part.len()).ok().filter(|len| *len <= LONGEST);
        let len = len.ok_or(io::ErrorKind::InvalidInput)?;
        out.write_all(&len.to_be_bytes())?;
    }
    out.write_all(key)?;
    out.write_all(value)
}

/// Writes the end behind so many rows.
///
/// # Errors
///
/// The stream's.
pub(super) fn write_end(out: &mut impl Write, rows: u64) -> io::Result<()> {
    out.write_all(&[0])?;
    out.write_all(&rows.to_be_bytes())?;
    out.flush()
}

/// Makes the file `path` of the rows that come, whole or not at all. Gives how many there were.
pub(super) fn receive(rows: &mut impl Read, path: &Path) -> Result<u64, BackupError> {
    if path.exists() {
        return Err(BackupError::Exists(path.into()));
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let failed = |source: CopyError| BackupError::File {
        path: path.into(),
        source,
    };
    // What an earlier try left behind is of no use.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed(error.into()));
        }
        _ => {}
    }
    let result = into_file(rows, &draft, &failed).and_then(|count| {
        let placed = std::fs::rename(&draft, path).and_then(|()| sync_folder(path));
        placed.map_err(|error| failed(error.into()))?;
        Ok(count)
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    result
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn into_file(
    rows: &mut impl Read,
    path: &Path,
    failed: &impl Fn(CopyError) -> BackupError,
) -> Result<u64, BackupError> {
    let mut copy = Copied::create(path).map_err(failed)?;
    let (mut key, mut value, mut count) = (Vec::new(), Vec::new(), 0);
    loop {
        let table = next(rows, &mut key, &mut value, count).map_err(BackupError::BrokenOff)?;
        let Some(table) = table else { break };
        copy.put(table, &key, &value).map_err(failed)?;
        count += 1;
    }
    copy.finish().map_err(failed)?;
    Ok(count)
}

/// Reads a row; none at the end, behind `count` rows.
fn next(
    rows: &mut impl Read,
    key: &mut Vec<u8>,
    value: &mut Vec<u8>,
    count: u64,
) -> io::Result<Option<Table>> {
    let broken = |words: &str| io::Error::new(io::ErrorKind::InvalidData, words.to_owned());
    let number = array::<1>(rows)?[0];
    if number == 0 {
        let told = u64::from_be_bytes(array(rows)?);
        return if told == count {
            Ok(None)
        } else {
            Err(broken("rows are missing"))
        };
    }
    let table = Table::of(number).ok_or_else(|| broken("a row of no table"))?;
    let lengths = [array::<4>(rows)?, array::<4>(rows)?].map(u32::from_be_bytes);
    for (part, len) in [key, value].into_iter().zip(lengths) {
        if len > LONGEST {
            return Err(broken("a row that is too long"));
        }
        part.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
        rows.read_exact(part)?;
    }
    Ok(Some(table))
}

fn array<const N: usize>(rows: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rows.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<u8> {
        let mut bytes = Vec::new();
        write_row(&mut bytes, Table::Meta, b"own:x", b"y").unwrap();
        write_row(&mut bytes, Table::Games, &[7; 32], b"genesis").unwrap();
        write_end(&mut bytes, 2).unwrap();
        bytes
    }

    #[test]
    fn a_copy_is_there_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("copy.redb");
        let whole = rows();
        for cut in [0, 1, 8, 30, whole.len() - 9, whole.len() - 1] {
            let error = receive(&mut &whole[..cut], &path).unwrap_err();
            assert!(matches!(error, BackupError::BrokenOff(_)), "{cut}: {error}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{cut}");
        }
        let mut short = whole.clone();
        *short.last_mut().unwrap() = 3;
        let error = receive(&mut short.as_slice(), &path).unwrap_err();
        assert!(error.to_string().contains("rows are missing"), "{error}");
        let mut wrong = whole.clone();
        wrong[0] = 9;
        assert!(receive(&mut wrong.as_slice(), &path).is_err());

        assert_eq!(receive(&mut whole.as_slice(), &path).unwrap(), 2);
        let names = std::fs::read_dir(dir.path()).unwrap();
        let names: Vec<_> = names.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["copy.redb"]);
        let again = receive(&mut whole.as_slice(), &path).unwrap_err();
        assert!(matches!(again, BackupError::Exists(_)), "{again}");
    }
}
