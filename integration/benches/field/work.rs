//! What is asked of every gateway.

use integration::speech::Speech;
use serde_json::json;

/// Text events of the short and the long stream: what a chunk costs is their difference.
pub(crate) const SHORT: usize = 16;
/// See [`SHORT`].
pub(crate) const LONG: usize = 272;
/// Text events of the stream that comes as models speak.
pub(crate) const PACED: usize = 64;
/// Milliseconds between two of them.
pub(crate) const PACE: u64 = 20;

/// How a provider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// In one piece.
    Plain,
    /// In so many text events at once.
    Burst(usize),
    /// In [`PACED`] text events, each [`PACE`] after the one before.
    Paced,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// In tables and data.
    pub(crate) name: &'static str,
    /// Bytes of the request's body, about.
    pub(crate) body: usize,
    /// The provider's API; the caller's is always OpenAI's chat.
    pub(crate) to: Speech,
    pub(crate) answer: Answer,
    pub(crate) connections: usize,
}

const fn plain(name: &'static str, body: usize, to: Speech, connections: usize) -> Work {
    Work { name, body, to, answer: Answer::Plain, connections }
}

const fn stream(name: &'static str, to: Speech, answer: Answer) -> Work {
    Work { name, body: 200, to, answer, connections: 16 }
}

/// All of them.
pub(crate) const ALL: [Work; 16] = [
    plain("0.2 KB", 200, Speech::OpenAi, 16),
    plain("2 KB", 2 << 10, Speech::OpenAi, 16),
    plain("32 KiB", 32 << 10, Speech::OpenAi, 16),
    plain("1 MiB", 1 << 20, Speech::OpenAi, 16),
    plain("0.2 KB translated", 200, Speech::Anthropic, 16),
    plain("2 KB translated", 2 << 10, Speech::Anthropic, 16),
    plain("32 KiB translated", 32 << 10, Speech::Anthropic, 16),
    plain("2 KB, 1 connection", 2 << 10, Speech::OpenAi, 1),
    plain("2 KB, 64 connections", 2 << 10, Speech::OpenAi, 64),
    plain("2 KB translated, 1 connection", 2 << 10, Speech::Anthropic, 1),
    stream("short stream", Speech::OpenAi, Answer::Burst(SHORT)),
    stream("long stream", Speech::OpenAi, Answer::Burst(LONG)),
    stream("short stream translated", Speech::Anthropic, Answer::Burst(SHORT)),
    stream("long stream translated", Speech::Anthropic, Answer::Burst(LONG)),
    stream("paced stream", Speech::OpenAi, Answer::Paced),
    stream("paced stream translated", Speech::Anthropic, Answer::Paced),
];

impl Work {
    /// The model that is asked for: each has a provider of its own.
    pub(crate) fn model(&self) -> String {
        model(self.to, self.answer)
    }

    /// The body that callers send, in the provider's API where the gateway translates nothing.
    pub(crate) fn request(&self, model: &str) -> String {
        let text = "One two three four. ".repeat(self.body.saturating_sub(100) / 20);
        let mut body = json!({
            "model": model, "max_tokens": 512, "messages": [{ "role": "user", "content": text }],
        });
        if self.answer != Answer::Plain {
            body["stream"] = json!(true);
        }
        body.to_string()
    }
}

/// `openai-plain`, `anthropic-burst-16`.
pub(crate) fn model(to: Speech, answer: Answer) -> String {
    match answer {
        Answer::Plain => format!("{to}-plain"),
        Answer::Burst(events) => format!("{to}-burst-{events}"),
        Answer::Paced => format!("{to}-paced"),
    }
}
