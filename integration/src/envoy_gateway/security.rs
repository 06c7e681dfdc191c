//! A SecurityPolicy of an HTTPRoute that verifies tokens:
//! <https://github.com/envoyproxy/gateway/blob/v1.9.0/internal/xds/translator/jwt.go>.

use serde_json::{Value, json};

const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
/// Envoy Gateway adds a hash to it.
const REQUIREMENT: &str = "login_0";

/// Adds the filter, which does nothing but on routes of the policy's HTTPRoute.
pub(super) fn apply(manager: &mut Value, policy: &Value) {
    let jwt = &policy["spec"]["jwt"];
    let provider = provider(&jwt["providers"][0]);
    let mut any = vec![json!({ "provider_name": REQUIREMENT })];
    if jwt["optional"] == true {
        any.push(json!({ "allow_missing": {} }));
    }
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    let filter = json!({
        "name": JWT_AUTHN,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { REQUIREMENT: provider },
            "requirement_map": { REQUIREMENT: { "requires_any": { "requirements": any } } },
        },
    });
    filters.insert(filters.len() - 1, filter);
    let route = policy["spec"]["targetRefs"][0]["name"].as_str().expect("a name");
    for host in manager["route_config"]["virtual_hosts"].as_array_mut().expect("virtual hosts") {
        for each in host["routes"].as_array_mut().expect("routes") {
            if each["name"].as_str().is_some_and(|name| name.contains(&format!("/{route}/rule/"))) {
                each["typed_per_filter_config"][JWT_AUTHN] = json!({
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
                    "requirement_name": REQUIREMENT,
                });
            }
        }
    }
}

fn provider(provider: &Value) -> Value {
    json!({
        "issuer": provider["issuer"],
        "audiences": provider["audiences"],
        "local_jwks": { "inline_string": provider["localJWKS"]["inline"] },
        "payload_in_metadata": provider["name"],
        "normalize_payload_in_metadata": { "space_delimited_claims": ["scope", "scp"] },
        "forward": true,
    })
}
