//! The id and the model of a message, in one allocation.

use alloc::string::String;

use crate::json::JsonStr;
use crate::memory::reserve;

#[derive(Clone, Default, PartialEq)]
pub(crate) struct IdAndModel {
    /// The id, followed by the model.
    text: String,
    /// The length of the id. One of more than 4 GiB is dropped.
    id_len: u32,
    has_id: bool,
    has_model: bool,
}

impl IdAndModel {
    // Out of line: inlining duplicates it.
    #[inline(never)]
    pub(crate) fn new(id: Option<&str>, model: Option<&str>) -> Self {
        let (id, id_len) = id.and_then(|id| Some((id, u32::try_from(id.len()).ok()?))).unzip();
        let (has_id, has_model) = (id.is_some(), model.is_some());
        let (id, model) = (id.unwrap_or_default(), model.unwrap_or_default());
        let mut text = String::with_capacity(id.len().saturating_add(model.len()));
        text.push_str(id);
        text.push_str(model);
        Self { text, id_len: id_len.unwrap_or_default(), has_id, has_model }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.text.get(..self.id_len()).filter(|_| self.has_id)
    }

    pub(crate) fn model(&self) -> Option<&str> {
        self.text.get(self.id_len()..).filter(|_| self.has_model)
    }

    /// Sets the model in place: a copy of the id for each fallback block would be quadratic.
    pub(crate) fn set_model(&mut self, model: JsonStr<'_>) {
        self.text.truncate(self.id_len());
        reserve(&mut self.text, model.raw.len());
        model.append_to(&mut self.text);
        self.has_model = true;
    }

    /// Returns the number of bytes that it keeps.
    pub(crate) fn byte_size(&self) -> usize {
        self.text.len()
    }

    fn id_len(&self) -> usize {
        usize::try_from(self.id_len).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_kept_and_absent_is_not_empty() {
        let all = [None, Some(""), Some("msg_1"), Some("é")];
        for id in all {
            for model in all {
                let mut names = IdAndModel::new(id, model);
                assert_eq!((names.id(), names.model()), (id, model));
                names.set_model(JsonStr::plain(b"claude"));
                assert_eq!((names.id(), names.model()), (id, Some("claude")));
            }
        }
    }
}
