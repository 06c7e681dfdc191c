//! A list of headers that is changed as a whole: each call into the proxy costs more than what it changes.

use std::fmt::{Display, Write as _};

use crate::pairs;

/// Names in lower case and values, in their order. All of them are in one piece of text: a request has dozens, and most
/// are only passed on.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    text: String,
    fields: Vec<Field>,
}

/// Where a header stands in the text: its name, and its value behind it.
#[derive(Clone, Copy, Debug)]
struct Field {
    start: usize,
    name: usize,
    value: usize,
}

impl Headers {
    /// As the proxy passes them; see [`pairs`]. What is not UTF-8 has replacement characters.
    pub fn read(bytes: &[u8]) -> Self {
        let pairs = pairs::read(bytes);
        let most = pairs.size_hint().1.unwrap_or_default();
        let mut all = Self { text: String::with_capacity(bytes.len()), fields: Vec::with_capacity(most) };
        for (name, value) in pairs {
            all.push(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
        }
        all
    }

    /// Those whose name is good, with room for so many more of so many bytes together.
    pub fn only(&self, good: impl Fn(&str) -> bool, more: usize, bytes: usize) -> Self {
        let mut some = Self {
            text: String::with_capacity(self.text.len() + bytes),
            fields: Vec::with_capacity(self.fields.len() + more),
        };
        for (name, value) in self.iter().filter(|(name, _)| good(name)) {
            some.push(name, value);
        }
        some
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.is(&self.text, name)).map(|field| field.of(&self.text).1)
    }

    /// Replaces all values of this name by one.
    pub fn set(&mut self, name: &str, value: impl Display) {
        self.remove(name);
        let start = self.text.len();
        self.text.push_str(name);
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
        self.fields.push(Field { start, name: name.len(), value: self.text.len() - start - name.len() });
    }

    /// Removes all values of this name.
    pub fn remove(&mut self, name: &str) {
        let text = &self.text;
        // Most of those that are set were not there.
        if self.fields.iter().any(|field| field.is(text, name)) {
            self.fields.retain(|field| !field.is(text, name));
        }
    }

    /// Keeps only those whose name is good.
    pub fn retain(&mut self, good: impl Fn(&str) -> bool) {
        let text = &self.text;
        self.fields.retain(|field| good(field.of(text).0));
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| field.of(&self.text))
    }

    /// For the proxy.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.iter().collect()
    }

    fn push(&mut self, name: &str, value: &str) {
        self.fields.push(Field { start: self.text.len(), name: name.len(), value: value.len() });
        self.text.push_str(name);
        self.text.push_str(value);
    }
}

impl Field {
    fn is(self, text: &str, name: &str) -> bool {
        self.name == name.len() && text.as_bytes().get(self.start..self.start + self.name) == Some(name.as_bytes())
    }

    fn of(self, text: &str) -> (&str, &str) {
        let value = self.start + self.name;
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        (part(self.start, value), part(value, value + self.value))
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in all {
            headers.push(name.as_ref(), value.as_ref());
        }
        headers
    }
}

/// Words as one value. They may be anybody's: only those that can stand in a header are listed, and only so many.
pub fn list(words: &[String]) -> String {
    let plain = |word: &str| word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
    words.iter().map(String::as_str).filter(|word| plain(word)).take(32).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_value_that_is_set_is_the_only_one() {
        let mut headers = Headers::from_iter([("a", "1"), ("a", "2")]);
        assert_eq!(headers.get("a"), Some("1"));
        headers.set("a", "3");
        headers.set("b", "4");
        assert_eq!(headers.pairs(), [("a", "3"), ("b", "4")]);
        headers.retain(|name| name == "b");
        assert_eq!((headers.get("a"), headers.get("b")), (None, Some("4")));
    }

    #[test]
    fn headers_are_read_as_the_proxy_passes_them() {
        let passed = [(":path", "/v1/models"), ("x-empty", ""), ("x-name", "J\u{fc}rgen")];
        assert_eq!(Headers::read(&pairs::write(&passed)).pairs(), passed);
        let latin = [&pairs::write(&[("x", "abc")])[..12], b"x\0\xfcbc\0"].concat();
        assert_eq!(Headers::read(&latin).get("x"), Some("\u{fffd}bc"));
        assert!(Headers::read(b"").is_empty());
    }

    #[test]
    fn words_that_cannot_stand_in_a_header_are_not_listed() {
        let long = "x".repeat(65);
        let words = ["seed", "a\r\nset-cookie: b", "a,b", "\u{e9}", &long, "top_k"].map(str::to_owned);
        assert_eq!(list(&words), "seed,top_k");
        assert_eq!(list(&vec!["n".to_owned(); 1000]).len(), 63);
    }
}
