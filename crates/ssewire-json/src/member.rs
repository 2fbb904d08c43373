//! The current member of an open object: its key, and how it is found again at the next push.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::mem::size_of;

use serde_json::{Map, Value};

use crate::key_search::{KeySearch, SearchMemo};
use crate::slot::Slot;
use crate::span::StringSpan;
use crate::work;

/// The member of an open object that was read last.
///
/// Every push walks from the root to the innermost open container, so it finds the current member of every open object
/// again. That must not cost the length of the key or the number of members. The first time, the member is looked for
/// by its key; its `position` makes every later time cheap.
#[derive(Debug, Clone, Default)]
pub(crate) struct CurrentMember {
    key: StringSpan,
    position: Position,
}

/// Where the member is. Valid as long as no key is inserted or removed.
#[derive(Debug, Clone, Default)]
enum Position {
    /// Not looked for since it was inserted.
    #[default]
    Unknown,
    /// This many members precede it.
    FromFirst(usize),
    /// This many members follow it.
    FromLast(usize),
    /// Far from both ends: found by repeating a search. Boxed, because it is rare and every push moves a position.
    Searched(Box<SearchMemo>),
}

/// Walking this many members is as fast as searching. With it, no object of up to 32 members is ever searched.
const NEAR: usize = 16;

/// Whether a map hashes its keys, because serde_json has the feature `preserve_order`. Affects only the cost.
const MAP_HASHES_KEYS: bool = size_of::<Map<String, Value>>() != size_of::<BTreeMap<String, Value>>();

impl CurrentMember {
    pub(crate) fn new(key: StringSpan) -> Self {
        Self { key, position: Position::Unknown }
    }

    pub(crate) fn key_mut(&mut self) -> &mut StringSpan {
        &mut self.key
    }

    /// Moves the position out. The key is copied, which is cheaper than replacing it.
    pub(crate) fn take(&mut self) -> Self {
        Self { key: self.key, position: core::mem::take(&mut self.position) }
    }

    /// Borrows the value that was put last into an open container: this member, or the last element of an array.
    pub(crate) fn last_of<'v>(&mut self, container: &'v mut Value, raw: &str) -> Option<&'v mut Value> {
        match container {
            Value::Object(members) => self.find(members, raw),
            Value::Array(elements) => elements.last_mut(),
            _ => None,
        }
    }

    /// Borrows the value of this member; `None` if it was not inserted.
    ///
    /// Costs O(length of the key) the first time, then at most [`NEAR`] steps or one comparison of addresses for each
    /// key on the path of a map search. One exception: a search in a map with `preserve_order` hashes the key. With
    /// that feature, a member far from both ends costs a hash of the key or a step for each member up to it, whichever
    /// is less, each time. Only the member of a repeated key can lie there.
    pub(crate) fn find<'v>(&mut self, members: &'v mut Map<String, Value>, raw: &str) -> Option<&'v mut Value> {
        if matches!(self.position, Position::Unknown) {
            self.position = self.locate(members, raw);
        }
        match &mut self.position {
            Position::FromFirst(rank) => {
                work::count(*rank);
                members.values_mut().nth(*rank)
            }
            Position::FromLast(rank) => {
                work::count(*rank);
                members.values_mut().nth_back(*rank)
            }
            Position::Searched(memo) => KeySearch::new(self.key, raw, memo).find(members),
            Position::Unknown => None,
        }
    }

    /// Looks for the key near both ends.
    #[inline(never)]
    fn locate(&self, members: &Map<String, Value>, raw: &str) -> Position {
        let key = self.key.text(raw);
        let (mut near, mut stored) = (NEAR, None);
        if MAP_HASHES_KEYS {
            // Four bytes are hashed as fast as one member is passed. More members are passed then, so none is compared.
            work::count(key.len());
            near = NEAR.max(key.len() / 4);
            stored = members.get_key_value(&*key).map(|(stored, _)| stored);
            if stored.is_none() {
                return Position::Searched(Box::default());
            }
        }
        let is_this = |other: &String| match stored {
            Some(stored) => {
                work::count(1);
                core::ptr::eq(stored, other)
            }
            None => {
                work::count(1 + if other.len() == key.len() { key.len() } else { 0 });
                *other == *key
            }
        };
        if let Some(rank) = members.keys().rev().take(near).position(is_this) {
            return Position::FromLast(rank);
        }
        match members.keys().take(near).position(is_this) {
            Some(rank) => Position::FromFirst(rank),
            None => Position::Searched(Box::default()),
        }
    }
}

/// The current member of an object, as a place for its value.
pub(crate) struct MemberSlot<'v> {
    pub(crate) members: &'v mut Map<String, Value>,
    pub(crate) current: CurrentMember,
    pub(crate) raw: &'v str,
}

impl Slot for MemberSlot<'_> {
    /// As in serde_json, the last value of a repeated key wins and keeps the place of the first.
    fn put(&mut self, value: Value) -> Option<Value> {
        let displaced = self.members.insert(self.current.key.decode(self.raw), value);
        debug_assert!(displaced.is_some() || matches!(self.current.position, Position::Unknown), "stale position");
        displaced
    }

    fn shown(&mut self) -> Option<&mut Value> {
        let shown = self.current.find(self.members, self.raw);
        debug_assert!(shown.is_some(), "current member is missing");
        shown
    }

    fn restore(&mut self, displaced: Option<Value>) {
        match (displaced, self.shown()) {
            (Some(earlier), Some(shown)) => *shown = earlier,
            // The key was new. Under `preserve_order` it is the last one, so `remove` keeps the order of the others.
            _ => {
                self.members.remove(&*self.current.key.text(self.raw));
                self.current.position = Position::Unknown;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Scan;
    use alloc::format;

    /// How many other members there are. Few in Miri, where all would take minutes.
    const COUNTS: &[usize] = if cfg!(miri) {
        &[0, NEAR, NEAR + 1]
    } else {
        &[0, 1, NEAR - 1, NEAR, NEAR + 1, 2 * NEAR, 2 * NEAR + 1, 4 * NEAR, 64 * NEAR]
    };

    fn key(raw: &str) -> CurrentMember {
        let mut span = StringSpan::begin(0);
        assert_eq!(span.scan(raw), Scan::Ended);
        CurrentMember::new(span)
    }

    /// The member is found at the ends and between them, whether or not its key has an escape, and after a copy.
    #[test]
    fn find_returns_the_member_of_the_key() {
        for &count in COUNTS {
            for (raw, decoded) in [("m\"", "m"), ("m\\n\"", "m\n"), ("a\"", "a"), ("zz\"", "zz"), ("\"", "")] {
                let other = |i| (format!("{}{i}", if i % 2 == 0 { "a" } else { "z" }), Value::Null);
                let mut members: Map<String, Value> = (0..count).map(other).collect();
                members.insert(decoded.into(), Value::from(7));

                let mut current = key(raw);
                for _ in 0..3 {
                    assert_eq!(current.find(&mut members, raw), Some(&mut Value::from(7)));
                }
                let (mut copy, mut copied) = (current.clone(), members.clone());
                drop(members);
                for _ in 0..3 {
                    assert_eq!(copy.find(&mut copied, raw), Some(&mut Value::from(7)));
                }
            }
        }
    }

    #[test]
    fn find_returns_none_for_a_missing_key() {
        for count in [0, NEAR, 8 * NEAR] {
            let mut members: Map<String, Value> = (0..count).map(|i| (format!("k{i}"), Value::Null)).collect();
            assert_eq!(key("k\"").find(&mut members, "k\""), None);
        }
    }
}
