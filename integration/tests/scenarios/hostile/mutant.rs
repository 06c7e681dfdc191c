//! JSON and bytes that are nearly right.

use fastrand::Rng;
use serde_json::{Value, json};

/// Changes a value somewhere, in some way.
pub(super) fn change(value: &mut Value, rng: &mut Rng) {
    match value {
        Value::Object(members) if !members.is_empty() && rng.u8(..) > 40 => {
            let at = rng.usize(..members.len());
            let name = members.keys().nth(at).cloned().expect("a member");
            match rng.u8(..10) {
                0 => drop(members.shift_remove(&name)),
                1 => {
                    let moved = members.shift_remove(&name).expect("a member");
                    members.insert(odd_text(rng), moved);
                }
                _ => change(&mut members[&name], rng),
            }
        }
        Value::Array(items) if !items.is_empty() && rng.u8(..) > 40 => {
            let at = rng.usize(..items.len());
            match rng.u8(..10) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => change(&mut items[at], rng),
            }
        }
        _ => *value = odd(rng),
    }
}

/// A value that nobody expects.
fn odd(rng: &mut Rng) -> Value {
    match rng.u8(..14) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(u64::MAX),
        3 => json!(i64::MIN),
        4 => json!(1e308),
        5 => json!(-0.0),
        6 => json!(rng.i64(..)),
        7 => json!([]),
        8 => json!({}),
        9 => json!(""),
        10 => json!([[[[[[[[[[{ "a": [[[[[[null]]]]]] }]]]]]]]]]]),
        11 => json!({ "type": odd_text(rng), "text": odd_text(rng) }),
        _ => json!(odd_text(rng)),
    }
}

fn odd_text(rng: &mut Rng) -> String {
    const TEXTS: [&str; 16] = [
        "\0",
        "\u{feff}",
        "\u{202e}",
        "\u{1f9d1}\u{200d}\u{1f680}",
        "\"",
        "\\",
        "\n\n",
        "data: [DONE]\n\n",
        "/",
        "..",
        "model",
        "o/x",
        "tool_use",
        "1e400",
        "\u{ffff}",
        "user",
    ];
    let text = TEXTS[rng.usize(..TEXTS.len())];
    if rng.u8(..20) == 0 { text.repeat(5_000) } else { text.to_owned() }
}

/// Changes bytes: cuts, doubles, overwrites.
pub(super) fn spoil(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            return;
        }
        let (at, other) = (rng.usize(..bytes.len()), rng.usize(..bytes.len()));
        match rng.u8(..5) {
            0 => bytes.truncate(at),
            1 => bytes[at] = rng.u8(..),
            2 => drop(bytes.splice(at..at, [b'9'; 400])),
            3 => {
                let piece = bytes[at.min(other)..at.max(other)].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => drop(bytes.drain(at.min(other)..at.max(other))),
        }
    }
}
