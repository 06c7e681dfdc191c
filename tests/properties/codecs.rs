//! JSON objects and server-sent events against readers that see everything at once.

use proptest::prelude::*;
use serde_json::{Map, Value};
use tollhouse_filter::json::{self, Object};
use tollhouse_filter::multipart::Form;
use tollhouse_filter::stream::lines;
use tollhouse_filter::stream::sse::{Event, Parser};

use super::{config, cuts, name, pieces, text};

/// JSON with white space and numbers that no writer of ours would write so.
fn raw() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1.50".to_owned()),
        Just("-0".to_owned()),
        Just("1E+2".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just(r#""\u00e9\/""#.to_owned()),
        text().prop_map(|text| json::string(&text)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[ {}\n]", list.join(" ,"))),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(|members| object_of(&members)),
        ]
    })
}

fn object_of<'a>(members: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let members: Vec<_> =
        members.into_iter().map(|(name, value)| format!("{} :\t{value}", json::string(name))).collect();
    format!("{{ {}\r\n}}", members.join(" , "))
}

/// What the specification says, for a stream that has come whole: only complete lines count.
fn naive(bytes: &[u8]) -> Vec<Event> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let Some((complete, _)) = text.rsplit_once('\n') else { return Vec::new() };
    let (mut events, mut name, mut data) = (Vec::new(), String::new(), Vec::new());
    for line in complete.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                let name = std::mem::take(&mut name);
                if !data.is_empty() {
                    events.push(Event { name, data: data.join("\n") });
                    data.clear();
                }
            }
            "event" => value.clone_into(&mut name),
            "data" => data.push(value.to_owned()),
            _ => {}
        }
    }
    events
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: &[&[u8]] = &[
        b"data:",
        b"data: ",
        b"event:",
        b"event: e",
        b"data",
        b"id: 1",
        b": note",
        b"nobody: x",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"x",
        b":",
        "é".as_bytes(),
        "🦀".as_bytes(),
        b"\xFF",
        b"\xEF\xBB\xBF",
        b"\xE6\xBC",
        b"\0",
    ];
    prop::collection::vec(prop::sample::select(WORDS), 0..40).prop_map(|words| words.concat())
}

/// A form with these values, some of them files.
fn form(parts: &[(String, bool, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, is_file, value) in parts {
        let file = if *is_file { "; filename=\"f;\"\r\nContent-Type: a/b" } else { "" };
        out.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes());
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"--XX--\r\n");
    out
}

