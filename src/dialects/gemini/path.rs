//! Where a request goes.
//!
//! <https://ai.google.dev/api/generate-content#endpoint>,
//! <https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.publishers.models/generateContent>

use super::embeddings;
use crate::dialects::Address;
use crate::dialects::path::segment;
use crate::wire::Wire;

/// The location where Vertex serves what has no region.
const GLOBAL: &str = "global";

/// The path in AI Studio; the name of a tuned model says that it is one.
pub(super) fn studio(to: &Address<'_>) -> String {
    let (kind, model) = match to.model.split_once('/') {
        Some(("tunedModels", id)) => ("tunedModels", id),
        Some(("models", id)) => ("models", id),
        _ => ("models", to.model),
    };
    format!("/{kind}/{}{}", segment(model), method(to))
}

/// The path in Vertex; `endpoints/{id}` is a model of one's own.
pub(super) fn vertex(to: &Address<'_>) -> String {
    let project = segment(to.settings.project.as_deref().unwrap_or("-"));
    let location = segment(to.settings.location.as_deref().unwrap_or(GLOBAL));
    let (kind, model) = match to.model.split_once('/') {
        Some(("endpoints", id)) => ("endpoints", id),
        _ => ("publishers/google/models", to.model),
    };
    format!("/projects/{project}/locations/{location}/{kind}/{}{}", segment(model), method(to))
}

/// Without `alt=sse` a stream is one long JSON array.
fn method(to: &Address<'_>) -> &'static str {
    match to.wire {
        Wire::GeminiCountTokens => ":countTokens",
        Wire::GeminiEmbed => ":batchEmbedContents",
        Wire::VertexEmbed if embeddings::is_single(to.model) => ":embedContent",
        Wire::VertexEmbed => ":predict",
        _ if to.stream => ":streamGenerateContent?alt=sse",
        _ => ":generateContent",
    }
}
