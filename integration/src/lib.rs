//! Real Envoy with the filter, between callers and providers of our own whose every byte and pause is in a script.
//!
//! ```text
//! caller ──> Envoy with the filter ──> provider
//!   what it sends and sees is            what it gets is kept,
//!   compared byte for byte               what it answers is a Reply
//! ```
//! [`strict`] providers take nothing but their own API, as its documents describe it: one for each dialect.
//!
//! Most scenarios share one Envoy ([`stage`]): each takes model names that no other uses, and looks at its own
//! traces only. Those that need another document start a gateway of their own ([`gateway`]), those that need another
//! bootstrap an Envoy ([`envoy`]).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "only tests use this crate, and a test that cannot go on should say where"
)]

pub mod admin;
pub mod caller;
pub mod document;
pub mod envoy;
pub mod envoy_gateway;
pub mod gateway;
pub mod http;
pub mod istio;
pub mod provider;
pub mod records;
pub mod reply;
pub mod speech;
pub mod stage;
pub mod strict;
pub mod version;
