//! Every strict provider: one for each dialect at least. Sources of each are in the dialect of its name.

use super::anthropic::{Messages, Place};
use super::chat;
use super::cohere::Cohere;
use super::converse::Converse;
use super::endpoint::{Endpoint, form, get, post};
use super::gemini::Gemini;
use super::host::{Host, Proof, Route};
use super::ollama::Ollama;
use super::responses::Responses;
use super::{completions, count, embeddings, files, media};

/// One path, whatever is asked for.
const fn at(api: &'static dyn super::Api, path: &'static str) -> Route {
    Route { api, plain: path, streamed: path }
}

/// What most have in common: chat completions at `/v1`.
const LIKE_OPENAI: Host = Host {
    name: "openai",
    dialect: "openai",
    base: "/v1",
    settings: &[],
    models: "model",
    proof: Proof::Bearer,
    headers: &[],
    routes: &[at(&chat::OPENAI, "/v1/chat/completions")],
    endpoints: &[],
};

/// What OpenAI has beside conversations.
const OPENAI: &[Endpoint] = &[
    post("/v1/completions", completions::openai),
    post("/v1/embeddings", embeddings::openai),
    post("/v1/images/generations", media::image),
    post("/v1/audio/speech", media::speech),
    form("/v1/audio/transcriptions", media::transcription),
    post("/v1/moderations", media::moderation),
    form("/v1/files", files::create),
    get("/v1/files/file-up", files::retrieve),
    get("/v1/files/file-up/content", files::content),
    post("/v1/batches", files::batch),
];

/// A host of nearly OpenAI's API, of the same name as its dialect.
const fn nearly(name: &'static str, routes: &'static [Route]) -> Host {
    Host { name, dialect: name, routes, ..LIKE_OPENAI }
}

const DEPLOYMENT: &str = "/openai/deployments/{model}/chat/completions?api-version=2024-10-21";
const CLAUDE: &str = "claude-sonnet-4-5";
const BEDROCK_CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

const CONVERSE: Host = Host {
    name: "bedrock-converse",
    dialect: "bedrock-converse",
    base: "",
    models: BEDROCK_CLAUDE,
    routes: &[Route { api: &Converse, plain: "/model/{model}/converse", streamed: "/model/{model}/converse-stream" }],
    ..LIKE_OPENAI
};

const INVOKE: Host = Host {
    name: "bedrock-anthropic",
    dialect: "bedrock-anthropic",
    routes: &[Route {
        api: &Messages(Place::Bedrock),
        plain: "/model/{model}/invoke",
        streamed: "/model/{model}/invoke-with-response-stream",
    }],
    ..CONVERSE
};

/// All of them.
pub static HOSTS: &[Host] = &[
    Host { endpoints: OPENAI, ..LIKE_OPENAI },
    Host {
        name: "anthropic",
        dialect: "anthropic",
        models: CLAUDE,
        proof: Proof::Header("x-api-key"),
        headers: &[("anthropic-version", "2023-06-01")],
        routes: &[at(&Messages(Place::Direct), "/v1/messages")],
        endpoints: &[post("/v1/messages/count_tokens", count::anthropic)],
        ..LIKE_OPENAI
    },
    INVOKE,
    Host { name: "bedrock-anthropic-signed", proof: Proof::Signed, ..INVOKE },
    Host {
        name: "vertex-anthropic",
        dialect: "vertex-anthropic",
        settings: &[("project", "p-1"), ("location", "europe-west1")],
        models: "claude-sonnet-4-5@20250929",
        routes: &[Route {
            api: &Messages(Place::Vertex),
            plain: "/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/{model}:rawPredict",
            streamed: "/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/{model}:streamRawPredict",
        }],
        ..LIKE_OPENAI
    },
    Host {
        name: "azure-openai",
        dialect: "azure-openai",
        base: "",
        settings: &[("api_version", "2024-10-21")],
        proof: Proof::Header("api-key"),
        routes: &[at(&chat::AZURE, DEPLOYMENT), at(&Responses, "/openai/v1/responses")],
        ..LIKE_OPENAI
    },
    Host {
        name: "azure-openai-v1",
        dialect: "azure-openai",
        base: "",
        proof: Proof::Header("api-key"),
        routes: &[at(&chat::AZURE, "/openai/v1/chat/completions"), at(&Responses, "/openai/v1/responses")],
        ..LIKE_OPENAI
    },
    Host {
        name: "azure-openai-responses",
        dialect: "azure-openai-responses",
        base: "",
        proof: Proof::Header("api-key"),
        routes: &[at(&Responses, "/openai/v1/responses")],
        ..LIKE_OPENAI
    },
    CONVERSE,
    Host { name: "bedrock-converse-signed", proof: Proof::Signed, ..CONVERSE },
    Host {
        name: "cohere",
        dialect: "cohere",
        base: "",
        routes: &[at(&Cohere, "/v2/chat")],
        endpoints: &[post("/v2/embed", embeddings::cohere)],
        ..LIKE_OPENAI
    },
    Host {
        name: "gemini",
        dialect: "gemini",
        base: "/v1beta",
        models: "gemini-3-pro-preview",
        proof: Proof::Header("x-goog-api-key"),
        routes: &[Route {
            api: &Gemini,
            plain: "/v1beta/models/{model}:generateContent",
            streamed: "/v1beta/models/{model}:streamGenerateContent?alt=sse",
        }],
        endpoints: &[
            post("/v1beta/models/{model}:countTokens", count::gemini),
            post("/v1beta/models/{model}:batchEmbedContents", embeddings::gemini),
        ],
        ..LIKE_OPENAI
    },
    Host {
        name: "vertex-gemini",
        dialect: "vertex-gemini",
        settings: &[("project", "p-1"), ("location", "europe-west1")],
        models: "gemini-3-pro-preview",
        routes: &[Route {
            api: &Gemini,
            plain: "/v1/projects/p-1/locations/europe-west1/publishers/google/models/{model}:generateContent",
            streamed: "/v1/projects/p-1/locations/europe-west1/publishers/google/models/{model}:streamGenerateContent?alt=sse",
        }],
        ..LIKE_OPENAI
    },
    Host {
        name: "ollama",
        dialect: "ollama",
        base: "",
        routes: &[at(&Ollama, "/api/chat")],
        endpoints: &[post("/api/embed", embeddings::ollama)],
        ..LIKE_OPENAI
    },
    Host {
        name: "openai-responses",
        dialect: "openai-responses",
        routes: &[at(&Responses, "/v1/responses")],
        ..LIKE_OPENAI
    },
    nearly("cerebras", &[at(&chat::CEREBRAS, "/v1/chat/completions")]),
    nearly("deepseek", &[at(&chat::DEEPSEEK, "/v1/chat/completions")]),
    nearly("fireworks", &[at(&chat::FIREWORKS, "/v1/chat/completions")]),
    nearly("groq", &[at(&chat::GROQ, "/v1/chat/completions")]),
    nearly("huggingface", &[at(&chat::HUGGINGFACE, "/v1/chat/completions")]),
    nearly("mistral", &[at(&chat::MISTRAL, "/v1/chat/completions")]),
    nearly("openrouter", &[at(&chat::OPENROUTER, "/v1/chat/completions")]),
    nearly("perplexity", &[at(&chat::PERPLEXITY, "/v1/chat/completions")]),
    nearly("together", &[at(&chat::TOGETHER, "/v1/chat/completions")]),
    nearly("xai", &[at(&chat::XAI, "/v1/chat/completions")]),
    Host { base: "/api/paas/v4", ..nearly("zai", &[at(&chat::ZAI, "/api/paas/v4/chat/completions")]) },
];
