//! Beside the filters of others, in an Envoy that somebody already has.

mod behind;
mod breakers;
mod filters;
mod front;
mod logs;
mod mirrors;
mod services;
mod street;
mod tls;
mod wire;
