//! JSON that is still arriving: push text as it comes, read the value so far.
//!
//! Language models call tools with arguments that arrive as JSON text cut anywhere, whoever the vendor is: in the middle
//! of a key, of an escape, of a number. To show them as they grow, most programs parse all of the text again at every
//! piece, which costs the square of its length, and repair it first, which guesses. [`GrowingJson`] reads every byte
//! once, keeps the value between two pieces, and lends it at any moment for nothing.
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
//! # The two views
//!
//! What is decided is shown, what is not is not: half a key, half a literal or half an escape never.
//!
//! | text so far | [`Trailing::Hide`] | [`Trailing::Show`] |
//! |---|---|---|
//! | `{"l": "San` | `{}` | `{"l":"San"}` |
//! | `{"l"`, `{"l":`, `{"l": tr` | `{}` | `{}` |
//! | `{"a": 1`, `{"a": 1.5`, `{"a": 1e5` | the number | the number |
//! | `{"a": 1.`, `{"a": -`, `{"a": 1e` | `{}` | `{}` |
//! | `[1`, `[1,` | `[1]` | `[1]` |
//! | `["x","y` | `["x"]` | `["x","y"]` |
//! | `"\ud83d` | nothing | `""` |
//!
//! A number that touches the end is provisional: it may change or vanish with the next piece, and
//! [`is_settled`](GrowingJson::is_settled) says so. One of more than 64 bytes waits for its end.
//!
//! # What is refused
//!
//! Once the text is complete, the value is what serde_json reads from it, with whatever features serde_json is built;
//! what serde_json refuses is refused here, at the first byte that makes it hopeless: something behind the value, `NaN`,
//! a missing comma, a lone surrogate, a 128th container within the others. Nothing is repaired. The
//! [error](JsonError) says at which byte, and the text stays at hand in [`raw`](GrowingJson::raw).
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
