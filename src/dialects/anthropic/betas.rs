//! What of Anthropic's is not yet for everyone. Anthropic takes every beta of its own; other hosts know some, and refuse a
//! request that names another. Claude Code names several that mean something to Anthropic only.

use std::borrow::Cow;

use super::host::Host;
use crate::hub::ChatRequest;

/// The header, where a host reads one.
///
/// <https://docs.anthropic.com/en/api/beta-headers>
pub(in crate::dialects) const HEADER: &str = "anthropic-beta";

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>
const BEDROCK: &[&str] = &[
    "compact-2026-01-12",
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "token-efficient-tools-2025-02-19",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
];

/// <https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>
const VERTEX: &[&str] = &[
    "compact-2026-01-12",
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "tool-search-tool-2025-10-19",
    "web-search-2025-03-05",
];

/// The betas that the host knows; others are dropped.
pub(super) fn known<'a>(
    betas: impl Iterator<Item = &'a str>,
    host: Host,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Vec<&'a str> {
    let list = match host {
        Host::Direct => return betas.collect(),
        Host::Bedrock | Host::Converse => BEDROCK,
        Host::Vertex => VERTEX,
    };
    let (known, unknown): (Vec<&str>, Vec<&str>) = betas.partition(|beta| list.contains(beta));
    dropped.extend(unknown.into_iter().map(|beta| Cow::Owned(format!("{HEADER}:{beta}"))));
    known
}

/// The same of a request in the hub's words.
pub(in crate::dialects) fn of<'a>(
    chat: &'a ChatRequest<'_>,
    host: Host,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Vec<&'a str> {
    known(chat.betas.iter().map(AsRef::as_ref), host, dropped)
}
