//! Bounds the values of a label: a metric exists for each, and a server may name any number of models.

/// The value of everything beyond the bound.
pub(crate) const OTHER: &str = "other";

/// The values of one label that this process has seen, at most `max` of them.
#[derive(Debug)]
pub struct Labels {
    patterns: Vec<String>,
    max: usize,
    known: Vec<String>,
}

/// Where the VMs of one process share the values: each thread has a VM of its own.
pub trait LabelStore {
    /// Returns the values, one a line, and a version for [`save`](Self::save).
    fn load(&self) -> (String, Option<u32>);

    /// Stores the values, unless they have changed since that version. Returns whether it did.
    fn save(&self, values: &str, version: Option<u32>) -> bool;
}

impl Labels {
    /// Permits `max` values, and only those that fit a pattern: a name, or a beginning that ends in `*`. Without
    /// patterns, all fit.
    #[must_use]
    pub fn new(patterns: &[String], max: usize) -> Self {
        Self { patterns: patterns.to_vec(), max, known: Vec::new() }
    }

    /// Returns the value itself if it may be a label, or `other`. Values are taken in the order of their arrival.
    pub fn label<'a>(&mut self, value: &'a str, store: &impl LabelStore) -> &'a str {
        let is_permitted = self.max > 0 && is_label(value) && self.fits(value);
        if is_permitted && (self.is_known(value) || self.add(value, store)) { value } else { OTHER }
    }

    fn is_known(&self, value: &str) -> bool {
        self.known.iter().any(|known| known == value)
    }

    fn fits(&self, value: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => value.starts_with(beginning),
            None => value == pattern,
        };
        self.patterns.is_empty() || self.patterns.iter().any(fits)
    }

    fn add(&mut self, value: &str, store: &impl LabelStore) -> bool {
        // The list never shrinks, so a full one stays full.
        if self.known.len() >= self.max {
            return false;
        }
        // Another thread may add a value at the same time.
        for _ in 0..8 {
            let (values, version) = store.load();
            self.known = values.lines().map(String::from).collect();
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

/// Returns whether a text may be part of the name of a metric: 1 to 64 characters that no separator consists of.
pub(crate) fn is_label(text: &str) -> bool {
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
    fn a_value_that_would_change_the_name_of_a_metric_is_no_label() {
        let store = Shared::default();
        let mut labels = Labels::new(&[], 8);
        let long = "m".repeat(65);
        for value in ["", "a|model=b", "a\nb", "a b", "modèle", &long] {
            assert_eq!(labels.label(value, &store), "other", "{value}");
        }
    }

    #[test]
    fn without_labels_every_value_is_other() {
        assert_eq!(Labels::new(&[], 0).label("a", &Shared::default()), "other");
    }
}
