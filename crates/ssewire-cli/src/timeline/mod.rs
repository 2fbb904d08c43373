//! Timelines: what arrived when, recorded, laid out and drawn.

mod histogram;
mod layout;
mod recording;
pub(crate) mod svg;
pub(crate) mod terminal;

pub(crate) use layout::Axis;
pub(crate) use recording::Recording;
