//! Incremental parser for partial JSON: push text as it arrives, read the value so far.
//!
//! Language models stream the arguments of a tool call as JSON text, whoever the vendor is. The text is split anywhere:
//! in a key, an escape or a number. To show the arguments as they arrive, most programs repair the incomplete text by
//! guessing and parse all of it again for every piece, which has quadratic cost. [`PartialJson`] continues where the
//! last piece ended, keeps the value between two pushes, and lets you borrow it at any time at no cost.
//!
//! ```
//! use serde_json::json;
//! use ssewire_json::{PartialJson, PartialStrings};
//!
//! let mut arguments = PartialJson::with_partial_strings(PartialStrings::Show);
//! for piece in [r#"{"location":"#, r#" "San"#, r#" Franc"#] {
//!     arguments.push(piece)?;
//! }
//! assert_eq!(arguments.value(), Some(&json!({"location": "San Franc"})));
//! arguments.push(r#"isco"}"#)?;
//! assert_eq!(arguments.complete_value()?, &json!({"location": "San Francisco"}));
//! # Ok::<(), ssewire_json::JsonError>(())
//! ```
//!
//! The crate knows no vendor's events and does no I/O. It never repairs text: before you act on a value, call
//! [`complete_value`](PartialJson::complete_value) or [`is_complete`](PartialJson::is_complete).
//!
//! # The two views
//!
//! [`PartialStrings`] chooses whether an incomplete string at the end of the text is shown. An incomplete key, literal
//! or escape is never shown.
//!
//! | text so far | [`PartialStrings::Hide`] | [`PartialStrings::Show`] |
//! |---|---|---|
//! | nothing, white space, `tr`, `-` | `None` | `None` |
//! | `{"l": "San` | `{}` | `{"l":"San"}` |
//! | `{`, `{"l`, `{"l"`, `{"l":`, `{"l": tr` | `{}` | `{}` |
//! | `{"a": 1`, `{"a": 1.5`, `{"a": 1e5` | the number | the number |
//! | `{"a": 1.`, `{"a": -`, `{"a": 1e` | `{}` | `{}` |
//! | `[1`, `[1,` | `[1]` | `[1]` |
//! | `["x","y` | `["x"]` | `["x","y"]` |
//! | `["x","` | `["x"]` | `["x",""]` |
//! | `"\ud83d` (half a surrogate pair) | `None` | `""` |
//! | `{"a":1,"a":"x` (the last value wins once it is shown) | `{"a":1}` | `{"a":"x"}` |
//!
//! A number at the end of the text is provisional: the next push may change or remove it, and
//! [`is_stable`](PartialJson::is_stable) returns `false`. A number of more than 64 bytes is shown once it has ended.
//! Everything else that is shown can only be extended, or replaced by a later value of the same key.
//!
//! # Agreement with serde_json
//!
//! The value of a complete text is the one that [`serde_json::from_str`] reads, in every configuration of serde_json.
//! serde_json builds the numbers. The last value of a repeated key wins and keeps the place of the first. At most 127
//! containers are nested. Text that serde_json rejects is rejected here.
//!
//! There is one intended difference. With `arbitrary_precision` or `raw_value`, serde_json does not read an object if
//! its first key is one of serde_json's private names (`$serde_json::private::Number`). Here it is an object.
//!
//! # Errors
//!
//! Text outside of the grammar is rejected, for example a missing or trailing comma, `NaN`, a comment, or characters
//! after the value. So are a lone surrogate, a control character in a string, and a 128th nested container.
//! [`JsonError`] has the position of the first byte with which the text cannot become valid JSON any more. The value
//! remains that of the text before that byte. [`raw`](PartialJson::raw) has all text, including text after the error.
//! Neither errors nor `Debug` show any of it.
//!
//! # Cost
//!
//! All pushes together cost O(length of the text), and each push also O(number of open containers), whatever the
//! containers hold; [`push`](PartialJson::push) documents the one exception. [`value`](PartialJson::value) costs
//! nothing. Memory holds the raw text, the value and, for each open container, the position of its last member. A key
//! with escapes is decoded into a temporary allocation when its member is first found again.
//!
//! # Features
//!
//! * `std` (default): enables `std` in serde_json. Without it, the crate needs `alloc` only.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod change;
mod error;
mod escape;
mod key_search;
mod member;
mod number;
mod parser;
mod partial_json;
mod slot;
mod span;
#[doc(hidden)]
pub mod string;
mod work;

pub use change::PartialChange;
pub use error::{JsonError, JsonErrorKind};
pub use partial_json::{PartialJson, PartialStrings};

/// Runs the README's examples with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
