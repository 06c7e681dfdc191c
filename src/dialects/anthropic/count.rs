//! Counting tokens, which passes.
//!
//! <https://docs.anthropic.com/en/api/messages-count-tokens>

use super::error;
use super::host::Host;
use crate::dialects::raw::Raw;
use crate::dialects::{Format, PassFormat};
use crate::errors::ApiError;
use crate::json::{self, Object};
use crate::surfaces::Asked;
use crate::usage::Usage;
use crate::wire::Wire;

/// At Anthropic.
pub(super) static COUNT: Raw = Raw { wire: Wire::AnthropicCountTokens, error: error::read };

/// At Vertex: the path names no model, the body does.
///
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens>
pub(super) struct VertexCount;

impl Format for VertexCount {
    fn wire(&self) -> Wire {
        COUNT.wire()
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        COUNT.error(status, body, header)
    }
}

impl PassFormat for VertexCount {
    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Vec<u8> {
        let version = Host::Vertex.version().map(json::string);
        body.write_with(&[("model", Some(json::string(model))), ("anthropic_version", version)])
    }

    /// Nothing is used by counting.
    fn usage(&self, _body: &[u8]) -> Result<Option<Usage>, ApiError> {
        Ok(None)
    }

    fn reads(&self) -> crate::dialects::Reads {
        COUNT.reads()
    }
}
