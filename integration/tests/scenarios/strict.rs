//! What strict providers take, and what they do not.

use integration::strict::{anthropic, openai};
use serde_json::json;

#[test]
fn strict_providers_take_no_body_of_the_other_api() {
    let messages = json!([{ "role": "user", "content": "Say hello." }]);
    let chat = json!({ "model": "m", "messages": messages, "max_completion_tokens": 9 }).to_string();
    let message = json!({ "model": "m", "messages": messages, "max_tokens": 9, "stop_sequences": ["x"] }).to_string();
    assert!(openai::read(chat.as_bytes()).is_ok() && anthropic::read(message.as_bytes()).is_ok());
    assert!(openai::read(message.as_bytes()).is_err() && anthropic::read(chat.as_bytes()).is_err());
}

#[test]
fn strict_providers_want_a_result_of_every_call() {
    let call = json!({ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let calls = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    let user = json!({ "role": "user", "content": "x" });
    let chat = json!({ "model": "m", "messages": [user, calls, user] }).to_string();
    assert!(openai::read(chat.as_bytes()).unwrap_err().contains("no result"));
    let calls =
        json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "f", "input": {} }] });
    let message = json!({ "model": "m", "max_tokens": 9, "messages": [user, calls] }).to_string();
    assert!(anthropic::read(message.as_bytes()).unwrap_err().contains("no result"));
}
