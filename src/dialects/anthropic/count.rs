//! Counting tokens, which passes.
//!
//! <https://docs.anthropic.com/en/api/messages-count-tokens>

use super::host::Host;
use super::{error, pass};
use crate::dialects::raw::Raw;
use crate::dialects::{Format, Outbound, PassFormat, Reads};
use crate::errors::ApiError;
use crate::json::Object;
use crate::surfaces::Asked;
use crate::usage::Usage;
use crate::wire::Wire;

/// At Anthropic, or at Vertex.
///
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens>
pub(super) struct Count(pub(super) Host);

static RAW: Raw = Raw { wire: Wire::AnthropicCountTokens, error: error::read };

impl Format for Count {
    fn wire(&self) -> Wire {
        RAW.wire()
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        RAW.error(status, body, header)
    }
}

impl PassFormat for Count {
    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        pass::count(body, asked, model, self.0)
    }

    fn usage(&self, body: &[u8]) -> Result<Option<Usage>, ApiError> {
        RAW.usage(body)
    }

    fn reads(&self) -> Reads {
        RAW.reads()
    }
}
