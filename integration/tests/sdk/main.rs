//! The official packages of OpenAI and Anthropic for Python and Node, and Vercel's `ai`, against the gateway, before
//! providers that take nothing but their own API: strict ones of ours, and `@copilotkit/aimock`.
//!
//! What the packages do is in `integration/sdk`; each test here has a function of its name's sense there, runs it
//! with the models that it needs, and looks at what reached the providers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should say where"
)]

/// Makes of each function a test with either package.
macro_rules! with_each_package {
    ($($test:ident)*) => {
        mod python {
            $(#[test] fn $test() { super::$test(crate::packages::Package::Python); })*
        }
        mod node {
            $(#[test] fn $test() { super::$test(crate::packages::Package::Node); })*
        }
    };
}

mod aimock;
mod beside;
mod content;
mod failover;
mod failures;
mod house;
mod packages;
mod types;
