//! The members of an object that have no field of their own, as one text.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::keep::{append_raw, split_value};
use super::{Cursor, ObjectWriter, RawJsonRef, push_string, quoted_len};
use crate::members::Name;
use crate::memory::{free_excess, reserve};
use crate::sort::sort;

/// The members of an object that this version does not know, and known ones of another type than documented.
///
/// One text holds all of them, each value as it arrived. A member that is set again is appended; the text is compacted
/// when it has doubled, so setting a member costs its length, however many there are. The types that are parsed on
/// demand have a map of parsed values instead, [`ExtraMap`](crate::vocabulary::ExtraMap).
#[derive(Clone, Default)]
pub struct ExtraMembers {
    /// `"name":value,` for each. An empty value: the member was removed.
    text: String,
    /// A name may occur more than once; the last occurrence counts.
    may_repeat: bool,
    /// The length of the text when it was compacted last.
    compacted: u32,
}

/// The members of [`ExtraMembers`], in the order in which they were set last.
#[derive(Clone)]
pub struct ExtraMembersIter<'a> {
    members: &'a ExtraMembers,
    /// Where the members begin, if a name may repeat.
    starts: alloc::vec::IntoIter<u32>,
    /// All entries, if none may.
    entries: Entries<'a>,
}

impl ExtraMembers {
    pub(crate) const EMPTY: &'static Self = &Self { text: String::new(), may_repeat: false, compacted: 0 };

