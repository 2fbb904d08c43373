//! The place a value is written to: the top level, the end of an array or a member of an object.

use alloc::vec::Vec;

use serde_json::Value;

/// A place for one value, which may be shown before it is complete.
pub(crate) trait Slot {
    /// Shows `value` here. Returns the displaced value: the earlier one of a repeated key.
    fn put(&mut self, value: Value) -> Option<Value>;

    /// Borrows the value that was put here last.
    fn shown(&mut self) -> Option<&mut Value>;

    /// Undoes [`put`](Slot::put): shows the displaced value again.
    fn restore(&mut self, displaced: Option<Value>);
}

/// The top level.
impl Slot for Option<Value> {
    fn put(&mut self, value: Value) -> Option<Value> {
        self.replace(value)
    }

    fn shown(&mut self) -> Option<&mut Value> {
        self.as_mut()
    }

    fn restore(&mut self, displaced: Option<Value>) {
        *self = displaced;
    }
}

/// The end of an array.
impl Slot for Vec<Value> {
    fn put(&mut self, value: Value) -> Option<Value> {
        self.push(value);
        None
    }

    fn shown(&mut self) -> Option<&mut Value> {
        self.last_mut()
    }

    fn restore(&mut self, _displaced: Option<Value>) {
        self.pop();
    }
}
