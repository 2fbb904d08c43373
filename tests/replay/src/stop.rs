//! How a server tells its connections that it stops.

use core::time::Duration;
use std::sync::{Condvar, Mutex};

use crate::gate::Gate;
use crate::lock;

/// Set once, and seen by whoever waits for something else.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
    /// Of every script that was ever served.
    gates: Mutex<Vec<Gate>>,
}

impl Stop {
    /// Sleeps, unless the server stops.
    pub(crate) fn pause(&self, duration: Duration) {
        let stopped = lock(&self.stopped);
        drop(self.changed.wait_timeout_while(stopped, duration, |stopped| !*stopped));
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *lock(&self.stopped)
    }

    /// Has these gates woken by the stop.
    pub(crate) fn remember(&self, gates: impl Iterator<Item = Gate>) {
        lock(&self.gates).extend(gates);
    }

    pub(crate) fn stop(&self) {
        *lock(&self.stopped) = true;
        self.changed.notify_all();
        // Not under the lock: whoever waits at a gate asks `is_stopped` while it holds the gate.
        let gates = core::mem::take(&mut *lock(&self.gates));
        gates.iter().for_each(Gate::wake);
    }
}
