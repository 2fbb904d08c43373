//! Bounds the values of a label: a metric exists for each, and a server may name any number of models.

/// The value of everything beyond the bound.
pub(crate) const OTHER: &str = "other";

/// The label of a message without a model.
pub(crate) const UNKNOWN: &str = "unknown";

/// The values of one label under one configuration.
#[derive(Debug)]
pub struct Labels {
    /// They are labels whether they have been seen or not.
    names: Vec<String>,
    /// Values that begin with one of these may be labels, too: at most `max` of them.
    beginnings: Vec<String>,
    max: usize,
    /// Those of the store that are.
    known: Vec<String>,
}

/// Where the VMs of one process share the values: each thread has a VM of its own. It never forgets one, so it also has
/// those of former configurations.
pub trait LabelStore {
    /// Returns the values, one a line, and a version for [`save`](Self::save).
    fn load(&self) -> (String, Option<u32>);

    /// Stores the values, unless they have changed since that version. Returns whether it did.
    fn save(&self, values: &str, version: Option<u32>) -> bool;
}

impl Labels {
    /// Permits `max` values: the patterns that are names, and those that begin as a pattern that ends in `*`. Without
    /// patterns, `max` of any values.
    #[must_use]
    pub fn new(patterns: &[String], max: usize) -> Self {
        let (mut names, mut beginnings) = (Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern.strip_suffix('*') {
                Some(beginning) => beginnings.push(beginning.into()),
                None => names.push(pattern.clone()),
            }
        }
        if patterns.is_empty() {
            beginnings.push(String::new());
        }
        Self { max: max.saturating_sub(names.len()), names, beginnings, known: Vec::new() }
    }

    /// Returns the value itself if it is a label, or `other`. Beside the names, values are taken in the order of their
    /// arrival.
    pub fn label<'a>(&mut self, value: &'a str, store: &impl LabelStore) -> &'a str {
        let is_permitted = self.names.iter().any(|name| name == value)
            || is_label(value) && self.may_be_added(value) && (self.is_known(value) || self.add(value, store));
        if is_permitted { value } else { OTHER }
    }

    fn is_known(&self, value: &str) -> bool {
        self.known.iter().any(|known| known == value)
    }

    fn may_be_added(&self, value: &str) -> bool {
        self.beginnings.iter().any(|beginning| value.starts_with(beginning))
            && !self.names.iter().any(|name| name == value)
    }

    fn add(&mut self, value: &str, store: &impl LabelStore) -> bool {
        // The list never shrinks, so a full one stays full.
        if self.known.len() >= self.max {
            return false;
        }
        // Another thread may add a value at the same time.
        for _ in 0..8 {
            let (values, version) = store.load();
            self.known =
                values.lines().filter(|value| self.may_be_added(value)).take(self.max).map(String::from).collect();
            if self.is_known(value) {
                return true;
            }
            if self.known.len() >= self.max {
                return false;
            }
            if store.save(&format!("{values}{value}\n"), version) {
                self.known.push(value.into());
                return true;
            }
        }
        false
    }
}

/// Returns whether a value may be a label: `other` and `unknown` are labels of the filter.
pub(crate) fn is_label(value: &str) -> bool {
    is_part_of_name(value) && value != OTHER && value != UNKNOWN
}

/// Returns whether a text may be part of the name of a metric: 1 to 64 characters that no separator consists of.
pub(crate) fn is_part_of_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:@/+".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use super::*;

    #[derive(Default)]
    struct Shared(RefCell<(String, u32)>);

    impl LabelStore for Shared {
        fn load(&self) -> (String, Option<u32>) {
            let shared = self.0.borrow();
            (shared.0.clone(), Some(shared.1))
        }

        fn save(&self, values: &str, version: Option<u32>) -> bool {
            let mut shared = self.0.borrow_mut();
            let is_current = version == Some(shared.1);
            if is_current {
                *shared = (values.into(), shared.1 + 1);
            }
            is_current
        }
    }

    #[test]
    fn two_threads_share_one_bound() {
        let store = Shared::default();
        let (mut one, mut two) = (Labels::new(&[], 3), Labels::new(&[], 3));
        assert_eq!(one.label("a", &store), "a");
        assert_eq!(two.label("b", &store), "b");
        assert_eq!(two.label("a", &store), "a");
        assert_eq!(one.label("c", &store), "c");
        assert_eq!(one.label("d", &store), "other");
        assert_eq!(two.label("d", &store), "other");
        assert_eq!(two.label("c", &store), "c");
    }

    #[test]
    fn a_million_models_are_a_bounded_number_of_labels() {
        let store = Shared::default();
        let mut labels = Labels::new(&[], 32);
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..1_000_000 {
            seen.insert(labels.label(&format!("model-{number}"), &store).to_owned());
        }
        assert_eq!(seen.len(), 33);
    }

    #[test]
    fn only_values_that_fit_a_pattern_are_labels() {
        let store = Shared::default();
        let mut labels = Labels::new(&["claude-opus-*".into(), "exact".into()], 8);
        assert_eq!(labels.label("claude-opus-4", &store), "claude-opus-4");
        assert_eq!(labels.label("exact", &store), "exact");
        assert_eq!(labels.label("exactly", &store), "other");
        assert_eq!(labels.label("claude", &store), "other");
    }

    #[test]
    fn names_of_the_configuration_are_labels_whatever_arrives_before() {
        let store = Shared::default();
        let mut labels = Labels::new(&["exact".into(), "claude-*".into()], 2);
        assert_eq!(labels.label("claude-1", &store), "claude-1");
        assert_eq!(labels.label("claude-2", &store), "other");
        assert_eq!(labels.label("exact", &store), "exact");
        assert_eq!(labels.label("claude-1", &store), "claude-1");
    }

    /// The store has the values of every configuration of this process.
    #[test]
    fn a_later_configuration_has_its_own_bound_and_patterns() {
        let store = Shared::default();
        let mut before = Labels::new(&[], 4);
        for value in ["a1", "b1", "a2", "b2"] {
            assert_eq!(before.label(value, &store), value);
        }
        let mut fewer = Labels::new(&[], 2);
        assert_eq!(
            ["a1", "b1", "a2", "b2", "c"].map(|value| fewer.label(value, &store)),
            ["a1", "b1", "other", "other", "other"]
        );
        let mut others = Labels::new(&["b*".into(), "a2".into()], 3);
        assert_eq!(
            ["b3", "b2", "b1", "a1", "a2"].map(|value| others.label(value, &store)),
            ["other", "b2", "b1", "other", "a2"]
        );
    }

    #[test]
    fn a_value_that_would_change_the_name_of_a_metric_is_other() {
        let store = Shared::default();
        let mut labels = Labels::new(&[], 8);
        let long = "m".repeat(65);
        for value in ["", "a|model=b", "a\nb", "a b", "modèle", &long] {
            assert_eq!(labels.label(value, &store), "other", "{value}");
        }
    }

    #[test]
    fn a_value_with_the_name_of_a_reserved_label_is_other_and_takes_no_place() {
        let store = Shared::default();
        let mut labels = Labels::new(&[], 1);
        assert_eq!(["other", "unknown", "a"].map(|value| labels.label(value, &store)), ["other", "other", "a"]);
    }

    #[test]
    fn without_labels_every_value_is_other() {
        assert_eq!(Labels::new(&[], 0).label("a", &Shared::default()), "other");
    }
}