    /// Returns whether the object has only known members. Costs as much as [`iter`](Self::iter).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() || self.iter().next().is_none()
    }

    /// Returns the number of members. Costs as much as [`iter`](Self::iter).
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns the value of a member. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        let found = Entries { text: &self.text }.filter(|(other, _)| *other == name).last();
        found.map(|(_, value)| value).filter(|value| !value.as_str().is_empty())
    }

    /// Returns whether there is a member of this name. Linear.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the members, in the order in which they were set last. In an object that was read at once, some members
    /// with escapes, or of another type than documented, come first. Linear in their text, or n log n if a name may
    /// occur twice.
    #[must_use]
    pub fn iter(&self) -> ExtraMembersIter<'_> {
        let (starts, text) = if self.may_repeat {
            (self.last_entries().unwrap_or_default(), "")
        } else {
            (Vec::new(), self.text.as_str())
        };
        ExtraMembersIter { members: self, starts: starts.into_iter(), entries: Entries { text } }
    }

    /// Returns the number of bytes that it keeps.
    pub(crate) fn byte_size(&self) -> usize {
        self.text.len()
    }

    /// Appends a member of an object that is being read.
    pub(crate) fn push(&mut self, name: &Name<'_, '_>, valid: &[u8]) {
        self.push_member(&name.text(), valid);
    }

    /// Appends members of an object as they lie in it, `"name":value`, with commas between several ones.
    #[inline(never)]
    pub(super) fn append(&mut self, ranges: &[(usize, usize)], cursor: &Cursor<'_>, has_several: bool) {
        self.may_repeat |= has_several || !self.text.is_empty();
        reserve(&mut self.text, ranges.iter().map(|(start, end)| end.saturating_sub(*start).saturating_add(1)).sum());
        for (start, end) in ranges {
            let member = cursor.bytes(*start, *end);
            match core::str::from_utf8(member) {
                Ok(member) => self.text.push_str(member),
                Err(_) => append_raw(member, &mut self.text),
            }
            self.text.push(',');
        }
    }

    /// Sets the member that the cursor has just read.
    pub(crate) fn set_last(&mut self, name: &Name<'_, '_>, valid: &[u8], cursor: &Cursor<'_>) {
        match cursor.last_member(name.json, valid) {
            Some(range) => self.append(&[range], cursor, false),
            None => self.push(name, valid),
        }
        self.compact_if_doubled();
    }

    /// Sets a member.
    #[inline(never)]
    pub(crate) fn set(&mut self, name: &str, valid: &[u8]) {
        self.push_member(name, valid);
        self.compact_if_doubled();
    }

    /// Removes a member, if it is there.
    pub(crate) fn remove(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.set(name, b"");
        }
    }

    /// Appends a member. One of this name before it no longer counts.
    fn push_member(&mut self, name: &str, valid: &[u8]) {
        self.may_repeat |= !self.text.is_empty();
        // The colon and the comma.
        reserve(&mut self.text, quoted_len(name).saturating_add(valid.len()).saturating_add(2));
        push_string(&mut self.text, name);
        self.text.push(':');
        append_raw(valid, &mut self.text);
        self.text.push(',');
    }

    /// Writes all members.
    pub(crate) fn write(&self, object: &mut ObjectWriter<'_>) {
        for (name, value) in self {
            object.raw(&name, value.as_str());
        }
    }

    /// Keeps the cost of [`set`](Self::set) in proportion to the new value.
    fn compact_if_doubled(&mut self) {
        let least = usize::try_from(self.compacted).unwrap_or(usize::MAX).saturating_mul(2).saturating_add(512);
        if self.text.len() < least {
            return;
        }
        let Some(starts) = self.last_entries() else { return };
        let mut lengths = starts.clone();
        for length in &mut lengths {
            *length = self.entry_len(*length);
        }
        let mut bytes = core::mem::take(&mut self.text).into_bytes();
        let mut end = 0_usize;
        for (from, length) in starts.iter().zip(&lengths) {
            let from = to_usize(*from);
            let to = from.saturating_add(to_usize(*length));
            if from <= to && to <= bytes.len() && end <= from {
                bytes.copy_within(from..to, end);
                end = end.saturating_add(to.saturating_sub(from));
            }
        }
        bytes.truncate(end);
        self.text = String::from_utf8(bytes).unwrap_or_default();
        free_excess(&mut self.text);
        self.may_repeat = false;
        self.compacted = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
    }

    /// Returns where the last entry of each name that was not removed lies in the text, in order. `None`: the text is
    /// too long for this.
    fn last_entries(&self) -> Option<Vec<u32>> {
        let mut starts = Vec::new();
        starts.try_reserve_exact(Entries { text: &self.text }.count()).ok()?;
        let mut entries = Entries { text: &self.text };
        loop {
            let start = self.text.len().saturating_sub(entries.text.len());
            if entries.next().is_none() {
                break;
            }
            starts.push(u32::try_from(start).ok()?);
        }
        // By name; those of one name stay in order.
        sort(&mut starts, &|a, b| self.compare_names(a, b) == Ordering::Less);
        let mut kept = 0_usize;
        for at in 0..starts.len() {
            let (Some(start), next) = (starts.get(at).copied(), starts.get(at.saturating_add(1)).copied()) else {
                break;
            };
            let is_last = next.is_none_or(|next| self.compare_names(start, next) != Ordering::Equal);
            let is_kept = |(_, value): (_, RawJsonRef<'_>)| !value.as_str().is_empty();
            if is_last && self.entries_from(start).next().is_some_and(is_kept) {
                if let Some(slot) = starts.get_mut(kept) {
                    *slot = start;
                }
                kept = kept.saturating_add(1);
            }
        }
        starts.truncate(kept);
        sort(&mut starts, &|a, b| a < b);
        Some(starts)
    }

    /// Returns where the members lie in the text, in the order of their names.
    fn starts_by_name(&self) -> Vec<u32> {
        let mut starts = self.last_entries().unwrap_or_default();
        sort(&mut starts, &|a, b| self.compare_names(a, b) == Ordering::Less);
        starts
    }

    /// Returns the entry that begins there, and those after it.
    fn entries_from(&self, start: u32) -> Entries<'_> {
        Entries { text: self.text.get(to_usize(start)..).unwrap_or_default() }
    }

    fn entry_len(&self, start: u32) -> u32 {
        let mut entries = self.entries_from(start);
        let from = entries.text.len();
        entries.next();
        to_u32(from.saturating_sub(entries.text.len()))
    }

    /// Compares the names of two entries, which are escaped in the same way. The cost is the common part of the names:
    /// to look for their ends would cost a long name again for each comparison with a short one.
    // Out of line: inlined, it is several times in a program, and no hot path calls it.
    #[inline(never)]
    fn compare_names(&self, a: u32, b: u32) -> Ordering {
        let name = |start: u32| self.entries_from(start.saturating_add(1)).text.bytes();
        let mut is_escaped = false;
        for (a, b) in name(a).zip(name(b)) {
            if a != b {
                return a.cmp(&b);
            }
            if a == b'"' && !is_escaped {
                break;
            }
            is_escaped = a == b'\\' && !is_escaped;
        }
        Ordering::Equal
    }
}

