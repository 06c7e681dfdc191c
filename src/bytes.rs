//! Comparing bytes. In wasm `==` of slices is a call of `memcmp`, which looks at one byte after the other: too slow for
//! all bytes of a stream.

/// Bytes that are looked at together.
const WORD: usize = size_of::<u128>();

/// Are they the same?
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let (words, rest) = one.as_chunks::<WORD>();
    let (others, others_rest) = other.as_chunks::<WORD>();
    let same_words = || words.iter().zip(others).all(|(a, b)| u128::from_ne_bytes(*a) == u128::from_ne_bytes(*b));
    one.len() == other.len() && same_words() && rest == others_rest
}

/// What follows a beginning, if there is that beginning.
pub fn after<'a>(beginning: &[u8], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (start, rest) = bytes.split_at_checked(beginning.len())?;
    same(start, beginning).then_some(rest)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn bytes_of_any_length_are_compared_to_the_last() {
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).collect();
            assert!(same(&bytes, &bytes.clone()));
            assert_eq!(after(&bytes, &[&bytes, &b"rest"[..]].concat()), Some(&b"rest"[..]));
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 0x80;
                assert!(!same(&bytes, &other), "{at} of {length}");
                assert_eq!(after(&bytes, &other), None);
                assert!(!same(&bytes, &bytes[..at]) && !same(&bytes[..at], &bytes));
                assert_eq!(after(&bytes, &bytes[..at]), None);
            }
        }
    }
}
