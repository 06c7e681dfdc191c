//! What the logic may ask of the proxy that it runs in: narrow ports, with Envoy behind them in the filter
//! and memory in the tests. Methods take `&self`, since the proxy keeps the state.

use std::time::Duration;

use crate::headers::Headers;

#[cfg(target_os = "wasi")]
pub mod envoy;
#[cfg(any(test, feature = "testing"))]
pub mod memory;

/// Which half of an HTTP exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From the caller to the provider.
    Request,
    /// Back.
    Response,
}

/// What the proxy does after a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Sends on what has come, as the logic left it.
    Continue,
    /// Holds it; the next callback sees it again with what comes then.
    Pause,
}

/// More than the proxy can hold of a body.
pub const ALL: usize = 1 << 30;

/// The HTTP stream that a callback is about. Headers and body may be used only in callbacks of their side.
pub trait Stream {
    /// All headers in their order, names in lower case. Values that are not UTF-8 have replacement characters.
    fn headers(&self, side: Side) -> Headers;

    /// The value of one header.
    fn header(&self, side: Side, name: &str) -> Option<String>;

    /// Replaces all headers.
    fn set_headers(&self, side: Side, headers: &[(&str, &str)]);

    /// The first `size` bytes of the body that the proxy holds.
    fn body(&self, side: Side, size: usize) -> Vec<u8>;

    /// Replaces the first `size` bytes of the body that the proxy holds.
    fn set_body(&self, side: Side, size: usize, bytes: &[u8]);

    /// Sends on what the proxy holds of the answer as soon as this callback is over, whatever it returns: after
    /// [`Action::Pause`] the answer is still held, with nothing in it.
    fn flush(&self);

    /// Lets another filter of this stream send on what the proxy holds for it, which may be nothing: filters behind it
    /// then see an empty piece. `context` is that filter's.
    fn flush_from(&self, context: u32);

    /// Answers the caller at once.
    fn reply(&self, status: u16, headers: &[(&str, &str)], body: &[u8]);

    /// A property of the stream.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;

    /// Sets a property that other filters, the route and the access log can read.
    fn set_property(&self, name: &str, value: &[u8]);
}

/// Values that all workers share. They cannot be removed or listed: bound the keys.
pub trait Shared {
    /// A value.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Sets a value, whoever else does.
    fn set(&self, key: &str, value: &[u8]);

    /// A value, and its version.
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version);

    /// Sets a value if nobody has since it was read. Tells whether it did.
    fn replace(&self, key: &str, value: &[u8], version: Version) -> bool;
}

/// The version of a shared value; the proxy counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

/// Counters and histograms, by full name with labels (see [`crate::contract::LABELS`]).
pub trait Meters {
    /// Adds to a counter.
    fn count(&self, name: &str, by: u64);

    /// A counter or histogram, to be used without its name. `None`: the proxy refuses it.
    fn meter(&self, kind: MeterKind, name: &str) -> Option<Meter>;

    /// Adds to a counter, or a value to a histogram.
    fn add(&self, meter: Meter, amount: u64);
}

/// What a metric does with what is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterKind {
    /// Adds up.
    Counter,
    /// Tells how many there were of which size.
    Histogram,
}

/// The proxy's number of a metric, on this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// What it does.
    pub kind: MeterKind,
    /// The number.
    pub id: u32,
}

/// Calls of gRPC services, beside the way of the request.
pub trait Calls {
    /// Calls a method. The answer comes in a callback with the number of the call. `None`: there is no such cluster, or
    /// no way to it.
    fn call(&self, call: &Call<'_>) -> Option<u32>;
}

/// A call of a gRPC service.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The cluster that leads there.
    pub cluster: &'a str,
    /// The full name of the service.
    pub service: &'a str,
    /// The name of the method.
    pub method: &'a str,
    /// The request.
    pub message: &'a [u8],
    /// When there is no answer.
    pub timeout: Duration,
}

/// Everything at once, as the edge has it.
pub trait Host: Stream + Shared + Meters + Calls {}

impl<T: Stream + Shared + Meters + Calls> Host for T {}
