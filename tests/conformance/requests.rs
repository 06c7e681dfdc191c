//! What becomes of a feature of a request.

use serde_json::Value;
use tollhouse_filter::dialects::Dialect;
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::json::Object;

use super::probes::Probe;
use super::support::callers::Caller;
use super::{Verdict, format_for, model_of};

/// What is sent, and what was left out of it.
struct Sent {
    body: String,
    dropped: Vec<String>,
}

fn send(request: &Value, caller: &Caller, dialect: &dyn Dialect) -> Result<Sent, ApiError> {
    let (format, model) = (format_for(dialect, caller), model_of(dialect));
    let request = request.to_string();
    let object = Object::parse(request.as_bytes()).unwrap();
    let asked = caller.surface.asked(&object).unwrap();
    let outbound = if format.wire() == caller.surface.wire() {
        format.pass_request(&object, &asked, model)
    } else {
        format.request(&caller.surface.request(&object)?, model)?
    };
    let dropped = outbound.dropped.iter().map(ToString::to_string).collect();
    Ok(Sent { body: String::from_utf8(outbound.body).unwrap(), dropped })
}

/// A feature is there if its value is, or, where that is a number or a word of the API, if it changes what is sent.
pub(super) fn verdict(probe: &Probe, caller: &Caller, dialect: &dyn Dialect) -> Verdict {
    let request = probe.of(caller).unwrap();
    let plain = send(&probe.plain(caller), caller, dialect).unwrap_or_else(|error| panic!("{error:?}"));
    let sent = match send(&request, caller, dialect) {
        Ok(sent) => sent,
        Err(error) => {
            assert!(error.status == 400 && error.param.is_some(), "a refusal names the field: {error:?}");
            return Verdict::Refused;
        }
    };
    let passes = format_for(dialect, caller).wire() == caller.surface.wire();
    let told = sent.dropped.iter().any(|name| !plain.dropped.contains(name));
    let needles = probe.needles(caller);
    let is_there = if needles.is_empty() {
        sent.body != plain.body && !told
    } else {
        needles.iter().any(|needle| sent.body.contains(needle))
    };
    match (is_there, passes, told) {
        (true, true, _) => Verdict::Passes,
        (true, false, _) => Verdict::Translated,
        (false, _, true) => Verdict::Dropped,
        (false, _, false) => Verdict::Lost,
    }
}
