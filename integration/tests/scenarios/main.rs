//! What the gateway does in real Envoy. Each test is a scenario, named as a sentence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod callers;
mod chat;
mod clocks;
mod cooling;
mod failover;
mod usage;
