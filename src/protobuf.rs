//! The wire format of Protocol Buffers, as far as messages without groups, packed lists and negative numbers go.
//!
//! <https://protobuf.dev/programming-guides/encoding/>

pub mod structure;

/// How a field's value is written.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    Fixed32 = 5,
}

impl Wire {
    fn of(tag: u64) -> Option<Self> {
        let all = [Self::Varint, Self::Fixed64, Self::Length, Self::Fixed32];
        all.into_iter().find(|wire| *wire as u64 == tag & 7)
    }
}

/// A message that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    /// With a number or a boolean; 0 is what a reader takes for a field that is not there.
    #[must_use]
    pub fn number(mut self, field: u32, number: u64) -> Self {
        if number != 0 {
            self.tag(field, Wire::Varint);
            self.varint(number);
        }
        self
    }

    /// With a string.
    #[must_use]
    pub fn text(self, field: u32, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// With another message in it.
    #[must_use]
    pub fn message(self, field: u32, inner: &Self) -> Self {
        self.bytes(field, &inner.0)
    }

    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn bytes(mut self, field: u32, bytes: &[u8]) -> Self {
        self.tag(field, Wire::Length);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn tag(&mut self, field: u32, wire: Wire) {
        self.varint(u64::from(field) << 3 | wire as u64);
    }

    fn varint(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number, a boolean or an enumeration.
    Number(u64),
    /// A string or a message.
    Bytes(&'a [u8]),
    /// A number with a fraction, or eight bytes of something else.
    Fixed64(u64),
    /// Of a type that nobody here reads.
    Other,
}

/// The bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The fields of a message in their order, by their numbers.
///
/// # Errors
/// The bytes are no message.
pub fn fields(bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Malformed> {
    let (mut rest, mut fields) = (bytes, Vec::new());
    while !rest.is_empty() {
        fields.push(field(&mut rest).ok_or(Malformed)?);
    }
    Ok(fields)
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let tag = varint(rest)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0)?;
    let value = match Wire::of(tag)? {
        Wire::Varint => Value::Number(varint(rest)?),
        Wire::Length => {
            let size = varint(rest)?;
            Value::Bytes(take(rest, usize::try_from(size).ok()?)?)
        }
        Wire::Fixed64 => Value::Fixed64(take(rest, 8)?.try_into().map(u64::from_le_bytes).ok()?),
        Wire::Fixed32 => take(rest, 4).map(|_| Value::Other)?,
    };
    Some((number, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *take(rest, 1)?.first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(size)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// The examples of the format's own documentation.
    #[test]
    fn numbers_strings_and_messages_are_written_as_documented() {
        assert_eq!(Message::default().number(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").into_bytes(), b"\x12\x07testing");
        let inner = Message::default().number(1, 150);
        assert_eq!(Message::default().message(3, &inner).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert!(Message::default().number(1, 0).into_bytes().is_empty());
    }

    #[test]
    fn what_is_written_is_read() {
        let message = Message::default().number(1, u64::MAX).text(2, "").number(536_870_911, 1).into_bytes();
        let read = fields(&message).unwrap();
        assert_eq!(read, [(1, Value::Number(u64::MAX)), (2, Value::Bytes(b"")), (536_870_911, Value::Number(1))]);
    }

    #[test]
    fn numbers_of_a_fixed_size_are_taken_or_passed_over() {
        let bytes = [0x09, 1, 0, 0, 0, 0, 0, 0, 2, 0x15, 1, 2, 3, 4, 0x18, 7];
        let eight = Value::Fixed64(0x0200_0000_0000_0001);
        assert_eq!(fields(&bytes).unwrap(), [(1, eight), (2, Value::Other), (3, Value::Number(7))]);
    }

    #[test]
    fn what_is_cut_off_or_no_message_is_malformed() {
        for bad in [&[0x08][..], &[0x08, 0x80], &[0x0a, 5, 1], &[0x09, 1], &[0x0b, 1], &[0x00, 1], &[0xff; 11]] {
            assert_eq!(fields(bad), Err(Malformed), "{bad:?}");
        }
        assert!(fields(&[]).unwrap().is_empty());
    }
}
