//! Codecs of streams: bytes in, events out, bounded. They know nothing of ours.

pub mod sse;
