//! How vectors are written.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings/create#embeddings-create-encoding_format>

use serde_json::value::RawValue;

use crate::base64;
use crate::json::Text;

/// How a vector is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// A list of numbers.
    #[default]
    Float,
    /// A text: the numbers as 32-bit floats, low byte first, in base64.
    Base64,
}

impl Encoding {
    /// The encoding that OpenAI calls so.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "float" => Some(Self::Float),
            "base64" => Some(Self::Base64),
            _ => None,
        }
    }

    /// A vector in this encoding; `None` if it has it already, or is no vector.
    pub fn apply(self, vector: &RawValue) -> Option<Box<RawValue>> {
        let written = match self {
            Self::Float => {
                let bytes = base64::decode(&serde_json::from_str::<Text<'_>>(vector.get()).ok()?.0)?;
                let (numbers, rest) = bytes.as_chunks::<4>();
                let numbers: Vec<_> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                serde_json::to_string(&numbers).ok().filter(|_| rest.is_empty())?
            }
            Self::Base64 => {
                let numbers: Vec<f32> = serde_json::from_str(vector.get()).ok()?;
                let bytes: Vec<_> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                serde_json::to_string(&base64::encode(&bytes)).ok()?
            }
        };
        RawValue::from_string(written).ok()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn applied(encoding: Encoding, vector: &str) -> Option<String> {
        encoding.apply(serde_json::from_str(vector).unwrap()).map(|written| written.get().to_owned())
    }

    #[test]
    fn vectors_go_from_floats_to_base64_and_back() {
        // 1.0 is 0x3f800000 and -2.5 is 0xc0200000.
        assert_eq!(applied(Encoding::Base64, "[1, -2.5e0]").as_deref(), Some(r#""AACAPwAAIMA=""#));
        assert_eq!(applied(Encoding::Float, r#""AACAPwAAIMA=""#).as_deref(), Some("[1.0,-2.5]"));
    }

    #[test]
    fn what_has_the_encoding_or_is_no_vector_is_left_alone() {
        assert_eq!(applied(Encoding::Float, "[1]"), None);
        assert_eq!(applied(Encoding::Base64, r#""AACAPw==""#), None);
        for odd in [r#""AACA""#, r#""*""#, "7", r#"[null]"#] {
            assert_eq!((applied(Encoding::Float, odd), applied(Encoding::Base64, odd)), (None, None), "{odd}");
        }
    }
}
