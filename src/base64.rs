//! Base64.
//!
//! <https://www.rfc-editor.org/rfc/rfc4648#section-4>

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// With padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = usize::try_from((bits >> (18 - 6 * place)) & 63).ok().and_then(|at| ALPHABET.get(at));
            out.push(digit.filter(|_| place <= chunk.len()).map_or('=', |digit| char::from(*digit)));
        }
    }
    out
}

/// Base64 of either alphabet; padding and line ends mean nothing.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.bytes().filter(|b| !matches!(b, b'=' | b'\r' | b'\n')) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn bytes_are_encoded_with_padding() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("hé?ÿ", "aMOpP8O/")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn both_alphabets_are_decoded_with_and_without_padding() {
        for text in ["aMOpP8O/", "aMOpP8O_"] {
            assert_eq!(decode(text).unwrap(), "hé?ÿ".as_bytes());
        }
        assert_eq!(decode("aGk=").unwrap(), b"hi");
        assert_eq!(decode("aG\nk").unwrap(), b"hi");
        assert_eq!(decode("a*"), None);
    }
}
