//! What holds an answer back until a test lets it go on.

use alloc::sync::Arc;
use std::sync::{Condvar, Mutex};

use crate::lock;
use crate::stop::Stop;

/// Holds an answer back until it is opened: [`Script::wait`](crate::Script::wait).
///
/// What a client shows while the gate is shut, it shows without having seen what comes behind it. That proves
/// promptness without a clock. Clones are the same gate. An opened gate stays open; a server that stops lets its own
/// answers go, and they end there.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// A gate that is shut.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through, from now on.
    pub fn open(&self) {
        *lock(&self.0.open) = true;
        self.0.changed.notify_all();
    }

    /// Returns when the gate is open or the server stops.
    pub(crate) fn wait(&self, stop: &Stop) {
        let open = lock(&self.0.open);
        drop(self.0.changed.wait_while(open, |open| !*open && !stop.is_stopped()));
    }

    /// Makes those that wait look at their server again.
    pub(crate) fn wake(&self) {
        // A waiter is either before its look at the server or already asleep: this lock tells the two apart.
        drop(lock(&self.0.open));
        self.0.changed.notify_all();
    }
}
