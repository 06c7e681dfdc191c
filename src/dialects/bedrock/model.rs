//! What a model takes, told by its id: the API has no other way to ask.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>

use crate::dialects::anthropic::model::Model as Claude;

/// Who made the model, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Anthropic,
    /// The generation of Amazon's Nova.
    Nova(u8),
    /// OpenAI's open models.
    OpenAi,
    /// Makers whose models have neither a prompt cache nor schemas.
    Plain,
    /// Anybody else, and names of inference profiles, which say nothing.
    Unknown,
}

/// What is known of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    maker: Maker,
    pub(super) claude: Claude,
}

impl Model {
    /// Reads `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `amazon.nova-lite-v1:0` and the like, also at the end of
    /// an ARN.
    pub(super) fn named(id: &str) -> Self {
        let id = id.to_ascii_lowercase();
        let has = |part: &str| id.contains(part);
        let maker = if has("claude") {
            Maker::Anthropic
        } else if has("amazon.nova-2") {
            Maker::Nova(2)
        } else if has("amazon.nova") {
            Maker::Nova(1)
        } else if has("openai.") {
            Maker::OpenAi
        } else if ["ai21.", "amazon.titan", "cohere.", "meta."].into_iter().any(has) {
            Maker::Plain
        } else {
            Maker::Unknown
        };
        Self { maker, claude: Claude::named(&id) }
    }

    pub(super) fn is_claude(self) -> bool {
        self.maker == Maker::Anthropic
    }

    pub(super) fn is_nova(self) -> bool {
        matches!(self.maker, Maker::Nova(_))
    }

    /// Does it take `reasoning_effort` as OpenAI calls it?
    pub(super) fn takes_effort(self) -> bool {
        self.maker == Maker::OpenAi
    }

    /// Does it take `reasoningConfig`?
    ///
    /// <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>
    pub(super) fn takes_reasoning_config(self) -> bool {
        self.maker == Maker::Nova(2)
    }

    /// Does it have a prompt cache? Others refuse cache points.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
    pub(super) fn caches(self) -> bool {
        matches!(self.maker, Maker::Anthropic | Maker::Nova(_) | Maker::Unknown)
    }

    /// Does its cache hold tools too?
    pub(super) fn caches_tools(self) -> bool {
        self.caches() && !self.is_nova()
    }

    /// Does it keep to a schema by itself?
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>
    pub(super) fn keeps_schemas(self) -> bool {
        match self.maker {
            Maker::Anthropic => self.claude.keeps_schemas(),
            Maker::Nova(_) | Maker::Plain => false,
            Maker::OpenAi | Maker::Unknown => true,
        }
    }
}
