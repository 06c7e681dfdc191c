//! Access logs of the operator's own: they can print our record, see the caller's request, and no key.

use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::reply::{Gate, Reply};
use integration::speech::{ANSWER, Speech};
use serde_json::{Value, json};

use super::services;
use super::street::{House, Street, key, street};

pub(super) fn houses() -> Vec<House> {
    let file = json!({ "name": "envoy.access_loggers.file", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": "FOLDER/operators.log",
        "log_format": { "json_format": {
            "id": "%REQ(x-request-id)%",
            "path": "%REQ(:path)%",
            "agent": "%REQ(user-agent)%",
            "authorization": "%REQ(authorization)%",
            "key": "%REQ(x-api-key)%",
            "cluster": "%UPSTREAM_CLUSTER%",
            "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
            "record": RECORD,
        } },
    } });
    let service = json!({ "name": "envoy.access_loggers.http_grpc", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
        "common_config": {
            "log_name": "operators",
            "transport_api_version": "V3",
            "grpc_service": { "envoy_grpc": { "cluster_name": "services" } },
            "buffer_flush_interval": "0.1s",
            "filter_state_objects_to_log": ["wasm.tollhouse.record"],
        },
        "additional_request_headers_to_log": ["authorization", "x-api-key"],
    } });
    let collector = json!({ "uri": "http://collector/v1/logs", "cluster": "other", "timeout": "20s" });
    let telemetry = json!({ "name": "envoy.access_loggers.open_telemetry", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        "http_service": { "http_uri": collector },
        "buffer_flush_interval": "0.1s",
        "body": { "string_value": RECORD },
        "attributes": { "values": [{ "key": "key", "value": { "string_value": "%REQ(authorization)%" } }] },
    } });
    vec![
        House::new("log").manager("access_log", json!([file, service, telemetry])),
        // Whose requests never wait for one another.
        House::new("log-left").manager("access_log", json!([file])),
    ]
}

const RECORD: &str = "%FILTER_STATE(wasm.tollhouse.record:PLAIN)%";

impl Street {
    /// The line about a request, as soon as it is there.
    async fn line(&self, id: &str) -> Value {
        let end = Instant::now() + Duration::from_secs(90);
        loop {
            let log = std::fs::read_to_string(self.folder().join("operators.log")).unwrap_or_default();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = lines.into_iter().find(|line| line["id"] == id) {
                assert!(!log.contains("sk-upstream"), "{log}");
                return line;
            }
            assert!(Instant::now() < end, "no line about {id}: {log}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

#[tokio::test]
async fn a_log_shows_the_callers_request_and_our_record() {
    let street = street();
    // Both keys of providers have been in the headers.
    street.o.on("log", Reply::new(503).header("retry-after-ms", "0").body("{}"));
    for (stream, id) in
        [(false, "1c2f0a52-6e5b-4b52-9e0c-0d7ad3bb5f01"), (true, "1c2f0a52-6e5b-4b52-9e0c-0d7ad3bb5f02")]
    {
        let call = street.chat("log").header("user-agent", "callers/1.0").header("x-request-id", id).stream(stream);
        let answer = call.send().await;
        assert_eq!(answer.content(), ANSWER, "{}", answer.text());
        let line = street.line(answer.header("x-request-id").unwrap()).await;
        assert_eq!((&line["path"], &line["agent"]), (&"/v1/chat/completions".into(), &"callers/1.0".into()), "{line}");
        assert_eq!((&line["authorization"], &line["key"]), (&Value::Null, &Value::Null));
        let record: Value = serde_json::from_str(line["record"].as_str().unwrap()).unwrap();
        assert_eq!((&record["client"], &record["outcome"]), (&"log".into(), &"completed".into()));
    }
}

#[tokio::test]
async fn a_request_whose_caller_left_shows_no_key_either() {
    let street = street();
    let gate = Gate::default();
    street.o.on("left", Reply::nothing().gate(&gate).chain(Speech::OpenAi.good(false)));
    let id = "1c2f0a52-6e5b-4b52-9e0c-0d7ad3bb5f03";
    let call = Call::chat(street.at("log-left"), &key("log-left"), "log-left-o/left").header("x-request-id", id);
    let open = tokio::spawn(async move { call.open().await });
    let seen = street.o.one("left").await;
    open.abort();
    seen.gone().await;
    let id =
        street.records.wait(1, "\"target\":\"log-left-o/left\"").await[0]["request_id"].as_str().unwrap().to_owned();
    let line = street.line(&id).await;
    assert_eq!((&line["authorization"], &line["path"]), (&Value::Null, &"/v1/chat/completions".into()), "{line}");
}

#[tokio::test]
async fn a_request_that_has_waited_shows_no_key_either() {
    let street = street();
    let gate = Gate::default();
    street.o.on("holds", Reply::nothing().gate(&gate).chain(Speech::OpenAi.good(false)));
    let call = |model: &str| Call::chat(street.at("log"), &key("log"), &format!("log-o/{model}"));
    let (first, second) = (call("holds"), call("waited"));
    let first = tokio::spawn(async move { first.send().await.status });
    drop(street.o.one("holds").await);
    // The client may have one request under way.
    let second = tokio::spawn(async move { second.send().await.status });
    let end = Instant::now() + Duration::from_secs(90);
    while street.admin.sum("http.log.downstream_rq_active") < 2 {
        assert!(Instant::now() < end, "the second request has not come");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    gate.open();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (200, 200));
    let record = street.records.of_model("log-o/waited").await;
    assert!(record["queued_ms"].is_u64(), "{record}");
    // It has a number of Envoy's own, which is not the caller's.
    let line = street.line(record["request_id"].as_str().unwrap()).await;
    assert_eq!((&line["authorization"], &line["path"]), (&Value::Null, &"/v1/chat/completions".into()), "{line}");
}

#[tokio::test]
async fn a_service_of_access_logs_gets_our_record_and_no_key() {
    let street = street();
    let call = Call::chat(street.at("log"), &key("log"), "log-o/to-service");
    assert_eq!(call.send().await.content(), ANSWER);
    let end = Instant::now() + Duration::from_secs(90);
    while !services::logged().contains("to-service") {
        assert!(Instant::now() < end, "{}", services::logged());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let logged = services::logged();
    assert!(logged.contains("wasm.tollhouse.record"), "{logged}");
    assert!(!logged.contains("sk-upstream") && !logged.contains("-c0ffee"), "{logged}");
}

#[tokio::test]
async fn a_collector_of_opentelemetry_gets_our_record_and_no_key() {
    let street = street();
    let call = Call::chat(street.at("log"), &key("log"), "log-o/to-collector");
    assert_eq!(call.send().await.content(), ANSWER);
    let end = Instant::now() + Duration::from_secs(90);
    loop {
        let sent: String =
            street.other.seen("").iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
        assert!(!sent.contains("sk-upstream") && !sent.contains("-c0ffee"), "{sent}");
        if sent.contains("log-o/to-collector") {
            break;
        }
        assert!(Instant::now() < end, "{sent}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
