//! Bedrock's Converse, one API for the models of many makers; and what all of Bedrock's APIs have in common.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

mod answer;
mod blocks;
pub(super) mod embeddings;
pub(super) mod error;
mod extra;
mod finish;
pub(super) mod media;
mod messages;
mod model;
mod request;
mod stream;
mod tools;
mod usage;

#[cfg(test)]
mod tests;

use crate::dialects::{Address, ChatFormat, Dialect, Format, Outbound, StreamReader, Task, path};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::stream::Framing;
use crate::surfaces::Asked;
use crate::wire::Wire;

/// Where Bedrock answers in its first region.
///
/// <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>
pub(super) const ENDPOINT: &str = "https://bedrock-runtime.us-east-1.amazonaws.com";

/// Bedrock's Converse.
#[derive(Clone, Copy, Debug)]
pub struct BedrockConverse;

impl Dialect for BedrockConverse {
    fn name(&self) -> &'static str {
        "bedrock-converse"
    }

    fn endpoint(&self) -> &'static str {
        ENDPOINT
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&BedrockConverse), Task::Embeddings(&embeddings::Embeddings)]
    }

    fn path(&self, to: &Address<'_>) -> String {
        let verb = match to.wire {
            Wire::BedrockEmbed => "invoke",
            _ if to.stream => "converse-stream",
            _ => "converse",
        };
        format!("/model/{}/{verb}", path::segment(to.model))
    }

    /// A Bedrock API key; requests that are signed instead carry none.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html>
    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

impl Format for BedrockConverse {
    fn wire(&self) -> Wire {
        Wire::BedrockConverse
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body, header)
    }
}

impl ChatFormat for BedrockConverse {
    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model)
    }

    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, _model: &str) -> Outbound {
        // Both stand in the path.
        Outbound::whole(body.write_with(&[("model", None), ("stream", None)]))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::<stream::Reader>::default()
    }
}
