//! JSON text as it arrived, before it is kept.

use alloc::borrow::Cow;
use core::fmt;
use core::ops::Deref;

use super::RawJson;

/// The bytes of a value that the scanner has validated. Their UTF-8 is checked when the value is kept.
///
/// Two are equal if [`to_raw`](Self::to_raw) gives the same text: ill-formed UTF-8 counts as U+FFFD.
#[derive(Clone)]
pub(crate) struct ScannedJson<'a>(Cow<'a, [u8]>);

impl<'a> ScannedJson<'a> {
    /// Borrows bytes that the scanner has validated.
    pub(crate) const fn new(valid: &'a [u8]) -> Self {
        Self(Cow::Borrowed(valid))
    }

    /// Returns the value as it is kept.
    pub(crate) fn to_raw(&self) -> RawJson {
        RawJson::keep(self)
    }

    /// Returns the value without borrows.
    pub(crate) fn into_owned(self) -> ScannedJson<'static> {
        ScannedJson(Cow::Owned(self.0.into_owned()))
    }
}

impl Deref for ScannedJson<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for ScannedJson<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.to_raw() == other.to_raw()
    }
}

impl fmt::Debug for ScannedJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_raw().fmt(f)
    }
}
