mod answers;
mod embeddings;
mod failures;
mod paths;
mod requests;
mod streams;
mod turns;

use serde_json::Value;

use super::Gemini;
use crate::dialects::{ChatFormat, Format, Outbound, Progress};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::stream::sse;

/// A model that takes every documented field.
const MODEL: &str = "gemini-2.5-flash";

/// What a caller's request becomes.
fn outbound(request: &Value, model: &str) -> Result<Outbound, ApiError> {
    let text = request.to_string();
    let object = Object::parse(text.as_bytes()).unwrap();
    Gemini.request(&ChatRequest::parse(&object).unwrap(), model)
}

fn body_for(request: &Value, model: &str) -> Value {
    serde_json::from_slice(&outbound(request, model).unwrap().body).unwrap()
}

fn body(request: &Value) -> Value {
    body_for(request, MODEL)
}

fn dropped(request: &Value) -> Vec<String> {
    outbound(request, MODEL).unwrap().dropped.iter().map(|name| name.to_string()).collect()
}

/// The field that is to blame.
fn refused(request: &Value) -> String {
    let error = outbound(request, MODEL).unwrap_err();
    assert_eq!(error.status, 400);
    error.param.unwrap()
}

/// Reads events given as their data; the end of the input is the end of the stream.
fn stream(data: &[&str]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut out) = (Gemini.stream(), Vec::new());
    for data in data {
        let event = sse::Event { name: String::new(), data: (*data).to_owned() };
        match reader.read(&event, &mut out) {
            Ok(progress) => assert_eq!(progress, Progress::Open),
            Err(error) => return (out, Some(error)),
        }
    }
    let end = reader.end(&mut out);
    (out, end.err())
}
