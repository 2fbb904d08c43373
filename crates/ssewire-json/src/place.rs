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
            // The key was new, so it is the last one: removing it leaves the order of the others alone under `preserve_order` too.
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

/// Up to so many members a walk along them is nearer than a look-up by a key that may be long.
const FEW: usize = 32;

impl Name {
    pub(crate) fn new(key: Text) -> Self {
        Self { key, rank: None }
    }

    /// Looks for the member of this name, which no other has followed yet.
    ///
    /// This is done for every open object at every push. A look-up compares the key, and a key may be as long as the text: with
    /// `{"<a megabyte>":[1,1,1,…` in small pieces, that would cost the square of the length. So the position among
    /// the members is kept, and used where it is nearer than the key is short.
    pub(crate) fn find<'v>(&mut self, members: &'v mut Map<String, Value>, raw: &str) -> Option<&'v mut Value> {
        if members.len() > FEW {
            return members.get_mut(self.key.decode(raw).as_str());
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