/// Bytes that look like the lines of a form, but never like its boundary.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec!["\r\n", "-", "--", "--X", "\n", "\r\n\r\n", "name=\"model\"", "\u{0}", "é"]);
    prop::collection::vec(piece, 0..8)
        .prop_map(|pieces| pieces.concat().into_bytes())
        .prop_filter("no boundary", |bytes| !bytes.windows(4).any(|four| four == b"--XX"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn replacing_a_value_of_a_form_leaves_every_other_byte(
        mut parts in prop::collection::vec((name(), any::<bool>(), value()), 0..6),
        model in "[a-z/.-]{0,20}",
        at in any::<prop::sample::Index>(),
    ) {
        parts.retain(|(name, _, _)| name != "model");
        let at = at.index(parts.len() + 1);
        parts.insert(at, ("model".to_owned(), false, model.into_bytes()));
        let body = form(&parts);
        let read = Form::parse("multipart/form-data; boundary=XX", &body).unwrap();
        prop_assert_eq!(read.text("model").unwrap().unwrap().as_bytes(), parts[at].2.as_slice());
        parts[at].2 = b"ours".to_vec();
        prop_assert_eq!(read.with("model", "ours").unwrap(), form(&parts));
    }

    #[test]
    fn no_bytes_make_the_reader_of_forms_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [b"--XX\r\n".as_slice(), &bytes].concat();
        drop(Form::parse("multipart/form-data; boundary=XX", &bytes));
    }

    #[test]
    fn events_are_those_of_a_reader_that_sees_everything(bytes in stream(), cuts in cuts()) {
        let mut parser = Parser::new(1 << 20);
        let mut events = Vec::new();
        for piece in pieces(&bytes, &cuts) {
            parser.push(piece);
            while let Some(event) = parser.next().unwrap() {
                events.push(event);
            }
        }
        prop_assert_eq!(events, naive(&bytes));
    }

    #[test]
    fn lines_are_those_that_any_reader_sees_wherever_they_are_cut(
        lines in prop::collection::vec(raw(), 0..5), end in "\r?\n[ \n]{0,2}", cuts in cuts(),
    ) {
        // Objects of one line each, as they are streamed.
        let lines: Vec<String> = lines.iter().map(|line| line.replace('\n', " ").trim().to_owned()).collect();
        let stream: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        let (mut parser, mut told) = (lines::Parser::new(1 << 20), Vec::new());
        for piece in pieces(stream.as_bytes(), &cuts) {
            parser.push(piece);
            while let Some(event) = parser.next().unwrap() {
                told.push(event.data);
            }
        }
        prop_assert_eq!(told, lines);
    }

    #[test]
    fn an_edit_keeps_the_bytes_of_all_other_members(
        members in prop::collection::btree_map(text(), raw(), 0..6),
        edits in prop::collection::btree_map(text(), prop::option::of(raw()), 0..4),
        replaced in prop::option::of((any::<prop::sample::Index>(), prop::option::of(raw()))),
    ) {
        let mut edits = edits;
        if let Some((at, value)) = replaced.filter(|_| !members.is_empty()) {
            edits.insert(members.keys().nth(at.index(members.len())).unwrap().clone(), value);
        }
        let whole = object_of(&members);
        let list: Vec<(&str, Option<String>)> = edits.iter().map(|(name, new)| (name.as_str(), new.clone())).collect();
        let out = Object::parse(whole.as_bytes()).unwrap().write_with(&list);
        let told: Vec<(String, String)> =
            Object::parse(&out).unwrap().members().map(|(n, v)| (n.to_owned(), v.get().to_owned())).collect();
        let kept = members.iter().filter_map(|(name, old)| match edits.get(name) {
            None => Some((name.clone(), old.clone())),
            Some(new) => new.clone().map(|new| (name.clone(), new)),
        });
        let added = edits.iter().filter(|(name, _)| !members.contains_key(*name));
        let added = added.filter_map(|(name, new)| new.clone().map(|new| (name.clone(), new)));
        prop_assert_eq!(told, kept.chain(added).collect::<Vec<_>>());
    }

    #[test]
    fn an_object_has_the_members_that_any_reader_sees(whole in raw()) {
        let Ok(object) = Object::parse(whole.as_bytes()) else {
            prop_assert!(!whole.starts_with('{'), "an object is read");
            return Ok(());
        };
        let expected: Map<String, Value> = serde_json::from_str(&whole).unwrap();
        let told: Map<String, Value> =
            object.members().map(|(n, v)| (n.to_owned(), serde_json::from_str(v.get()).unwrap())).collect();
        prop_assert_eq!(told, expected);
    }

    /// Whatever one byte of it is changed to.
    #[test]
    fn an_object_is_what_serde_json_says(
        members in prop::collection::btree_map(text(), raw(), 0..6),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![Just(b'"'), Just(b'\\'), Just(b'{'), Just(b']'), Just(b','), 0u8..b'0', any::<u8>()],
    ) {
        let mut text = object_of(&members).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let all = |object: &Object<'_>| -> Vec<_> {
            object.members().map(|(name, value)| (name.to_owned(), value.get().to_owned())).collect()
        };
        let said = serde_json::from_slice::<Object<'_>>(&text).map(|object| all(&object)).map_err(|e| e.to_string());
        prop_assert_eq!(Object::parse(&text).map(|object| all(&object)).map_err(|e| e.to_string()), said);
    }

    #[test]
    fn depth_is_what_a_reader_of_values_finds(whole in raw(), depth in 100usize..160) {
        let nested = format!("{}{whole}{}", "[".repeat(depth), "]".repeat(depth));
        let readable = serde_json::from_str::<Value>(&nested).is_ok();
        prop_assert_eq!(json::too_deep(nested.as_bytes()), !readable);
    }
}
