//! Where a document is not what was expected.

use std::fmt;

use serde::de::Deserialize;

use super::after_string;

/// A value that is not what was expected, and where in its document it stands.
#[derive(Debug)]
pub struct Misfit {
    /// `messages[2].content`; empty for the whole document.
    pub path: String,
    /// What was found and what was expected, with its position in the text.
    pub error: serde_json::Error,
}

/// Reads a document.
///
/// # Errors
/// What the document is not, with the place. That is looked for only then: readers that keep account of where they are
/// would be half of the filter's code.
pub fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Misfit> {
    serde_json::from_slice(text).map_err(|error| Misfit::of(text, error))
}

impl Misfit {
    pub(super) fn of(text: &[u8], error: serde_json::Error) -> Self {
        let start = match error.line() {
            0 | 1 => 0,
            line => memchr::memchr_iter(b'\n', text).nth(line - 2).map_or(text.len(), |end| end + 1),
        };
        let before = text.get(..start + error.column()).unwrap_or(text);
        Self { path: Place::after(before).to_string(), error }
    }

    /// What was found and what was expected, without the position.
    pub fn reason(&self) -> String {
        without_position(&self.error.to_string())
    }
}

/// The words of an error of `serde_json`.
pub(crate) fn without_position(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// The way to a value from the outermost one.
#[derive(Default)]
struct Place(Vec<Step>);

enum Step {
    /// A member of an object; none between its brace or comma and the next name.
    Member(Option<String>),
    /// An item of a list.
    Item(usize),
}

impl Place {
    /// Where a reader is that has taken these bytes: in the value that it has just begun or ended.
    fn after(mut text: &[u8]) -> Self {
        let mut place = Self::default();
        while let [first, rest @ ..] = text {
            text = match first {
                b'"' => {
                    let after = after_string(rest);
                    place.string(text.get(..text.len() - after.len()).unwrap_or(text));
                    after
                }
                _ => {
                    place.sign(*first);
                    rest
                }
            };
        }
        place
    }

    fn sign(&mut self, sign: u8) {
        match (sign, self.0.last_mut()) {
            (b'{', _) => self.0.push(Step::Member(None)),
            (b'[', _) => self.0.push(Step::Item(0)),
            (b'}' | b']', _) => {
                self.0.pop();
            }
            (b',', Some(Step::Member(name))) => *name = None,
            (b',', Some(Step::Item(number))) => *number += 1,
            _ => {}
        }
    }

    /// A string is the name of a member where there is none yet. One that does not end is not yet one.
    fn string(&mut self, token: &[u8]) {
        if let Some(Step::Member(name @ None)) = self.0.last_mut() {
            *name = serde_json::from_slice(token).ok();
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(Some(name)) if number == 0 => f.write_str(name)?,
                Step::Member(Some(name)) => write!(f, ".{name}")?,
                Step::Member(None) => {}
                Step::Item(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Shelf {
        books: Vec<Book>,
        #[serde(default)]
        places: BTreeMap<String, [u8; 2]>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Book {
        title: String,
        kind: Option<Kind>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only read")]
    enum Kind {
        Novel,
        Series(u8),
    }

    fn place(text: &str) -> String {
        read::<Shelf>(text.as_bytes()).unwrap_err().path
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        assert_eq!(place(r#"{"books": 1}"#), "books");
        assert_eq!(place(r#"{"books": [{"title": "a"}, {"title": 5}]}"#), "books[1].title");
        assert_eq!(place("{\n \"books\": [\n  {\"title\": \"a\"},\n  {\"title\": [\n]}]}"), "books[1].title");
        assert_eq!(place(r#"{"books": [{"title": "a", "kind": "poem"}]}"#), "books[0].kind");
        assert_eq!(place(r#"{"books": [{"title": "a", "kind": {"series": -1}}]}"#), "books[0].kind.series");
        assert_eq!(place(r#"{"books": [], "places": {"a": [1, 2], "b\"c": [1, 256]}}"#), r#"places.b"c[1]"#);
    }

    #[test]
    fn what_is_missing_is_missing_in_the_value_around() {
        assert_eq!(place(r#"{"books": [{"title": "a"}, {"kind": "novel"}, {"title": 1}]}"#), "books[1]");
        assert_eq!(place("{}"), "");
    }

    #[test]
    fn what_is_not_known_is_told_by_its_name() {
        assert_eq!(place(r#"{"books": [], "chairs": [1]}"#), "chairs");
    }

    #[test]
    fn what_is_no_json_has_a_place_too() {
        assert_eq!(place(r#"{"books": [{"title": "a"}, {"title": nonsense}]}"#), "books[1].title");
        assert_eq!(place(r#"{"books": []} more"#), "");
        assert_eq!(place(r#"{"books": [{"title": "a"#), "books[0].title");
        assert_eq!(place("\u{feff}"), "");
    }

    #[test]
    fn reasons_have_no_position() {
        let misfit = read::<Shelf>(b"{\"books\": true}").unwrap_err();
        assert_eq!(misfit.reason(), "invalid type: boolean `true`, expected a sequence");
    }
}
