//! Callers that are known before their request comes to us, with tokens and certificates made here.

mod certificates;
mod gate;
mod headers;
mod issuer;
mod stories;
mod tokens;
