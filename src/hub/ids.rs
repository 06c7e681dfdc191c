//! Ids for what providers leave without one.

use sha2::{Digest, Sha256};

const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// An id for a tool call that has none: always the same one for the same place in the same answer, so that every
/// reader of the answer tells the same id.
pub fn call_id(answer: &str, choice: u32, index: u32) -> String {
    let digest = Sha256::new()
        .chain_update(answer.as_bytes())
        .chain_update(choice.to_be_bytes())
        .chain_update(index.to_be_bytes())
        .finalize();
    let letters =
        digest.iter().take(24).map(|byte| LETTERS.get(usize::from(byte % 32)).map_or('a', |l| char::from(*l)));
    "call_".chars().chain(letters).collect()
}

/// Does this look like an id that [`call_id`] made? Its provider gave none and knows none.
pub fn is_made(id: &str) -> bool {
    id.strip_prefix("call_").is_some_and(|rest| rest.len() == 24 && rest.bytes().all(|byte| LETTERS.contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_made_id_has_24_letters_and_digits_and_depends_on_its_place() {
        let id = call_id("answer", 0, 1);
        assert_eq!(id, call_id("answer", 0, 1));
        assert!(id.starts_with("call_") && id.len() == 29);
        assert!(is_made(&id) && !is_made("call_1") && !is_made("call_aaaaaaaaaaaaaaaaaaaaaaa0"));
        assert!(id.bytes().skip(5).all(|b| b.is_ascii_alphanumeric()));
        for other in [call_id("answer", 0, 0), call_id("answer", 1, 1), call_id("other", 0, 1)] {
            assert_ne!(id, other);
        }
    }
}
