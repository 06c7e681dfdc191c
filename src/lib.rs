//! Tollhouse: an LLM gateway inside stock Envoy.
pub mod dialects;
pub mod errors;
pub mod hub;
pub mod json;
pub mod stream;
pub mod surfaces;
pub mod usage;
pub mod wire;
