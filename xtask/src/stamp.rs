//! Stamps: a hash over the contents of a step's inputs, kept beside its output, so that a step whose inputs did not
//! change is not done again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Collects inputs; order matters.
pub(crate) struct Stamp(Sha256);

impl Stamp {
    /// A stamp of no inputs.
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    /// Adds a setting or a version.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// Adds one file's contents.
    pub(crate) fn file(mut self, path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(&bytes);
        Ok(self)
    }

    /// Adds the names and contents of all files under `folder`, except in sub-folders named in `without`.
    pub(crate) fn folder(mut self, folder: &Path, without: &[&str]) -> Result<Self> {
        for path in files(folder, without)? {
            self = self
                .text(&path.to_string_lossy())
                .file(&folder.join(&path))?;
        }
        Ok(self)
    }

    /// The hash as hexadecimal text.
    pub(crate) fn hex(self) -> String {
        self.0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Whether the stamp kept at `path` is `stamp`.
pub(crate) fn is_current(path: &Path, stamp: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|kept| kept == stamp)
}

/// Keeps `stamp` at `path`.
pub(crate) fn keep(path: &Path, stamp: &str) -> Result<()> {
    fs::write(path, stamp).with_context(|| format!("cannot write {}", path.display()))
}

/// All files under `folder`, relative to it and sorted; sub-folders named in `without` are left out, and so is every
/// name that begins with a dot.
pub(crate) fn files(folder: &Path, without: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut queue = vec![PathBuf::new()];
    while let Some(inner) = queue.pop() {
        let here = folder.join(&inner);
        let entries =
            fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", here.display()))?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path = inner.join(&name);
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            if kind.is_file() {
                found.push(path);
            } else if kind.is_dir() && !without.iter().any(|folder| name == *folder) {
                queue.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("xtask-stamp-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), "one").unwrap();
        folder
    }

    fn stamp(folder: &Path) -> String {
        Stamp::new().folder(folder, &["js"]).unwrap().hex()
    }

    #[test]
    fn a_stamp_follows_names_and_contents_and_ignores_what_is_left_out() {
        let folder = scratch("contents");
        let first = stamp(&folder);

        fs::create_dir_all(folder.join("js")).unwrap();
        fs::write(folder.join("js/index.js"), "left out").unwrap();
        assert_eq!(stamp(&folder), first);

        fs::write(folder.join("src/lib.rs"), "two").unwrap();
        let second = stamp(&folder);
        assert_ne!(second, first);

        fs::rename(folder.join("src/lib.rs"), folder.join("src/main.rs")).unwrap();
        assert_ne!(stamp(&folder), second);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_kept_stamp_is_current_until_it_differs() {
        let folder = scratch("kept");
        let path = folder.join("stamp");
        assert!(!is_current(&path, "a"));
        keep(&path, "a").unwrap();
        assert!(is_current(&path, "a"));
        assert!(!is_current(&path, "b"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
