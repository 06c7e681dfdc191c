//! The vocabulary that every surface and every dialect translates to and from: OpenAI's chat completions and
//! embeddings, with what the others need beside them.
#![allow(missing_docs, reason = "fields carry the names of OpenAI's reference")]

pub mod answer;
pub mod embeddings;
pub mod ids;
pub mod request;
mod sealed;

pub use answer::{Event, FinishReason, Thinking};
pub use embeddings::{EmbeddingAnswer, EmbeddingRequest};
pub use request::ChatRequest;
pub use sealed::Sealed;
