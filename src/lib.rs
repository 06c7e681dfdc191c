//! Tollhouse: an LLM gateway inside stock Envoy.

pub mod clients;
pub mod config;
pub mod contract;
pub mod dialects;
pub mod errors;
pub mod exchange;
pub mod failover;
pub mod gateway;
pub mod host;
pub mod hub;
pub mod json;
pub mod meter;
pub mod provider;
pub mod reply;
pub mod routing;
pub mod stream;
pub mod surfaces;
pub mod telemetry;
pub mod time;
pub mod usage;
pub mod wire;

#[cfg(target_os = "wasi")]
mod plugin;
