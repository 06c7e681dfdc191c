//! The vocabulary that every surface and every dialect translates to and from: OpenAI's chat completions, with
//! what the others need beside it.
#![allow(missing_docs, reason = "fields carry the names of OpenAI's reference")]

pub mod answer;
pub mod ids;
pub mod request;
mod sealed;

pub use answer::{Event, FinishReason, Thinking};
pub use request::ChatRequest;
pub use sealed::Sealed;
