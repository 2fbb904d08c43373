//! What the operating system says of memory.

use std::fs;

/// The memory of this process that is resident, in bytes. `None` where there is no `/proc`.
#[must_use]
pub fn bytes() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
