//! What providers say, in their own words.

use std::fmt;

use serde_json::{Value, json};

use crate::reply::Reply;

/// The API of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Chat completions.
    OpenAi,
    /// Messages.
    Anthropic,
}

/// What every prompt holds, and no log.
pub const PROMPT: &str = "prompt-canary-5b1c";
/// What every answer holds, and no log.
pub const ANSWER: &str = "answer-canary-77aa";
/// The pieces in which it is streamed.
pub const PIECES: [&str; 3] = ["answer-", "canary", "-77aa"];

/// Tokens in every answer.
pub const INPUT: u64 = 11;
/// Tokens of every answer.
pub const OUTPUT: u64 = 7;

impl fmt::Display for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        })
    }
}

impl Speech {
    /// A good answer.
    pub fn good(self, stream: bool) -> Reply {
        if stream { Reply::stream(self.events(&PIECES)).end() } else { Reply::json(200, &self.answer(ANSWER)) }
    }

    /// A whole answer.
    pub fn answer(self, text: &str) -> Value {
        match self {
            Self::OpenAi => json!({
                "id": "chatcmpl-up", "object": "chat.completion", "created": 1_700_000_000, "model": "up-model",
                "choices": [{
                    "index": 0, "finish_reason": "stop", "logprobs": null,
                    "message": { "role": "assistant", "content": text, "refusal": null },
                }],
                "usage": Self::chat_usage(),
                "system_fingerprint": "fp_up",
            }),
            Self::Anthropic => json!({
                "id": "msg_up", "type": "message", "role": "assistant", "model": "up-model",
                "content": [{ "type": "text", "text": text }],
                "stop_reason": "end_turn", "stop_sequence": null,
                "usage": { "input_tokens": INPUT, "output_tokens": OUTPUT },
            }),
        }
    }

    fn chat_usage() -> Value {
        json!({ "prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT })
    }

    /// A whole stream of text.
    pub fn events(self, pieces: &[&str]) -> Vec<String> {
        [self.opening(), pieces.iter().map(|piece| self.piece(piece)).collect(), self.closing()].concat()
    }

    /// The events before any content.
    pub fn opening(self) -> Vec<String> {
        match self {
            Self::OpenAi => vec![chunk(&json!({ "role": "assistant", "content": "" }), None)],
            Self::Anthropic => vec![
                event(&json!({ "type": "message_start", "message": {
                    "id": "msg_up", "type": "message", "role": "assistant", "model": "up-model", "content": [],
                    "stop_reason": null, "stop_sequence": null,
                    "usage": { "input_tokens": INPUT, "output_tokens": 1 },
                }})),
                event(&json!({
                    "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" }
                })),
                self.ping(),
            ],
        }
    }

    /// What keeps a connection alive and is no content.
    pub fn ping(self) -> String {
        match self {
            Self::OpenAi => ": keep-alive\n\n".to_owned(),
            Self::Anthropic => event(&json!({ "type": "ping" })),
        }
    }

    /// Some text.
    pub fn piece(self, text: &str) -> String {
        match self {
            Self::OpenAi => chunk(&json!({ "content": text }), None),
            Self::Anthropic => event(&json!({
                "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text }
            })),
        }
    }

    /// The end of the text, usage, and the end marker.
    pub fn closing(self) -> Vec<String> {
        match self {
            Self::OpenAi => vec![
                chunk(&json!({}), Some("stop")),
                data(&json!({
                    "id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1_700_000_000,
                    "model": "up-model", "choices": [], "usage": Self::chat_usage(),
                })),
                "data: [DONE]\n\n".to_owned(),
            ],
            Self::Anthropic => vec![
                event(&json!({ "type": "content_block_stop", "index": 0 })),
                event(&json!({
                    "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null },
                    "usage": { "output_tokens": OUTPUT },
                })),
                event(&json!({ "type": "message_stop" })),
            ],
        }
    }

    /// The body of a failure.
    pub fn failure(self, kind: &str) -> Value {
        match self {
            Self::OpenAi => json!({ "error": { "message": "No.", "type": kind, "param": null, "code": kind } }),
            Self::Anthropic => json!({ "type": "error", "error": { "type": kind, "message": "No." } }),
        }
    }

    /// A failure as an event.
    pub fn failure_event(self) -> String {
        match self {
            Self::OpenAi => data(&self.failure("server_error")),
            Self::Anthropic => event(&self.failure("overloaded_error")),
        }
    }

    /// An answer with one call of `weather`.
    pub fn call(self, arguments: &Value) -> Value {
        let mut answer = self.answer("");
        match self {
            Self::OpenAi => {
                let call = json!({
                    "id": "call_up", "type": "function",
                    "function": { "name": "weather", "arguments": arguments.to_string() },
                });
                answer["choices"][0]["message"] = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
                answer["choices"][0]["finish_reason"] = json!("tool_calls");
            }
            Self::Anthropic => {
                let call = json!({ "type": "tool_use", "id": "call_up", "name": "weather", "input": arguments });
                answer["content"] = json!([call]);
                answer["stop_reason"] = json!("tool_use");
            }
        }
        answer
    }

    /// A stream with one call of `weather`, its arguments in fragments.
    pub fn call_events(self, fragments: &[&str]) -> Vec<String> {
        match self {
            Self::OpenAi => {
                let call = |call: Value| chunk(&json!({ "tool_calls": [call] }), None);
                let name = json!({ "name": "weather", "arguments": "" });
                let first = call(json!({ "index": 0, "id": "call_up", "type": "function", "function": name }));
                let rest = fragments.iter().map(|f| call(json!({ "index": 0, "function": { "arguments": f } })));
                let mut end = self.closing();
                end[0] = chunk(&json!({}), Some("tool_calls"));
                [self.opening(), vec![first], rest.collect(), end].concat()
            }
            Self::Anthropic => {
                let begin = event(&json!({ "type": "content_block_start", "index": 0,
                    "content_block": { "type": "tool_use", "id": "call_up", "name": "weather", "input": {} } }));
                let rest = fragments.iter().map(|f| {
                    event(&json!({ "type": "content_block_delta", "index": 0,
                        "delta": { "type": "input_json_delta", "partial_json": f } }))
                });
                let end = self.closing().into_iter().map(|e| e.replace("end_turn", "tool_use"));
                [vec![self.opening()[0].clone(), begin], rest.collect(), end.collect()].concat()
            }
        }
    }
}

/// An event of OpenAI's streams.
pub fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// An event of Anthropic's streams.
pub fn event(value: &Value) -> String {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap_or_default())
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    data(&json!({
        "id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "up-model",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
        "usage": null,
    }))
}
