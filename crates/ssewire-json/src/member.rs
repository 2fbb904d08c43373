//! The current member of an open object: its key, and how it is found again at the next push.

use alloc::string::String;

use serde_json::{Map, Value};

use crate::slot::Slot;
use crate::span::StringSpan;

/// The member of an open object that was read last, and its rank when it was last found.
#[derive(Debug, Clone, Default)]
pub(crate) struct CurrentMember {
    key: StringSpan,
    rank: Option<usize>,
}

/// Up to this number of members, walking to one is as fast as searching its key.
const FEW: usize = 32;

impl CurrentMember {
    pub(crate) fn new(key: StringSpan) -> Self {
        Self { key, rank: None }
    }

    /// Moves the current member out.
    pub(crate) fn take(&mut self) -> Self {
        core::mem::take(self)
    }

    /// Borrows the value of this member; `None` if it was not inserted.
    pub(crate) fn find<'v>(&mut self, members: &'v mut Map<String, Value>, raw: &str) -> Option<&'v mut Value> {
        let rank = match self.rank {
            _ if members.len() > FEW => return members.get_mut(&*self.key.text(raw)),
            Some(rank) => rank,
            None => {
                let key = self.key.text(raw);
                let rank = members.keys().position(|other| *other == *key)?;
                *self.rank.insert(rank)
            }
        };
        members.values_mut().nth(rank)
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
        self.members.insert(self.current.key.decode(self.raw), value)
    }

    fn shown(&mut self) -> Option<&mut Value> {
        let shown = self.current.find(self.members, self.raw);
        debug_assert!(shown.is_some(), "current member is missing");
        shown
    }

    fn restore(&mut self, displaced: Option<Value>) {
        match (displaced, self.shown()) {
            (Some(earlier), Some(shown)) => *shown = earlier,
            // The key was new, so under `preserve_order` it is the last one, and `remove` keeps the order of the others.
            _ => {
                self.members.remove(&*self.current.key.text(self.raw));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Scan;
    use alloc::format;

    fn key(raw: &str) -> CurrentMember {
        let mut span = StringSpan::begin(0);
        assert_eq!(span.scan(raw), Scan::Ended);
        CurrentMember::new(span)
    }

    /// The member is found at the ends and between them, whether or not its key has an escape, and after a copy.
    #[test]
    fn find_returns_the_member_of_the_key() {
        for count in [0, FEW - 1, FEW, 3 * FEW] {
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
        for count in [0, FEW, 4 * FEW] {
            let mut members: Map<String, Value> = (0..count).map(|i| (format!("k{i}"), Value::Null)).collect();
            assert_eq!(key("k\"").find(&mut members, "k\""), None);
        }
    }
}
