//! Lists of pairs, as a proxy-wasm host passes headers, and the maps and lists that are values of properties: their
//! number, the sizes of each, then each with a NUL behind it. Of a list's pairs only the first halves are used.
//!
//! <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1#serialization>

/// The pairs that are whole.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let number = |at: usize| -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let count = number(0).unwrap_or(0).min(bytes.len() / 8);
    let mut at = 4 + 8 * count;
    let mut half = move |size: usize| -> Option<&[u8]> {
        let half = bytes.get(at..at.checked_add(size)?)?;
        at += size + 1;
        Some(half)
    };
    (0..count).map_while(move |i| {
        let (name, value) = (number(4 + 8 * i)?, number(8 + 8 * i)?);
        Some((half(name)?, half(value)?))
    })
}

/// Writes pairs.
pub fn write(pairs: &[(&str, &str)]) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut out =
        Vec::with_capacity(4 + pairs.iter().map(|(name, value)| 10 + name.len() + value.len()).sum::<usize>());
    out.extend(number(pairs.len()));
    for (name, value) in pairs {
        out.extend(number(name.len()));
        out.extend(number(value.len()));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    }
    out
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let pairs = [("a", "1"), ("", ""), ("b", "")];
        let written = write(&pairs);
        let read: Vec<_> = read(&written).collect();
        assert_eq!(read, pairs.map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    }

    #[test]
    fn what_is_cut_off_or_lies_is_not_read() {
        let written = write(&[("name", "value"), ("other", "value")]);
        assert_eq!(read(&written[..written.len() - 4]).count(), 1);
        let mut lies = written.clone();
        lies[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&lies).count(), 0);
        let mut lies = written;
        lies[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&lies).count(), 0);
        assert_eq!(read(b"ab").count(), 0);
    }
}
