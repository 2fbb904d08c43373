//! The members of a JSON object: what all readers of typed objects share.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::json::{Cursor, JsonStr, RawJsonRef, SyntaxError};

/// Why an object could not be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The text is not JSON.
    Syntax(SyntaxError),
    /// This member is missing, or of a type that cannot be read.
    Member(&'static str),
}

impl From<SyntaxError> for ReadError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// The name of a member.
pub(crate) struct Name<'n, 'a> {
    /// The bytes of the name, to be compared.
    pub(crate) bytes: &'n [u8],
    /// The name as it is written.
    pub(crate) json: JsonStr<'a>,
}

impl Name<'_, '_> {
    /// Returns the name as text. To decode it again from its JSON would hold it twice.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes)
    }
}

/// A visitor of the members of an object.
// `dyn`: each reader of an object would else have its own copy of the loop below, and of the scanner in it.
pub(crate) type Visit<'v, 'a> = &'v mut dyn FnMut(&Name<'_, 'a>, &mut Cursor<'a>) -> Result<(), ReadError>;

/// Visits the members of the object at the cursor. The visitor consumes the value. Returns `false` if it is not an
/// object.
#[inline(never)]
pub(crate) fn each_member<'a>(cursor: &mut Cursor<'a>, visit: Visit<'_, 'a>) -> Result<bool, ReadError> {
    let is_object = cursor.begin_object()?;
    if is_object {
        each_further_member(cursor, &mut true, visit)?;
    }
    Ok(is_object)
}

/// Visits the members that follow. `is_first` is that of [`Cursor::next_member`].
pub(crate) fn each_further_member<'a>(
    cursor: &mut Cursor<'a>,
    is_first: &mut bool,
    visit: Visit<'_, 'a>,
) -> Result<(), ReadError> {
    while let Some(json) = cursor.next_member(is_first)? {
        if json.is_escaped() {
            visit(&Name { bytes: &json.name(), json }, cursor)?;
        } else {
            visit(&Name { bytes: json.raw, json }, cursor)?;
        }
    }
    Ok(())
}

/// Visits the elements of the array at the cursor. Returns `false` if it is not an array.
#[inline(never)]
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

/// Returns the first `type` of the object at the cursor, which is not moved. Usually the first member; then nothing is
/// read twice.
pub(crate) fn peek_type<'a>(cursor: &Cursor<'a>) -> Result<Option<Cow<'a, str>>, ReadError> {
    peek_type_in(cursor, usize::MAX)
}

/// Returns the `type` of the object at the cursor, which is not moved, if `type` is the first member.
pub(crate) fn peek_first_type<'a>(cursor: &Cursor<'a>) -> Result<Option<Cow<'a, str>>, ReadError> {
    peek_type_in(cursor, 1)
}

#[inline(never)]
fn peek_type_in<'a>(cursor: &Cursor<'a>, members: usize) -> Result<Option<Cow<'a, str>>, ReadError> {
    // An error ends the visit.
    const END: ReadError = ReadError::Member("type");
    let (mut kind, mut left) = (None, members);
    let visited = each_member(&mut cursor.clone(), &mut |name, cursor| {
        if name.bytes == b"type" {
            kind = cursor.string()?;
            return Err(END);
        }
        cursor.skip_value()?;
        left -= 1;
        if left == 0 { Err(END) } else { Ok(()) }
    });
    match visited {
        Ok(_) | Err(ReadError::Member(_)) => Ok(kind.map(JsonStr::to_text)),
        Err(error) => Err(error),
    }
}

/// Returns whether a value that the scanner has validated is this string, however it is escaped.
pub(crate) fn is_string(value: &[u8], expected: &[u8]) -> bool {
    let without_quotes = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    // Without escapes, no scan is needed.
    without_quotes == Some(expected)
        || matches!(Cursor::new(value).string(), Ok(Some(text)) if *text.name() == *expected)
}

/// Reads a string; null is the empty one.
pub(crate) fn text<'a>(cursor: &mut Cursor<'a>, name: &'static str) -> Result<JsonStr<'a>, ReadError> {
    match cursor.string()? {
        Some(text) => Ok(text),
        None if cursor.skip_value()? == b"null" => Ok(JsonStr::plain(b"")),
        None => Err(ReadError::Member(name)),
    }
}

/// A member that was read, or [`ReadError::Member`] if it is of another type. Only the last member of a name decides:
/// do not return the error before the end of the object.
pub(crate) type Member<T> = Result<T, ReadError>;

/// As [`text`], for a member that another one of its name may follow.
pub(crate) fn text_member<'a>(cursor: &mut Cursor<'a>, name: &'static str) -> Result<Member<JsonStr<'a>>, SyntaxError> {
    read_member(cursor, |cursor| text(cursor, name))
}

/// Reads a member that another one of its name may follow. One that is of another type is skipped.
pub(crate) fn read_member<'a, T>(
    cursor: &mut Cursor<'a>,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, ReadError>,
) -> Result<Member<T>, SyntaxError> {
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
        Err(ReadError::Syntax(error)) => Err(error),
    }
}

/// A count, or the bytes of another value.
pub(crate) type Count<'a> = Result<u64, &'a [u8]>;

/// Reads a count as leniently as [`RawJsonRef::count`], and consumes the value in any case.
pub(crate) fn count<'a>(cursor: &mut Cursor<'a>) -> Result<Count<'a>, SyntaxError> {
    if let Some(count) = cursor.digits() {
        return Ok(Ok(count));
    }
    let raw = cursor.skip_value()?;
    let count = core::str::from_utf8(raw).ok().and_then(|raw| RawJsonRef::of_valid(raw).count());
    Ok(count.ok_or(raw))
}
