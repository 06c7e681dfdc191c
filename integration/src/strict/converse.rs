//! Bedrock's Converse, with a Claude behind it.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use serde_json::{Value, json};

use super::{Answer, Api, Asked, CACHED, Counts, Fault, InPath, Stream, WRITTEN, event_stream};

mod request;
mod words;

/// The API.
pub(crate) struct Converse;

impl Api for Converse {
    fn name(&self) -> &'static str {
        "converse"
    }

    fn read(&self, body: &[u8], path: &InPath) -> Result<Asked, Fault> {
        let stream = path.stream == Some(true);
        request::read(body).map(|asked| Asked { stream, ..asked })
    }

    fn whole(&self, answer: &Answer) -> Value {
        words::whole(answer)
    }

    fn stream(&self, answer: &Answer) -> Stream {
        words::stream(answer)
    }

    fn stream_type(&self) -> &'static str {
        event_stream::TYPE
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({ "message": message })
    }

    fn failure_headers(&self, status: u16) -> Vec<(&'static str, &'static str)> {
        event_stream::failure_headers(status)
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        event_stream::exception("internalServerException", message)
    }

    fn counts(&self) -> Counts {
        Counts { cached: CACHED, written: WRITTEN, reasoning: 0 }
    }

    fn signs(&self) -> bool {
        true
    }
}
