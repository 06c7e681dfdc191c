//! Callers that are known before their request comes to us, with tokens and certificates made here.

mod browser;
mod certificates;
mod claims;
mod gate;
mod headers;
mod login;
mod sessions;
mod stories;
mod tokens;
