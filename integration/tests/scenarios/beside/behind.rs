//! Filters behind ours: they see a request that is let in, without its key, and the answer before our headers.

use integration::speech::ANSWER;
use serde_json::json;

use super::filters::{abort, buffer, delay, ext_authz, header_mutation, local_ratelimit, lua, ratelimit, tap};
use super::street::{House, VISITOR, street};

pub(super) fn houses() -> Vec<House> {
    let behind = |name, filter| House::new(name).behind(filter);
    let visitors =
        json!([{ "actions": [{ "request_headers": { "header_name": VISITOR, "descriptor_key": "visitor" } }] }]);
    let mutation = || header_mutation(("x-for-provider", "yes"), ("x-ratelimit-of-filter", "yes"));
    vec![
        behind("lua-behind", lua(TELLS_KEY)),
        behind("authz-behind", ext_authz("other", false)),
        behind("local-ratelimit-behind", local_ratelimit()),
        behind("ratelimit-behind", ratelimit()).virtual_host("rate_limits", visitors),
        behind("abort-behind", abort()),
        behind("delay-behind", delay()),
        behind("buffer-behind", buffer()),
        behind("tap-behind", tap("tap-behind")),
        behind("mutation-behind", mutation()),
        House::new("mutation-upstream").upstream(mutation()),
        House::new("lua-upstream")
            .upstream(lua("function envoy_on_request(h) h:headers():add('x-for-provider', 'yes') end")),
        House::new("buffer-upstream").upstream(buffer()),
    ]
}

/// Says in the answer what key the request had.
const TELLS_KEY: &str = "
function envoy_on_request(h)
  h:streamInfo():dynamicMetadata():set('lua', 'key', h:headers():get('authorization') or 'none')
end
function envoy_on_response(h)
  h:headers():add('x-ratelimit-key', h:streamInfo():dynamicMetadata():get('lua')['key'])
end";

#[tokio::test]
async fn filters_that_let_requests_pass_change_nothing() {
    let street = street();
    for name in ["lua-behind", "authz-behind", "delay-behind", "buffer-behind", "tap-behind", "buffer-upstream"] {
        for stream in [false, true] {
            let answer = street.chat(name).stream(stream).send().await;
            assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{name}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn they_see_no_key_of_the_caller() {
    let street = street();
    let answer = street.chat("lua-behind").send().await;
    assert_eq!(answer.header("x-ratelimit-key"), Some("none"), "{:?}", answer.head);
    let answer = street.chat("authz-behind").header(VISITOR, "neighbour").send().await;
    assert_eq!(answer.content(), ANSWER);
    let asked = street.other.seen("");
    let asked = asked.iter().find(|seen| seen.head.get(VISITOR) == Some("neighbour")).expect("a question");
    assert_eq!(asked.head.get("authorization"), None);
    let traces = super::mirrors::traces(&street, "tap-behind").await;
    assert!(!traces.contains("-c0ffee") && !traces.contains("sk-upstream"), "{traces}");
}

#[tokio::test]
async fn a_filter_that_refuses_is_no_provider_that_fails() {
    let street = street();
    for (name, status, code, outcome) in [
        ("authz-behind", 403, "refused_by_proxy", "refused"),
        ("ratelimit-behind", 429, "refused_by_proxy", "refused"),
        ("abort-behind", 503, "no_healthy_target", "failed"),
    ] {
        let answer = street.chat(name).header(VISITOR, "stranger").send().await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
        let records = street.records.wait(1, &format!("\"client\":\"{name}\",\"team\":\"{name}-team\",\"surface\":\"chat\",\"model\":\"{name}\",\"stream\":false,\"status\":{status}")).await;
        assert_eq!((&records[0]["outcome"], &records[0]["attempts"]), (&outcome.into(), &json!(null)));
    }
    // Nothing is held, and no target cools.
    for name in ["authz-behind", "ratelimit-behind"] {
        let answer = street.chat(name).header(VISITOR, "guest").send().await;
        assert_eq!(answer.served(), (format!("{name}-o/{name}"), "1".to_owned()), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_local_rate_limit_behind_counts_what_we_let_in() {
    let street = street();
    let call = street.chat("local-ratelimit-behind");
    assert_eq!(call.clone().without("authorization").send().await.status, 401);
    assert_eq!(call.send().await.status, 200);
    let answer = call.send().await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "refused_by_proxy"), "{}", answer.text());
}

#[tokio::test]
async fn only_filters_behind_the_provider_role_change_what_a_provider_gets() {
    let street = street();
    for (name, gets) in [("mutation-behind", None), ("mutation-upstream", Some("yes")), ("lua-upstream", Some("yes"))] {
        assert_eq!(street.chat(name).send().await.content(), ANSWER, "{name}");
        assert_eq!(street.o.seen(name)[0].head.get("x-for-provider"), gets, "{name}");
    }
}
