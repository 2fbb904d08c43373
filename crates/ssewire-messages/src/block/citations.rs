use alloc::string::String;

use crate::json::{Cursor, RawJsonRef, append_raw, split_value};
use crate::members::{ReadError, each_element};
use crate::memory::reserve;

/// The citations of a text block, as raw JSON.
///
/// One text holds all of them. Parse each as a type of the vocabulary or of your own.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Citations {
    /// The citations as JSON, each followed by a comma.
    text: String,
    count: usize,
    /// Where the last one lies.
    last: usize,
}

/// The citations of [`Citations`], in the order of their arrival.
#[derive(Clone)]
pub struct CitationsIter<'a> {
    /// As the text of [`Citations`].
    rest: &'a str,
}

impl Citations {
    /// Reads an array of objects. `None`: it is null.
    pub(crate) fn read(cursor: &mut Cursor<'_>, name: &'static str) -> Result<Option<Self>, ReadError> {
        let mut citations = Self::default();
        let is_array = each_element(cursor, &mut |cursor| {
            let is_object = cursor.peek() == Some(b'{');
            citations.push(cursor.skip_value()?);
            if is_object { Ok(()) } else { Err(ReadError::Member(name)) }
        })?;
        if is_array {
            return Ok(Some(citations));
        }
        if cursor.skip_value()? == b"null" { Ok(None) } else { Err(ReadError::Member(name)) }
    }

    /// Appends one. Returns where it lies.
    pub(crate) fn push(&mut self, valid: &[u8]) -> usize {
        let from = self.text.len();
        // With the comma: to grow for it would hold a large citation three times.
        reserve(&mut self.text, valid.len().saturating_add(1));
        append_raw(valid, &mut self.text);
        self.text.push(',');
        self.count = self.count.saturating_add(1);
        self.last = from;
        from
    }

    /// Appends others.
    pub(crate) fn append(&mut self, others: &Self) {
        if !others.is_empty() {
            self.last = self.text.len().saturating_add(others.last);
        }
        reserve(&mut self.text, others.text.len());
        self.text.push_str(&others.text);
        self.count = self.count.saturating_add(others.count);
    }

    /// Returns the citation that lies there. Constant time if it is the last one.
    pub(crate) fn at(&self, from: usize) -> Option<RawJsonRef<'_>> {
        let text = self.text.get(from..)?;
        let citation = if from == self.last { text.strip_suffix(',')? } else { split_value(text)?.0 };
        Some(RawJsonRef::of_valid(citation))
    }

    /// Returns the number of citations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the citations, in the order of their arrival.
    #[must_use]
    pub fn iter(&self) -> CitationsIter<'_> {
        CitationsIter { rest: &self.text }
    }

    pub(crate) fn write(&self, out: &mut String) {
        out.push('[');
        out.push_str(self.text.strip_suffix(',').unwrap_or(&self.text));
        out.push(']');
    }

    pub(crate) fn byte_size(&self) -> usize {
        self.text.len()
    }
}

impl<'a> Iterator for CitationsIter<'a> {
    type Item = RawJsonRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (citation, rest) = split_value(self.rest)?;
        self.rest = rest;
        Some(RawJsonRef::of_valid(citation))
    }
}

impl core::fmt::Debug for CitationsIter<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a Citations {
    type Item = RawJsonRef<'a>;
    type IntoIter = CitationsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl core::fmt::Debug for Citations {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_found_where_it_was_appended() {
        let mut citations = Citations::default();
        let first = citations.push(br#"{"a":[1,2]}"#);
        assert_eq!(citations.at(first).unwrap().as_str(), r#"{"a":[1,2]}"#);
        let second = citations.push(b"{}");
        let mut others = Citations::default();
        others.push(b"[]");
        let offset = "[],".len();
        others.append(&citations);
        others.append(&Citations::default());
        for (citations, offset) in [(citations, 0), (others, offset)] {
            assert_eq!(citations.at(offset + first).unwrap().as_str(), r#"{"a":[1,2]}"#);
            assert_eq!(citations.at(offset + second).unwrap().as_str(), "{}");
            assert_eq!(citations.last, offset + second);
        }
    }
}
