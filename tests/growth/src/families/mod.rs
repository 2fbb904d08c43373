//! The families, one file per layer. `known` is not of a library: its growth is known, and it checks the harness.

mod batch;
mod json;
pub(crate) mod known;
mod messages;
mod sse;

use crate::family::Family;

/// Families of one crate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) families: &'static [Family],
}

/// The layers, from the bottom up.
pub(crate) const LAYERS: [Layer; 4] = [
    Layer { name: "sse", families: sse::FAMILIES },
    Layer { name: "batch", families: batch::FAMILIES },
    Layer { name: "json", families: json::FAMILIES },
    Layer { name: "messages", families: messages::FAMILIES },
];

/// The layer of known growth.
pub(crate) const KNOWN: Layer = Layer { name: "known", families: known::FAMILIES };

/// The usual size of a chunk.
const CHUNK: usize = 16 * 1024;

/// Repeats `unit` up to at most `len` bytes, only complete units.
fn repeat(unit: &str, len: usize) -> String {
    unit.repeat(len / unit.len())
}

/// Appends further units up to a total of at most `len` bytes, only complete units.
fn fill(mut text: String, unit: &str, len: usize) -> String {
    let rest = len.saturating_sub(text.len());
    text.push_str(&repeat(unit, rest));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_about_as_large_as_asked() {
        for layer in LAYERS {
            for family in layer.families {
                let small = (family.build)(32 << 10).len() as f64;
                let large = (family.build)(64 << 10).len() as f64;
                assert!((1.8..2.2).contains(&(large / small)), "{}/{}: {small}, {large}", layer.name, family.name);
                assert!((16_000.0..160_000.0).contains(&small), "{}/{}: {small}", layer.name, family.name);
            }
        }
    }

    #[test]
    fn names_are_unique_and_controls_exist() {
        for layer in LAYERS.into_iter().chain([KNOWN]) {
            let mut names: Vec<_> = layer.families.iter().map(|family| family.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}", layer.name);
            for control in layer.families.iter().filter_map(|family| family.bounds.control) {
                assert!(names.contains(&control.name), "{}/{}", layer.name, control.name);
            }
        }
    }
}
