//! `google.protobuf.Struct`, in which Envoy keeps metadata, as JSON.
//!
//! <https://protobuf.dev/reference/protobuf/google.protobuf/#struct>

use serde_json::{Map, Number};

use super::{Malformed, Value, fields};

/// Deeper ones are for no reader of ours.
const MAX_DEPTH: usize = 16;

/// One namespace of an `envoy.config.core.v3.Metadata`, if it is there.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/base.proto#config-core-v3-metadata>
///
/// # Errors
/// The bytes are no metadata.
pub fn namespace(metadata: &[u8], name: &str) -> Result<Option<serde_json::Value>, Malformed> {
    for (field, value) in fields(metadata)? {
        if let (1, Value::Bytes(entry)) = (field, value)
            && let (key, structure) = pair(entry)?
            && key == name
        {
            return object(structure, 0).map(Some);
        }
    }
    Ok(None)
}

/// The name and the value of an entry of a map.
fn pair(entry: &[u8]) -> Result<(&str, &[u8]), Malformed> {
    let (mut name, mut value) = ("", &[][..]);
    for field in fields(entry)? {
        match field {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (2, Value::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((name, value))
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed)
}

fn object(bytes: &[u8], depth: usize) -> Result<serde_json::Value, Malformed> {
    let mut object = Map::new();
    for field in fields(bytes)? {
        if let (1, Value::Bytes(entry)) = field {
            let (name, value) = pair(entry)?;
            object.insert(name.to_owned(), any(value, depth + 1)?);
        }
    }
    Ok(serde_json::Value::Object(object))
}

fn list(bytes: &[u8], depth: usize) -> Result<serde_json::Value, Malformed> {
    let items = fields(bytes)?.into_iter().filter_map(|field| match field {
        (1, Value::Bytes(item)) => Some(any(item, depth + 1)),
        _ => None,
    });
    items.collect::<Result<_, _>>().map(serde_json::Value::Array)
}

fn any(bytes: &[u8], depth: usize) -> Result<serde_json::Value, Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed);
    }
    // Of several the last one counts.
    Ok(match fields(bytes)?.last() {
        Some((2, Value::Fixed64(bits))) => number(f64::from_bits(*bits)),
        Some((3, Value::Bytes(bytes))) => text(bytes)?.into(),
        Some((4, Value::Number(flag))) => (*flag != 0).into(),
        Some((5, Value::Bytes(bytes))) => object(bytes, depth)?,
        Some((6, Value::Bytes(bytes))) => list(bytes, depth)?,
        _ => serde_json::Value::Null,
    })
}

/// A whole number is one in JSON too, as far as every reader has the same idea of it.
fn number(number: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[allow(clippy::cast_possible_truncation, reason = "it is whole, and up to 2^53")]
        return (number as i64).into();
    }
    Number::from_f64(number).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

/// Metadata with this in one namespace, as Envoy would write it.
#[cfg(test)]
pub(crate) fn metadata(namespace: &str, value: &serde_json::Value) -> Vec<u8> {
    use super::Message;

    fn object(members: &Map<String, serde_json::Value>) -> Message {
        members.iter().fold(Message::default(), |all, (name, value)| {
            all.message(1, &Message::default().text(1, name).message(2, &any(value)))
        })
    }

    fn any(value: &serde_json::Value) -> Message {
        let message = Message::default();
        match value {
            serde_json::Value::Null => Message(vec![0x08, 0]),
            serde_json::Value::Bool(flag) => Message(vec![0x20, u8::from(*flag)]),
            serde_json::Value::Number(n) => Message([&[0x11][..], &n.as_f64().unwrap().to_le_bytes()].concat()),
            serde_json::Value::String(text) => message.text(3, text),
            serde_json::Value::Array(items) => {
                let list = items.iter().fold(Message::default(), |list, item| list.message(1, &any(item)));
                message.message(6, &list)
            }
            serde_json::Value::Object(members) => message.message(5, &object(members)),
        }
    }

    let members = value.as_object().unwrap();
    let entry = Message::default().text(1, namespace).message(2, &object(members));
    Message::default().message(1, &entry).into_bytes()
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    /// What Envoy 1.40 gives for a route with a value of each kind, and another namespace before it.
    const METADATA: &[u8] = b"\n\x0e\n\x05istio\x12\x05\n\x03\n\x01x\
        \nx\n\ttollhouse\x12k\
        \n\r\n\x07enabled\x12\x02 \x01\
        \n\x0e\n\x01n\x12\t\x11\0\0\0\0\0\0(@\
        \n\x11\n\x06policy\x12\x07\x1a\x05route\
        \n\x1d\n\x08timeouts\x12\x11*\x0f\n\r\n\x05total\x12\x04\x1a\x025s\
        \n\x18\n\x06models\x12\x0e2\x0c\n\x03\x1a\x01a\n\x05\x1a\x03b/*";

    #[test]
    fn a_namespace_is_read_with_the_types_of_its_values() {
        let expected = json!({
            "enabled": true, "n": 12, "policy": "route", "timeouts": { "total": "5s" }, "models": ["a", "b/*"],
        });
        assert_eq!(namespace(METADATA, "tollhouse"), Ok(Some(expected)));
        assert_eq!(namespace(METADATA, "istio"), Ok(Some(json!({ "x": null }))));
        assert_eq!(namespace(METADATA, "toll"), Ok(None));
        assert_eq!(namespace(b"", "tollhouse"), Ok(None));
    }

    #[test]
    fn what_is_written_is_read() {
        let all = json!({ "a": null, "b": [true, false, 1, 0.5, "x", [], {}], "c": { "d": { "e": -7 } } });
        assert_eq!(namespace(&metadata("ours", &all), "ours"), Ok(Some(all)));
    }

    #[test]
    fn numbers_are_whole_where_they_can_be() {
        for (number, json) in
            [(0.5, json!(0.5)), (-3.0, json!(-3)), (1e300, json!(1e300)), (f64::NAN, serde_json::Value::Null)]
        {
            assert_eq!(super::number(number), json);
        }
    }

    #[test]
    fn what_is_no_metadata_or_too_deep_is_malformed() {
        for cut in 1..METADATA.len() {
            // Cut between two namespaces it is metadata still.
            if cut != 16 {
                assert_eq!(namespace(&METADATA[..cut], "tollhouse"), Err(Malformed), "{cut}");
            }
        }
        let mut value = vec![0x08, 0];
        let wrap = |tag: u8, inner: &[u8]| [&[tag, u8::try_from(inner.len()).unwrap()], inner].concat();
        for _ in 0..=MAX_DEPTH {
            value = wrap(0x32, &wrap(0x0a, &value));
        }
        assert_eq!(any(&value, 0), Err(Malformed));
        assert!(any(&value, 0).is_err() && any(&value[4..], 0).is_ok());
    }
}
