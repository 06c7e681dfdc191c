//! Anthropic's messages at Bedrock and at Vertex.

use super::count::Count;
use super::frames::{Framed, FramedPasser};
use super::host::Host;
use super::{answer, error, pass, request, stream};
use crate::dialects::passing::AsItCame;
use crate::dialects::{Address, ChatFormat, Dialect, Format, Outbound, StreamPasser, StreamReader, Task};
use crate::dialects::{bedrock, path};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::stream::Framing;
use crate::surfaces::Asked;
use crate::wire::Wire;

/// Models of Anthropic at Bedrock, by `InvokeModel`.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>
#[derive(Clone, Copy, Debug)]
pub struct BedrockAnthropic;

impl Dialect for BedrockAnthropic {
    fn name(&self) -> &'static str {
        "bedrock-anthropic"
    }

    fn endpoint(&self) -> &'static str {
        bedrock::ENDPOINT
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Host::Bedrock), Task::Embeddings(&bedrock::embeddings::Embeddings)]
    }

    fn path(&self, to: &Address<'_>) -> String {
        let verb = if to.stream { "invoke-with-response-stream" } else { "invoke" };
        format!("/model/{}/{verb}", path::segment(to.model))
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

/// Models of Anthropic at Google's Vertex.
///
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>
#[derive(Clone, Copy, Debug)]
pub struct VertexAnthropic;

impl Dialect for VertexAnthropic {
    fn name(&self) -> &'static str {
        "vertex-anthropic"
    }

    fn endpoint(&self) -> &'static str {
        "https://aiplatform.googleapis.com/v1"
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Host::Vertex), Task::Pass(&Count(Host::Vertex))]
    }

    fn path(&self, to: &Address<'_>) -> String {
        let project = to.settings.project.as_deref().unwrap_or_default();
        let location = to.settings.location.as_deref().unwrap_or("global");
        let verb = if to.stream { "streamRawPredict" } else { "rawPredict" };
        let counts = to.wire == Wire::AnthropicCountTokens;
        let model = if counts { "count-tokens" } else { to.model };
        let [project, location, model] = [project, location, model].map(path::segment);
        format!("/projects/{project}/locations/{location}/publishers/anthropic/models/{model}:{verb}")
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

impl Format for Host {
    fn wire(&self) -> Wire {
        Wire::AnthropicMessages
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        let told = error::read(status, body);
        // What the model's own server refuses comes in its own form.
        let is_own = told.original.is_some();
        if *self == Self::Bedrock && !is_own { bedrock::error::read(status, body, header) } else { told }
    }
}

impl ChatFormat for Host {
    fn framing(&self) -> Framing {
        if *self == Self::Bedrock { Framing::EventStream } else { Framing::Sse }
    }

    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model, *self)
    }

    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        pass::request(body, asked, model, *self)
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        if *self == Self::Bedrock { Box::<Framed>::default() } else { Box::<stream::Reader>::default() }
    }

    fn pass_stream(&self, _asked: &Asked) -> Box<dyn StreamPasser> {
        if *self == Self::Bedrock { Box::<FramedPasser>::default() } else { Box::new(AsItCame::new(self.stream())) }
    }
}
