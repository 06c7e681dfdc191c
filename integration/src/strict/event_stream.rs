//! AWS' event streams.
//!
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use serde_json::{Value, json};

pub(super) const TYPE: &str = "application/vnd.amazon.eventstream";

/// An event of this type.
pub(super) fn event(kind: &str, payload: &Value) -> Vec<u8> {
    message(&[(":message-type", "event"), (":event-type", kind), (":content-type", "application/json")], payload)
}

/// An event of `InvokeModelWithResponseStream`, whose payload holds one of the model's.
pub(super) fn chunk(payload: &Value) -> Vec<u8> {
    event("chunk", &json!({ "bytes": base64(payload.to_string().as_bytes()), "p": "abcdefgh" }))
}

/// A failure.
pub(super) fn exception(kind: &str, message_: &str) -> Vec<u8> {
    let headers = [(":message-type", "exception"), (":exception-type", kind), (":content-type", "application/json")];
    message(&headers, &json!({ "message": message_ }))
}

/// The headers of Bedrock's failures.
pub(super) fn failure_headers(status: u16) -> Vec<(&'static str, &'static str)> {
    let kind = match status {
        429 => "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
        503 => "ServiceUnavailableException",
        400..500 => "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/",
        _ => "InternalServerException",
    };
    vec![("x-amzn-errortype", kind)]
}

fn message(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(size(name.len()).to_be_bytes()[3]);
        head.extend(name.bytes());
        // A string.
        head.push(7);
        head.extend(&size(value.len()).to_be_bytes()[2..]);
        head.extend(value.bytes());
    }
    let payload = payload.to_string();
    let mut out = Vec::new();
    out.extend(size(16 + head.len() + payload.len()).to_be_bytes());
    out.extend(size(head.len()).to_be_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out.extend(head);
    out.extend(payload.bytes());
    out.extend(crc32(&out).to_be_bytes());
    out
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a small message")
}

/// <https://www.rfc-editor.org/rfc/rfc1952#section-8>
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = char::from(LETTERS[bits >> (18 - 6 * place) & 63]);
            out.push(if place <= three.len() { letter } else { '=' });
        }
    }
    out
}
