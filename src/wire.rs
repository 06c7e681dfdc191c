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
    /// OpenAI's completions, which preceded chat.
    OpenAiCompletions,
    /// OpenAI's embeddings.
    OpenAiEmbeddings,
    /// OpenAI's files and batches.
    OpenAiFiles,
    /// OpenAI's edits of images.
    OpenAiImageEdits,
    /// OpenAI's images by a prompt.
    OpenAiImageGenerations,
    /// OpenAI's variations of an image.
    OpenAiImageVariations,
    /// OpenAI's moderations.
    OpenAiModerations,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// OpenAI's speech by a text.
    OpenAiSpeech,
    /// OpenAI's text by speech.
    OpenAiTranscriptions,
    /// OpenAI's English text by speech.
    OpenAiTranslations,
    /// Anthropic's counting of tokens.
    AnthropicCountTokens,
    /// Anthropic's messages.
    AnthropicMessages,
    /// Gemini's `generateContent`.
    Gemini,
    /// Gemini's `countTokens`.
    GeminiCountTokens,
    /// Gemini's `batchEmbedContents`.
    GeminiEmbed,
    /// Vertex's `predict` and `embedContent`.
    VertexEmbed,
    /// Cohere's chat, version 2.
    CohereChat,
    /// Cohere's embeddings, version 2.
    CohereEmbed,
    /// Cohere's rerank, version 2.
    CohereRerank,
    /// Cohere's rerank, version 1, and everybody else's.
    CohereRerankV1,
    /// Ollama's own chat.
    OllamaChat,
    /// Ollama's own embeddings.
    OllamaEmbed,
}
