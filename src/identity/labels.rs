//! Teams that no document lists, as labels of stats.

use std::cell::RefCell;
use std::collections::HashSet;

/// So many teams have stats of their own; Envoy keeps every stat for good.
const MOST: usize = 1_000;

/// The label of all others.
const OTHERS: &str = "*";

/// Names that are labels already, on one worker.
#[derive(Debug, Default)]
pub struct Labels(RefCell<HashSet<String>>);

impl Labels {
    /// The label of a name.
    pub fn of<'a>(&self, name: &'a str) -> &'a str {
        let mut known = self.0.borrow_mut();
        if known.contains(name) {
            return name;
        }
        if known.len() == MOST {
            return OTHERS;
        }
        known.insert(name.to_owned());
        name
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn there_is_an_end_of_labels() {
        let labels = Labels::default();
        for number in 0..MOST {
            assert_ne!(labels.of(&number.to_string()), OTHERS);
        }
        assert_eq!((labels.of("more"), labels.of("7")), (OTHERS, "7"));
    }
}
