//! Signatures that have no place of their own in a caller's API. They travel as sealed thinking, which callers send back
//! as it is; a name before them tells them from what Anthropic sealed, which is base64.

use std::fmt;

/// A signature, and what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed<'a> {
    /// A call of the turn, by its number.
    Call(u32, &'a str),
    /// What the turn says.
    Text(&'a str),
}

impl<'a> Sealed<'a> {
    /// Reads what was written as text. `None` is somebody else's.
    pub fn read(data: &'a str) -> Option<Self> {
        match data.split_once(':')? {
            ("call", rest) => {
                let (index, signature) = rest.split_once(':')?;
                Some(Self::Call(index.parse().ok()?, signature))
            }
            ("text", signature) => Some(Self::Text(signature)),
            _ => None,
        }
    }
}

impl fmt::Display for Sealed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(index, signature) => write!(f, "call:{index}:{signature}"),
            Self::Text(signature) => write!(f, "text:{signature}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_sealed_comes_back_as_it_was_and_other_seals_are_none_of_ours() {
        for sealed in [Sealed::Call(3, "a+/:=="), Sealed::Text("s:"), Sealed::Text("")] {
            assert_eq!(Sealed::read(&sealed.to_string()), Some(sealed));
        }
        for other in ["", "EqQBCgIYAhIM", "call:x:s", "call:1", "item:1:s"] {
            assert_eq!(Sealed::read(other), None, "{other}");
        }
    }
}
