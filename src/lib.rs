//! Tollhouse: an LLM gateway inside stock Envoy.
//!
//! Callers hold a gateway key and speak the API that their SDK speaks. The filter finds out who calls, resolves the
//! model that is asked for to targets, puts the provider's key in, translates where caller and provider speak
//! different APIs, and counts every token. Envoy does connections, TLS, timeouts and the retries themselves.
//!
//! # One module, two roles
//!
//! ```text
//!             request ->                                           (attempt 1..n)
//! caller ──> gateway role ───────────────────────> Envoy router ──> provider role ──> model provider
//!            key -> client                         cluster of        replace all headers
//!            body -> model, stream                 the attempt,      translate, or pass
//!            model -> plan of attempts             TLS, clocks
//!                        <- answer
//! caller <── gateway role <─────────────────────── Envoy router <── provider role <── model provider
//!            our headers                           next attempt      hold until the first content
//!            record and stats, in the end          if marked         translate, or pass; meter; mark
//! ```
//!
//! The [`gateway`] role is policy, in the HTTP connection manager. The [`provider`] role is wire, an upstream filter
//! of every provider's cluster, made anew for each attempt. Both run in one VM per worker; the [`exchange`] is what
//! one hands over to the other.
//!
//! # Invariants
//!
//! - **Nothing goes out before the first content** of an answer ([`hub::Event::commits`]). Until then every failure
//!   can go to the next target, also one inside a 200. After it nothing is replayed, and failure is told in band.
//! - **Every attempt replaces all request headers.** Envoy keeps what the attempt before has set, its provider's key
//!   included.
//! - **Keys end where they are read.** The caller's goes no further than the gateway role; a provider's is gone from the request
//!   when access logs are written.
//! - **No header carries our state.** Cluster and exchange travel as properties of the stream, which callers cannot
//!   set and providers cannot see ([`contract`]).
//! - **The same wire format passes** the caller's bytes but for the fields that are ours, and those that the provider is
//!   known to refuse ([`dialects::compatible`]). Everything else goes
//!   surface -> [`hub`] -> dialect; there is no translator for a pair. What the hub has no words for passes, or is for
//!   another target ([`service`]).
//! - **Nothing panics.** A trap kills every stream of a worker: lints forbid what could, and host calls are checked
//!   (`host::envoy`).
//! - **No prompt, answer or key is ever logged.** [`telemetry`] is all that is told.
//! - **A document is valid or refused** whole ([`config`]).
//!
//! # Map
//!
//! Layers, from the outside in. Each may use those below it, never one above; `tests/layers.rs` holds this.
//!
//! | layer | modules | what they may not know |
//! |---|---|---|
//! | edge | `plugin`, `host::envoy`, `heap` | |
//! | roles | [`gateway`], [`provider`] | `proxy_wasm` |
//! | request | [`exchange`], [`failover`], [`service`], [`telemetry`], [`tolls`], [`queue`], [`outbox`], [`alerts`], [`metrics`], [`signature`], [`reply`] | which role asks |
//! | policy | [`config`], [`policies`], [`routing`], [`clients`], [`guesses`], [`identity`], [`attribution`], [`limits`], [`ledger`], [`store`], [`pricing`] | a request |
//! | wire | [`surfaces`], [`dialects`] | the host, the clock, the configuration, each other |
//! | words | [`hub`], [`wire`], [`errors`], [`meter`], [`usage`], [`estimate`], [`contract`], [`host`] (ports) | any API's form |
//! | codecs | [`base64`], [`bytes`], [`json`], [`multipart`], [`pairs`], [`protobuf`], [`stream`], [`headers`], [`time`] | anything of ours |
//!
//! `fuzz`, which is not in the filter that ships, says what must hold for any bytes; it may use everything.
//!
//! A server that speaks OpenAI's API is configuration. A new dialect is a file in `dialects/`, a line in
//! [`dialects::DIALECTS`] and its tests; a new surface the same in [`surfaces`].

pub mod alerts;
pub mod attribution;
pub mod base64;
pub mod bytes;
pub mod clients;
pub mod config;
pub mod contract;
pub mod dialects;
pub mod errors;
pub mod estimate;
pub mod exchange;
pub mod failover;
#[cfg(any(test, feature = "testing"))]
pub mod fuzz;
pub mod gateway;
pub mod guesses;
pub mod headers;
#[cfg(any(test, target_os = "wasi"))]
mod heap;
pub mod host;
pub mod hub;
pub mod identity;
pub mod json;
pub mod ledger;
pub mod limits;
pub mod meter;
pub mod metrics;
pub mod multipart;
pub mod outbox;
pub mod pairs;
pub mod policies;
pub mod pricing;
pub mod protobuf;
pub mod provider;
pub mod queue;
pub mod reply;
pub mod routing;
pub mod service;
pub mod signature;
pub mod store;
pub mod stream;
pub mod surfaces;
pub mod telemetry;
pub mod time;
pub mod tolls;
pub mod usage;
pub mod wire;

#[cfg(target_os = "wasi")]
mod plugin;
