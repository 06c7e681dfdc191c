//! Replays recorded exchanges with Anthropic's API, where they are present, against what any faithful gateway must
//! read from them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails should panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tollhouse_filter::dialects::anthropic::Anthropic;
use tollhouse_filter::dialects::{Format, Progress};
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::sse;
use tollhouse_filter::surfaces::Asked;

struct Case {
    name: String,
    meta: Value,
    expected: Value,
    body: Vec<u8>,
}

type Told = (Vec<Event<'static>>, Option<ApiError>);

#[test]
fn plain_answers_are_read_as_recorded() {
    for case in cases(|case| case.meta["status"] == 200 && case.meta["stream"] != true) {
        let events = Anthropic.answer(&case.body).unwrap_or_else(|e| panic!("{}: {}", case.name, e.message));
        case.compare(&collect(&events, None));
    }
}

#[test]
fn streams_are_read_as_recorded() {
    for case in cases(|case| case.meta["status"] == 200 && case.meta["stream"] == true) {
        let whole = replay([case.body.as_slice()]);
        case.compare(&collect(&whole.0, whole.1.as_ref()));
    }
}

#[test]
fn streams_for_callers_of_the_same_format_pass_unchanged() {
    let asked = Asked { model: "m".to_owned(), stream: true, include_usage: true, legacy_functions: false };
    for case in cases(|case| case.meta["status"] == 200 && case.meta["stream"] == true) {
        let (mut passer, mut reader) = (Anthropic.pass_stream(&asked), Anthropic.stream());
        let (mut metered, mut read, mut out) = (Vec::new(), Vec::new(), Vec::new());
        let mut passed = Vec::new();
        for event in parse(&case.body) {
            match (passer.pass(&event, &mut metered, &mut out), reader.read(&event, &mut read)) {
                (Ok(_), Ok(_)) => passed.push(event),
                (passed, read) => assert_eq!(passed, read, "{}", case.name),
            }
        }
        assert_eq!(metered, read, "{}", case.name);
        assert_eq!(parse(&out), passed, "{}", case.name);
    }
}

#[test]
fn failures_are_read_as_recorded() {
    for case in cases(|case| case.meta["status"] != 200) {
        let status = u16::try_from(case.meta["status"].as_u64().unwrap()).unwrap();
        let error = Anthropic.error(status, &case.body, &|_| None);
        let expected = &case.expected["error"];
        assert_eq!(Value::from(error.status), expected["http_status"], "{}", case.name);
        assert!(error.message.contains(expected["message_contains"].as_str().unwrap()), "{}: {error:?}", case.name);
        let code = error.code.as_deref().unwrap_or_default();
        let native = expected["native_type"].as_str().unwrap();
        assert!(code == native || code == "context_length_exceeded", "{}: {code}", case.name);
        assert_eq!(error.original.as_deref(), Some(case.body.as_slice()), "{}", case.name);
    }
}

impl Case {
    /// Compares all of `expected` but what only the recording can know.
    fn compare(&self, told: &Value) {
        let mut expected = self.expected.clone();
        let policy: Vec<_> = self.expected["policy_fields"].as_array().into_iter().flatten().collect();
        let members = expected.as_object_mut().unwrap();
        members.retain(|name, _| name != "policy_fields" && name != "provider_only_blocks");
        let mut told = told.clone();
        for choice in expected["choices"].as_array_mut().unwrap() {
            choice.as_object_mut().unwrap().remove("native_finish_reason");
            for field in &policy {
                choice.as_object_mut().unwrap().remove(field.as_str().unwrap());
            }
        }
        for choice in told["choices"].as_array_mut().unwrap() {
            let choice = choice.as_object_mut().unwrap();
            choice.retain(|name, _| !policy.iter().any(|field| *field == name));
            // An explanation that Anthropic gives beside a refusal is not a text of the model.
            choice.remove("refusal");
        }
        assert_eq!(plain(&told), plain(&expected), "{}", self.name);
    }
}

/// A copy in which `null` and 0 are the same.
fn plain(value: &Value) -> Value {
    match value {
        Value::Null => json!(0),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

fn replay<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let mut parser = sse::Parser::new(8 << 20);
    let mut reader = Anthropic.stream();
    let mut events = Vec::new();
    for chunk in chunks {
        parser.push(chunk);
        while let Some(event) = parser.next().unwrap() {
            match reader.read(&event, &mut events) {
                Ok(Progress::Open) => {}
                Ok(Progress::Done) => return (events, None),
                Err(error) => return (events, Some(error)),
            }
        }
    }
    let end = reader.end(&mut events);
    (events, end.err())
}

fn parse(bytes: &[u8]) -> Vec<sse::Event> {
    let mut parser = sse::Parser::new(8 << 20);
    parser.push(bytes);
    std::iter::from_fn(|| parser.next().unwrap()).collect()
}

/// What the events add up to, in the words of the recordings.
fn collect(events: &[Event<'_>], error: Option<&ApiError>) -> Value {
    let (mut text, mut reasoning) = (String::new(), String::new());
    let (mut calls, mut finish, mut usage) = (Vec::<(Value, String)>::new(), Value::Null, Value::Null);
    assert!(matches!(events.first(), Some(Event::Start { .. })));
    for event in events {
        match event {
            Event::Text { text: more, .. } => text.push_str(more),
            Event::Reasoning { text: more, .. } => reasoning.push_str(more),
            Event::ToolCall { index, id, name, .. } => {
                assert_eq!(usize::try_from(*index).unwrap(), calls.len());
                calls.push((json!({ "id": id, "name": name }), String::new()));
            }
            Event::Arguments { index, fragment, .. } => {
                calls[usize::try_from(*index).unwrap()].1.push_str(fragment);
            }
            Event::Finish { reason, .. } => {
                assert!(finish.is_null(), "two ends");
                finish = reason.as_str().into();
            }
            Event::Usage(now) => {
                usage = json!({
                    "prompt_tokens": now.input, "completion_tokens": now.output, "total_tokens": now.total(),
                    "cached_tokens": now.cached, "cache_write_tokens": now.cache_writes(),
                    "reasoning_tokens": now.reasoning,
                });
            }
            Event::Start { .. } | Event::Thinking { .. } | Event::Signature { .. } | Event::Refusal { .. } => {}
        }
    }
    let calls: Vec<_> = calls
        .into_iter()
        .map(|(mut call, arguments)| {
            call["arguments"] = serde_json::from_str(&arguments).expect("arguments are JSON");
            call
        })
        .collect();
    let mut choice = json!({ "index": 0, "text": text, "tool_calls": calls, "finish_reason": finish });
    if !reasoning.is_empty() {
        choice["reasoning_text"] = reasoning.into();
    }
    let Some(error) = error else { return json!({ "choices": [choice], "usage": usage }) };
    let after_output = events.iter().any(Event::commits);
    let partial = json!({ "prompt_tokens": usage["prompt_tokens"], "cached_tokens": usage["cached_tokens"] });
    json!({
        "choices": [choice], "usage_partial": partial,
        "stream_error": {
            "message_contains": error.code.is_some().then_some(&error.message),
            "native_type": error.code.as_deref().unwrap_or("truncated (connection closed before message_stop)"),
            "after_output": after_output,
        },
    })
}

fn cases(wanted: impl Fn(&Case) -> bool) -> Vec<Case> {
    let root = std::env::var_os("TOLLHOUSE_FIXTURES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"), PathBuf::from);
    if !root.join("cases").is_dir() {
        println!("no recordings at {}: nothing is replayed", root.display());
        return Vec::new();
    }
    let recorded = folders(&root.join("cases")).flat_map(|provider| folders(&provider)).filter_map(|path| load(&path));
    let paired = folders(&root.join("pairs/anthropic")).filter_map(|path| load_pair(&path));
    let cases: Vec<_> = recorded.chain(paired).filter(wanted).collect();
    assert!(!cases.is_empty(), "the recordings hold no such case");
    cases
}

fn folders(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// The case in a folder, if it is of Anthropic's format.
fn load(folder: &Path) -> Option<Case> {
    let meta = read(folder, "meta.json");
    (meta["wire_family"] == "anthropic-messages").then(|| Case {
        name: folder.display().to_string(),
        expected: read(folder, "expected.json"),
        body: ["response.json", "response.sse"].iter().find_map(|name| fs::read(folder.join(name)).ok()).unwrap(),
        meta,
    })
}

/// The answer of a pair of exchanges, if it has one.
fn load_pair(folder: &Path) -> Option<Case> {
    let kind = read(folder, "meta.json")["kind"].take();
    let stream = kind == "response-stream";
    (stream || kind == "response").then(|| Case {
        name: folder.display().to_string(),
        expected: read(folder, "expected_semantic.json"),
        body: fs::read(folder.join(if stream { "provider_response.sse" } else { "provider_response.json" })).unwrap(),
        meta: json!({ "status": 200, "stream": stream }),
    })
}
