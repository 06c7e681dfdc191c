//! Keys of callers.

use tollhouse_filter::clients::Digest;

/// What every gateway key starts with, so that scanners of leaked secrets can tell it.
pub const PREFIX: &str = "sk-th-";
/// Characters after the prefix, 6 bits each.
const LENGTH: usize = 40;

/// A new random key.
///
/// # Errors
/// The system has no randomness to give.
pub fn generate() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0u8; LENGTH];
    getrandom::fill(&mut random)?;
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 64)).copied().map_or('A', char::from);
    Ok(PREFIX.chars().chain(random.into_iter().map(letter)).collect())
}

/// The digest of a key, as a document has it.
pub fn digest(key: &str) -> String {
    Digest::of(key).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_random_and_url_safe() {
        let (a, b) = (generate().unwrap(), generate().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), PREFIX.len() + 40);
        assert!(a.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
        assert_eq!(digest("sk-th-1").len(), 64);
    }
}
