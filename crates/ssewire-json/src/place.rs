//! Where a value goes: the top level, the end of an array, a member of an object.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::string::Text;

/// A place for one value, which can be shown there while it grows.
pub(crate) trait Place {
    /// Shows `value` there. Returns what it displaced: the earlier value of a duplicate key.
    fn put(&mut self, value: Value) -> Option<Value>;

    /// The value that was put there last.
    fn shown(&mut self) -> Option<&mut Value>;

    /// Undoes [`put`](Place::put): shows again what it displaced.
    fn take_back(&mut self, displaced: Option<Value>);
}

/// The top level.
impl Place for Option<Value> {
    fn put(&mut self, value: Value) -> Option<Value> {
        self.replace(value)
    }

    fn shown(&mut self) -> Option<&mut Value> {
        self.as_mut()
    }

    fn take_back(&mut self, displaced: Option<Value>) {
        *self = displaced;
    }
}

/// The end of an array.
impl Place for Vec<Value> {
    fn put(&mut self, value: Value) -> Option<Value> {
        self.push(value);
        None
    }

    fn shown(&mut self) -> Option<&mut Value> {
        self.last_mut()
    }

    fn take_back(&mut self, _displaced: Option<Value>) {
        self.pop();
    }
}

/// The member of an object that `name` says.
pub(crate) struct Member<'v> {
    pub(crate) members: &'v mut Map<String, Value>,
    pub(crate) name: Name,
    pub(crate) raw: &'v str,
}

impl Place for Member<'_> {
    /// As serde_json does it: the last of duplicate keys wins, at the position of the first.
    fn put(&mut self, value: Value) -> Option<Value> {
        self.members.insert(self.name.key.decode(self.raw), value)
    }

    fn shown(&mut self) -> Option<&mut Value> {
        self.name.find(self.members, self.raw)
    }

    fn take_back(&mut self, displaced: Option<Value>) {
        match (displaced, self.shown()) {
            (Some(earlier), Some(shown)) => *shown = earlier,
            // The key was new, so it is the last one: removing it leaves the order of the others alone under
            // `preserve_order` too.
            _ => {
                self.members.remove(&self.name.key.decode(self.raw));
            }
        }
    }
}

/// The member of an open object that is being read: its key, and where that key was found when it was last looked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Name {
    key: Text,
    rank: Option<usize>,
}

/// Among so many members, counting along to one is as quick as looking its key up.
const FEW: usize = 32;

impl Name {
    pub(crate) fn new(key: Text) -> Self {
        Self { key, rank: None }
    }

    /// Looks for the member of this name. No other has been inserted since it was.
    ///
    /// This is done for every open object at every push. A look-up compares keys, and a key may be as long as the
    /// text: for `{"<a megabyte>":[1,1,1,…` in small pieces that would cost the square of the length. So among few
    /// members the key is looked for once, and its rank is remembered.
    pub(crate) fn find<'v>(&mut self, members: &'v mut Map<String, Value>, raw: &str) -> Option<&'v mut Value> {
        if members.len() > FEW {
            return match self.key.as_it_is(raw) {
                Some(key) => members.get_mut(key),
                None => members.get_mut(&self.key.decode(raw)),
            };
        }
        let rank = match self.rank {
            Some(rank) => rank,
            None => {
                let key = self.key.decode(raw);
                let rank = members.keys().position(|other| *other == key)?;
                *self.rank.insert(rank)
            }
        };
        members.values_mut().nth(rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Scan;
    use alloc::format;

    /// Few members are counted and many looked up, whether the key stands there as it is or has an escape.
    #[test]
    fn the_member_is_found_again() {
        for count in [0, FEW - 1, FEW, 3 * FEW] {
            for (raw, decoded) in [("m\"", "m"), ("m\\n\"", "m\n")] {
                let other = |i| (format!("{}{i}", if i % 2 == 0 { "a" } else { "z" }), Value::Null);
                let mut members: Map<String, Value> = (0..count).map(other).collect();
                members.insert(decoded.into(), Value::from(7));

                let mut key = Text::begin(0);
                assert_eq!(key.scan(raw), Scan::Ended);
                let mut name = Name::new(key);
                for _ in 0..2 {
                    assert_eq!(name.find(&mut members, raw), Some(&mut Value::from(7)));
                }
                assert_eq!(name.rank.is_some(), members.len() <= FEW, "{count}");
            }
        }
    }
}
