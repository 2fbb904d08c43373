//! Measures one family at one size.
//!
//! Each measurement is a process of its own: this program again, with [`ONCE`]. It builds the input, then drives it
//! within [`measured_region`]. callgrind counts only between entry and exit of that function. The counting allocator
//! counts in the same process; its counts do not depend on valgrind.

use core::hint::black_box;
use core::time::Duration;
use std::env;
use std::io;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::family::{Family, Input, Outcome};

/// The costs of one family at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Costs {
    /// Bytes received.
    pub(crate) received: u64,
    /// The limit of the input, if it has one.
    pub(crate) limit: Option<u64>,
    /// `None` without valgrind.
    pub(crate) instructions: Option<u64>,
    pub(crate) allocations: u64,
    /// The most bytes held at once, without the input.
    pub(crate) peak: u64,
    /// Bytes held after the last byte.
    pub(crate) held: u64,
    pub(crate) events: u64,
    pub(crate) errors: u64,
}

/// Only this function is measured. Its name is given to callgrind: it must be neither inlined nor left by a tail call.
#[inline(never)]
fn measured_region(drive: fn(&Input) -> Outcome, input: &Input) -> Outcome {
    black_box(drive(black_box(input)))
}

/// Matches [`measured_region`] and nothing else of this program.
const REGION: &str = "*measured_region*";

/// glibc copies and fills large blocks by `rep movsb` and `rep stosb`, and valgrind counts one instruction for each
/// byte of these. So a copy of 2 KiB would cost 30 times as much per byte as one of 1 KiB, which looks like growth.
/// Without them vector loops copy blocks of each size.
const SAME_COPY_AT_EACH_SIZE: &str = "glibc.cpu.hwcaps=-ERMS,-FSRM";

/// The first argument of a process that drives one family. The family and a size follow.
pub(crate) const ONCE: &str = "--once";

/// Drives a family once, in this process.
pub(crate) fn once(family: &Family, size: usize) -> Costs {
    let input = (family.build)(size);
    let (held, allocations) = (ssewire_heap::held(), ssewire_heap::allocations());
    let (outcome, peak) = ssewire_heap::peak_of(|| measured_region(family.drive, &input));
    let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    Costs {
        received: number(input.len()),
        limit: input.limit.map(number),
        instructions: None,
        allocations: number(ssewire_heap::allocations() - allocations),
        peak: number(peak),
        held: number(outcome.held.saturating_sub(held)),
        events: outcome.events,
        errors: outcome.errors,
    }
}

impl Costs {
    /// As one line of text, for the process that asked.
    pub(crate) fn to_line(self) -> String {
        let limit = self.limit.map_or(String::new(), |limit| format!(" limit={limit}"));
        format!(
            "received={}{limit} allocations={} peak={} held={} events={} errors={}",
            self.received, self.allocations, self.peak, self.held, self.events, self.errors
        )
    }

    /// Reads [`to_line`](Self::to_line).
    fn from_line(line: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name)?.1.parse().ok()
        };
        Some(Self {
            received: value("received")?,
            limit: value("limit"),
            instructions: None,
            allocations: value("allocations")?,
            peak: value("peak")?,
            held: value("held")?,
            events: value("events")?,
            errors: value("errors")?,
        })
    }
}

/// Starts measurements.
#[derive(Debug, Clone)]
pub(crate) struct Runner {
    /// The valgrind program, if there is one.
    valgrind: Option<String>,
    /// A process that takes longer is killed, and its family fails. No bound on time: it ends a run that would take
    /// hours.
    patience: Duration,
}

impl Runner {
    /// Finds out whether `valgrind` can be started.
    pub(crate) fn new(valgrind: &str, patience: Duration) -> Self {
        let mut command = Command::new(valgrind);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        let is_there = command.status().is_ok_and(|status| status.success());
        Self { valgrind: is_there.then(|| valgrind.to_owned()), patience }
    }

    /// Returns whether instructions are counted.
    pub(crate) fn counts_instructions(&self) -> bool {
        self.valgrind.is_some()
    }

    /// Measures one family at one size in a new process.
    ///
    /// # Errors
    /// A text with the reason why there is no result.
    pub(crate) fn measure(&self, name: &str, size: usize) -> Result<Costs, String> {
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let mut command = match &self.valgrind {
            Some(valgrind) => {
                let mut command = Command::new(valgrind);
                // The summary on standard error has the counts.
                command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
                command.arg(format!("--toggle-collect={REGION}")).arg(program);
                command.env("GLIBC_TUNABLES", SAME_COPY_AT_EACH_SIZE);
                command
            }
            None => Command::new(program),
        };
        command.args([ONCE, name, &size.to_string()]);
        let (stdout, stderr) = self.output_of(command)?;
        let mut costs = Costs::from_line(&stdout).ok_or_else(|| format!("unexpected output {stdout:?}"))?;
        if self.counts_instructions() {
            let counted = collected(&stderr).ok_or_else(|| format!("unexpected output of valgrind {stderr:?}"))?;
            if counted == 0 {
                return Err(format!("callgrind found no function {REGION}"));
            }
            costs.instructions = Some(counted);
        }
        Ok(costs)
    }

    /// The output of a process, which must be smaller than a pipe's buffer.
    fn output_of(&self, mut command: Command) -> Result<(String, String), String> {
        let text = |error: io::Error| error.to_string();
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(text)?;
        let begun = Instant::now();
        while child.try_wait().map_err(text)?.is_none() {
            if begun.elapsed() > self.patience {
                child.kill().map_err(text)?;
                child.wait().map_err(text)?;
                return Err(format!("no result within {} s", self.patience.as_secs()));
            }
            thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().map_err(text)?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(format!("{}: {}", output.status, stderr.trim_end()));
        }
        Ok((String::from_utf8_lossy(&output.stdout).into_owned(), stderr))
    }
}

/// Reads the total from callgrind's summary: `==7== Collected : 123`.
fn collected(summary: &str) -> Option<u64> {
    let line = summary.lines().rev().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_survive_a_line() {
        let costs = Costs {
            received: 1,
            limit: Some(2),
            instructions: None,
            allocations: 3,
            peak: 4,
            held: 5,
            events: 6,
            errors: 7,
        };
        for costs in [costs, Costs { limit: None, ..costs }] {
            assert_eq!(Costs::from_line(&costs.to_line()), Some(costs));
        }
        assert_eq!(Costs::from_line("received=1"), None);
    }

    #[test]
    fn the_total_is_read_from_the_summary() {
        let summary = "==7== Events    : Ir\n==7== Collected : 1234\n==7== \n==7== I   refs:      1,234\n";
        assert_eq!(collected(summary), Some(1234));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }
}
