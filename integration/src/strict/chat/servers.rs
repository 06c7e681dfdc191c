//! Servers of chat completions, and what is particular of each.

use serde_json::json;

use super::super::{CACHED, Counts, REASONING};
use super::Chat;

/// Where usage is told in streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a chunk of its own.
    Apart,
    /// In the chunk that ends the answer.
    InFinish,
    /// In a chunk of its own that ends the answer again.
    Again,
    /// In `x_groq` of the chunk that ends the answer, and in a chunk of its own.
    Twice,
    /// In every chunk.
    Everywhere,
}

const DONE: &str = "data: [DONE]\n\n";
const TWO: Counts = Counts { cached: CACHED, written: 0, reasoning: REASONING };

/// OpenAI itself. It shows no thoughts.
pub(crate) const OPENAI: Chat = Chat {
    refuses: &["random_seed"],
    limit: "max_completion_tokens",
    developer: true,
    names: true,
    required: "required",
    short_ids: false,
    tools: true,
    thoughts: None,
    counts: Counts::ALL,
    thoughts_apart: false,
    usage: Place::Apart,
    done: DONE,
    failure: |status, message| {
        let (kind, code) = match status {
            429 => ("requests", "rate_limit_exceeded"),
            500.. => ("server_error", "server_error"),
            _ => ("invalid_request_error", "invalid_value"),
        };
        json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
    },
};

/// <https://learn.microsoft.com/azure/ai-services/openai/reference>
pub(crate) const AZURE: Chat = Chat {
    failure: |status, message| json!({ "error": { "code": status.to_string(), "message": message } }),
    ..OPENAI
};

/// The most common differences.
pub(crate) const NEARLY: Chat = Chat { developer: false, thoughts: Some("reasoning_content"), counts: TWO, ..OPENAI };

/// <https://inference-docs.cerebras.ai/api-reference/chat-completions>
pub(crate) const CEREBRAS: Chat = Chat { thoughts: Some("reasoning"), ..NEARLY };

/// <https://docs.fireworks.ai/api-reference/post-chatcompletions>
pub(crate) const FIREWORKS: Chat = Chat { usage: Place::InFinish, ..NEARLY };

/// <https://api-docs.deepseek.com/api/create-chat-completion>
pub(crate) const DEEPSEEK: Chat = Chat { limit: "max_tokens", usage: Place::InFinish, ..NEARLY };

/// <https://console.groq.com/docs/openai#currently-unsupported-openai-features>
pub(crate) const GROQ: Chat = Chat { names: false, thoughts: Some("reasoning"), usage: Place::Twice, ..NEARLY };

/// <https://huggingface.co/docs/inference-providers/tasks/chat-completion>
pub(crate) const HUGGINGFACE: Chat = Chat { limit: "max_tokens", ..NEARLY };

/// Thoughts are parts of its content.
///
/// <https://docs.mistral.ai/api/#tag/chat>
pub(crate) const MISTRAL: Chat = Chat {
    refuses: &["seed", "service_tier", "stream_options", "user"],
    limit: "max_tokens",
    required: "any",
    short_ids: true,
    thoughts: Some("content"),
    usage: Place::InFinish,
    failure: |_, message| json!({ "object": "error", "message": message, "type": "invalid_request_error", "param": null, "code": "1000" }),
    ..NEARLY
};

/// <https://openrouter.ai/docs/api-reference/chat-completion>
pub(crate) const OPENROUTER: Chat = Chat {
    thoughts: Some("reasoning"),
    usage: Place::Again,
    failure: |status, message| json!({ "error": { "message": message, "code": status }, "user_id": "user_1" }),
    ..OPENAI
};

/// It has no end marker.
///
/// <https://docs.perplexity.ai/api-reference/chat-completions-post>
pub(crate) const PERPLEXITY: Chat = Chat {
    limit: "max_tokens",
    tools: false,
    thoughts: None,
    counts: Counts { cached: 0, written: 0, reasoning: 0 },
    usage: Place::Everywhere,
    done: "",
    failure: |status, message| json!({ "error": { "message": message, "type": "bad", "code": status } }),
    ..NEARLY
};

/// <https://docs.together.ai/reference/chat-completions-1>
pub(crate) const TOGETHER: Chat =
    Chat { limit: "max_tokens", thoughts: Some("reasoning"), usage: Place::InFinish, ..NEARLY };

/// <https://docs.z.ai/api-reference/llm/chat-completion>
pub(crate) const ZAI: Chat = Chat { limit: "max_tokens", names: false, ..NEARLY };

/// It counts thoughts apart from the rest.
///
/// <https://docs.x.ai/docs/api-reference#chat-completions>
pub(crate) const XAI: Chat = Chat {
    thoughts_apart: true,
    failure: |_, message| json!({ "code": "Some requested entity was wrong", "error": message }),
    ..NEARLY
};
