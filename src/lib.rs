//! Tollhouse: an LLM gateway inside stock Envoy.
pub mod clients;
pub mod config;
pub mod contract;
pub mod dialects;
pub mod errors;
pub mod hub;
pub mod json;
pub mod routing;
pub mod stream;
pub mod surfaces;
pub mod time;
pub mod usage;
pub mod wire;
