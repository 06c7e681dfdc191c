//! Beside the filters of others, in an Envoy that somebody already has.

mod behind;
mod breakers;
pub(crate) mod filters;
mod front;
mod logs;
mod mirrors;
pub(crate) mod services;
mod street;
mod tls;
mod wire;
