//! What passes as it is, through both roles of the filter.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Value, json};
use support::recordings;
use support::worker::{Answer, KEY, Sent, Told, Worker};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::host::{Side, Stream};

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data; boundary=XX";

/// A worker whose key may use these models, and everything of OpenAI if `*` is among them.
fn worker(models: &[&str]) -> Worker {
    Worker::of(&json!({
        "providers": {
            "o": { "dialect": "openai", "keys": [{ "value": "sk-o" }] },
            "a": { "dialect": "anthropic", "keys": [{ "value": "sk-a" }] },
            "g": { "dialect": "gemini", "keys": [{ "value": "sk-g" }] },
            "v": { "dialect": "vertex-anthropic", "project": "p", "location": "l", "keys": [{ "value": "sk-v" }] },
            "vg": { "dialect": "vertex-gemini", "project": "p", "location": "l", "keys": [{ "value": "sk-vg" }] },
            "c": { "dialect": "cohere", "keys": [{ "value": "sk-c" }] },
        },
        "models": { "tier": { "targets": ["a/one", "o/real"] }, "omni-moderation-latest": { "targets": ["o/real"] } },
        "files": { "provider": "o" },
        "clients": [{ "name": "bot", "key_sha256": Digest::of(KEY).to_string(), "models": models }],
    }))
}

fn form(model: &str) -> Vec<u8> {
    let part =
        |name: &str, value: &str| format!("--XX\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n");
    let sound = part("\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav", "RIFF\u{0}\r\n--X\r\n\r\n");
    (sound + &part("\"model\"", model) + &part("language", "de") + "--XX--\r\n").into_bytes()
}

fn header(sent: &Sent, name: &str) -> String {
    sent.host.header(Side::Request, name).unwrap_or_default()
}

fn answer(content_type: &str) -> Answer {
    let headers = [("content-type", content_type), ("x-secret", "account"), ("content-disposition", "attachment")];
    Answer { status: 200, headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec() }
}

