//! Wire formats: what a surface and a dialect have in common when nothing needs translating.

/// A request and answer format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Bedrock's Converse.
    BedrockConverse,
    /// Bedrock's `InvokeModel` of models of embeddings.
    BedrockEmbed,
    /// OpenAI's chat completions.
    OpenAiChat,
    /// OpenAI's embeddings.
    OpenAiEmbeddings,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// Anthropic's messages.
    AnthropicMessages,
    /// Gemini's `generateContent`.
    Gemini,
    /// Gemini's `batchEmbedContents`.
    GeminiEmbed,
    /// Vertex's `predict` and `embedContent`.
    VertexEmbed,
    /// Cohere's chat, version 2.
    CohereChat,
    /// Cohere's embeddings, version 2.
    CohereEmbed,
    /// Ollama's own chat.
    OllamaChat,
    /// Ollama's own embeddings.
    OllamaEmbed,
}
