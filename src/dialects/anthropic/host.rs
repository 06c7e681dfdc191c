//! Where a model of Anthropic runs, and what is particular there.

/// Who serves the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::dialects) enum Host {
    /// Anthropic.
    #[default]
    Direct,
    /// Bedrock's `InvokeModel`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>
    Bedrock,
    /// Bedrock's Converse: an API of its own, for which Anthropic's turns are a step on the way.
    Converse,
    /// Google's Vertex.
    ///
    /// <https://docs.anthropic.com/en/api/claude-on-vertex-ai>
    Vertex,
}

impl Host {
    /// `anthropic_version` of the body; where there is one, the model stands in the path.
    pub(super) fn version(self) -> Option<&'static str> {
        match self {
            Self::Direct | Self::Converse => None,
            Self::Bedrock => Some("bedrock-2023-05-31"),
            Self::Vertex => Some("vertex-2023-10-16"),
        }
    }

    /// Does the body say whether the answer is streamed? Bedrock's path does.
    pub(super) fn has_stream(self) -> bool {
        matches!(self, Self::Direct | Self::Vertex)
    }

    /// Members of Anthropic's own requests that it refuses.
    pub(super) fn lacks(self) -> &'static [&'static str] {
        match self {
            Self::Direct => &[],
            Self::Bedrock | Self::Converse => &["cache_control", "container", "service_tier"],
            Self::Vertex => &["cache_control", "service_tier"],
        }
    }

    /// Do its betas come in a header? Bedrock's are in the body.
    pub(super) fn has_headers(self) -> bool {
        matches!(self, Self::Direct | Self::Vertex)
    }

    /// Does it load images and documents from the web?
    ///
    /// # Errors
    /// It does not.
    pub(super) fn fetches(self) -> Result<(), String> {
        match self {
            Self::Direct | Self::Vertex => Ok(()),
            Self::Bedrock | Self::Converse => {
                Err("this provider loads nothing from the web: expected a data: URL".to_owned())
            }
        }
    }
}
