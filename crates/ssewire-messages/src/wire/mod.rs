//! How the vocabulary is read from JSON and written back without loss.
//!
//! Every type goes through [`serde_json::Value`]: no untagged, internally tagged or flattened serde
//! representation, so numbers stay what they are whatever features `serde_json` is built with.
//!
//! Three macros write the types down as tables: [`object!`] for objects, [`tagged!`] for unions that a
//! `type` decides, [`string_enum!`] for named values.

mod extra;
mod nullable;
mod object;
mod read;
mod string_enum;
mod tagged;
mod unknown;

pub(crate) use object::object;
pub(crate) use read::{FromJson, Member, Tagged, count, count_or, deserialize, is_text, tag, text};
pub(crate) use string_enum::string_enum;
pub(crate) use tagged::tagged;

pub use extra::Extra;
pub use nullable::Nullable;
pub use unknown::UnknownObject;
