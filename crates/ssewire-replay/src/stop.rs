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
    /// The gates of every script that may be at one: each once.
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

    /// Has the stop wake these gates. Forgets those at which nothing can wait any more.
    pub(crate) fn remember(&self, gates: impl Iterator<Item = Gate>) {
        let mut known = lock(&self.gates);
        known.retain(Gate::may_hold);
        for gate in gates {
            if !known.iter().any(|known| known.is(&gate)) {
                known.push(gate);
            }
        }
    }

    pub(crate) fn stop(&self) {
        *lock(&self.stopped) = true;
        self.changed.notify_all();
        // Not under the lock: a thread that waits at a gate calls `is_stopped` while it holds the gate's lock.
        let gates = core::mem::take(&mut *lock(&self.gates));
        gates.iter().for_each(Gate::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gates_that_may_hold_a_response_are_kept() {
        let (stop, gate, opened) = (Stop::default(), Gate::new(), Gate::new());
        for _ in 0..100 {
            stop.remember([gate.clone(), opened.clone(), Gate::new()].into_iter());
        }
        // The last of the others is removed by the next call.
        assert_eq!(lock(&stop.gates).len(), 3);
        opened.open();
        stop.remember(core::iter::empty());
        assert_eq!(lock(&stop.gates).len(), 1);
    }
}
