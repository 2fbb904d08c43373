//! JSON that is still arriving: push text as it comes, read the value so far.
//!
//! Language models call tools with arguments that arrive as JSON text cut anywhere, whoever the vendor is: in the
//! middle of a key, of an escape, of a number. To show them as they grow, most programs parse all of the text again at
//! every piece, which costs the square of its length, and repair it first, which guesses. [`GrowingJson`] reads every
//! byte once, keeps the value between two pieces, and lends it at any moment for nothing.
//!
//! ```
//! use serde_json::json;
//! use ssewire_json::{GrowingJson, Trailing};
//!
//! let mut arguments = GrowingJson::with_trailing(Trailing::Show);
//! for piece in [r#"{"location":"#, r#" "San"#, r#" Franc"#] {
//!     arguments.push(piece)?;
//! }
//! assert_eq!(arguments.value(), Some(&json!({"location": "San Franc"})));
//! arguments.push(r#"isco"}"#)?;
//! assert_eq!(arguments.finish()?, &json!({"location": "San Francisco"}));
//! # Ok::<(), ssewire_json::JsonError>(())
//! ```
//!
//! It knows no vendor's events and opens no connection, and nothing is repaired on the quiet: ask
//! [`finish`](GrowingJson::finish) or [`is_complete`](GrowingJson::is_complete) before you act on a value.
//!
//! # The two views
//!
//! What is decided is shown, what is not is not: half a key, half a literal or half an escape never. [`Trailing`] says
//! whether the unfinished string at the end is shown.
//!
//! | text so far | [`Trailing::Hide`] | [`Trailing::Show`] |
//! |---|---|---|
//! | nothing, white space, `tr`, `-` | `None` | `None` |
//! | `{"l": "San` | `{}` | `{"l":"San"}` |
//! | `{`, `{"l`, `{"l"`, `{"l":`, `{"l": tr` | `{}` | `{}` |
//! | `{"a": 1`, `{"a": 1.5`, `{"a": 1e5` | the number | the number |
//! | `{"a": 1.`, `{"a": -`, `{"a": 1e` | `{}` | `{}` |
//! | `[1`, `[1,` | `[1]` | `[1]` |
//! | `["x","y` | `["x"]` | `["x","y"]` |
//! | `["x","` | `["x"]` | `["x",""]` |
//! | `"\ud83d` (half a character) | `None` | `""` |
//! | `{"a":1,"a":"x` (the last one wins, once it is shown) | `{"a":1}` | `{"a":"x"}` |
//!
//! A number that touches the end is provisional: it may change or vanish with the next piece, and
//! [`is_settled`](GrowingJson::is_settled) says so. One of more than 64 bytes waits for its end. All else that is shown
//! can only grow.
//!
//! # What it agrees with
//!
//! Once the text is complete, the value is what [`serde_json::from_str`] reads from it, with whatever features
//! serde_json is built: numbers are built by it, the last of duplicate keys wins at the place of the first, and 127
//! containers may stand within one another. Text that serde_json refuses is refused here.
//!
//! One difference is on purpose. With `arbitrary_precision` or `raw_value`, serde_json reads no object from one whose
//! first key is a private name of its own (`$serde_json::private::Number`). Here an object is an object.
//!
//! # What is refused
//!
//! A missing comma, a trailing comma, `NaN`, a comment, a single quote, half a surrogate pair, a control character in
//! a string, a 128th container within the others, something behind the value. The [error](JsonError) names the first
//! byte with which the text can no longer become JSON; the value stays what the text before that byte makes, and all
//! text stays at hand in [`raw`](GrowingJson::raw), also what comes after the error. Neither errors nor `Debug` show
//! any of it.
//!
//! # Cost
//!
//! A [`push`](GrowingJson::push) costs time in proportion to its piece and to the number of open containers, and
//! [`value`](GrowingJson::value) costs nothing. Memory holds the raw text and the value. While reading nothing else
//! is allocated but a stack of open containers, and, where a key has escapes, that key once more when its member is
//! looked for again.
//!
//! # Features
//!
//! * `std` (default): switches `std` on in serde_json. Without it the crate needs `alloc` only.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod error;
mod escape;
mod growing;
mod number;
mod parser;
mod place;
mod string;
mod token;

pub use error::{JsonError, JsonErrorKind};
pub use growing::{GrowingJson, Trailing};

/// The README's example runs with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
