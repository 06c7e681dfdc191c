//! RequestAuthentication and AuthorizationPolicy at a gateway:
//! <https://github.com/istio/istio/tree/release-1.31/pilot/pkg/security>.

use serde_json::{Value, json};

use super::filter::only;

const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
/// The name of the claims in the metadata of [`JWT_AUTHN`], whatever the issuer.
const PAYLOAD: &str = "payload";

/// The filters that come of these resources, which stand before all others: what tokens say is known before anybody
/// is refused for it.
pub(super) fn filters(resources: &[Value]) -> Vec<Value> {
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource["kind"] == kind);
    let rules = of("RequestAuthentication").flat_map(|r| r["spec"]["jwtRules"].as_array().expect("rules"));
    let mut rules: Vec<_> = rules.collect();
    rules.sort_by_key(|rule| rule["issuer"].as_str());
    let tokens = (!rules.is_empty()).then(|| jwt_authn(&rules));
    tokens.into_iter().chain(of("AuthorizationPolicy").map(denial)).collect()
}

fn jwt_authn(rules: &[&Value]) -> Value {
    let names: Vec<_> = (0..rules.len()).map(|number| format!("origins-{number}")).collect();
    let providers: serde_json::Map<_, _> = names.iter().cloned().zip(rules.iter().map(|rule| provider(rule))).collect();
    let any = |requirements: Value| json!({ "requires_any": { "requirements": requirements } });
    let named: Vec<_> = names.iter().map(|name| json!({ "provider_name": name })).collect();
    let mut optional: Vec<_> = named.iter().map(|named| any(json!([named, { "allow_missing": {} }]))).collect();
    let requires = if optional.len() == 1 {
        optional.remove(0)
    } else {
        let all = json!({ "requires_all": { "requirements": optional } });
        any(named.into_iter().chain([all]).collect())
    };
    json!({
        "name": JWT_AUTHN,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": providers,
            "rules": [{ "match": { "prefix": "/" }, "requires": requires }],
            "bypass_cors_preflight": true,
        },
    })
}

fn provider(rule: &Value) -> Value {
    let known = ["issuer", "audiences", "jwks", "forwardOriginalToken", "fromHeaders", "outputClaimToHeaders"];
    let list = |field: &str| only(rule, &known)[field].as_array().cloned().unwrap_or_default();
    let from = |at: &Value| json!({ "name": at["name"], "value_prefix": at["prefix"].as_str().unwrap_or_default() });
    let to = |to: &Value| json!({ "header_name": to["header"], "claim_name": to["claim"] });
    json!({
        "issuer": rule["issuer"],
        "audiences": list("audiences"),
        "local_jwks": { "inline_string": rule["jwks"] },
        "forward": rule["forwardOriginalToken"].as_bool().unwrap_or_default(),
        "from_headers": list("fromHeaders").iter().map(from).collect::<Vec<_>>(),
        "claim_to_headers": list("outputClaimToHeaders").iter().map(to).collect::<Vec<_>>(),
        "payload_in_metadata": PAYLOAD,
        "normalize_payload_in_metadata": { "space_delimited_claims": ["permission", "scope"] },
        "clear_route_cache": true,
    })
}

/// A policy that denies hosts to whoever has no token of some principals.
fn denial(policy: &Value) -> Value {
    assert_eq!(policy["spec"]["action"], "DENY");
    let rule = only(&policy["spec"]["rules"][0], &["from", "to"]);
    let hosts = only(&rule["to"][0]["operation"], &["hosts"])["hosts"].as_array().expect("hosts");
    let hosts = hosts.iter().map(
        |host| json!({ "header": { "name": ":authority", "string_match": { "exact": host, "ignore_case": true } } }),
    );
    assert_eq!(*only(&rule["from"][0]["source"], &["notRequestPrincipals"]), json!({ "notRequestPrincipals": ["*"] }));
    let some = |claim: &str| {
        json!({ "metadata": {
            "filter": JWT_AUTHN,
            "path": [{ "key": PAYLOAD }, { "key": claim }],
            "value": { "string_match": { "safe_regex": { "regex": ".+" } } },
        } })
    };
    let anybody = json!({ "and_ids": { "ids": [some("iss"), some("sub")] } });
    let or_rules = json!({ "or_rules": { "rules": hosts.collect::<Vec<_>>() } });
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": {
                "action": "DENY",
                "policies": { policy["metadata"]["name"].as_str().expect("a name"): {
                    "permissions": [{ "and_rules": { "rules": [or_rules] } }],
                    "principals": [{ "and_ids": { "ids": [{ "not_id": anybody }] } }],
                } },
            },
        },
    })
}
