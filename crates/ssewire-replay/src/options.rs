//! The server of the commands `ssewire-replay` and `ssewire serve`, and the values of their options.

use core::num::NonZeroUsize;
use core::str::FromStr;
use core::time::Duration;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};

use crate::fault::{Fault, UnknownFault};
use crate::samples::SAMPLES;
use crate::{Config, Server, serve};

/// The recordings to serve, and the options.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Files, or names of samples. The sample `text` if there are none.
    pub files: Vec<PathBuf>,
    /// 0 is any free port.
    pub port: u16,
    pub speed: Option<f64>,
    /// 0 is the recorded pace.
    pub delay: Duration,
    pub chunk_size: Option<NonZeroUsize>,
    pub faults: Vec<Fault>,
}

impl ServeOptions {
    /// Says which option has no effect beside the faults and the delay: a fault sets its own, and a delay replaces the
    /// recorded pace.
    #[must_use]
    pub fn overridden(&self) -> Option<String> {
        let (has_delay, has_speed) = (!self.delay.is_zero(), self.speed.is_some());
        let by_fault = self.faults.iter().find_map(|fault| {
            let script = fault.script();
            let (sets_sizes, sets_delay) = (!script.sizes.is_empty(), !script.delay.is_zero());
            let option = if self.chunk_size.is_some() && sets_sizes {
                "--chunk-size"
            } else if has_delay && sets_delay {
                "--delay-ms"
            } else if has_speed && sets_delay {
                "--speed"
            } else {
                return None;
            };
            Some(format!("{option} has no effect with --fault {fault}, which sets its own"))
        });
        let by_delay = || "--speed has no effect with --delay-ms, which replaces the recorded pace".to_owned();
        by_fault.or_else(|| (has_speed && has_delay).then(by_delay))
    }

    /// Starts the server.
    ///
    /// # Errors
    /// Says why it did not start: a file cannot be opened, the port is in use, or Ctrl-C cannot be handled.
    pub fn start(&self) -> Result<Running, String> {
        let mut config = Config::new().port(self.port).delay(self.delay);
        config = self.faults.iter().copied().fold(config, Config::fault);
        if let Some(speed) = self.speed {
            config = config.speed(speed);
        }
        if let Some(size) = self.chunk_size {
            config = config.chunk_size(size);
        }
        for file in &self.files {
            config = config.file(file).map_err(|error| format!("cannot open {}: {error}", file.display()))?;
        }
        // Before the server starts, so that an early Ctrl-C ends it, too.
        let (interrupt, interrupted) = mpsc::channel();
        ctrlc::set_handler(move || {
            // If it fails, the program ends already.
            let _ = interrupt.send(());
        })
        .map_err(|error| format!("cannot handle Ctrl-C: {error}"))?;
        let server = serve(&config).map_err(|error| format!("cannot listen on port {}: {error}", self.port))?;
        Ok(Running { server, interrupted })
    }
}

/// A server that runs until Ctrl-C.
#[derive(Debug)]
pub struct Running {
    server: Server,
    interrupted: Receiver<()>,
}

impl Running {
    /// Returns the text that a command prints: the address, and the paths of the streams.
    #[must_use]
    pub fn announcement(&self) -> String {
        let url = self.server.base_url();
        let samples: Vec<_> = SAMPLES.iter().map(|(name, _)| *name).collect();
        let faults: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        format!(
            "listening on {url}\nexport ANTHROPIC_BASE_URL={url}\n\n  curl -sN {url}/v1/messages | ssewire\n\n\
             samples, at /NAME: {}\nfaults, at /faults/NAME: {}\n",
            samples.join(" "),
            faults.join(" ")
        )
    }

    /// Serves until Ctrl-C.
    pub fn wait(self) {
        // This fails only without a handler, and the handler lives as long as the program.
        let _ = self.interrupted.recv();
    }
}

/// The value of `--fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultOrList {
    Fault(Fault),
    List,
}

impl FromStr for FaultOrList {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "list" { Ok(Self::List) } else { name.parse().map(Self::Fault) }
    }
}

/// Returns the values of `--fault`; `None` if one of them is `list`.
#[must_use]
pub fn faults(values: &[FaultOrList]) -> Option<Vec<Fault>> {
    let faults = values.iter().map(|value| match value {
        FaultOrList::Fault(fault) => Some(*fault),
        FaultOrList::List => None,
    });
    faults.collect()
}

/// Returns a line for each fault, as `--fault list` prints them.
#[must_use]
pub fn fault_list() -> String {
    Fault::ALL.iter().map(|fault| format!("{fault:<20}{}\n", fault.description())).collect()
}

/// Parses the value of `--chunk-size`.
///
/// # Errors
/// It is not a number of bytes greater than zero.
pub fn parse_chunk_size(value: &str) -> Result<NonZeroUsize, &'static str> {
    value.parse().map_err(|_| "not a number of bytes greater than zero")
}

/// Parses the value of `--delay-ms`.
///
/// # Errors
/// It is not a number of milliseconds.
pub fn parse_delay(value: &str) -> Result<Duration, &'static str> {
    value.parse().map(Duration::from_millis).map_err(|_| "not a number of milliseconds")
}

/// Parses the value of `--port`.
///
/// # Errors
/// It is not a port from 0 to 65535.
pub fn parse_port(value: &str) -> Result<u16, &'static str> {
    value.parse().map_err(|_| "not a port from 0 to 65535")
}

/// Parses the value of `--speed`.
///
/// # Errors
/// It is not a number greater than zero; `inf` is one.
pub fn parse_speed(value: &str) -> Result<f64, &'static str> {
    value.parse().ok().filter(|speed| *speed > 0.0).ok_or("not a number greater than zero")
}
