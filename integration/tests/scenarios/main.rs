//! What the gateway does in real Envoy. Each test is a scenario, named as a sentence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod bad_input;
mod beside;
mod by_hand;
mod callers;
mod chat;
mod clocks;
mod completions;
mod control_plane;
mod cooling;
mod doors;
mod drill;
mod embeddings;
mod events;
mod failover;
mod game_day;
mod hostile;
mod http2;
mod hygiene;
mod identity;
mod issuer;
mod keys;
mod limits;
mod many_envoys;
mod matrix;
mod passing;
mod peers;
mod pki;
mod platforms;
mod prices;
mod protobuf_json;
mod rate_limit_messages;
mod rate_limit_service;
mod records;
mod reload;
mod routes;
mod stories;
mod strict;
mod uploads;
mod usage;
mod xds;
