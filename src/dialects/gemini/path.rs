//! Where a request goes.
//!
//! <https://ai.google.dev/api/generate-content#endpoint>,
//! <https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.publishers.models/generateContent>

use std::fmt::Write as _;

use crate::dialects::Address;

/// The location where Vertex serves what has no region.
const GLOBAL: &str = "global";

/// The path in AI Studio; the name of a tuned model says that it is one.
pub(super) fn studio(to: &Address<'_>) -> String {
    let (kind, model) = match to.model.split_once('/') {
        Some(("tunedModels", id)) => ("tunedModels", id),
        Some(("models", id)) => ("models", id),
        _ => ("models", to.model),
    };
    format!("/{kind}/{}{}", encoded(model), method(to.stream))
}

/// The path in Vertex; `endpoints/{id}` is a model of one's own.
pub(super) fn vertex(to: &Address<'_>) -> String {
    let project = encoded(to.settings.project.as_deref().unwrap_or("-"));
    let location = encoded(to.settings.location.as_deref().unwrap_or(GLOBAL));
    let (kind, model) = match to.model.split_once('/') {
        Some(("endpoints", id)) => ("endpoints", id),
        _ => ("publishers/google/models", to.model),
    };
    format!("/projects/{project}/locations/{location}/{kind}/{}{}", encoded(model), method(to.stream))
}

/// Without `alt=sse` a stream is one long JSON array.
fn method(stream: bool) -> &'static str {
    if stream { ":streamGenerateContent?alt=sse" } else { ":generateContent" }
}

/// One segment of a path.
///
/// <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
fn encoded(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
