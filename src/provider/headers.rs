//! Headers of one attempt, both ways.

use std::time::Duration;

use crate::contract;
use crate::dialects::{Address, Outbound, Reads};
use crate::errors::ApiError;
use crate::failover::Verdict;
use crate::headers::Headers;
use crate::host::{Side, Stream};
use crate::reply;
use crate::service::Service;
use crate::time::Timestamp;

use super::Call;

/// Replaces every header of the request: what the attempt before set is still there, its provider's key included. `body`
/// is what is sent, if anything is.
pub(super) fn reset(host: &(impl Stream + ?Sized), call: &Call, body: Option<&Outbound>) {
    let provider = &call.target.provider;
    let dialect = provider.dialect;
    let (model, stream) = (call.target.model.as_str(), call.exchange.asked.stream);
    let to = Address { wire: call.service.format().wire(), model, stream, settings: &provider.settings };
    let resource = call.exchange.resource.as_ref();
    let below = resource.map_or_else(|| dialect.path(&to), |resource| resource.path.clone());
    let path = format!("{}{below}", provider.base_path);
    let accept = match call.service {
        Service::Chat(_, format) if stream => format.framing().media_type(),
        Service::Pass(_, format) if format.reads() != Reads::Whole => "*/*",
        Service::Chat(..) | Service::Count(..) | Service::Embeddings(..) | Service::Pass(..) => "application/json",
    };
    let mut headers: Vec<(&str, &str)> = vec![
        (":method", resource.map_or("POST", |resource| &resource.method)),
        (":scheme", provider.scheme),
        (":authority", &provider.authority),
        (":path", &path),
        ("content-type", call.exchange.content_type().unwrap_or("application/json")),
        ("accept", accept),
        // A compressed answer could not be read.
        ("accept-encoding", "identity"),
        ("user-agent", concat!("tollhouse/", env!("CARGO_PKG_VERSION"))),
    ];
    headers.extend(dialect.headers());
    if call.service.passes() {
        let known = |name: &str| dialect.caller_headers().contains(&name);
        headers.extend(call.exchange.headers.iter().filter(|(name, _)| known(name)));
    }
    let key = provider.credentials.key(call.exchange.id);
    let credential = key.map(|key| dialect.credential(key));
    if let Some((name, value)) = &credential {
        headers.push((name, value));
    }
    let length = body.map(|outbound| outbound.body.len().to_string());
    headers.extend(length.iter().map(|length| ("content-length", length.as_str())));
    for (name, value) in body.into_iter().flat_map(|outbound| &outbound.headers) {
        headers.retain(|(other, _)| other != name);
        headers.push((name, value));
    }
    host.set_headers(Side::Request, &headers);
}

/// An answer gets some more headers than it came with: those of our own, of so many bytes together.
const OURS: usize = 16;
const OURS_BYTES: usize = 640;

/// What the headers of an answer say.
#[derive(Debug, Default)]
pub(super) struct Received {
    all: Headers,
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) encoding: Option<String>,
    /// Of the body, where it is announced.
    pub(super) length: Option<usize>,
    pub(super) retry_after: Option<Duration>,
    /// `x-should-retry`, as Anthropic sends it.
    pub(super) should_retry: Option<bool>,
}

impl Received {
    pub(super) fn read(stream: &(impl Stream + ?Sized), now: Timestamp) -> Self {
        let all = stream.headers(Side::Response);
        let get = |name: &str| all.get(name);
        let received = Self {
            all: Headers::default(),
            status: get(":status").and_then(|s| s.parse().ok()).unwrap_or(502),
            content_type: essence(get("content-type").unwrap_or_default()),
            encoding: get("content-encoding").map(str::to_owned).filter(|e| !e.eq_ignore_ascii_case("identity")),
            length: get("content-length").and_then(|length| length.parse().ok()),
            retry_after: retry_after(get("retry-after-ms"), get("retry-after"), now),
            should_retry: get("x-should-retry").and_then(|v| v.parse().ok()),
        };
        Self { all, ..received }
    }

    /// A header, by its lower-case name.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.all.get(name).map(str::to_owned)
    }

    /// What a caller may see of them.
    pub(super) fn public(&self) -> Headers {
        self.all.only(is_public, OURS, OURS_BYTES)
    }
}

/// How long the provider asks to wait, read in the order in which SDKs do: `retry-after-ms`, `retry-after` in
/// seconds, `retry-after` as a date.
///
/// <https://www.rfc-editor.org/rfc/rfc9110#name-retry-after>
fn retry_after(milliseconds: Option<&str>, seconds: Option<&str>, now: Timestamp) -> Option<Duration> {
    let positive = |text: &str, unit: f64| {
        let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)?;
        Some(Duration::from_secs_f64((number * unit).min(86_400.0)))
    };
    let date = |text: &str| Timestamp::parse_http(text.trim()).map(|then| then.since(now));
    milliseconds
        .and_then(|text| positive(text, 0.001))
        .or_else(|| seconds.and_then(|text| positive(text, 1.0).or_else(|| date(text))))
}

/// A media type without its parameters.
fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Names of a provider's headers that a caller may see. Everything else may tell of the account: organization and
/// project ids, cookies, request ids.
fn is_public(name: &str) -> bool {
    matches!(
        name,
        ":status"
            | "content-type"
            | "content-disposition"
            | "date"
            | "retry-after"
            | "retry-after-ms"
            | "x-should-retry"
            | "openai-processing-ms"
    ) || name.starts_with("x-ratelimit-")
        || name.starts_with("anthropic-ratelimit-")
}

/// The headers of an answer in the caller's form.
pub(super) fn translated(mut public: Headers, is_stream: bool) -> Headers {
    if is_stream {
        public.set("content-type", "text/event-stream; charset=utf-8");
        public.set("cache-control", "no-cache");
        public.set("x-accel-buffering", "no");
    } else {
        public.set("content-type", "application/json");
    }
    public
}

/// Makes the headers those of a failure, for the next attempt or for the caller.
pub(super) fn fail(stream: &(impl Stream + ?Sized), mut public: Headers, error: &ApiError, verdict: Verdict) {
    public.set(":status", error.status);
    for (name, value) in reply::error_headers(error) {
        public.set(name, value);
    }
    if verdict == Verdict::NextTarget {
        public.set(contract::RETRY_HEADER, "1");
    }
    stream.set_headers(Side::Response, &public.pairs());
}
