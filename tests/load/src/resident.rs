//! Resident memory, from the operating system.

use std::fs;

/// Returns the resident memory of this process in bytes. `None` on systems without `/proc`.
#[must_use]
pub fn bytes() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
