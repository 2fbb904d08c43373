//! The command as a shell sees it: what it prints, what it says, how it ends.

#[cfg(test)]
mod curl;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod hostile;
#[cfg(unix)]
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod live;
#[cfg(test)]
mod options;
#[cfg(test)]
mod python;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod support;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod timeline;
