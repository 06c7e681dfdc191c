//! What of the recordings is not tried, and where a translation is meant to differ from a recorded one.

/// A difference that is meant.
pub struct Exemption {
    /// What the names of its pairs have in them.
    pub pair: &'static str,
    /// Where, in the normal form.
    pub path: &'static str,
    pub side: Side,
    pub reason: &'static str,
}

/// Who says it.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    We,
    They,
    /// Both, in other words.
    Both,
}

const fn exempt(pair: &'static str, side: Side, path: &'static str, reason: &'static str) -> Exemption {
    Exemption { pair, path, side, reason }
}

/// Pairs that are not tried: what their names have in them, and why.
pub const UNTRIED_PAIRS: &[(&str, &str)] = &[
    ("/embeddings__", "they are no chats: `recorded_embeddings.rs` tries them"),
    ("/rerank__", "documents are ranked by providers of the caller's own form only"),
];

/// Wire formats of recordings that are not replayed, and why.
pub const UNTRIED_FORMATS: &[(&str, &str)] = &[
    ("anthropic-count-tokens", "counts pass, which tests of their own show"),
    ("cohere-embed", "no chat: `recorded_embeddings.rs` replays it"),
    ("gemini-count-tokens", "no chat: tests of its own show what is counted"),
    ("gemini-embed", "no chat: `recorded_embeddings.rs` replays it"),
    ("ollama-embed", "the same"),
    ("openai-completions", "`completions_through_the_filter.rs` replays it"),
    ("openai-embeddings", "no chat: `recorded_embeddings.rs` replays it"),
];

pub const EXEMPTIONS: &[Exemption] = &[
    exempt(
        "anthropic/openai__completions-full",
        Side::We,
        "/system/1",
        "Anthropic has no `json_object`: an instruction in the system prompt asks for it",
    ),
    exempt(
        "anthropic/openai__completions-full",
        Side::They,
        "/stop_sequences/0",
        "Anthropic refuses stop sequences of nothing but space",
    ),
    exempt(
        "bedrock-converse/openai__eag",
        Side::They,
        "/system",
        "Converse refuses a request without messages: a lone system prompt is asked as the user's",
    ),
    exempt("bedrock-converse/openai__eag", Side::We, "/messages", "the same"),
    exempt(
        "bedrock-converse/",
        Side::We,
        "/choices/0/message/thinking_blocks",
        "signatures of thinking have no place in OpenAI's answers; blocks hold more than one, and what is sealed",
    ),
    exempt("bedrock-converse/", Side::They, "/choices/0/message/reasoning_signature", "the same"),
    exempt(
        "vertex-gemini/openai__eag-chat-streaming-req",
        Side::Both,
        "/contents",
        "Gemini refuses a request without turns: instructions without a question are the user's turn",
    ),
    exempt("vertex-gemini/openai__eag-chat-streaming-req", Side::They, "/systemInstruction", "the same"),
    exempt(
        "bedrock-converse/anthropic__messages-structured-output",
        Side::We,
        "/system",
        "Claude 3 keeps to no schema: an instruction asks for it",
    ),
    exempt("bedrock-converse/anthropic__messages-structured-output", Side::They, "/outputConfig", "the same"),
    exempt(
        "bedrock-converse/anthropic__messages-structured-output",
        Side::They,
        "/additionalModelRequestFields/output_config",
        "Claude 3 knows no effort",
    ),
    exempt(
        "bedrock-converse/anthropic__messages-tool-history-without-tools",
        Side::We,
        "/messages/0",
        "Converse refuses a conversation that the assistant begins",
    ),
    exempt(
        "bedrock-converse/responses__responses-input-media",
        Side::Both,
        "/messages/0/content/*/document/name",
        "names only have to differ",
    ),
    exempt("openai-responses/anthropic__messages", Side::We, "/store", "what is not asked for is not kept"),
    exempt(
        "openai-responses/anthropic__responses-messages-reasoning",
        Side::We,
        "/content/0",
        "thinking is told to callers who have a word for it",
    ),
    exempt(
        "openai-responses/anthropic__responses-messages-stream-stream-refusal",
        Side::Both,
        "/end/0",
        "the answer ended as the provider says; the refusal is its text",
    ),
    exempt("/anthropic__", Side::They, "/usage/service_tier", "the hub has no word for a tier of service"),
    exempt("/anthropic__", Side::We, "/usage/output_tokens_details", "how much of the output was thinking"),
    exempt(
        "openai/anthropic__messages-cache-control",
        Side::We,
        "/messages/8",
        "images of results follow in a turn of the user's",
    ),
    exempt(
        "openai/anthropic__messages-cache-control",
        Side::Both,
        "/messages/7/content",
        "texts of a result are joined",
    ),
    exempt(
        "vertex-anthropic/anthropic__messages-reasoning",
        Side::We,
        "/output_format",
        "what a host does not take is for the host to refuse",
    ),
    exempt(
        "vertex-anthropic/anthropic__messages-reasoning",
        Side::We,
        "/messages/0/content/0/cache_control/scope",
        "the same",
    ),
    exempt(
        "openai/anthropic__messages-cache-control",
        Side::They,
        "/messages/*/content/*/prompt_cache_breakpoint",
        "most servers of this API have no word for hints for the cache",
    ),
    exempt(
        "openai/responses__responses-cache-control",
        Side::They,
        "/messages/*/content/*/prompt_cache_breakpoint",
        "the hub has no word for it: OpenAI's own callers of Responses pass",
    ),
    exempt(
        "openai/responses__responses-cache-control",
        Side::Both,
        "/messages/1/role",
        "the older of two words, which every compatible server knows",
    ),
    exempt("/responses__", Side::Both, "/output/*/id", "made by each gateway"),
    exempt("/responses__", Side::We, "/background", "OpenAI's SDKs require it"),
    exempt("/responses__", Side::We, "/parallel_tool_calls", "the same"),
    exempt("/responses__", Side::We, "/store", "the same"),
    exempt("/responses__", Side::We, "/text", "the same"),
    exempt("/responses__", Side::We, "/truncation", "the same"),
    exempt(
        "openai/responses__completions-responses-gemini",
        Side::Both,
        "/output/*/status",
        "OpenAI says `incomplete` there",
    ),
    exempt(
        "openai/responses__completions-responses-gemini",
        Side::Both,
        "/usage/total_tokens",
        "a total is the sum of what is counted",
    ),
    exempt(
        "openai/responses__completions-responses-truncated",
        Side::Both,
        "/output/*/status",
        "OpenAI says `incomplete` there",
    ),
];
