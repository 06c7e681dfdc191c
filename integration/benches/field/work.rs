//! What is asked of every gateway.

use std::time::Duration;

use integration::speech::Speech;
use serde_json::{Value, json};

/// Text events of the short and the long stream: what an event costs is their difference.
pub(crate) const SHORT: usize = 16;
/// See [`SHORT`].
pub(crate) const LONG: usize = 272;
/// Text events of the stream that comes as models speak.
pub(crate) const PACED: usize = 64;
/// The time between two of them.
pub(crate) const PACE: Duration = Duration::from_millis(20);
/// Keys of the gateway that knows many.
pub(crate) const CROWD: usize = 100_000;
/// Bytes beyond which nobody writes.
const PICTURE: usize = 1 << 20;

/// How a provider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// In one piece.
    Plain,
    /// The same, but every second request fails, and goes to another provider.
    Unsure,
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
    /// How long a caller waits before it asks again: the gateway's processor has done other things since.
    pub(crate) gap: Duration,
    /// Keys that the gateway knows, where it can.
    pub(crate) known: usize,
    /// Keys that callers come with, in turn.
    pub(crate) clients: usize,
}

const fn plain(name: &'static str, body: usize, to: Speech, connections: usize) -> Work {
    Work { name, body, to, answer: Answer::Plain, connections, gap: Duration::ZERO, known: 1, clients: 1 }
}

const fn stream(name: &'static str, to: Speech, answer: Answer) -> Work {
    Work { answer, ..plain(name, 200, to, 16) }
}

use Speech::{Anthropic, OpenAi};

/// All of them.
pub(crate) const ALL: [Work; 24] = [
    plain("0.2 KB", 200, OpenAi, 16),
    plain("2 KB", 2 << 10, OpenAi, 16),
    plain("16 KB", 16 << 10, OpenAi, 16),
    plain("32 KiB", 32 << 10, OpenAi, 16),
    plain("1 MiB", 1 << 20, OpenAi, 16),
    plain("0.2 KB translated", 200, Anthropic, 16),
    plain("2 KB translated", 2 << 10, Anthropic, 16),
    plain("16 KB translated", 16 << 10, Anthropic, 16),
    plain("32 KiB translated", 32 << 10, Anthropic, 16),
    plain("1 MiB translated", 1 << 20, Anthropic, 16),
    plain("2 KB, 1 connection", 2 << 10, OpenAi, 1),
    Work { gap: PACE, ..plain("2 KB, 1 connection, every 20 ms", 2 << 10, OpenAi, 1) },
    plain("2 KB, 4 connections", 2 << 10, OpenAi, 4),
    plain("2 KB, 64 connections", 2 << 10, OpenAi, 64),
    plain("2 KB translated, 1 connection", 2 << 10, Anthropic, 1),
    Work { answer: Answer::Unsure, ..plain("2 KB, failover of every second", 2 << 10, OpenAi, 16) },
    Work { known: CROWD, clients: 1_000, ..plain("2 KB, 1,000 of 100,000 clients", 2 << 10, OpenAi, 16) },
    Work { known: CROWD, clients: CROWD, ..plain("2 KB, 100,000 clients, one after the other", 2 << 10, OpenAi, 16) },
    stream("short stream", OpenAi, Answer::Burst(SHORT)),
    stream("long stream", OpenAi, Answer::Burst(LONG)),
    stream("short stream translated", Anthropic, Answer::Burst(SHORT)),
    stream("long stream translated", Anthropic, Answer::Burst(LONG)),
    stream("paced stream", OpenAi, Answer::Paced),
    stream("paced stream translated", Anthropic, Answer::Paced),
];

/// What tells two modules apart, or limits from none.
pub(crate) const TELLING: [&str; 4] = ["2 KB", "2 KB translated", "long stream", "long stream translated"];

impl Work {
    /// The model that is asked for: each has a provider of its own.
    pub(crate) fn model(&self) -> String {
        model(self.to, self.answer)
    }

    /// The body that callers send, in the provider's API where the gateway translates nothing.
    pub(crate) fn request(&self, model: &str) -> String {
        let mut body = json!({
            "model": model, "max_tokens": 512, "messages": [{ "role": "user", "content": self.prompt() }],
        });
        if self.streams() {
            body["stream"] = json!(true);
        }
        body.to_string()
    }

    /// Words, or beyond some length a picture.
    fn prompt(&self) -> Value {
        if self.body <= PICTURE {
            return json!("One two three four. ".repeat(self.body.saturating_sub(100) / 20));
        }
        let url = format!("data:image/png;base64,{}", "iVBORw0K".repeat(self.body / 8));
        json!([{ "type": "text", "text": "What is this?" }, { "type": "image_url", "image_url": { "url": url } }])
    }

    /// Is the answer a stream?
    pub(crate) fn streams(&self) -> bool {
        matches!(self.answer, Answer::Burst(_) | Answer::Paced)
    }

    /// How long all of an answer takes where nobody is slow.
    pub(crate) fn length(&self) -> Duration {
        if self.answer == Answer::Paced { PACE * (PACED as u32 - 1) } else { Duration::ZERO }
    }
}

/// `openai-plain`, `anthropic-burst-16`.
pub(crate) fn model(to: Speech, answer: Answer) -> String {
    match answer {
        Answer::Plain => format!("{to}-plain"),
        Answer::Unsure => format!("{to}-unsure"),
        Answer::Burst(events) => format!("{to}-burst-{events}"),
        Answer::Paced => format!("{to}-paced"),
    }
}
