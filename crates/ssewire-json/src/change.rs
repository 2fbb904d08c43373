//! The changes of a push, for callers that maintain a value of their own.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde_json::Number;

use crate::number::NumberSpan;
use crate::span::StringSpan;

/// One change of a partial value; see [`PartialJson::changes`](crate::PartialJson::changes).
///
/// A value belongs to the innermost open array or object. In an object the last [`Key`](Self::Key) names it, and it
/// replaces an earlier value of that key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartialChange<'a> {
    /// An object begins, and is the innermost one from here on.
    Object,
    /// An array begins, and is the innermost one from here on.
    Array,
    /// The innermost object or array has ended.
    End,
    /// The key of the next value.
    Key(Cow<'a, str>),
    /// A string begins, empty.
    String,
    /// Text to append to the string that began last. Not empty.
    Text(Cow<'a, str>),
    /// A number that has ended.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// A change, with its text still in the raw text.
#[derive(Debug, Clone)]
pub(crate) enum ChangeSpan {
    Object,
    Array,
    End,
    Key(StringSpan),
    String,
    Text(StringSpan),
    Number(NumberSpan),
    Bool(bool),
    Null,
}

/// The changes of the last push, if they are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeLog(Option<Vec<ChangeSpan>>);

/// A log keeps room for this many changes between two pushes.
const KEPT: usize = 64;

impl ChangeLog {
    pub(crate) fn enabled() -> Self {
        Self(Some(Vec::new()))
    }

    /// Forgets the changes of the push before.
    pub(crate) fn clear(&mut self) {
        if let Some(spans) = &mut self.0 {
            spans.clear();
            spans.shrink_to(KEPT);
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, span: impl FnOnce() -> ChangeSpan) {
        if let Some(spans) = &mut self.0 {
            spans.push(span());
        }
    }

    pub(crate) fn iter<'a>(&'a self, raw: &'a str) -> impl Iterator<Item = PartialChange<'a>> {
        self.0.iter().flatten().filter_map(|span| {
            Some(match span {
                ChangeSpan::Object => PartialChange::Object,
                ChangeSpan::Array => PartialChange::Array,
                ChangeSpan::End => PartialChange::End,
                ChangeSpan::Key(key) => PartialChange::Key(key.text(raw)),
                ChangeSpan::String => PartialChange::String,
                ChangeSpan::Text(text) => PartialChange::Text(text.text(raw)),
                ChangeSpan::Number(number) => PartialChange::Number(number.value(raw)?),
                ChangeSpan::Bool(value) => PartialChange::Bool(*value),
                ChangeSpan::Null => PartialChange::Null,
            })
        })
    }
}
