//! The body of an answer: whole, streamed, or a failure.

use std::time::Duration;

use crate::bytes;
use crate::dialects::{ChatFormat, PassFormat, Reads};
use crate::errors::{ApiError, Retry};
use crate::failover;
use crate::host::{Host, Side};
use crate::hub::Event;
use crate::service::Service;
use crate::surfaces::ChatSurface;
use crate::time::Timestamp;

use super::Call;
use super::headers::Received;
use super::passed::Passed;
use super::relay::Relay;

/// How much of a failure's body is read.
const MAX_ERROR: usize = 1 << 20;

/// How much is held back before the first content; then the answer goes out as it is.
const MAX_HELD: usize = 256 << 10;

/// An answer whose headers have come.
pub(super) enum Answer {
    /// A status of failure: its body says more.
    Error(Box<Received>),
    /// A whole answer.
    Whole(Box<Received>),
    /// A stream before its first content: what has been written of it.
    Held(Box<Relay>, Vec<u8>),
    /// A stream after its first content.
    Relayed(Box<Relay>),
    /// Whatever it is, it passes as it comes.
    Passed(Box<Passed>),
    /// A failure that was told by the headers: what takes the place of the body.
    Refused(Vec<u8>),
}

/// What becomes of the bytes that have come.
pub(super) enum Fate {
    /// They are kept back.
    Hold,
    /// The answer is good: headers go out and this body, or the one that came.
    Commit(Option<Vec<u8>>),
    /// They go out as they are.
    Pass,
    /// This goes out in their place.
    Relay(Vec<u8>),
    /// The answer failed before any content.
    Fail(ApiError),
    /// The answer failed after content. This is the last of it, and the event of the failure.
    Break(ApiError, Vec<u8>),
}

impl Answer {
    /// Decides by the headers what is to be read.
    pub(super) fn begin(call: &Call, head: Received, now: Timestamp) -> Result<Self, ApiError> {
        if let Some(encoding) = &head.encoding {
            let message = format!("The provider's answer is compressed ({encoding}) although that was not asked for.");
            return Err(ApiError::new(502, message).code("compressed_answer"));
        }
        if !(200..300).contains(&head.status) {
            return Ok(Self::Error(Box::new(head)));
        }
        if let Service::Chat(surface, format) = call.service
            && call.exchange.asked.stream
            && head.content_type == format.framing().media_type()
        {
            return Ok(Self::Held(Box::new(Relay::new(call, surface, format, now)), Vec::new()));
        }
        if let Service::Pass(_, format) = call.service
            && let Some(passed) = passed(format, &head, call.exchange.max_answer)
        {
            return Ok(Self::Passed(passed));
        }
        match head.content_type.as_str() {
            // Some servers answer a stream request whole, or tell a failure so.
            "application/json" if head.length.is_some_and(|length| length > call.exchange.max_answer) => {
                Err(too_long())
            }
            "application/json" => Ok(Self::Whole(Box::new(head))),
            other => {
                let message = format!("The provider answered with content type `{other}`.");
                Err(ApiError::new(502, message).code("wrong_content_type"))
            }
        }
    }

    /// A failure that the headers have told.
    pub(super) fn refused(body: Vec<u8>) -> Self {
        Self::Refused(body)
    }

