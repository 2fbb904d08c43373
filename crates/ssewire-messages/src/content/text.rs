use alloc::string::String;
use alloc::vec::Vec;

use crate::Nullable;
use crate::citation::Citation;
use crate::wire::object;

object! {
    /// Text for the user (Messages API: `TextBlock`).
    pub struct TextBlock = "text" {
        /// Where the text comes from, in the order of its passages.
        pub citations (strict): Nullable<Vec<Citation>>,
        /// The text.
        pub text (text): String,
    }
}
