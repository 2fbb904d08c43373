//! The id and the model of a message, in one allocation.

use alloc::boxed::Box;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Names {
    /// The id, followed by the model.
    text: Box<str>,
    /// The length of the id. One of more than 4 GiB is dropped.
    id: Option<u32>,
    has_model: bool,
}

impl Names {
    pub(crate) fn new(id: Option<&str>, model: Option<&str>) -> Self {
        let (id, length) = id.and_then(|id| Some((id, u32::try_from(id.len()).ok()?))).unzip();
        Self {
            text: [id.unwrap_or_default(), model.unwrap_or_default()].concat().into(),
            id: length,
            has_model: model.is_some(),
        }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id?;
        self.text.get(..self.id_len())
    }

    pub(crate) fn model(&self) -> Option<&str> {
        self.text.get(self.id_len()..).filter(|_| self.has_model)
    }

    pub(crate) fn set_model(&mut self, model: &str) {
        *self = Self::new(self.id(), Some(model));
    }

    /// The bytes that are held.
    pub(crate) fn byte_size(&self) -> usize {
        self.text.len()
    }

    fn id_len(&self) -> usize {
        self.id.map_or(0, |id| usize::try_from(id).unwrap_or(usize::MAX))
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
                let mut names = Names::new(id, model);
                assert_eq!((names.id(), names.model()), (id, model));
                names.set_model("claude");
                assert_eq!((names.id(), names.model()), (id, Some("claude")));
            }
        }
    }
}
