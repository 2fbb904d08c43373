//! The members of an object that go to its [`ExtraMembers`], while the object is read.

use super::{Cursor, ExtraMembers};
use crate::members::Name;

/// Where they lie in the document. Those next to each other are copied at once, and all into one allocation of the
/// right size.
#[derive(Default)]
pub(crate) struct MemberRanges {
    ranges: [(usize, usize); Self::RANGES],
    count: usize,
    has_several: bool,
}

impl MemberRanges {
    /// An object of the API has its members without an accessor in one or two places.
    const RANGES: usize = 4;

    /// Adds the member that the cursor has just read. One that cannot be kept as it arrived is appended now.
    pub(crate) fn push(&mut self, name: &Name<'_, '_>, value: &[u8], cursor: &Cursor<'_>, extra: &mut ExtraMembers) {
        let Some((start, end)) = cursor.last_member(name.json, value) else {
            self.append_to(extra, cursor);
            extra.push(name, value);
            return;
        };
        self.has_several |= self.count > 0;
        let last = self.count.checked_sub(1).and_then(|last| self.ranges.get_mut(last));
        // Between neighbours there is only the comma.
        if let Some((_, last_end)) = last.filter(|(_, last_end)| last_end.saturating_add(1) == start) {
            *last_end = end;
            return;
        }
        if self.count == Self::RANGES {
            self.append_to(extra, cursor);
        }
        if let Some(free) = self.ranges.get_mut(self.count) {
            *free = (start, end);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Appends all that were added.
    pub(crate) fn append_to(&mut self, extra: &mut ExtraMembers, cursor: &Cursor<'_>) {
        match self.ranges.get(..core::mem::take(&mut self.count)) {
            None | Some([]) => {}
            Some(ranges) => extra.append(ranges, cursor, self.has_several),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    fn read(json: &str) -> Vec<(String, String)> {
        let (mut extra, mut members) = (ExtraMembers::default(), MemberRanges::default());
        let (mut cursor, mut is_first) = (Cursor::new(json.as_bytes()), true);
        assert_eq!(cursor.begin_object(), Ok(true));
        while let Ok(Some(json)) = cursor.next_member(&mut is_first) {
            let value = cursor.skip_value().unwrap();
            if !json.raw.starts_with(b"known") {
                members.push(&Name { bytes: &json.name(), json }, value, &cursor, &mut extra);
            }
        }
        members.append_to(&mut extra, &cursor);
        extra.iter().map(|(name, value)| (name.into_owned(), value.to_string())).collect()
    }

    #[test]
    fn the_last_of_repeated_members_holds_however_they_are_written() {
        for json in [r#"{"a":1,"b":2,"a":3}"#, r#"{ "a" : 1, "b" : 2, "\u0061": 3 }"#, r#"{"a":1,"b":2,"\u0061":3}"#] {
            assert_eq!(read(json), [("b".into(), "2".into()), ("a".into(), "3".into())], "{json}");
        }
        assert_eq!(read("{}"), []);
    }

    /// How many members are mixed with others, in all ways. In Miri, where all would take minutes, more than the ranges.
    const MEMBERS: usize = if cfg!(miri) { MemberRanges::RANGES + 1 } else { 11 };

    #[test]
    fn members_are_kept_wherever_they_lie() {
        for count in 0..=MEMBERS {
            let members: Vec<_> = (0..count).map(|at| (format!("m{at}"), at.to_string())).collect();
            for known in 0_u32..1 << count {
                let written: Vec<_> = (0..count)
                    .map(|at| {
                        let known = if known >> at & 1 == 1 { "\"known\":{}," } else { "" };
                        format!("{known}\"m{at}\":{at}")
                    })
                    .collect();
                assert_eq!(read(&format!("{{{}}}", written.join(","))), members);
            }
        }
    }
}
