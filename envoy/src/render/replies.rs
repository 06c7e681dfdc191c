//! What Envoy itself answers, in a form that SDKs read.

use serde_json::{Value, json};

/// The filter's own answers are in the caller's form already.
const BY_ENVOY: &str = "has(response.code_details) && response.code_details != 'tollhouse'";

/// An error that both OpenAI's and Anthropic's SDKs understand: Envoy does not know which one asks.
pub(super) fn config() -> Value {
    mappers(BY_ENVOY)
}

/// The same in a connection manager that has other routes, for those of ours.
pub(super) fn config_where(route_is_ours: &str) -> Value {
    mappers(&format!("{route_is_ours} && {BY_ENVOY}"))
}

fn mappers(applies: &str) -> Value {
    let too_large = mapper(
        &format!("response.code == 413 && {applies}"),
        "request_too_large",
        "The request is larger than this gateway takes.",
        Some("false"),
    );
    let too_slow = mapper(
        &format!("response.code == 408 && {applies}"),
        "timeout_error",
        "The request took too long to arrive.",
        None,
    );
    // What is no failure, such as a health check, is somebody else's.
    let other = mapper(
        &format!("response.code >= 400 && {applies}"),
        "api_error",
        "The gateway cannot serve this request (%RESPONSE_CODE%). %LOCAL_REPLY_BODY%",
        None,
    );
    json!({ "mappers": [too_large, too_slow, other] })
}

fn mapper(expression: &str, kind: &str, message: &str, should_retry: Option<&str>) -> Value {
    let mut mapper = json!({
        "filter": cel(expression),
        "body_format_override": {
            "json_format": {
                "type": "error",
                "error": { "type": kind, "message": message, "param": null, "code": null },
            },
        },
    });
    if let (Some(value), Some(fields)) = (should_retry, mapper.as_object_mut()) {
        let header = json!({ "header": { "key": "x-should-retry", "value": value } });
        fields.insert("headers_to_add".to_owned(), json!([header]));
    }
    mapper
}

/// A condition on a request that is over.
fn cel(expression: &str) -> Value {
    json!({
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                "expression": expression,
            },
        },
    })
}
