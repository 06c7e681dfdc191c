//! Cohere's chat, version 2.
//!
//! <https://docs.cohere.com/reference/chat>

use super::{Address, Dialect, Format, Outbound, StreamReader};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::{self, Object};
use crate::surfaces::Asked;
use crate::wire::Wire;

mod answer;
mod error;
mod messages;
mod request;
mod schema;
mod stream;
mod thinking;
mod tools;
mod usage;

/// The dialect `cohere`.
#[derive(Clone, Copy, Debug)]
pub struct Cohere;

impl Dialect for Cohere {
    fn name(&self) -> &'static str {
        "cohere"
    }

    fn endpoint(&self) -> &'static str {
        "https://api.cohere.com"
    }

    fn formats(&self) -> &'static [&'static dyn Format] {
        &[&Cohere]
    }

    fn path(&self, _to: &Address<'_>) -> String {
        "/v2/chat".to_owned()
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

impl Format for Cohere {
    fn wire(&self) -> Wire {
        Wire::CohereChat
    }

    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model)
    }

    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(body.write_with(&[("model", Some(json::string(model)))]))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::<stream::Reader>::default()
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

#[cfg(test)]
mod tests;
