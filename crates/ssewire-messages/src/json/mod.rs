//! JSON as text: scanned, validated and kept, never built into a tree.

mod append;
mod extra;
mod keep;
mod member_ranges;
mod number;
mod raw;
mod raw_ref;
mod scan;
mod scanned;
pub(crate) mod serde_text;
mod so_far;
mod string;
mod write;

pub(crate) use self::append::{APPEND_ROOM, append_string, short_utf8};
pub use self::extra::{ExtraMembers, ExtraMembersIter};
pub(crate) use self::keep::{append_raw, kept_len, split_value};
pub(crate) use self::member_ranges::MemberRanges;
pub(crate) use self::number::leading_u64;
#[cfg(feature = "vocabulary")]
pub(crate) use self::number::{parse_digits, whole_number};
pub use self::raw::{InvalidJson, RawJson};
pub use self::raw_ref::RawJsonRef;
pub(crate) use self::scan::{Cursor, SyntaxError, is_blank, is_white_space, validate};
pub(crate) use self::scanned::ScannedJson;
pub(crate) use self::so_far::append_value_so_far;
pub(crate) use self::string::{Halves, JsonStr, find_special, pair, push_lossy};
pub(crate) use self::write::{ObjectWriter, push_string, quoted_len};
