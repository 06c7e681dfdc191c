//! Chat completions as OpenAI takes them, and as servers do whose API is nearly OpenAI's.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

use serde_json::Value;

use super::{Answer, Api, Asked, Counts, Fault, InPath, Stream, parse, require};

mod request;
mod servers;
mod words;

pub(crate) use servers::*;

/// A server of chat completions.
pub(crate) struct Chat {
    /// Fields of requests that it does not know.
    refuses: &'static [&'static str],
    /// What it calls the limit of tokens.
    limit: &'static str,
    /// Has it the role `developer`?
    developer: bool,
    /// Have speakers names?
    names: bool,
    /// The word for a call that must be made.
    required: &'static str,
    /// Must ids of calls have 9 letters and digits?
    short_ids: bool,
    /// Has it tools?
    tools: bool,
    /// Where it shows thoughts.
    thoughts: Option<&'static str>,
    counts: Counts,
    /// Are thoughts left out of the tokens of answers, and counted in the total only?
    thoughts_apart: bool,
    /// Where it tells its usage.
    usage: Place,
    /// What ends its streams.
    done: &'static str,
    /// How it tells a failure.
    failure: fn(u16, &str) -> Value,
}

impl Api for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn read(&self, body: &[u8], _path: &InPath) -> Result<Asked, Fault> {
        self.check(&parse(body)?)?;
        request::read(body, self.refuses.contains(&"stream_options"))
    }

    fn whole(&self, answer: &Answer) -> Value {
        words::whole(self, answer)
    }

    fn stream(&self, answer: &Answer) -> Stream {
        words::stream(self, answer)
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        (self.failure)(status, message)
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        format!("data: {}\n\n", (self.failure)(500, message)).into_bytes()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn has_tools(&self) -> bool {
        self.tools
    }

    fn shows_thoughts(&self) -> bool {
        self.thoughts.is_some()
    }
}

impl Chat {
    /// What this server refuses of OpenAI's requests.
    fn check(&self, body: &Value) -> Result<(), Fault> {
        let other = if self.limit == "max_tokens" { "max_completion_tokens" } else { "max_tokens" };
        let unknown = self.refuses.iter().chain([&other]).find(|name| !body[**name].is_null());
        require(unknown.is_none(), || format!("unknown field {unknown:?}"))?;
        require(self.tools || body["tools"].is_null(), || "it has no tools".to_owned())?;
        let choice = body["tool_choice"].as_str();
        let wrong = ["required", "any"].into_iter().find(|word| choice == Some(*word) && *word != self.required);
        require(wrong.is_none(), || format!("tool_choice {wrong:?}"))?;
        for message in body["messages"].as_array().into_iter().flatten() {
            require(self.developer || message["role"] != "developer", || "no role developer".to_owned())?;
            require(self.names || message["name"].is_null(), || "a name".to_owned())?;
            let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["id"]);
            for id in calls.chain(message.get("tool_call_id")) {
                let short = |id: &str| id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
                require(!self.short_ids || id.as_str().is_some_and(short), || format!("an id: {id}"))?;
            }
        }
        Ok(())
    }
}
