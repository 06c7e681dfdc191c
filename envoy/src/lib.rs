//! Everything Envoy-side of Tollhouse: from a document to an Envoy configuration, and to a running Envoy.
//!
//! ```text
//! document ──> check, lint            what is wrong with it, what is odd
//!    │
//!    └───────> render                 bootstrap, or bootstrap + files that are watched (reload)
//!                 │
//! binary, filter ─┴─> process         the Envoy executable, the .wasm, a running gateway
//!                        │
//!                      cli            `tollhouse run` and its sisters; `demo` answers where no provider key is set
//! ```
//!
//! `report` reads what the gateway has written.

pub mod binary;
pub mod check;
pub mod cli;
pub mod demo;
pub mod document;
pub mod filter;
pub mod image;
pub mod key;
pub mod process;
pub mod render;
pub mod report;
pub mod schema;
