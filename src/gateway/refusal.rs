//! What a caller is answered without a provider.

use super::Surface;
use crate::config::ConfigError;
use crate::errors::{ApiError, Retry};
use crate::exchange::Attempt;

/// An answer that needs no provider.
pub(super) enum Refusal {
    Answer(Vec<u8>),
    /// One whose number is our own.
    Estimate(Vec<u8>),
    Error(&'static dyn Surface, Box<ApiError>),
}

impl Refusal {
    pub(super) fn new(surface: &'static dyn Surface, error: ApiError) -> Self {
        Self::Error(surface, Box::new(error))
    }

    pub(super) fn answer(body: Vec<u8>) -> Self {
        Self::Answer(body)
    }
}

/// The same for a model that does not exist and for one that the key may not use: the difference is nobody's
/// business.
pub(super) fn unknown_model(name: &str) -> ApiError {
    let shown: String = name.chars().take(200).collect();
    ApiError::new(404, format!("The model `{shown}` does not exist, or this key may not use it."))
        .code("model_not_found")
        .param("model")
        .retry(Retry::Never)
}

/// No target of the model can do what is asked.
pub(super) fn unable(surface: &str) -> ApiError {
    ApiError::invalid(format!("No provider of this model can be called by `{surface}`."))
        .code("unsupported_operation")
        .param("model")
}

/// The route does not serve it.
pub(super) fn not_served(path: &str) -> ApiError {
    ApiError::new(404, format!("`{path}` is not served on this route.")).code("unknown_url").retry(Retry::Never)
}

/// What the operator wrote on the route is wrong.
pub(super) fn misconfigured(error: &ConfigError) -> ApiError {
    ApiError::new(500, format!("The gateway cannot serve this route: {error}."))
        .code("route_misconfigured")
        .retry(Retry::Never)
}

/// Nobody keeps files here.
pub(super) fn no_files() -> ApiError {
    ApiError::new(404, "This gateway keeps no files and batches.").code("unknown_url").retry(Retry::Never)
}

/// The key may not use files and batches.
pub(super) fn not_for_files() -> ApiError {
    let message = "Files and batches are for keys that may use every model of the provider that keeps them.";
    ApiError::new(403, message).code("files_not_allowed").retry(Retry::Never)
}

/// What a caller is told when Envoy gave up without an answer of a provider.
pub(super) fn given_up(status: u16, attempts: &[Attempt]) -> ApiError {
    let mut tried: Vec<_> = attempts.iter().map(|a| a.target.as_str()).collect();
    tried.dedup();
    let tried = if tried.is_empty() { String::new() } else { format!(" Tried: {}.", tried.join(", ")) };
    match status {
        408 => ApiError::new(408, "The request did not arrive in time.").code("request_timeout"),
        413 => {
            ApiError::new(413, "The body is over the limit of the proxy.").code("request_too_large").retry(Retry::Never)
        }
        504 => ApiError::new(504, format!("No answer in time.{tried}")).code("timeout"),
        // A filter between us and the router, such as one that limits rates, has said no.
        400..500 if attempts.is_empty() => {
            ApiError::new(status, "The proxy refused the request.").code("refused_by_proxy")
        }
        _ => ApiError::new(503, format!("No provider could be reached.{tried}")).code("no_healthy_target"),
    }
}
