use alloc::borrow::Cow;

use crate::json::{Cursor, RawJson, ScannedJson};
use crate::members::{ReadError, peek_type};

/// A delta of a kind that this version does not know, as raw JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownDelta<'a> {
    raw: ScannedJson<'a>,
}

impl<'a> UnknownDelta<'a> {
    pub(super) fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        *has_extra = true;
        Ok(Self { raw: ScannedJson::new(cursor.skip_value()?) })
    }

    /// Returns the `type` of the delta.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        peek_type(&Cursor::new(&self.raw)).ok().flatten().unwrap_or_default()
    }

    /// Returns the delta, as JSON. Copies it: one allocation.
    #[must_use]
    pub fn to_json(&self) -> RawJson {
        self.raw.to_raw()
    }

    pub(super) fn into_owned(self) -> UnknownDelta<'static> {
        UnknownDelta { raw: self.raw.into_owned() }
    }
}
