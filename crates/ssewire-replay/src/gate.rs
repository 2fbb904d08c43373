//! Holds a response back until a test lets it continue.

use alloc::sync::Arc;
use std::sync::{Condvar, Mutex};

use crate::lock;
use crate::stop::Stop;

/// Holds a response back until it is opened, with [`Script::wait`](crate::Script::wait).
///
/// Whatever a client shows while the gate is shut, it shows without having received the rest. So a gate proves
/// promptness without a clock. Clones are the same gate. An open gate stays open. A server that stops ends the
/// responses that wait; they send nothing more.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// Creates a gate that is shut.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets every response through, from now on.
    pub fn open(&self) {
        *lock(&self.0.open) = true;
        self.0.changed.notify_all();
    }

    /// Blocks until the gate is open or the server stops.
    pub(crate) fn wait(&self, stop: &Stop) {
        let open = lock(&self.0.open);
        drop(self.0.changed.wait_while(open, |open| !*open && !stop.is_stopped()));
    }

    /// Returns a number that all clones of the gate have, and no other gate as long as one of them exists.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Returns whether a response can be at this gate, or come to it: it is shut, and this is not the last clone.
    pub(crate) fn may_hold(&self) -> bool {
        !*lock(&self.0.open) && Arc::strong_count(&self.0) > 1
    }

    /// Makes the waiting threads check again whether their server stops.
    pub(crate) fn wake(&self) {
        // Taking the lock ensures that a waiter has either not checked yet or is asleep.
        drop(lock(&self.0.open));
        self.0.changed.notify_all();
    }
}
