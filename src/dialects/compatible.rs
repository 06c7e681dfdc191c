//! Providers that speak OpenAI's chat completions, nearly: where they are, and what their servers refuse of the
//! requests that OpenAI takes.
//!
//! What is left out is told in the answer's header. What a server takes from some models only, such as `stop`, is for it
//! to refuse.

use super::openai::{OpenAi, completions::Completions, embeddings::Embeddings, raw};
use super::{
    Address, ChatFormat, Dialect, Format, Outbound, PassFormat, PassedAnswer, StreamPasser, StreamReader, Task,
};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::surfaces::Asked;
use crate::usage::Usage;
use crate::wire::Wire;

mod ids;
mod rules;

use rules::Rules;

/// The name of the limit of tokens before there was thinking.
const OLDER_LIMIT: (&str, &str) = ("max_completion_tokens", "max_tokens");

/// <https://inference-docs.cerebras.ai/resources/openai>
pub static CEREBRAS: Compatible = Compatible {
    name: "cerebras",
    endpoint: "https://api.cerebras.ai/v1",
    tasks: &[
        Task::Chat(&Nearly(Rules {
            left_out: &["frequency_penalty", "logit_bias", "presence_penalty"],
            developer_is_system: true,
            ..Rules::NONE
        })),
        Task::Chat(&Completions),
        Task::Pass(&Embeddings),
    ],
};

/// <https://api-docs.deepseek.com/api/create-chat-completion>
pub static DEEPSEEK: Compatible = Compatible {
    name: "deepseek",
    endpoint: "https://api.deepseek.com",
    tasks: &[
        Task::Chat(&Nearly(Rules { developer_is_system: true, renamed: &[OLDER_LIMIT], ..Rules::NONE })),
        Task::Pass(&Embeddings),
    ],
};

/// <https://docs.fireworks.ai/api-reference/post-chatcompletions>, <https://docs.fireworks.ai/api-reference/rerank-documents>
pub static FIREWORKS: Compatible = Compatible {
    name: "fireworks",
    endpoint: "https://api.fireworks.ai/inference/v1",
    tasks: &[
        Task::Chat(&Nearly(Rules { developer_is_system: true, ..Rules::NONE })),
        Task::Chat(&Completions),
        Task::Pass(&Embeddings),
        Task::Pass(&raw::RERANK),
        Task::Pass(&raw::RERANK_V1),
    ],
};

/// <https://console.groq.com/docs/openai#currently-unsupported-openai-features>, <https://console.groq.com/docs/api-reference>
pub static GROQ: Compatible = Compatible {
    name: "groq",
    endpoint: "https://api.groq.com/openai/v1",
    tasks: &[
        Task::Chat(&Nearly(Rules {
            left_out: &["logit_bias", "logprobs", "top_logprobs"],
            developer_is_system: true,
            nameless: true,
            ..Rules::NONE
        })),
        Task::Pass(&Embeddings),
        Task::Pass(&raw::SPEECH),
        Task::Pass(&raw::TRANSCRIPTIONS),
        Task::Pass(&raw::TRANSLATIONS),
    ],
};

/// Many servers behind one address: what the least of them takes is what all of them take. Embeddings have other paths.
///
/// <https://huggingface.co/docs/inference-providers/tasks/chat-completion>
pub static HUGGINGFACE: Compatible = Compatible {
    name: "huggingface",
    endpoint: "https://router.huggingface.co/v1",
    tasks: &[Task::Chat(&Nearly(Rules { developer_is_system: true, renamed: &[OLDER_LIMIT], ..Rules::NONE }))],
};

/// Fields that it does not know are refused; it counts tokens without being asked.
///
/// <https://docs.mistral.ai/api/#tag/chat>, <https://docs.mistral.ai/api/#tag/embeddings>
pub static MISTRAL: Compatible = Compatible {
    name: "mistral",
    endpoint: "https://api.mistral.ai/v1",
    tasks: &[
        Task::Chat(&Nearly(Rules {
            left_out: &[
                "logit_bias",
                "logprobs",
                "prompt_cache_retention",
                "safety_identifier",
                "service_tier",
                "store",
                "top_logprobs",
                "user",
                "verbosity",
            ],
            renamed: &[OLDER_LIMIT, ("seed", "random_seed")],
            counts_unasked: true,
            developer_is_system: true,
            required_is_any: true,
            short_ids: true,
            ..Rules::NONE
        })),
        Task::Pass(&NearlyEmbeddings(Rules {
            left_out: &["user"],
            renamed: &[("dimensions", "output_dimension")],
            ..Rules::NONE
        })),
        Task::Pass(&raw::MODERATIONS),
        Task::Pass(&raw::TRANSCRIPTIONS),
    ],
};

