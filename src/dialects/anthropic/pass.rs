//! Callers that speak Anthropic's own format: their bytes pass, and are read on the way for the meter.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::betas;
use super::host::Host;
use super::replay;
use crate::dialects::Outbound;
use crate::json::{self, Object, Text};
use crate::surfaces::Asked;

/// The request with our model, or with what the host wants in its place.
pub(super) fn request(body: &Object<'_>, asked: &Asked, model: &str, host: Host) -> Outbound {
    edited(body, asked, host.version().is_none().then(|| json::string(model)), host)
}

/// The same of a request to count tokens, whose path names the model nowhere.
pub(super) fn count(body: &Object<'_>, asked: &Asked, model: &str, host: Host) -> Outbound {
    edited(body, asked, Some(json::string(model)), host)
}

fn edited(body: &Object<'_>, asked: &Asked, model: Option<String>, host: Host) -> Outbound {
    let mut dropped = Vec::new();
    let mut edits = replay::edits(body, &mut dropped);
    edits.push(("model", model));
    let Some(version) = host.version() else {
        return Outbound { body: body.write_with(&edits), dropped, headers: Vec::new() };
    };
    let stream = (host.has_stream() && asked.stream).then(|| "true".to_owned());
    edits.extend([("anthropic_version", Some(json::string(version))), ("stream", stream)]);
    edits.extend(host.lacks().iter().map(|name| (*name, None)));
    let lost = host.lacks().iter().filter(|name| body.get(name).is_some());
    dropped.extend(lost.map(|name| Cow::Borrowed(*name)));
    let mut headers = Vec::new();
    let betas = betas::known(asked.betas.iter().map(String::as_str), host, &mut dropped);
    if !betas.is_empty() && host.has_headers() {
        headers.push((betas::HEADER, betas.join(",")));
    } else if !betas.is_empty() {
        edits.push(("anthropic_beta", Some(with(body.get("anthropic_beta"), betas))));
    }
    Outbound { body: body.write_with(&edits), dropped, headers }
}

/// The betas of the header beside those that the body names already, which pass.
fn with(given: Option<&RawValue>, betas: Vec<&str>) -> String {
    let given: Vec<Text<'_>> = json::lenient(given);
    let mut all: Vec<&str> = given.iter().map(|text| text.0.as_ref()).collect();
    all.extend(betas.into_iter().filter(|beta| !given.iter().any(|text| text.0 == *beta)));
    serde_json::json!(all).to_string()
}
