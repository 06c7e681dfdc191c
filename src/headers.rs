//! A list of headers that is changed as a whole: each call into the proxy costs more than what it changes.

/// Names in lower case and values, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl From<Vec<(String, String)>> for Headers {
    fn from(all: Vec<(String, String)>) -> Self {
        Self(all)
    }
}

impl Headers {
    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Replaces all values of this name by one.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Removes all values of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| n != name);
    }

    /// Keeps only those whose name is good.
    pub fn retain(&mut self, good: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| good(name));
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// For the proxy.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.iter().collect()
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
        let mut headers = Headers::from(vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]);
        assert_eq!(headers.get("a"), Some("1"));
        headers.set("a", "3");
        headers.set("b", "4");
        assert_eq!(headers.pairs(), [("a", "3"), ("b", "4")]);
        headers.retain(|name| name == "b");
        assert_eq!((headers.get("a"), headers.get("b")), (None, Some("4")));
    }

    #[test]
    fn words_that_cannot_stand_in_a_header_are_not_listed() {
        let long = "x".repeat(65);
        let words = ["seed", "a\r\nset-cookie: b", "a,b", "\u{e9}", &long, "top_k"].map(str::to_owned);
        assert_eq!(list(&words), "seed,top_k");
        assert_eq!(list(&vec!["n".to_owned(); 1000]).len(), 63);
    }
}
