//! The commands, one file each.

mod between;
pub(crate) mod demo;
pub(crate) mod events;
mod follow;
pub(crate) mod message;
pub(crate) mod record;
pub(crate) mod serve;
pub(crate) mod sse;
pub(crate) mod text;
pub(crate) mod timeline;
