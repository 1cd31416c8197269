//! What the system says of this process; on Linux only, elsewhere nothing is told.

/// The process as it is now, for the metrics that Prometheus' own clients give under the same names.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Process {
    /// Memory in use, bytes.
    pub resident_bytes: Option<u64>,
    /// Processor time used, seconds.
    pub cpu_seconds: Option<f64>,
    /// Files that are open.
    pub open_files: Option<u64>,
    /// Files that may be open.
    pub most_files: Option<u64>,
}

impl Process {
    /// Asks the system.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn now() -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}"));
        let stat = read("stat").unwrap_or_default();
        let status = read("status").unwrap_or_default();
        let open = std::fs::read_dir("/proc/self/fd");
        // The listing itself has a file open.
        let open_files = open.map(|fds| (fds.count() as u64).saturating_sub(1));
        Self {
            resident_bytes: resident_bytes(&status),
            cpu_seconds: cpu_seconds(&stat),
            open_files: open_files.ok(),
            most_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        }
    }

    /// Asks the system.
    #[cfg(not(target_os = "linux"))]
    #[must_use]
    pub fn now() -> Self {
        Self::default()
    }
}

/// `VmRSS` of `/proc/self/status`, which is in kB.
#[cfg(any(target_os = "linux", test))]
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// User and system time of `/proc/self/stat`, in ticks of 1/100 s on every Linux.
#[cfg(any(target_os = "linux", test))]
fn cpu_seconds(stat: &str) -> Option<f64> {
    // The second field, the program's name, may hold spaces and brackets; the third follows its last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_files_are_read_whatever_the_program_is_called() {
        let stat = "42 (a b) c)) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0";
        assert_eq!(cpu_seconds(stat), Some(1.75));
        assert_eq!(cpu_seconds("42 (x) S 1"), None);
        let status = "Name:\tx\nVmPeak:\t 9 kB\nVmRSS:\t   12 kB\n";
        assert_eq!(resident_bytes(status), Some(12 * 1024));
        assert_eq!(resident_bytes("VmRSS: many"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_files_and_time() {
        let _file = tempfile::tempfile().unwrap();
        let now = Process::now();
        assert!(now.resident_bytes.unwrap() > 100_000, "{now:?}");
        assert!(now.open_files.unwrap() >= 4, "{now:?}");
        assert!(
            now.most_files.unwrap() >= now.open_files.unwrap(),
            "{now:?}"
        );
        assert!(now.cpu_seconds.is_some(), "{now:?}");
    }
}
