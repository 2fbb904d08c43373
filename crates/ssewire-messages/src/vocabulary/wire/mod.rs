//! How the vocabulary is read from JSON and written back as the same value, but for its counts and for numbers that
//! `serde_json`'s `Number` does not hold.
//!
//! Every type goes through [`serde_json::Value`]: no untagged, internally tagged or flattened serde representation,
//! which change numbers if a feature of `serde_json` changes how it holds them.
//!
//! Two macros define the types as tables: [`object!`] for objects, [`tagged!`] for unions that a `type` decides.

mod extra;
mod object;
mod read;
mod tagged;
mod unknown;

pub(crate) use self::object::object;
pub(crate) use self::read::{FromJson, Member, Tagged, count_or, deserialize, tag};
pub(crate) use self::tagged::tagged;
pub(crate) use crate::string_enum::string_enum;

pub use self::extra::ExtraMap;
pub use self::unknown::UnknownObject;
