//! The command as a shell sees it: its output, its notes, its exit codes.

#[cfg(test)]
mod curl;
#[cfg(test)]
mod effects;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod hostile;
#[cfg(unix)]
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod json_lines;
#[cfg(test)]
mod live;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod memory;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod options;
#[cfg(test)]
mod python;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod record;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod timeline;
