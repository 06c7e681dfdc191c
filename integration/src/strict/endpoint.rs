//! What hosts serve beside conversations.

use super::{Fault, require};
use crate::provider::Seen;
use crate::reply::Reply;

/// One method and path.
pub(super) struct Endpoint {
    pub method: &'static str,
    /// `{model}` stands for the model.
    pub path: &'static str,
    pub body: Body,
    pub answer: fn(&Seen) -> Result<Reply, Fault>,
}

/// What comes with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json,
    /// A form.
    Form,
}

impl Body {
    /// Is it announced as what it is?
    pub(super) fn check(self, seen: &Seen) -> Result<(), Fault> {
        let found = seen.head.get("content-type").unwrap_or_default();
        let good = match self {
            Self::None => seen.body.is_empty(),
            Self::Json => found == "application/json",
            Self::Form => found.starts_with("multipart/form-data; boundary="),
        };
        require(good, || format!("content-type {found:?} is not of {self:?}"))
    }
}

/// An endpoint that takes JSON.
pub(super) const fn post(path: &'static str, answer: fn(&Seen) -> Result<Reply, Fault>) -> Endpoint {
    Endpoint { method: "POST", path, body: Body::Json, answer }
}

/// An endpoint that takes a form.
pub(super) const fn form(path: &'static str, answer: fn(&Seen) -> Result<Reply, Fault>) -> Endpoint {
    Endpoint { body: Body::Form, ..post(path, answer) }
}

/// An endpoint that only tells.
pub(super) const fn get(path: &'static str, answer: fn(&Seen) -> Result<Reply, Fault>) -> Endpoint {
    Endpoint { method: "GET", body: Body::None, ..post(path, answer) }
}
