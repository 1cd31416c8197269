//! Whether a program of Linux needs a loader, by the table of segments of its ELF file (64 bits, little-endian).

/// Offset of the place, the size of an entry and the number of entries of the table, in the file's header.
const TABLE: usize = 0x20;
const ENTRY_SIZE: usize = 0x36;
const ENTRIES: usize = 0x38;
/// The kind of segment that names the loader (`PT_INTERP`), and where an entry has its place and its size.
const INTERPRETER: u64 = 3;
const PLACE: usize = 0x08;
const SIZE: usize = 0x20;

/// The loader that a program names; none where it is static.
///
/// # Errors
///
/// Nothing to say: the bytes are no such file.
pub(super) fn interpreter(bytes: &[u8]) -> Option<Option<String>> {
    // Magic number, 64 bits, little-endian.
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, len: usize| -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(len)?)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)),
        )
    };
    let place = |at: usize, len: usize| usize::try_from(number(at, len)?).ok();
    let (table, size) = (place(TABLE, 8)?, place(ENTRY_SIZE, 2)?);
    for entry in 0..place(ENTRIES, 2)? {
        let at = table.checked_add(entry.checked_mul(size)?)?;
        if number(at, 4)? == INTERPRETER {
            let start = place(at.checked_add(PLACE)?, 8)?;
            let len = place(at.checked_add(SIZE)?, 8)?;
            let name = bytes.get(start..start.checked_add(len)?)?;
            return Some(Some(
                String::from_utf8_lossy(name)
                    .trim_end_matches('\0')
                    .to_owned(),
            ));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of a header and one segment of this kind, with a name behind it.
    fn file(kind: u8, name: &str) -> Vec<u8> {
        let mut bytes = vec![0; 0x78];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[TABLE] = 0x40;
        bytes[ENTRY_SIZE] = 0x38;
        bytes[ENTRIES] = 1;
        bytes[0x40] = kind;
        bytes[0x40 + PLACE] = 0x78;
        bytes[0x40 + SIZE] = u8::try_from(name.len()).unwrap();
        bytes.extend_from_slice(name.as_bytes());
        bytes
    }

    #[test]
    fn a_program_with_a_loader_is_told_from_a_static_one() {
        let dynamic = file(3, "/lib/ld.so\0");
        assert_eq!(interpreter(&dynamic), Some(Some("/lib/ld.so".into())));
        assert_eq!(interpreter(&file(1, "/lib/ld.so\0")), Some(None));
    }

    #[test]
    fn what_is_no_such_file_or_is_cut_short_is_neither() {
        let whole = file(3, "/lib/ld.so\0");
        assert_eq!(interpreter(b"#!/bin/sh"), None);
        for len in 0..whole.len() {
            assert_eq!(interpreter(&whole[..len]), None, "{len} bytes");
        }
        let mut far = whole;
        far[TABLE..TABLE + 8].fill(0xff);
        assert_eq!(interpreter(&far), None);
    }
}