    /// Does it go out in one piece?
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }

    /// Is what has come still in Envoy's hands?
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Error(_) | Self::Whole(_) | Self::Held(..))
    }

    /// The bytes of an answer that is on its way have ended: what comes of that, and whether the answer is whole.
    pub(super) fn end(&mut self, call: &Call, now: Timestamp) -> (Vec<u8>, Result<(), ApiError>) {
        let mut out = Vec::new();
        if let Self::Passed(passed) = self {
            call.exchange.progress.borrow_mut().meter.passed(passed.usage());
        }
        let Self::Relayed(relay) = self else { return (out, Ok(())) };
        let (_, result) = relayed(relay, call, &[], true, now, &mut out);
        (out, result)
    }

    /// What an answer without a body comes to.
    pub(super) fn without_body(&self, call: &Call) -> ApiError {
        match self {
            Self::Error(head) => failure(call, head, &[]),
            _ => ApiError::new(502, "The provider's answer has no body.").code("empty_answer"),
        }
    }

    /// Reads what Envoy holds of the body.
    pub(super) fn read(&mut self, host: &dyn Host, call: &Call, size: usize, end: bool, now: Timestamp) -> Fate {
        match self {
            Self::Refused(body) => Fate::Relay(std::mem::take(body)),
            Self::Error(head) if end || size > MAX_ERROR => {
                Fate::Fail(failure(call, head, &host.body(Side::Response, size.min(MAX_ERROR))))
            }
            // Without its length, Envoy may find out first: it reads much at once.
            Self::Whole(_) if size > call.exchange.max_answer => Fate::Fail(too_long()),
            Self::Whole(head) if end => {
                whole(call, head, &host.body(Side::Response, size), now).map_or_else(Fate::Fail, Fate::Commit)
            }
            Self::Error(_) | Self::Whole(_) => Fate::Hold,
            Self::Held(relay, held) => {
                let (mut out, piece) = (std::mem::take(held), host.body(Side::Response, size));
                let fate = relayed(relay, call, &piece, end, now, &mut out);
                let as_it_came = is_as_it_came(&out, &piece, size);
                self.held(host, size, fate, out, as_it_came)
            }
            Self::Passed(passed) => {
                if passed.is_read() {
                    passed.read(&host.body(Side::Response, size));
                }
                if end {
                    call.exchange.progress.borrow_mut().meter.passed(passed.usage());
                }
                Fate::Pass
            }
            Self::Relayed(relay) => {
                let (mut out, piece) = (Vec::new(), host.body(Side::Response, size));
                let (_, result) = relayed(relay, call, &piece, end, now, &mut out);
                match result.and_then(|()| idle(call, now)) {
                    Ok(()) if is_as_it_came(&out, &piece, size) => Fate::Pass,
                    Ok(()) => Fate::Relay(out),
                    Err(error) => broken(relay, error, out),
                }
            }
        }
    }

    /// A stream that was held: does it go out now?
    fn held(
        &mut self,
        host: &dyn Host,
        size: usize,
        (content, result): (bool, Result<(), ApiError>),
        out: Vec<u8>,
        as_it_came: bool,
    ) -> Fate {
        let commits = content || out.len() > MAX_HELD;
        let Self::Held(relay, held) = self else { return Fate::Hold };
        match result {
            Err(error) if content => broken(relay, error, out),
            Err(error) => Fate::Fail(error),
            Ok(()) => {
                if !commits && relay.is_over() {
                    return Fate::Fail(
                        ApiError::new(502, "The provider's stream had no content.").code("empty_answer"),
                    );
                }
                if !commits {
                    *held = out;
                    host.set_body(Side::Response, size, &[]);
                    return Fate::Hold;
                }
                if let Self::Held(relay, _) = std::mem::replace(self, Self::Refused(Vec::new())) {
                    *self = Self::Relayed(relay);
                }
                Fate::Commit((!as_it_came).then_some(out))
            }
        }
    }
}

/// Is this what Envoy holds, of which `piece` was taken?
fn is_as_it_came(out: &[u8], piece: &[u8], size: usize) -> bool {
    piece.len() == size && bytes::same(out, piece)
}

/// An answer that need not be whole before it goes out.
fn passed(format: &'static dyn PassFormat, head: &Received, max: usize) -> Option<Box<Passed>> {
    let fits = head.length.is_none_or(|length| length <= max);
    match (format.reads(), head.content_type.as_str()) {
        (Reads::Whole, _) => None,
        (Reads::Counts, "application/json") if fits => None,
        (Reads::Counts, "text/event-stream") => Some(Box::new(Passed::events(format))),
        (Reads::Counts | Reads::Nothing, _) => Some(Box::new(Passed::unread(format))),
    }
}

/// The answer failed after content.
fn broken(relay: &Relay, error: ApiError, mut out: Vec<u8>) -> Fate {
    out.extend(relay.failure(&error));
    Fate::Break(error, out)
}

fn too_long() -> ApiError {
    ApiError::new(502, "The provider's answer is longer than the gateway holds.").code("answer_too_long")
}

