//! Notifies the connections of a server that it stops.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

use crate::gate::Gate;
use crate::lock;

/// Set once; wakes every thread that pauses or waits at a gate.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
    gates: Mutex<Known>,
}

/// The gates at which a response may wait, by address: each once. A gate that is known cannot be freed, so its address
/// is its own.
#[derive(Debug, Default)]
struct Known {
    gates: HashMap<usize, Gate>,
    /// The number of gates at which the next call checks which of them may still hold a response.
    prune_at: usize,
}

impl Stop {
    /// Fewer gates are not worth a check.
    const MIN_PRUNED: usize = 64;

    /// Blocks for this time, or until the server stops.
    pub(crate) fn pause(&self, duration: Duration) {
        let stopped = lock(&self.stopped);
        drop(self.changed.wait_timeout_while(stopped, duration, |stopped| !*stopped));
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *lock(&self.stopped)
    }

    /// Has the stop wake these gates. From time to time, forgets those at which nothing can wait any more.
    pub(crate) fn remember(&self, gates: impl Iterator<Item = Gate>) {
        let mut known = lock(&self.gates);
        known.gates.extend(gates.map(|gate| (gate.address(), gate)));
        // Not at each call: that would cost the square of their number.
        if known.gates.len() >= known.prune_at.max(Self::MIN_PRUNED) {
            known.gates.retain(|_, gate| gate.may_hold());
            known.prune_at = known.gates.len().saturating_mul(2);
        }
    }

    pub(crate) fn stop(&self) {
        *lock(&self.stopped) = true;
        self.changed.notify_all();
        // Not under the lock: a thread that waits at a gate calls `is_stopped` while it holds the gate's lock.
        let known = core::mem::take(&mut *lock(&self.gates));
        known.gates.values().for_each(Gate::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gates_that_may_hold_a_response_are_kept() {
        let (stop, gate) = (Stop::default(), Gate::new());
        for _ in 0..10 * Stop::MIN_PRUNED {
            let opened = Gate::new();
            stop.remember([gate.clone(), opened.clone(), Gate::new()].into_iter());
            opened.open();
        }
        let known = lock(&stop.gates);
        assert!(known.gates.len() < Stop::MIN_PRUNED, "{}", known.gates.len());
        assert!(known.gates.contains_key(&gate.address()));
    }

    /// Each pruning checks every gate: at each call it would cost the square of their number.
    #[test]
    fn gates_are_pruned_only_when_their_number_has_doubled() {
        let stop = Stop::default();
        let gates: Vec<_> = (0..1000).map(|_| Gate::new()).collect();
        let mut prunings = 0;
        for gate in &gates {
            let before = lock(&stop.gates).prune_at;
            stop.remember([gate.clone()].into_iter());
            prunings += usize::from(lock(&stop.gates).prune_at != before);
        }
        assert_eq!(lock(&stop.gates).gates.len(), gates.len());
        assert!((1..10).contains(&prunings), "{prunings}");
    }
}
