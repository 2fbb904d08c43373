//! The commands, one file each.

pub(crate) mod demo;
pub(crate) mod events;
mod follow;
pub(crate) mod message;
pub(crate) mod record;
pub(crate) mod serve;
mod skipped_events;
pub(crate) mod sse;
pub(crate) mod text;
pub(crate) mod timeline;