/// It takes all that OpenAI takes.
///
/// <https://openrouter.ai/docs/api-reference/chat-completion>,
/// <https://openrouter.ai/docs/api/api-reference/rerank/create-rerank>
pub static OPENROUTER: Compatible = Compatible {
    name: "openrouter",
    endpoint: "https://openrouter.ai/api/v1",
    tasks: &[
        Task::Chat(&OpenAi),
        Task::Chat(&Completions),
        Task::Pass(&Embeddings),
        Task::Pass(&raw::RERANK),
        Task::Pass(&raw::RERANK_V1),
    ],
};

/// <https://docs.perplexity.ai/api-reference/chat-completions-post>
pub static PERPLEXITY: Compatible = Compatible {
    name: "perplexity",
    endpoint: "https://api.perplexity.ai",
    tasks: &[
        Task::Chat(&Nearly(Rules { developer_is_system: true, renamed: &[OLDER_LIMIT], ..Rules::NONE })),
        Task::Pass(&Embeddings),
    ],
};

/// <https://docs.together.ai/reference/chat-completions-1>, <https://docs.together.ai/reference/rerank-1>
pub static TOGETHER: Compatible = Compatible {
    name: "together",
    endpoint: "https://api.together.xyz/v1",
    tasks: &[
        Task::Chat(&Nearly(Rules { developer_is_system: true, renamed: &[OLDER_LIMIT], ..Rules::NONE })),
        Task::Chat(&Completions),
        Task::Pass(&Embeddings),
        Task::Pass(&raw::IMAGE_GENERATIONS),
        Task::Pass(&raw::RERANK),
        Task::Pass(&raw::RERANK_V1),
        Task::Pass(&raw::SPEECH),
        Task::Pass(&raw::TRANSCRIPTIONS),
        Task::Pass(&raw::TRANSLATIONS),
    ],
};

/// <https://docs.x.ai/docs/api-reference#chat-completions>
pub static XAI: Compatible = Compatible {
    name: "xai",
    endpoint: "https://api.x.ai/v1",
    tasks: &[
        Task::Chat(&Nearly(Rules { developer_is_system: true, ..Rules::NONE })),
        Task::Pass(&Embeddings),
        Task::Pass(&raw::IMAGE_GENERATIONS),
    ],
};

/// <https://docs.z.ai/api-reference/llm/chat-completion>
pub static ZAI: Compatible = Compatible {
    name: "zai",
    endpoint: "https://api.z.ai/api/paas/v4",
    tasks: &[
        Task::Chat(&Nearly(Rules {
            developer_is_system: true,
            nameless: true,
            renamed: &[OLDER_LIMIT],
            ..Rules::NONE
        })),
        Task::Pass(&Embeddings),
    ],
};

/// A provider with OpenAI's API.
pub struct Compatible {
    name: &'static str,
    endpoint: &'static str,
    tasks: &'static [Task],
}

impl Dialect for Compatible {
    fn name(&self) -> &'static str {
        self.name
    }

    fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    fn tasks(&self) -> &'static [Task] {
        self.tasks
    }

    fn path(&self, to: &Address<'_>) -> String {
        OpenAi.path(to)
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        OpenAi.credential(key)
    }
}

/// OpenAI's format, with requests mended.
struct Nearly(Rules);

impl Format for Nearly {
    fn wire(&self) -> Wire {
        Wire::OpenAiChat
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        OpenAi.error(status, body, header)
    }
}

impl ChatFormat for Nearly {
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        Ok(self.0.mend(OpenAi.request(chat, model)?))
    }

    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        self.0.mend(OpenAi.pass_request(body, asked, model))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        OpenAi.answer(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        OpenAi.stream()
    }

    fn pass_stream(&self, asked: &Asked) -> Box<dyn StreamPasser> {
        OpenAi.pass_stream(asked)
    }

    fn pass_answer<'a>(&self, body: &'a [u8]) -> Result<PassedAnswer<'a>, ApiError> {
        OpenAi.pass_answer(body)
    }
}

/// OpenAI's format of embeddings, with requests mended.
struct NearlyEmbeddings(Rules);

impl Format for NearlyEmbeddings {
    fn wire(&self) -> Wire {
        Embeddings.wire()
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        Embeddings.error(status, body, header)
    }
}

impl PassFormat for NearlyEmbeddings {
    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        self.0.mend(Embeddings.pass_request(body, asked, model))
    }

    fn usage(&self, body: &[u8]) -> Result<Option<Usage>, ApiError> {
        Embeddings.usage(body)
    }

    fn pass_answer(&self, body: &[u8], asked: &Asked) -> Option<Vec<u8>> {
        Embeddings.pass_answer(body, asked)
    }
}

#[cfg(test)]
mod tests;
