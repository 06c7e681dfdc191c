//! Callers that are known before their request comes to us, with tokens and certificates made here.

mod browser;
mod certificates;
mod gate;
mod headers;
mod issuer;
mod login;
mod sessions;
mod stories;
mod tokens;