fn to_usize(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn to_u32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'a> Iterator for ExtraMembersIter<'a> {
    type Item = (Cow<'a, str>, RawJsonRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name, value) = match self.starts.next() {
                Some(start) => self.members.entries_from(start).next()?,
                None => self.entries.next()?,
            };
            if !value.as_str().is_empty() {
                return Some((name, value));
            }
        }
    }
}

impl fmt::Debug for ExtraMembersIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a ExtraMembers {
    type Item = (Cow<'a, str>, RawJsonRef<'a>);
    type IntoIter = ExtraMembersIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The entries of a text, removed and repeated ones too.
#[derive(Clone)]
struct Entries<'a> {
    text: &'a str,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Cow<'a, str>, RawJsonRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut cursor = Cursor::of_document(self.text.as_bytes());
        let name = cursor.string().ok()??.to_text();
        let colon = cursor.offset();
        let value_from = colon.saturating_add(1);
        let rest = self.text.get(value_from..)?;
        let (value, after) = match rest.strip_prefix(',') {
            Some(after) => ("", after),
            None => split_value(rest)?,
        };
        self.text = after;
        Some((name, RawJsonRef::of_valid(value)))
    }
}

/// Equal if both have the same members with the same values as text.
impl PartialEq for ExtraMembers {
    fn eq(&self, other: &Self) -> bool {
        if self.text == other.text {
            return true;
        }
        let (starts, others) = (self.starts_by_name(), other.starts_by_name());
        let is_same = |(a, b): (&u32, &u32)| self.entries_from(*a).next() == other.entries_from(*b).next();
        starts.len() == others.len() && starts.iter().zip(&others).all(is_same)
    }
}

impl fmt::Debug for ExtraMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    fn members(extra: &ExtraMembers) -> Vec<(String, String)> {
        extra.iter().map(|(name, value)| (name.into_owned(), value.to_string())).collect()
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        let mut extra = ExtraMembers::default();
        assert!(extra.is_empty());
        extra.set("a", b"1");
        extra.set("b \"x\"", b"[1, 2]");
        extra.set("a", b"{}");
        assert_eq!(members(&extra), [("b \"x\"".into(), "[1, 2]".into()), ("a".into(), "{}".into())]);
        extra.remove("b \"x\"");
        extra.remove("never");
        assert_eq!(members(&extra), [("a".to_string(), "{}".to_string())]);
        assert_eq!(extra.get("b \"x\""), None);
        extra.remove("a");
        assert!(extra.is_empty());
        extra.set("a", b"3");
        assert_eq!(extra.get("a").unwrap().as_str(), "3");
    }

    /// The number of members. Few in Miri, where these would take minutes.
    const MEMBERS: usize = if cfg!(miri) { 10 } else { 1000 };

    #[test]
    fn setting_a_member_again_and_again_does_not_pile_up() {
        let mut extra = ExtraMembers::default();
        for number in 0..MEMBERS {
            extra.set(&format!("x{number}"), b"0");
        }
        let len = extra.text.len();
        for number in 0..10 * MEMBERS {
            extra.set("y", format!("\"{number}\"").as_bytes());
            extra.set("x7", b"null");
        }
        assert!(extra.text.len() <= 2 * len + 1024, "{}", extra.text.len());
        assert_eq!(extra.len(), MEMBERS + 1);
        assert_eq!(extra.get("y").unwrap().as_str(), format!("\"{}\"", 10 * MEMBERS - 1));
        assert_eq!(extra.get(&format!("x{}", MEMBERS - 1)).unwrap().as_str(), "0");
    }
}
