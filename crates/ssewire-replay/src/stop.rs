//! Notifies the connections of a server that it stops.

use core::time::Duration;
use std::sync::{Condvar, Mutex};

use crate::gate::Gate;
use crate::lock;

/// Set once; wakes every thread that pauses or waits at a gate.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
    /// The gates of every script that was served.
    gates: Mutex<Vec<Gate>>,
}

impl Stop {
    /// Blocks for this time, or until the server stops.
    pub(crate) fn pause(&self, duration: Duration) {
        let stopped = lock(&self.stopped);
        drop(self.changed.wait_timeout_while(stopped, duration, |stopped| !*stopped));
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *lock(&self.stopped)
    }

    /// Has the stop wake these gates.
    pub(crate) fn remember(&self, gates: impl Iterator<Item = Gate>) {
        lock(&self.gates).extend(gates);
    }

    pub(crate) fn stop(&self) {
        *lock(&self.stopped) = true;
        self.changed.notify_all();
        // Not under the lock: a thread that waits at a gate calls `is_stopped` while it holds the gate's lock.
        let gates = core::mem::take(&mut *lock(&self.gates));
        gates.iter().for_each(Gate::wake);
    }
}
