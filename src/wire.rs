//! Wire formats: what a surface and a dialect have in common when nothing needs translating.

/// A request and answer format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Bedrock's Converse.
    BedrockConverse,
    /// OpenAI's chat completions.
    OpenAiChat,
    /// OpenAI's completions, which preceded chat.
    OpenAiCompletions,
    /// OpenAI's embeddings.
    OpenAiEmbeddings,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// Anthropic's messages.
    AnthropicMessages,
    /// Gemini's `generateContent`.
    Gemini,
    /// Cohere's chat, version 2.
    CohereChat,
    /// Ollama's own chat.
    OllamaChat,
}
