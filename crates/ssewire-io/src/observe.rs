//! Observers of the bytes of a tap.

use alloc::boxed::Box;
use core::fmt;

use ssewire::{Decoder, Event};

/// Observes the bytes that pass through a [`Tap`](crate::Tap). An observer that panicked is not called again.
///
/// An `Option` of an observer is one, too, so that the type of a body does not depend on whether it is observed:
///
/// ```
/// use std::io::Read as _;
/// use ssewire_io::{EventObserver, Tap};
///
/// let status = 404; // The body is that of an error.
/// let observer = (status == 200).then(|| EventObserver::new(|event| println!("{}", event.data_lossy())));
/// let mut body = String::new();
/// Tap::new(&b"not found"[..], observer).read_to_string(&mut body)?;
/// assert_eq!(body, "not found");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Observer {
    /// Is called with the bytes that have just passed.
    fn on_chunk(&mut self, bytes: &[u8]);

    /// Is called once, when nothing more will pass: the input has ended or failed, or the tap was dropped.
    fn on_end(&mut self) {}
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on_chunk(&mut self, bytes: &[u8]) {
        (**self).on_chunk(bytes);
    }

    fn on_end(&mut self) {
        (**self).on_end();
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        (**self).on_chunk(bytes);
    }

    fn on_end(&mut self) {
        (**self).on_end();
    }
}

/// `None` observes nothing.
impl<O: Observer> Observer for Option<O> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        if let Some(observer) = self {
            observer.on_chunk(bytes);
        }
    }

    fn on_end(&mut self) {
        if let Some(observer) = self {
            observer.on_end();
        }
    }
}

/// Passes each event to a closure. Skips events that exceed the limit of the decoder.
#[derive(Default)]
pub struct EventObserver<F> {
    decoder: Decoder,
    on_event: F,
}

impl<F: FnMut(Event<'_>)> EventObserver<F> {
    /// Creates an observer with default limits.
    pub fn new(on_event: F) -> Self {
        Self::with_decoder(Decoder::new(), on_event)
    }

    /// Creates an observer with the given decoder, for another limit or a last event ID.
    pub fn with_decoder(decoder: Decoder, on_event: F) -> Self {
        Self { decoder, on_event }
    }
}

impl<F: FnMut(Event<'_>)> Observer for EventObserver<F> {
    fn on_chunk(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        loop {
            match self.decoder.decode(&mut input) {
                Ok(Some(event)) => (self.on_event)(event),
                Ok(None) => break,
                // Skips an event that exceeds the limit.
                Err(_) => {}
            }
        }
    }
}

impl<F> fmt::Debug for EventObserver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventObserver").field("decoder", &self.decoder).finish_non_exhaustive()
    }
}
