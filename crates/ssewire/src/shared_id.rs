//! A last event ID that owned events share.

#[cfg(not(target_has_atomic = "ptr"))]
use alloc::boxed::Box;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc;

/// One copy of a last event ID for all events that carry it. So a stream that sets a long ID once does not cost its
/// length for every event that is kept. Empty without an allocation.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct SharedId(Option<Shared>);

#[cfg(target_has_atomic = "ptr")]
type Shared = Arc<[u8]>;

/// Targets without atomic pointers have no `Arc`: each event copies the ID, which is bounded.
#[cfg(not(target_has_atomic = "ptr"))]
type Shared = Box<[u8]>;

impl SharedId {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Copies an ID: one allocation, none if it is empty.
    pub(crate) fn copy_of(id: &[u8]) -> Self {
        if id.is_empty() { Self(None) } else { Self(Some(id.into())) }
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}