fn error(told: &Told) -> (u16, String) {
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    (told.status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn requests_pass_but_for_the_model_to_the_first_target_that_has_their_api() {
    for (path, at_provider) in [
        ("/v1/audio/speech", "/v1/audio/speech"),
        ("/v1/images/generations", "/v1/images/generations"),
        ("/v1/images/edits", "/v1/images/edits"),
        ("/v1/moderations", "/v1/moderations"),
        ("/v1/rerank", "/v1/rerank"),
        ("/v2/rerank", "/v1/rerank"),
    ] {
        let sent = worker(&["tier"]).send_to(path, b"{\"input\" : [1 , 2], \"model\":\"tier\",\"stream\":true}");
        assert_eq!(sent.body(), b"{\"input\":[1 , 2],\"model\":\"real\",\"stream\":true}", "{path}");
        assert_eq!(
            (header(&sent, ":path").as_str(), header(&sent, "authorization").as_str()),
            (at_provider, "Bearer sk-o")
        );
    }
    for path in ["/v1/rerank", "/v2/rerank"] {
        let sent = worker(&["*"]).send_to(path, b"{\"model\":\"c/rerank-v3.5\"}");
        assert_eq!(
            (header(&sent, ":path").as_str(), sent.body().as_slice()),
            (path, &b"{\"model\":\"rerank-v3.5\"}"[..])
        );
    }
    let refused = worker(&["*"]).refused("POST", "/v1/audio/speech", JSON, b"{\"model\":\"a/one\"}");
    assert_eq!(error(&refused), (400, "unsupported_operation".into()));
}

#[test]
fn forms_pass_but_for_the_model() {
    for path in ["/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits", "/v1/images/variations"] {
        let sent = worker(&["tier"]).send_as("POST", path, FORM, &form("tier"));
        assert_eq!(sent.body(), form("real"), "{path}");
        assert_eq!((header(&sent, "content-type").as_str(), header(&sent, ":path").as_str()), (FORM, path));
        assert_eq!(header(&sent, "content-length"), form("real").len().to_string());
    }
}

#[test]
fn a_form_is_no_way_around_the_rules() {
    let ask = |body: &[u8]| error(&worker(&["tier"]).refused("POST", "/v1/audio/transcriptions", FORM, body));
    assert_eq!(ask(&form("o/whisper-1")), (404, "model_not_found".into()));
    assert_eq!(ask(&form("")), (400, "invalid_value".into()));
    let twice = [b"--XX\r\nContent-Disposition: form-data; name=model\r\n\r\no/whisper-1\r\n", form("tier").as_slice()]
        .concat();
    assert_eq!(ask(&twice).0, 400);
    assert_eq!(ask(b"--YY--"), (400, "invalid_form".into()));
    let elsewhere = worker(&["tier"]).refused("POST", "/v1/audio/speech", FORM, &form("tier"));
    assert_eq!(error(&elsewhere), (415, "unsupported_media_type".into()));
}

#[test]
fn moderations_have_a_model_where_none_is_named_and_it_must_be_allowed() {
    let sent = worker(&["omni-moderation-latest"]).send_to("/v1/moderations", b"{\"input\":\"x\"}");
    assert_eq!(sent.body(), b"{\"input\":\"x\",\"model\":\"real\"}");
    let refused = worker(&["tier"]).refused("POST", "/v1/moderations", JSON, b"{\"input\":\"x\"}");
    assert_eq!(error(&refused), (404, "model_not_found".into()));
}

#[test]
fn an_answer_of_any_type_passes_piece_by_piece() {
    let pieces = [&b"\xff\x00ID3"[..], b"", b"more", b"\x00\x01end"];
    let told =
        worker(&["tier"]).send_to("/v1/audio/speech", b"{\"model\":\"tier\"}").answer(&answer("audio/mpeg"), pieces);
    assert_eq!(told.body, pieces.concat());
    assert_eq!((told.status, told.header("content-type"), told.header("x-secret")), (200, Some("audio/mpeg"), None));
    assert_eq!((&told.record["outcome"], &told.record["surface"]), (&json!("completed"), &json!("speech")));
    assert_eq!(told.record.get("usage"), None, "{}", told.record);
}

#[test]
fn tokens_are_counted_where_an_answer_tells_them() {
    let ask = |path: &str, media: &str, body: &str| {
        let sent = worker(&["tier"]).send_to(path, b"{\"model\":\"tier\"}");
        let told = sent.answer(&answer(media), body.as_bytes().chunks(7));
        assert_eq!(told.body, body.as_bytes());
        assert_eq!(told.record["usage_source"], "provider", "{}", told.record);
        told.record["usage"].clone()
    };
    let image = ask("/v1/images/generations", JSON, r#"{"data":[],"usage":{"input_tokens":5,"output_tokens":9}}"#);
    assert_eq!((&image["input"], &image["output"]), (&json!(5), &json!(9)));
    let events = "event: a\ndata: {\"type\":\"a\"}\n\ndata: {\"type\":\"done\",\"usage\":{\"input_tokens\":2,\"output_tokens\":3}}\n\n";
    let streamed = ask("/v1/images/generations", "text/event-stream", events);
    assert_eq!((&streamed["input"], &streamed["output"]), (&json!(2), &json!(3)));
    let ranked = ask("/v2/rerank", JSON, r#"{"results":[],"meta":{"billed_units":{"search_units":2}}}"#);
    assert_eq!(ranked["searches"], 2);
}

#[test]
fn failures_go_to_the_caller_as_they_came() {
    let body = br#"{"error":{"message":"No such voice.","type":"invalid_request_error","param":"voice","code":"v"}}"#;
    let refusal = Answer { status: 400, ..answer(JSON) };
    let told = worker(&["tier"]).send_to("/v1/audio/speech", b"{\"model\":\"tier\"}").answer(&refusal, [&body[..]]);
    assert_eq!((told.status, told.body.as_slice()), (400, &body[..]));
}

#[test]
fn files_and_batches_pass_to_their_provider_by_their_methods() {
    for (method, path, body) in [
        ("GET", "/v1/files?limit=2&purpose=batch", &b""[..]),
        ("GET", "/v1/files/file-1/content", b""),
        ("DELETE", "/v1/files/file-1", b""),
        ("POST", "/v1/batches", b"{\"input_file_id\" : \"file-1\"}"),
        ("POST", "/v1/batches/batch_1/cancel", b""),
    ] {
        let sent = worker(&["o/*"]).send_as(method, path, JSON, body);
        assert_eq!((header(&sent, ":method").as_str(), header(&sent, ":path").as_str()), (method, path));
        assert_eq!((sent.body().as_slice(), header(&sent, "authorization").as_str()), (body, "Bearer sk-o"), "{path}");
        let told = sent.answer(&answer(JSON), [&b"{\"error\":7,"[..], b"\"id\":1}"]);
        assert_eq!((told.status, told.body.as_slice()), (200, &b"{\"error\":7,\"id\":1}"[..]), "{path}");
        assert_eq!((&told.record["target"], &told.record["surface"]), (&json!("o/*"), &json!("files")));
        assert_eq!((told.record.get("model"), told.record.get("usage")), (None, None), "{}", told.record);
    }
    let upload = worker(&["*"]).send_as("POST", "/v1/files", FORM, &form("anything"));
    assert_eq!((upload.body(), header(&upload, "content-type").as_str()), (form("anything"), FORM));
}

#[test]
fn only_who_may_use_everything_of_their_provider_gets_to_files() {
    for models in [&["tier"][..], &["o/real", "a/*"]] {
        let told = worker(models).refused("GET", "/v1/files", JSON, b"");
        assert_eq!(error(&told), (403, "files_not_allowed".into()), "{models:?}");
    }
    let told = Worker::new("openai").refused("GET", "/v1/files", JSON, b"");
    assert_eq!(error(&told), (404, "unknown_url".into()), "nobody keeps files");
}

#[test]
fn a_path_tells_its_methods() {
    for (method, path, allow) in [
        ("GET", "/v1/audio/speech", "POST"),
        ("PUT", "/v1/files", "GET, POST"),
        ("POST", "/v1/files/file-1", "GET, DELETE"),
        ("DELETE", "/v1/batches/batch_1", "GET"),
        ("OPTIONS", "/v1/models", "GET"),
    ] {
        let told = worker(&["*"]).refused(method, path, JSON, b"");
        assert_eq!((told.status, told.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    assert_eq!(worker(&["*"]).refused("GET", "/v1/files/../models", JSON, b"").status, 404);
}

#[test]
fn recorded_counts_of_tokens_pass() {
    for recording in recordings::of("anthropic-count-tokens") {
        let mut request: Value = serde_json::from_slice(recording.request.as_ref().unwrap()).unwrap();
        for (model, path, real) in [
            ("tier", "/v1/messages/count_tokens", "one"),
            ("v/claude", "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", "claude"),
        ] {
            request["model"] = model.into();
            let sent =
                worker(&["*"]).send_to("/anthropic/v1/messages/count_tokens?beta=true", request.to_string().as_bytes());
            let mut expected = request.clone();
            expected["model"] = real.into();
            if model == "v/claude" {
                expected["anthropic_version"] = "vertex-2023-10-16".into();
            }
            assert_eq!(serde_json::from_slice::<Value>(&sent.body()).unwrap(), expected);
            assert_eq!(header(&sent, ":path"), path);
            let told = sent.answer(&answer(JSON), [recording.response.as_slice()]);
            assert_eq!((told.status, &told.body), (200, &recording.response));
            assert_eq!((&told.record["surface"], told.record.get("usage")), (&json!("count_tokens"), None));
        }
        request["model"] = "o/gpt-5".into();
        let told = worker(&["*"]).refused("POST", "/v1/messages/count_tokens", JSON, request.to_string().as_bytes());
        assert_eq!((told.status, told.header("x-tollhouse-usage")), (200, Some("estimated")), "{}", recording.name);
    }
}

const COUNT: &str = r#"{"system":"s","messages":[{"role":"user","content":"12345678"}],"model":"#;

#[test]
fn gemini_counts_in_its_own_words() {
    for (model, path, member) in [
        ("g/gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:countTokens", "generateContentRequest"),
        (
            "vg/gemini-2.5-pro",
            "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:countTokens",
            "contents",
        ),
    ] {
        let sent = worker(&["*"]).send_to("/v1/messages/count_tokens", format!("{COUNT}\"{model}\"}}").as_bytes());
        assert_eq!(header(&sent, ":path"), path);
        assert!(serde_json::from_slice::<Value>(&sent.body()).unwrap().get(member).is_some());
        let told = sent.answer(&answer(JSON), [&b"{\"totalTokens\":12}"[..]]);
        assert_eq!((told.body.as_slice(), told.header("content-type")), (&b"{\"input_tokens\":12}"[..], Some(JSON)));
        assert_eq!((told.record.get("usage"), &told.record["outcome"]), (None, &json!("completed")));
    }
}

#[test]
fn where_nobody_counts_the_gateway_estimates() {
    let told =
        worker(&["*"]).refused("POST", "/v1/messages/count_tokens", JSON, format!("{COUNT}\"o/gpt-5\"}}").as_bytes());
    assert_eq!((told.status, told.body.as_slice()), (200, &b"{\"input_tokens\":11}"[..]));
    assert_eq!(told.header("x-tollhouse-usage"), Some("estimated"));
    assert_eq!((&told.record["model"], &told.record["outcome"]), (&json!("o/gpt-5"), &json!("completed")));
    assert_eq!((told.record.get("usage"), told.record.get("target")), (None, None), "nobody was asked");
    let unknown = worker(&["tier"]).refused(
        "POST",
        "/v1/messages/count_tokens",
        JSON,
        format!("{COUNT}\"o/gpt-5\"}}").as_bytes(),
    );
    assert_eq!(unknown.status, 404);
}
