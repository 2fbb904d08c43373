//! Counts work, for the test that proves a push linear. [`count`] is empty outside of this crate's tests.

#[cfg(not(test))]
#[inline(always)]
pub(crate) fn count(_units: usize) {}

#[cfg(test)]
pub(crate) use counting::{count, take};

#[cfg(test)]
mod counting {
    extern crate std;

    use core::cell::Cell;

    std::thread_local! {
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    /// Adds bytes of keys that are compared, decoded or hashed, or members that are passed in a walk.
    pub(crate) fn count(units: usize) {
        WORK.set(WORK.get().saturating_add(units));
    }

    /// Returns what this thread has counted since the last call.
    pub(crate) fn take() -> usize {
        WORK.take()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::take;
    use crate::{PartialJson, PartialStrings};

    /// Returns the work of a text that is pushed in pieces.
    fn work_of(start: &str, piece: &str, pieces: usize) -> usize {
        take();
        let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
        json.push(start).unwrap();
        for _ in 0..pieces {
            json.push(piece).unwrap();
        }
        take()
    }

    /// Returns members before and after the keys of the rows in the order of keys.
    fn members(count: usize) -> String {
        (0..count).map(|i| format!("\"{}{i}\":0,", if i % 2 == 0 { "a" } else { "z" })).collect()
    }

    /// Returns the beginning of a text of `len` bytes with `count` members in each object, whose rest is small pieces.
    fn beginning(shape: &str, len: usize, count: usize) -> String {
        let (members, more) = (members(count), members(2 * count).split_off(members(count).len()));
        let key = "k".repeat(len / 2);
        match shape {
            "last key" => format!("{{{members}\"zz{key}\":["),
            "first key" => format!("{{{members}\"\\n{key}\":["),
            "middle key" => format!("{{{members}\"{key}\":["),
            "middle key with an escape" => format!("{{{members}\"k\\n{key}\":["),
            "repeated key" => format!("{{{members}\"{key}\":0,{more}\"{key}\":["),
            "repeated key with an escape" => format!("{{{members}\"k\\n{key}\":0,{more}\"k\\n{key}\":["),
            "string value" => format!("{{{members}\"{key}\":\"[0,"),
            "number value" => format!("{{{members}\"{key}\":0."),
            "long keys with a common beginning" => {
                let key = "k".repeat(len / 2 / (count + 1));
                let members: String = (0..count).map(|i| format!("\"{key}{i:03}\":0,")).collect();
                format!("{{{members}\"{key}{:03}x\":[", count / 2)
            }
            "repeated key among keys of its length" => {
                let key = |i: usize| format!("\"{}{i:03}\":", "k".repeat(len / 2 / (count + 1)));
                let members: String = (0..count).map(|i| key(i) + "0,").collect();
                format!("{{{members}{}[", key(count / 2))
            }
            "nested objects" => {
                let key = "k".repeat(len / 120);
                format!("{{{members}\"{key}\":").repeat(60) + "["
            }
            _ => panic!("unknown shape"),
        }
    }

    /// A push costs its piece and a constant for each open object. More members or a longer key do not change that.
    #[test]
    #[cfg_attr(miri, ignore = "growth shows only at sizes that take hours")]
    fn push_is_linear_in_objects_of_any_size() {
        for shape in [
            "last key",
            "first key",
            "middle key",
            "middle key with an escape",
            "repeated key",
            "repeated key with an escape",
            "string value",
            "number value",
            "long keys with a common beginning",
            "repeated key among keys of its length",
            "nested objects",
        ] {
            let piece = if shape == "string value" {
                "ab"
            } else if shape == "number value" {
                "1"
            } else {
                "0,"
            };
            let run = |len: usize, count| {
                let pieces = if shape == "number value" { 50 } else { len / 4 };
                let start = beginning(shape, len, count);
                work_of(&start, piece, pieces) as f64 / (start.len() + pieces * piece.len()) as f64
            };
            let (few, many, twice) = (run(1 << 14, 10), run(1 << 14, 60), run(1 << 15, 60));
            let depth = if shape == "nested objects" { 60.0 } else { 1.0 };
            assert!(many < few + 16.0 * depth, "{shape}: {few} a byte with few members, {many} with many");
            assert!(twice < many * 1.1 + 1.0, "{shape}: {many} a byte, {twice} in twice the text");
        }
    }

    /// Regression: with `preserve_order` each of them was compared with a number of members that grew with its length.
    #[test]
    #[cfg_attr(miri, ignore = "growth shows only at sizes that take hours")]
    fn the_first_search_of_a_repeated_key_is_linear_in_its_length() {
        let run = |len: usize| {
            let key = |i: usize| format!("\"{}{i:04}\":", "k".repeat(len));
            let members: String = (0..len).map(|i| key(i) + "0,").collect();
            let repeated = key(len / 2) + "[";
            take();
            let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
            json.push(&format!("{{{members}")).unwrap();
            for _ in 0..len {
                json.push(&repeated).unwrap();
                json.push("],").unwrap();
            }
            take() as f64 / (members.len() + len * (repeated.len() + 2)) as f64
        };
        let (once, four_times) = (run(200), run(800));
        assert!(
            four_times < once * 1.2,
            "{once} a byte, {four_times} for four times the keys of four times the length"
        );
    }
}
