//! Circuit breakers, outlier detection and predicates of clusters.

use integration::caller::{Answer, Call};
use integration::reply::{Gate, Reply};
use integration::speech::{ANSWER, Speech};
use integration::version;
use serde_json::{Value, json};

use super::street::{House, Street, key, street};

pub(super) fn houses() -> Vec<House> {
    let breaker = |name, field: &str, most: u32| {
        let mut limits =
            json!({ "max_connections": 1000, "max_pending_requests": 1000, "max_requests": 1000, "max_retries": 1000 });
        limits[field] = json!(most);
        House::new(name).cluster("circuit_breakers", json!({ "thresholds": [limits] }))
    };
    let eject =
        json!({ "consecutive_5xx": 1, "interval": "0.1s", "base_ejection_time": "600s", "max_ejection_percent": 100 });
    let another = json!([{ "name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    } }]);
    let mut policy =
        json!({ "num_retries": 0, "retry_host_predicate": another, "host_selection_retry_max_attempts": 5 });
    if version::refreshes() {
        policy["refresh_cluster_on_retry"] = json!(true);
    }
    vec![
        breaker("no-retries", "max_retries", 0),
        breaker("one-request", "max_requests", 1),
        breaker("no-pending", "max_pending_requests", 0),
        House::new("ejected").by_name().cluster("outlier_detection", eject),
        House::new("another-host").route("retry_policy", policy),
        // A second client of `one-request`.
        House::new("guest"),
    ]
}

/// The second target of every model has a cluster that allows no retries, and is retried at nevertheless.
pub(super) fn forbid_retries(cluster: &mut Value) {
    cluster["circuit_breakers"]["thresholds"][0]["max_retries"] = json!(0);
}

fn down() -> Reply {
    Reply::new(503).header("retry-after-ms", "0").body("{}")
}

/// Asks until the first target has been passed over: it cools for some seconds after each failure.
async fn goes_round(street: &Street, call: &Call) -> Answer {
    for _ in 0..20 {
        let answer = call.send().await;
        if answer.status == 200 {
            return answer;
        }
        assert_eq!((answer.status, answer.code().as_str()), (503, "no_healthy_target"), "{}", answer.text());
    }
    panic!("never goes round: {:?}", street.admin.stats("overflow"))
}

#[tokio::test]
async fn the_first_clusters_breaker_counts_all_retries_of_a_request() {
    let street = street();
    street.o.on("no-retries", down());
    let answer = street.chat("no-retries").send().await;
    assert_eq!((answer.status, answer.served().1.as_str()), (503, "1"), "{}", answer.text());
    let counts = if version::refreshes() { "no-retries-o" } else { "no-retries-o>a" };
    assert_eq!(street.admin.sum(&format!("cluster.{counts}.upstream_rq_retry_overflow")), 1);
    // That of the second allows none either.
    street.o.on("another-host", down());
    let answer = street.chat("another-host").send().await;
    assert_eq!((answer.content().as_str(), answer.served().1.as_str()), (ANSWER, "2"), "{}", answer.text());
    assert_eq!(street.admin.sum("cluster.a.upstream_rq_retry_overflow"), 0);
}

#[tokio::test]
async fn a_cluster_that_is_full_is_gone_round_by_the_next_request() {
    let street = street();
    let gate = Gate::default();
    let good = Speech::OpenAi.good(false);
    street.o.on("one-request", Reply::nothing().gate(&gate).chain(good));
    let call = street.chat("one-request");
    let first = tokio::spawn(async move { call.send().await });
    let _ = street.o.one("one-request").await;
    let guest = Call::chat(street.at("one-request"), &key("guest"), "one-request");
    assert_eq!(guest.send().await.status, 503, "Envoy tries no other target after an overflow");
    let answer = goes_round(&street, &guest).await;
    assert_eq!(answer.served(), ("a/one-request".to_owned(), "1".to_owned()));
    gate.open();
    assert_eq!(first.await.unwrap().content(), ANSWER);
}

#[tokio::test]
async fn an_attempt_that_is_over_before_it_begins_counts_as_one() {
    let street = street();
    let call = street.chat("no-pending");
    assert_eq!(call.send().await.status, 503);
    let records = street.records.wait(1, "\"model\":\"no-pending\"").await;
    let told = json!([{ "target": "no-pending-o/no-pending", "outcome": "unanswered" }]);
    assert_eq!(records[0]["attempts"], told, "{}", records[0]);
    assert_eq!(goes_round(&street, &call).await.served().0, "a/no-pending");
}

#[tokio::test]
async fn a_server_that_was_ejected_is_like_one_that_refuses_connections() {
    let street = street();
    street.o.on("ejected", down());
    let answer = street.chat("ejected").send().await;
    assert_eq!((answer.content().as_str(), answer.served().1.as_str()), (ANSWER, "2"), "{}", answer.text());
    assert_eq!(street.admin.sum("cluster.ejected-o.outlier_detection.ejections_enforced_total"), 1);
    let lone = Call::chat(street.at("ejected"), &key("ejected"), "ejected-o/lone").send().await;
    assert_eq!((lone.status, lone.code().as_str()), (503, "no_healthy_target"), "{}", lone.text());
    assert!(street.o.seen("lone").is_empty());
}
