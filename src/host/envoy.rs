//! The ports in Envoy.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use proxy_wasm::hostcalls::dispatch_grpc_call;

use super::{Call, Calls, Meter, MeterKind, Meters, Shared, Side, Stream, Version};
use crate::headers::Headers;
use crate::pairs;
use crate::protobuf::Message;

mod abi;

/// Envoy, seen from a callback.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envoy;

impl Envoy {
    /// Takes away the request's trailers, in their callback: nobody reads them, and they could hold a key.
    pub fn drop_request_trailers() {
        abi::set_headers(abi::Map::RequestTrailers, &pairs::write(&[]));
    }

    /// Makes what follows in this callback about another stream, by the context of its gateway role. Tells whether
    /// there is one.
    pub fn select(context: u32) -> bool {
        abi::select(context)
    }

    /// Lets the request go on that is held.
    pub fn continue_request() {
        abi::continue_stream(abi::Stream::Request);
    }

    /// How soon and how often the plugin is called for nothing.
    pub fn set_tick(period: Duration) {
        abi::set_tick(u32::try_from(period.as_millis()).unwrap_or(u32::MAX));
    }

    /// The message that a service has answered, in the callback that tells of it.
    pub fn call_answer(size: usize) -> Vec<u8> {
        abi::body(abi::Buffer::GrpcReceive, size).unwrap_or_default()
    }

    /// The status of the answer to a call of the plugin's own, in the callback that tells of it.
    pub fn call_status() -> Option<u16> {
        Headers::read(&abi::headers(abi::Map::CallResponseHeaders)?).get(":status")?.parse().ok()
    }

    /// Breaks off the answer of a stream, by the context of its gateway role.
    pub fn reset_response(context: u32) {
        if abi::select(context) {
            abi::close_stream(abi::Stream::Response);
        }
    }

    /// Adds to the answer of a stream whose gateway role holds it, by the context of that role.
    pub fn add_to_response(context: u32, bytes: &[u8]) {
        if abi::select(context) {
            abi::set_body(abi::Buffer::ResponseBody, 0, bytes);
            abi::continue_stream(abi::Stream::Response);
        }
    }
}

fn map(side: Side) -> abi::Map {
    match side {
        Side::Request => abi::Map::RequestHeaders,
        Side::Response => abi::Map::ResponseHeaders,
    }
}

fn buffer(side: Side) -> abi::Buffer {
    match side {
        Side::Request => abi::Buffer::RequestBody,
        Side::Response => abi::Buffer::ResponseBody,
    }
}

impl Stream for Envoy {
    fn headers(&self, side: Side) -> Headers {
        abi::headers(map(side)).map(|bytes| Headers::read(&bytes)).unwrap_or_default()
    }

    fn header(&self, side: Side, name: &str) -> Option<String> {
        abi::header(map(side), name).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    fn set_headers(&self, side: Side, headers: &[(&str, &str)]) {
        abi::set_headers(map(side), &pairs::write(headers));
    }

    fn body(&self, side: Side, size: usize) -> Vec<u8> {
        abi::body(buffer(side), size).unwrap_or_default()
    }

    fn set_body(&self, side: Side, size: usize, bytes: &[u8]) {
        abi::set_body(buffer(side), size, bytes);
    }

    fn flush(&self) {
        abi::continue_stream(abi::Stream::Response);
    }

    fn flush_from(&self, context: u32) {
        if abi::select(context) {
            abi::continue_stream(abi::Stream::Response);
        }
    }

    fn reply(&self, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        abi::reply(status, "tollhouse", &pairs::write(headers), body);
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        abi::property(&path.join("\0"))
    }

    fn set_property(&self, name: &str, value: &[u8]) {
        abi::set_property(name, value);
    }
}

/// Envoy makes a value that is not there whatever version is asked for, but for 0, which means any. None that exists
/// has this one: versions count up from 1 for the whole process.
const ABSENT: Version = Version(u32::MAX);

impl Shared for Envoy {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        abi::shared(key).map(|(value, _)| value)
    }

    fn set(&self, key: &str, value: &[u8]) {
        let _ = abi::set_shared(key, value, 0);
    }

    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        match abi::shared(key) {
            Some((value, version)) => (Some(value), Version(version)),
            None => (None, ABSENT),
        }
    }

    fn replace(&self, key: &str, value: &[u8], version: Version) -> bool {
        abi::set_shared(key, value, version.0)
    }
}

impl Calls for Envoy {
    /// The SDK's own call, since only it takes note of which context the answer is for. It panics on a status that Envoy
    /// does not give: there are OK, no such cluster (`ParseFailure`) and no way to it (`InternalFailure`).
    ///
    /// <https://github.com/envoyproxy/envoy/blob/v1.40.0/source/extensions/common/wasm/context.cc>, `Context::grpcCall`
    fn call(&self, call: &Call<'_>) -> Option<u32> {
        // A `GrpcService` with an `envoy_grpc` in it: a bare name could be read as one.
        let name = Message::default().text(1, call.cluster);
        let service = String::from_utf8(Message::default().message(1, &name).into_bytes()).ok()?;
        let message = Some(call.message);
        dispatch_grpc_call(&service, call.service, call.method, Vec::new(), message, call.timeout).ok()
    }
}

thread_local! {
    /// Envoy's numbers of the counters that are used by name.
    static COUNTERS: RefCell<HashMap<String, Meter>> = RefCell::default();
}

impl Meters for Envoy {
    fn count(&self, name: &str, by: u64) {
        let counter = COUNTERS.with_borrow_mut(|known| match known.get(name) {
            Some(counter) => Some(*counter),
            None => {
                let counter = self.meter(MeterKind::Counter, name)?;
                known.insert(name.to_owned(), counter);
                Some(counter)
            }
        });
        if let Some(counter) = counter {
            self.add(counter, by);
        }
    }

    fn meter(&self, kind: MeterKind, name: &str) -> Option<Meter> {
        let metric = match kind {
            MeterKind::Counter => abi::Metric::Counter,
            MeterKind::Histogram => abi::Metric::Histogram,
        };
        abi::define_metric(metric, name).map(|id| Meter { kind, id })
    }

    fn add(&self, meter: Meter, amount: u64) {
        match meter.kind {
            MeterKind::Counter => abi::increment_metric(meter.id, amount),
            MeterKind::Histogram => abi::record_metric(meter.id, amount),
        }
    }
}
