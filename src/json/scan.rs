//! Where the members of an object stand. `serde_json` checks what it skips four bytes at a time in wasm; most of a
//! request is text, of which this looks at sixteen.
//!
//! <https://www.rfc-editor.org/rfc/rfc8259>

use std::borrow::Cow;
use std::iter::once;

use serde::de::value::{BorrowedStrDeserializer, Error, MapDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use super::{MAX_DEPTH, Member, Names};

/// The members of the one object that a text is. `None` says nothing but that `serde_json` has to look: what it refuses
/// is never found here, and what nests deeper than [`MAX_DEPTH`] is not followed.
pub(super) fn members(text: &str) -> Option<Vec<Member<'_>>> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let (mut members, mut seen) = (Vec::new(), Names::default());
    scanner.expect(b'{')?;
    if scanner.peek()? == b'}' {
        scanner.at += 1;
    } else {
        loop {
            let member = scanner.member(text)?;
            if !seen.add(&members, &member.0) {
                return None;
            }
            members.push(member);
            if scanner.ends(b'}')? {
                break;
            }
        }
    }
    scanner.peek().is_none().then_some(members)
}

/// Reads on from a place in a text. Each method gives `None` where the text is no JSON.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// The next byte, which is taken.
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is no white space, which is not taken.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// After an element: is it the last one?
    fn ends(&mut self, end: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        (byte == end || byte == b',').then_some(byte == end)
    }

    fn member<'a>(&mut self, text: &'a str) -> Option<Member<'a>> {
        self.peek()?;
        let quote = self.at;
        let name = match self.name()? {
            Escapes::None => Cow::Borrowed(text.get(quote + 1..self.at - 1)?),
            Escapes::Some => Cow::Owned(serde_json::from_str(text.get(quote..self.at)?).ok()?),
        };
        self.expect(b':')?;
        self.peek()?;
        let start = self.at;
        self.value(1)?;
        Some((name, raw(text.get(start..self.at)?)?))
    }

    fn name(&mut self) -> Option<Escapes> {
        self.expect(b'"')?;
        self.string()
    }

    /// A value inside of so many others.
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string().map(|_| ())
            }
            b'{' => self.list(b'}', depth, |scanner| {
                scanner.name()?;
                scanner.expect(b':')?;
                scanner.value(depth + 1)
            }),
            b'[' => self.list(b']', depth, |scanner| scanner.value(depth + 1)),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn list(&mut self, end: u8, depth: usize, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        if depth >= MAX_DEPTH {
            return None;
        }
        if self.peek()? == end {
            self.at += 1;
            return Some(());
        }
        loop {
            element(self)?;
            if self.ends(end)? {
                return Some(());
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        self.skip_if(|byte| byte == b'-');
        if !self.skip_if(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.skip_if(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip_if(|byte| matches!(byte, b'e' | b'E')) {
            self.skip_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let digit = |byte: u8| byte.is_ascii_digit();
        let some = self.skip_if(digit);
        while self.skip_if(digit) {}
        some.then_some(())
    }

    fn skip_if(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.bytes.get(self.at).is_some_and(|byte| wanted(*byte));
        self.at += usize::from(found);
        found
    }

    /// What follows an opening quote, to the closing one.
    fn string(&mut self) -> Option<Escapes> {
        let mut escapes = Escapes::None;
        loop {
            self.at += plain(self.bytes.get(self.at..)?);
            match self.next()? {
                b'"' => return Some(escapes),
                b'\\' => self.escape()?,
                _ => return None,
            }
            escapes = Escapes::Some;
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => (0..4).all(|_| self.skip_if(|byte| byte.is_ascii_hexdigit())).then_some(()),
            _ => None,
        }
    }
}

/// Has a string any?
enum Escapes {
    None,
    Some,
}

/// How many bytes stand in a string as they are, before one that ends it, begins an escape, or must not be there.
pub fn plain(bytes: &[u8]) -> usize {
    let (chunks, _) = bytes.as_chunks::<16>();
    let whole = 16 * chunks.iter().take_while(|chunk| is_plain(chunk)).count();
    let rest = bytes.get(whole..).unwrap_or_default();
    let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < b' ';
    whole + rest.iter().position(special).unwrap_or(rest.len())
}

/// One question after the other, each of all bytes and without a branch: so written the compiler asks it of sixteen at a
/// time.
fn is_plain(chunk: &[u8; 16]) -> bool {
    let quotes = chunk.iter().fold(false, |any, byte| any | (*byte == b'"'));
    let escapes = chunk.iter().fold(false, |any, byte| any | (*byte == b'\\'));
    let controls = chunk.iter().fold(false, |any, byte| any | (*byte < b' '));
    !(quotes | escapes | controls)
}

/// The text of a value as what `serde_json` makes of it when it has read it: its own way through serde, without the
/// reading.
fn raw(value: &str) -> Option<&RawValue> {
    Deserialize::deserialize(Checked(value)).ok()
}

/// The text of a value that was found to be one.
struct Checked<'a>(&'a str);

impl<'de> Deserializer<'de> for Checked<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only raw values are read from here"))
    }

    /// `RawValue` asks for a newtype by a name of its own, and expects a map of that name to the text.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(once((name, BorrowedStrDeserializer::new(self.0)))))
    }

    forward_to_deserialize_any! {
        bool u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 char str string seq bytes byte_buf map struct option unit
        ignored_any unit_struct tuple_struct tuple enum identifier
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn found(text: &str) -> Option<Vec<(String, String)>> {
        Some(members(text)?.into_iter().map(|(name, value)| (name.into_owned(), value.get().to_owned())).collect())
    }

    #[test]
    fn members_are_found_as_they_stand() {
        let text = " { \"a\" : [ 1 , {} , [ ] ] ,\"b\\u0041\":-0.5e+3,\t\"\": \"x\\\"\\u00e9 }\"\n} ";
        let expected = [("a", "[ 1 , {} , [ ] ]"), ("bA", "-0.5e+3"), ("", "\"x\\\"\\u00e9 }\"")];
        assert_eq!(found(text).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(found("{}"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_json_is_not_found() {
        for value in [
            "",
            "tru",
            "nulll",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "[1,]",
            "[1 2]",
            "[",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "{,}",
            "'a'",
            "NaN",
            "[}",
            "1]",
        ] {
            assert_eq!(found(&format!("{{\"m\":{value}}}")), None, "{value}");
        }
        for text in
            ["", "[]", "{", "{}}", "{} {}", "{\"a\":1", "\u{feff}{}", "{\"a\":1,\"\\u0061\":2}", "{\"\\ud800\":1}"]
        {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn strings_of_any_length_end_where_they_do() {
        for length in 0..70 {
            let text = "x".repeat(length);
            assert_eq!(found(&format!("{{\"m\":\"{text}\"}}")).unwrap()[0].1, format!("\"{text}\""));
            for (inside, good) in [("\\n", true), ("\u{1f}", false), ("\0", false), ("\u{7f}\u{80}é", true)] {
                assert_eq!(
                    found(&format!("{{\"m\":\"{text}{inside}{text}\"}}")).is_some(),
                    good,
                    "{length} {inside:?}"
                );
            }
        }
    }

    #[test]
    fn what_nests_too_deep_is_left_to_others() {
        let nested = |depth: usize| format!("{{\"m\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(found(&nested(MAX_DEPTH - 1)).is_some());
        assert!(found(&nested(MAX_DEPTH)).is_none());
        assert!(found(&nested(1_000_000)).is_none());
    }
}
