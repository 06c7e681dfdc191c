//! Bedrock's `InvokeModelWithResponseStream`: Anthropic's events in binary frames.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html>

use serde::Deserialize;

use super::answer::kind_of;
use super::stream::Reader;
use crate::base64;
use crate::dialects::bedrock::error;
use crate::dialects::passing::AsItCame;
use crate::dialects::{Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::json::Text;
use crate::stream::sse;

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Text<'a>,
}

/// Anthropic's event in a frame. Frames that nobody knows yet have none.
fn unwrapped(frame: &sse::Event) -> Result<Option<sse::Event>, ApiError> {
    if let Some(error) = error::in_stream(frame) {
        return Err(error);
    }
    if frame.name != "chunk" {
        return Ok(None);
    }
    let chunk = serde_json::from_str::<Chunk<'_>>(&frame.data).ok();
    let data = chunk.and_then(|chunk| String::from_utf8(base64::decode(&chunk.bytes.0)?).ok());
    let Some(data) = data else {
        return Err(ApiError::new(502, "a frame of the provider's stream holds no event").code("broken_stream"));
    };
    let name = serde_json::from_str(&data).map(|event| kind_of(event).into_owned()).unwrap_or_default();
    Ok(Some(sse::Event { name, data }))
}

/// Reads one stream.
#[derive(Debug, Default)]
pub(super) struct Framed(Reader);

impl StreamReader for Framed {
    fn read(&mut self, frame: &sse::Event, out: &mut Vec<Event<'static>>) -> Result<Progress, ApiError> {
        unwrapped(frame)?.map_or(Ok(Progress::Open), |event| self.0.read(&event, out))
    }

    fn end(&mut self, out: &mut Vec<Event<'static>>) -> Result<(), ApiError> {
        self.0.end(out)
    }
}

/// Passes one stream on, as server-sent events.
pub(super) struct FramedPasser(AsItCame);

impl Default for FramedPasser {
    fn default() -> Self {
        Self(AsItCame::new(Box::<Reader>::default()))
    }
}

impl StreamPasser for FramedPasser {
    fn pass(
        &mut self,
        frame: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        unwrapped(frame)?.map_or(Ok(Progress::Open), |event| self.0.pass(&event, events, out))
    }

    fn end(&mut self, events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.0.end(events, out)
    }
}
