//! The wire formats of providers, as the recordings name them, and the dialects that speak them.

use tollhouse_filter::dialects::{self, ChatFormat};

/// One wire format.
pub struct Family {
    pub name: &'static str,
    pub dialect: &'static str,
}

impl Family {
    /// What reads and writes it.
    pub fn format(&self) -> &'static dyn ChatFormat {
        format(self.dialect)
    }
}

/// The format that callers of others are translated to.
pub fn format(dialect: &str) -> &'static dyn ChatFormat {
    dialects::find(dialect).unwrap().tasks().iter().find_map(|task| task.chat()).unwrap()
}

/// Every one that chats.
pub const CHATS: &[Family] = &[
    Family { name: "anthropic-messages", dialect: "anthropic" },
    Family { name: "bedrock-converse", dialect: "bedrock-converse" },
    Family { name: "bedrock-invoke", dialect: "bedrock-anthropic" },
    Family { name: "cohere-chat", dialect: "cohere" },
    Family { name: "gemini", dialect: "gemini" },
    Family { name: "ollama-chat", dialect: "ollama" },
    Family { name: "openai-chat", dialect: "openai" },
    Family { name: "openai-responses", dialect: "openai-responses" },
    Family { name: "vertex-anthropic", dialect: "vertex-anthropic" },
];
