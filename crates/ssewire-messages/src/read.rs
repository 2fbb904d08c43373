//! Reading members: what all readers of typed objects share.

use alloc::borrow::Cow;

use crate::json::{Cursor, JsonStr, RawJsonRef, SyntaxError};

/// Why an object could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It is not JSON.
    Syntax(SyntaxError),
    /// This member is missing, or of a type that cannot be read.
    Member(&'static str),
}

impl From<SyntaxError> for ReadError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// What visits the members of an object.
pub(crate) type Visit<'v, 'a> = &'v mut dyn FnMut(JsonStr<'a>, &mut Cursor<'a>) -> Result<(), ReadError>;

/// Visits the members of the object at the cursor. The visitor consumes the value. Returns `false` if it is not an
/// object.
pub(crate) fn each_member<'a>(cursor: &mut Cursor<'a>, visit: Visit<'_, 'a>) -> Result<bool, ReadError> {
    each_member_inlined(cursor, visit)
}

/// The same, compiled for its visitor: for objects that every stream has.
#[inline(always)]
pub(crate) fn each_member_inlined<'a>(
    cursor: &mut Cursor<'a>,
    mut visit: impl FnMut(JsonStr<'a>, &mut Cursor<'a>) -> Result<(), ReadError>,
) -> Result<bool, ReadError> {
    if !cursor.begin_object()? {
        return Ok(false);
    }
    let mut is_first = true;
    while let Some(name) = cursor.next_member(&mut is_first)? {
        visit(name, cursor)?;
    }
    Ok(true)
}

/// Visits the elements of the array at the cursor. Returns `false` if it is not an array.
pub(crate) fn each_element<'a>(
    cursor: &mut Cursor<'a>,
    visit: &mut dyn FnMut(&mut Cursor<'a>) -> Result<(), ReadError>,
) -> Result<bool, ReadError> {
    if !cursor.begin_array()? {
        return Ok(false);
    }
    let mut is_first = true;
    while cursor.next_element(&mut is_first)? {
        visit(cursor)?;
    }
    Ok(true)
}

/// The `type` of the object at the cursor, which is not moved, if that is its first member and a string.
pub(crate) fn peek_first_type<'a>(cursor: &Cursor<'a>) -> Result<Option<Cow<'a, str>>, ReadError> {
    let mut cursor = cursor.clone();
    if !cursor.begin_object()? {
        return Ok(None);
    }
    match cursor.next_member(&mut true)? {
        Some(name) if &*name.name() == b"type" => Ok(cursor.string()?.map(JsonStr::to_text)),
        _ => Ok(None),
    }
}

/// The first `type` of the object at the cursor, which is not moved. Usually the first member; then nothing is read
/// twice.
pub(crate) fn peek_type<'a>(cursor: &Cursor<'a>) -> Result<Option<Cow<'a, str>>, ReadError> {
    let mut cursor = cursor.clone();
    if !cursor.begin_object()? {
        return Ok(None);
    }
    let mut is_first = true;
    while let Some(name) = cursor.next_member(&mut is_first)? {
        if &*name.name() == b"type" {
            return Ok(cursor.string()?.map(JsonStr::to_text));
        }
        cursor.skip_value()?;
    }
    Ok(None)
}

/// A string; null is the empty one.
pub(crate) fn text<'a>(cursor: &mut Cursor<'a>, name: &'static str) -> Result<JsonStr<'a>, ReadError> {
    match cursor.string()? {
        Some(text) => Ok(text),
        None if cursor.skip_value()? == b"null" => Ok(JsonStr { raw: b"", is_escaped: false }),
        None => Err(ReadError::Member(name)),
    }
}

/// As [`text`], with a value of another type as an inner error: a later member of the same name may be of the right
/// type.
pub(crate) fn text_or_error<'a>(
    cursor: &mut Cursor<'a>,
    name: &'static str,
) -> Result<Result<JsonStr<'a>, ReadError>, ReadError> {
    match text(cursor, name) {
        Err(ReadError::Member(name)) => Ok(Err(ReadError::Member(name))),
        other => other.map(Ok),
    }
}

/// Reads a member. One that is of another type is skipped, and an inner error.
pub(crate) fn member_or_error<'a, T>(
    cursor: &mut Cursor<'a>,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, ReadError>,
) -> Result<Result<T, ReadError>, ReadError> {
    let mut member = cursor.clone();
    match read(&mut member) {
        Ok(value) => {
            *cursor = member;
            Ok(Ok(value))
        }
        Err(ReadError::Member(name)) => {
            cursor.skip_value()?;
            Ok(Err(ReadError::Member(name)))
        }
        Err(error) => Err(error),
    }
}

/// Reads a count leniently. Returns the bytes of any other value.
pub(crate) fn count<'a>(cursor: &mut Cursor<'a>) -> Result<Result<u64, &'a [u8]>, ReadError> {
    if let Some(count) = cursor.digits() {
        return Ok(Ok(count));
    }
    let raw = cursor.skip_value()?;
    let count = core::str::from_utf8(raw).ok().and_then(|raw| RawJsonRef::of_valid(raw).count());
    Ok(count.ok_or(raw))
}