/// Reads some of a stream, for the meter too. Tells whether there was content, and whether all was well.
fn relayed(
    relay: &mut Relay,
    call: &Call,
    bytes: &[u8],
    end: bool,
    now: Timestamp,
    out: &mut Vec<u8>,
) -> (bool, Result<(), ApiError>) {
    let mut events = Vec::new();
    let mut result = relay.push(bytes, &mut events, out);
    if end && result.is_ok() {
        result = relay.end(&mut events, out);
    }
    let meter = &mut call.exchange.progress.borrow_mut().meter;
    meter.see(&events, now);
    if relay.is_over() && result.is_ok() {
        meter.complete();
    }
    (events.iter().any(Event::commits), result)
}

/// A stream that has had no content for too long is broken off; pings keep it open, but not alive.
fn idle(call: &Call, now: Timestamp) -> Result<(), ApiError> {
    let progress = call.exchange.progress.borrow();
    let idle = progress.meter.last_content().map(|last| now.since(last)).unwrap_or_default();
    if progress.meter.is_complete() || idle <= call.exchange.timeouts.idle {
        return Ok(());
    }
    Err(ApiError::new(504, format!("The provider sent nothing for {} s.", idle.as_secs())).code(crate::exchange::IDLE))
}

/// Reads a whole answer and writes it in the caller's form, if that is another one.
fn whole(call: &Call, head: &Received, body: &[u8], now: Timestamp) -> Result<Option<Vec<u8>>, ApiError> {
    match call.service {
        Service::Chat(surface, format) => chat(call, surface, format, body, now),
        Service::Count(surface, format) => {
            let tokens = format.tokens(body)?;
            call.exchange.progress.borrow_mut().meter.passed(None);
            Ok(Some(surface.answer(tokens)))
        }
        Service::Embeddings(surface, format) => {
            let answer = format.answer(body, &|name| head.get(name))?;
            call.exchange.progress.borrow_mut().meter.answered(answer.usage);
            Ok(Some(surface.answer(&answer, call.exchange.asked.encoding, &call.target.model)))
        }
        Service::Pass(_, format) => {
            let usage = format.usage(body)?;
            let meter = &mut call.exchange.progress.borrow_mut().meter;
            if format.reads() == Reads::Whole {
                meter.answered(usage)
            } else {
                meter.passed(usage)
            }
            Ok(format.pass_answer(body, &call.exchange.asked))
        }
    }
}

fn chat(
    call: &Call,
    surface: &dyn ChatSurface,
    format: &dyn ChatFormat,
    body: &[u8],
    now: Timestamp,
) -> Result<Option<Vec<u8>>, ApiError> {
    let (events, out) = if call.exchange.asked.stream {
        let events = format.answer(body)?;
        let mut writer = surface.stream(call.context(now));
        let mut out = Vec::new();
        events.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        (events, Some(out))
    } else if call.service.passes() {
        let passed = format.pass_answer(body)?;
        (passed.events, passed.mended)
    } else {
        let events = format.answer(body)?;
        let out = surface.answer(&events, &call.context(now));
        (events, Some(out))
    };
    let meter = &mut call.exchange.progress.borrow_mut().meter;
    meter.see(&events, now);
    meter.complete();
    Ok(out)
}

/// A failure that the provider tells by its status.
fn failure(call: &Call, head: &Received, body: &[u8]) -> ApiError {
    // A redirect is nothing that a caller could follow.
    let told = if head.status < 400 { 502 } else { head.status };
    let error = call.service.format().error(told, body, &|name| head.get(name));
    if matches!(error.status, 401 | 403) && call.target.provider.credentials.are_secret() {
        return no_credential();
    }
    match error.retry {
        Retry::Unsaid => error.retry(advice(head)),
        Retry::Never | Retry::After(_) | Retry::NotBefore(_) => error,
    }
}

/// The provider wants a key, and the one that Envoy puts in is missing, spent or not good for this: nobody but the
/// provider tells. It is not the caller's, and may be renewed at any time.
fn no_credential() -> ApiError {
    let message = "The provider does not accept the gateway's credential, or the gateway has none.";
    ApiError::new(502, message).code("provider_credential").retry(Retry::After(failover::DEFAULT_COOLDOWN))
}

/// What the headers say about trying again.
fn advice(head: &Received) -> Retry {
    match (head.should_retry, head.retry_after) {
        (Some(false), _) => Retry::Never,
        (_, Some(time)) => Retry::After(time),
        (Some(true), None) => Retry::After(Duration::ZERO),
        (None, None) => Retry::Unsaid,
    }
}
