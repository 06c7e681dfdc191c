//! Callers that speak Anthropic's own format: their bytes pass, and are read on the way for the meter.

use super::host::Host;
use crate::json::{self, Object};
use crate::surfaces::Asked;

/// The request with our model, or with what the host wants in its place.
pub(super) fn request(body: &Object<'_>, asked: &Asked, model: &str, host: Host) -> Vec<u8> {
    let Some(version) = host.version() else {
        return body.write_with(&[("model", Some(json::string(model)))]);
    };
    let stream = (host.has_stream() && asked.stream).then(|| "true".to_owned());
    let version = Some(json::string(version));
    body.write_with(&[("model", None), ("anthropic_version", version), ("stream", stream)])
}
