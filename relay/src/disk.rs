//! Files and their disk.

use std::path::Path;

/// The size of a file, bytes; none where it is not there.
#[must_use]
pub fn size(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|file| file.len())
}

/// Room for more on the disk of a file, for whom this process runs as, bytes; none where the system does not say.
#[must_use]
pub fn free(file: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let disk = rustix::fs::statvfs(file).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        None
    }
}
