//! The filter's hot paths: a request and its answer through both roles, over the ports in memory.

use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;

use crate::worker::{Answer, KEY, Told, Worker};

/// One of them, ready to be walked as often as one likes.
pub(crate) struct Path {
    worker: Worker,
    request: Vec<u8>,
    answer: Answer,
    pieces: Vec<Vec<u8>>,
}

/// What makes a path.
#[derive(Clone, Copy)]
struct Kind {
    dialect: &'static str,
    /// Bytes.
    prompt: usize,
    stream: bool,
    limits: bool,
    clients: usize,
}

const PASSED: Kind = Kind { dialect: "openai", prompt: 2_000, stream: false, limits: false, clients: 1 };
const TRANSLATED: Kind = Kind { dialect: "anthropic", ..PASSED };

/// By their names; streams have 56 text events.
const ALL: [(&str, Kind); 8] = [
    ("passed_2_kb", PASSED),
    ("passed_32_kb", Kind { prompt: 32_000, ..PASSED }),
    ("passed_limited", Kind { limits: true, ..PASSED }),
    ("passed_of_10000_clients", Kind { limits: true, clients: 10_000, ..PASSED }),
    ("passed_stream", Kind { stream: true, ..PASSED }),
    ("translated_2_kb", TRANSLATED),
    ("translated_32_kb", Kind { prompt: 32_000, ..TRANSLATED }),
    ("translated_stream", Kind { stream: true, ..TRANSLATED }),
];

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().map(|(name, _)| name)
}

/// The path of this name.
pub(crate) fn path(name: &str) -> Path {
    let (_, kind) = ALL.into_iter().find(|(own, _)| *own == name).expect("a path of this name");
    let prompt = "word ".repeat(kind.prompt / 5);
    let messages = json!([{ "role": "user", "content": prompt }]);
    let request = json!({ "model": "tier", "stream": kind.stream, "max_tokens": 256, "messages": messages });
    let content_type = if kind.stream { "text/event-stream" } else { "application/json" };
    Path {
        worker: Worker::of(&document(kind)).that_remembers(),
        request: request.to_string().into_bytes(),
        answer: Answer { status: 200, headers: vec![("content-type".into(), content_type.into())] },
        pieces: match (kind.dialect, kind.stream) {
            ("openai", false) => vec![openai()],
            ("openai", true) => openai_events(),
            (_, false) => vec![anthropic()],
            (_, true) => anthropic_events(),
        },
    }
}

impl Path {
    /// The request goes out, its answer comes back, and it is settled.
    pub(crate) fn walk(&self) -> Told {
        self.worker.send(&self.request).answer(&self.answer, self.pieces.iter().map(Vec::as_slice))
    }
}

fn document(kind: Kind) -> Value {
    let limits = json!([
        { "for": { "client": "each" }, "tokens": 1_u64 << 50, "per": "minute" },
        { "for": { "client": "each" }, "requests": 1_u64 << 50, "per": "minute" },
        { "for": { "team": "each" }, "usd": 1_000_000, "per": "month", "alert_at": [0.8, 1.0] },
    ]);
    json!({
        "providers": { "up": { "dialect": kind.dialect, "keys": [{ "value": "sk-up" }], "endpoint": "https://up.example" } },
        "models": { "tier": { "targets": ["up/real-model"] } },
        "prices": { "up/real-model": { "model": "openai/gpt-5-mini" } },
        "limits": if kind.limits { limits } else { json!([]) },
        "clients": (0..kind.clients).map(client).collect::<Vec<_>>(),
    })
}

/// The first is the one that asks.
fn client(number: usize) -> Value {
    let key = if number == 0 { KEY.to_owned() } else { format!("{KEY}-{number}") };
    let digest = Digest::of(&key).to_string();
    json!({ "name": format!("bot-{number}"), "team": "bots", "key_sha256": digest, "models": ["tier"] })
}

fn words() -> impl Iterator<Item = String> {
    (0..56).map(|i| format!(" word{i}"))
}

fn openai() -> Vec<u8> {
    let message = json!({ "role": "assistant", "content": words().collect::<String>() });
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 60, "total_tokens": 69 },
    })
    .to_string()
    .into_bytes()
}

fn openai_events() -> Vec<Vec<u8>> {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n").into_bytes()
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]), Value::Null)
    };
    let mut events = vec![delta(json!({ "role": "assistant", "content": "" }), Value::Null)];
    events.extend(words().map(|word| delta(json!({ "content": word }), Value::Null)));
    events.push(delta(json!({}), json!("stop")));
    let usage = json!({ "prompt_tokens": 9, "completion_tokens": 60, "total_tokens": 69 });
    events.push([chunk(json!([]), usage), b"data: [DONE]\n\n".to_vec()].concat());
    events
}

fn anthropic() -> Vec<u8> {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "content": [{ "type": "text", "text": words().collect::<String>() }],
        "usage": { "input_tokens": 9, "output_tokens": 60 },
    })
    .to_string()
    .into_bytes()
}

fn anthropic_events() -> Vec<Vec<u8>> {
    let event =
        |data: Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default()).into_bytes();
    let usage = json!({ "input_tokens": 9, "output_tokens": 1 });
    let message =
        json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage });
    let block = json!({ "type": "text", "text": "" });
    let mut events = vec![
        event(json!({ "type": "message_start", "message": message })),
        event(json!({ "type": "content_block_start", "index": 0, "content_block": block })),
    ];
    let delta = |text| json!({ "type": "text_delta", "text": text });
    events
        .extend(words().map(|word| event(json!({ "type": "content_block_delta", "index": 0, "delta": delta(word) }))));
    events.push(event(json!({ "type": "content_block_stop", "index": 0 })));
    let usage = json!({ "output_tokens": 60 });
    events.push(event(json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": usage })));
    events.push(event(json!({ "type": "message_stop" })));
    events
}
