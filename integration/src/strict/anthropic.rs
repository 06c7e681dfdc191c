//! Messages as Anthropic takes them, and as they are taken where its models run elsewhere.
//!
//! <https://docs.anthropic.com/en/api/messages>

use serde_json::{Value, json};

use super::event_stream;
use super::{Answer, Api, Asked, Counts, Fault, InPath, Stream};

mod request;
mod words;

/// Where a model runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At Anthropic.
    Direct,
    /// At Bedrock, by `InvokeModel`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>
    Bedrock,
    /// At Vertex.
    ///
    /// <https://docs.anthropic.com/en/api/claude-on-vertex-ai>
    Vertex,
}

/// The API.
pub(crate) struct Messages(pub Place);

impl Api for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn read(&self, body: &[u8], path: &InPath) -> Result<Asked, Fault> {
        request::read(body, self.0, path)
    }

    fn whole(&self, answer: &Answer) -> Value {
        words::whole(answer)
    }

    fn stream(&self, answer: &Answer) -> Stream {
        let words::Stream { opening, content, closing } = words::stream(answer);
        let [opening, content, closing] =
            [opening, content, closing].map(|events| events.iter().map(|event| self.framed(event)).collect());
        Stream { opening, content, closing }
    }

    fn stream_type(&self) -> &'static str {
        if self.0 == Place::Bedrock { event_stream::TYPE } else { "text/event-stream" }
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        let kind = match status {
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            400..500 => "invalid_request_error",
            _ => "api_error",
        };
        match self.0 {
            Place::Bedrock => json!({ "message": message }),
            // Google's own, for what fails before the model.
            Place::Vertex if status == 429 => {
                json!({ "error": { "code": status, "message": message, "status": "RESOURCE_EXHAUSTED" } })
            }
            _ => json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_up" }),
        }
    }

    fn failure_headers(&self, status: u16) -> Vec<(&'static str, &'static str)> {
        if self.0 == Place::Bedrock { event_stream::failure_headers(status) } else { Vec::new() }
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        if self.0 == Place::Bedrock {
            return event_stream::exception("internalServerException", message);
        }
        words::event(&json!({ "type": "error", "error": { "type": "api_error", "message": message } })).1
    }

    fn counts(&self) -> Counts {
        Counts::ALL
    }

    fn signs(&self) -> bool {
        true
    }
}

impl Messages {
    fn framed(&self, (value, sse): &(Value, Vec<u8>)) -> Vec<u8> {
        if self.0 == Place::Bedrock { event_stream::chunk(value) } else { sse.clone() }
    }
}
