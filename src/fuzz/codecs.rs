//! Codecs: streams are the same wherever they are cut, and what is written reads back.

use super::{MAX_EVENT, halves, parsed};
use crate::json::{self, Object};
use crate::multipart::Form;
use crate::stream::event_stream::crc32;
use crate::stream::{Fault, Framing, sse as codec};

/// All that a decoder makes of these pieces, and why it cannot go on.
fn decoded<'a>(framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<codec::Event>, Option<Fault>) {
    let mut decoder = framing.decoder(MAX_EVENT);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(fault) => return (events, Some(fault)),
            }
        }
    }
    (events, None)
}

/// The events of a stream, which are the same whole, in two pieces and byte by byte.
fn check_cuts(framing: Framing, data: &[u8]) -> Vec<codec::Event> {
    let whole = decoded(framing, [data]);
    let (head, tail) = halves(data);
    assert!(decoded(framing, [head, tail]) == whole, "cut at {}", head.len());
    assert!(decoded(framing, data.chunks(1)) == whole, "byte by byte");
    whole.0
}

/// Server-sent events.
pub fn sse(data: &[u8]) {
    let whole = check_cuts(Framing::Sse, data);
    let mut out = Vec::new();
    for event in &whole {
        assert!(!event.data.contains('\r') && !event.name.contains(['\r', '\n']), "{event:?}");
        if event.name.is_empty() {
            codec::write_data(&mut out, &event.data);
        } else {
            codec::write_event(&mut out, &event.name, &event.data);
        }
    }
    assert!(decoded(Framing::Sse, [out.as_slice()]).0 == whole, "written again");
}

/// Lines.
pub fn lines(data: &[u8]) {
    let whole = check_cuts(Framing::Lines, data);
    let lines = whole.iter().map(|event| format!("{}\n", event.data)).collect::<String>();
    assert!(decoded(Framing::Lines, [lines.as_bytes()]).0 == whole, "written again");
}

/// AWS's frames: the bytes as they are, and as headers and payload of a frame whose lengths and checksums are right,
/// which hardly any other bytes have.
pub fn event_stream(data: &[u8]) {
    check_cuts(Framing::EventStream, data);
    let (headers, payload) = halves(data);
    let framed = frame(headers, payload);
    check_cuts(Framing::EventStream, &[framed.as_slice(), data].concat());
    let named = frame(b"\x0b:event-type\x07\x00\x01e", data);
    let (events, fault) = decoded(Framing::EventStream, [named.as_slice()]);
    let told = events.first().is_some_and(|event| event.name == "e" && event.data == String::from_utf8_lossy(data));
    assert!(told && fault.is_none(), "{events:?} {fault:?}");
}

/// <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>
fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut out = [number(headers.len() + payload.len() + 16), number(headers.len())].concat();
    out.extend(crc32(&out).to_be_bytes());
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend(crc32(&out).to_be_bytes());
    out
}

/// A form is refused, or every part of it but the one that is replaced stays.
pub fn multipart(data: &[u8]) {
    const TYPE: &str = "multipart/form-data; boundary=XX";
    let Ok(form) = Form::parse(TYPE, data) else { return };
    let (Ok(model), Ok(written)) = (form.text("model"), form.with("model", "our-model")) else { return };
    let again = Form::parse(TYPE, &written);
    assert!(again.is_ok(), "{:?}", again.err());
    let Ok(again) = again else { return };
    assert_eq!(again.text("model"), Ok(model.map(|_| "our-model")));
    for name in ["file", "prompt", "image[]"] {
        assert_eq!(again.text(name), form.text(name));
    }
    assert!(model.is_none_or(|model| written.len() + model.len() == data.len() + "our-model".len()));
}

/// JSON objects: nothing is lost when one is written again, and an edit changes one member.
pub fn json(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let said = json::string(&text);
    assert_eq!(serde_json::from_str::<String>(&said).ok().as_deref(), Some(text.as_ref()));
    let said = serde_json::from_slice::<Object<'_>>(data).ok();
    let object = Object::parse(data).ok();
    assert_eq!(object.as_ref().map(members), said.as_ref().map(members));
    let shallow = Object::parse_shallow(data).ok();
    assert_eq!(shallow.as_ref().map(members), said.as_ref().map(members).filter(|_| !json::too_deep(data)));
    let Some(object) = object else { return };
    let same = object.write_with(&[]);
    assert_eq!(members(&parsed(&same)), members(&object));
    let edited = object.write_with(&[("model", Some("1".to_owned())), ("stream", None)]);
    let edited = members(&parsed(&edited));
    let rest = |members: Vec<(String, String)>| -> Vec<_> {
        members.into_iter().filter(|(name, _)| !matches!(name.as_str(), "model" | "stream")).collect()
    };
    assert!(edited.contains(&("model".to_owned(), "1".to_owned())), "{edited:?}");
    assert_eq!(rest(edited), rest(members(&object)));
}

fn members(object: &Object<'_>) -> Vec<(String, String)> {
    object.members().map(|(name, value)| (name.to_owned(), value.get().to_owned())).collect()
}
