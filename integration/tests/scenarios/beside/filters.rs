//! Filters of others, as their documents show them.
//!
//! <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/http_filters>

use serde_json::{Value, json};

/// A filter by its name, with the type of its configuration.
pub(super) fn filter(name: &str, kind: &str, mut configuration: Value) -> Value {
    configuration["@type"] = json!(format!("type.googleapis.com/envoy.extensions.filters.http.{kind}"));
    json!({ "name": format!("envoy.filters.http.{name}"), "typed_config": configuration })
}

fn always() -> Value {
    json!({ "numerator": 100 })
}

pub(super) fn abort() -> Value {
    filter("fault", "fault.v3.HTTPFault", json!({ "abort": { "http_status": 503, "percentage": always() } }))
}

pub(super) fn delay() -> Value {
    filter("fault", "fault.v3.HTTPFault", json!({ "delay": { "fixed_delay": "0.3s", "percentage": always() } }))
}

/// Asks the cluster `to`, which is told who visits.
pub(super) fn ext_authz(to: &str, open: bool) -> Value {
    let service = json!({ "server_uri": { "uri": "http://authz", "cluster": to, "timeout": "20s" } });
    let told = json!({ "patterns": [{ "exact": super::street::VISITOR }] });
    filter(
        "ext_authz",
        "ext_authz.v3.ExtAuthz",
        json!({ "http_service": service, "allowed_headers": told, "failure_mode_allow": open }),
    )
}

/// One request, and no other one for an hour.
pub(super) fn local_ratelimit() -> Value {
    let enabled = json!({ "default_value": always() });
    filter(
        "local_ratelimit",
        "local_ratelimit.v3.LocalRateLimit",
        json!({
            "stat_prefix": "local",
            "token_bucket": { "max_tokens": 1, "fill_interval": "3600s" },
            "filter_enabled": enabled,
            "filter_enforced": enabled,
        }),
    )
}

/// Asks the cluster `services`.
pub(crate) fn ratelimit() -> Value {
    let service = json!({
        "transport_api_version": "V3",
        "grpc_service": { "envoy_grpc": { "cluster_name": "services" } },
    });
    filter(
        "ratelimit",
        "ratelimit.v3.RateLimit",
        json!({ "domain": "beside", "timeout": "20s", "failure_mode_deny": true, "rate_limit_service": service }),
    )
}

pub(super) fn cors() -> Value {
    filter("cors", "cors.v3.Cors", json!({}))
}

pub(super) fn compressor() -> Value {
    let library = json!({
        "name": "gzip",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip" },
    });
    let types = json!(["application/json", "text/event-stream"]);
    let answers = json!({ "common_config": { "min_content_length": 30, "content_type": types } });
    filter(
        "compressor",
        "compressor.v3.Compressor",
        json!({ "compressor_library": library, "response_direction_config": answers }),
    )
}

pub(super) fn decompressor() -> Value {
    let library = json!({
        "name": "gzip",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.compression.gzip.decompressor.v3.Gzip" },
    });
    filter("decompressor", "decompressor.v3.Decompressor", json!({ "decompressor_library": library }))
}

pub(super) fn buffer() -> Value {
    filter("buffer", "buffer.v3.Buffer", json!({ "max_request_bytes": 65536 }))
}

pub(super) fn lua(code: &str) -> Value {
    filter("lua", "lua.v3.Lua", json!({ "default_source_code": { "inline_string": code } }))
}

pub(super) fn grpc_web() -> Value {
    filter("grpc_web", "grpc_web.v3.GrpcWeb", json!({}))
}

/// Writes each request, when it is over, to files that begin so.
pub(super) fn tap(name: &str) -> Value {
    let sink = json!({
        "format": "JSON_BODY_AS_STRING",
        "file_per_tap": { "path_prefix": format!("FOLDER/{name}") },
    });
    let all = json!({ "match": { "any_match": true }, "output_config": { "sinks": [sink] } });
    filter("tap", "tap.v3.Tap", json!({ "common_config": { "static_config": all } }))
}

/// Adds a header to requests and one to answers.
pub(super) fn header_mutation(request: (&str, &str), answer: (&str, &str)) -> Value {
    let add = |(key, value): (&str, &str)| json!([{ "append": { "header": { "key": key, "value": value } } }]);
    filter(
        "header_mutation",
        "header_mutation.v3.HeaderMutation",
        json!({ "mutations": { "request_mutations": add(request), "response_mutations": add(answer) } }),
    )
}

/// Sends browsers to their login. Callers that bring a key pass.
pub(super) fn oauth2() -> Value {
    let key = |name: &str| json!({ "name": name, "present_match": true });
    let secret = |name: &str| json!({ "name": name });
    filter(
        "oauth2",
        "oauth2.v3.OAuth2",
        json!({ "config": {
            "token_endpoint": { "cluster": "nobody", "uri": "http://id.example/token", "timeout": "3s" },
            "authorization_endpoint": "https://id.example/authorize",
            "redirect_uri": "https://gateway.example/callback",
            "redirect_path_matcher": { "path": { "exact": "/callback" } },
            "signout_path": { "path": { "exact": "/signout" } },
            "credentials": {
                "client_id": "gateway", "token_secret": secret("token"), "hmac_secret": secret("hmac"),
            },
            "pass_through_matcher": [key("authorization"), key("x-api-key")],
        } }),
    )
}

/// Takes tokens of `https://id.example`, from `authorization`, which it takes away.
pub(super) fn jwt_authn() -> Value {
    let keys = r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"k","k":"YSBzZWNyZXQgb2YgdGhlIHRlc3QsIDMyIGJ5dGVzISE"}]}"#;
    filter(
        "jwt_authn",
        "jwt_authn.v3.JwtAuthentication",
        json!({
            "providers": { "id": { "issuer": "https://id.example", "local_jwks": { "inline_string": keys } } },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "id" } }],
        }),
    )
}

/// `{"iss":"https://id.example","sub":"alice"}`, signed with the key above; it does not expire.
pub(super) const TOKEN: &str = "eyJhbGciOiAiSFMyNTYiLCAia2lkIjogImsifQ.\
    eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlIiwgInN1YiI6ICJhbGljZSJ9.dFh52knYxeOpWXhSFI_QJO9FKJ65I7V35edapoWRf3g";

/// Answers `/healthz`.
pub(super) fn health_check() -> Value {
    let path = json!({ "name": ":path", "string_match": { "exact": "/healthz" } });
    filter("health_check", "health_check.v3.HealthCheck", json!({ "pass_through_mode": false, "headers": [path] }))
}
