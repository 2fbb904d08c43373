//! When what came: recorded, laid out, drawn.

mod layout;
mod recording;
pub(crate) mod svg;
pub(crate) mod terminal;

pub(crate) use layout::Axis;
pub(crate) use recording::Recording;
