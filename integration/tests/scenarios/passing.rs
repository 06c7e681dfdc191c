//! What passes as it is: sound, images, moderations, reranking, files and batches; and counting tokens.

use integration::caller::{Answer, Call};
use integration::document::{KEY, NARROW_KEY, PROVIDER_KEYS};
use integration::reply::Reply;
use integration::speech::Speech::OpenAi;
use integration::speech::{ANSWER, PROMPT};
use integration::stage::{Stage, stage};
use serde_json::{Value, json};

const FORM: &str = "multipart/form-data; boundary=----edge-0123456789";

fn post(stage: &Stage, path: &str, key: &str) -> Call {
    Call::new(stage.gateway, "POST", path).header("authorization", &format!("Bearer {key}"))
}

/// A request with a JSON body.
fn json_to(stage: &Stage, path: &str, body: &Value) -> Call {
    post(stage, path, KEY).header("content-type", "application/json").json(body)
}

/// Bytes of every kind, lines that look like boundaries among them.
fn blob(size: usize) -> Vec<u8> {
    let pattern = b"\x00\xff\r\n--\r\n------edge\r\n\r\n";
    pattern.iter().copied().cycle().zip(0u32..).map(|(byte, n)| byte ^ (n >> 16).to_le_bytes()[0]).take(size).collect()
}

/// A form with a file of this size and a model.
fn form(model: &str, size: usize) -> Vec<u8> {
    let boundary = "------edge-0123456789";
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\nContent-Type: audio/wav";
    let head = format!("{boundary}\r\n{file}\r\n\r\n").into_bytes();
    let tail = format!(
        "\r\n{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n{boundary}\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n{PROMPT}\r\n{boundary}--\r\n"
    );
    [head, blob(size), tail.into_bytes()].concat()
}

fn form_to(stage: &Stage, path: &str, key: &str, body: Vec<u8>) -> Call {
    post(stage, path, key).header("content-type", FORM).body(body)
}

fn whole(answer: &Answer) -> (u16, bool, Option<&str>) {
    (answer.status, answer.whole, answer.header("content-type"))
}

#[tokio::test]
async fn forms_of_some_megabytes_pass_but_for_the_model() {
    let play = stage();
    for (path, chunk) in [("/v1/audio/transcriptions", None), ("/v1/images/edits", Some(50_000))] {
        let model = play.model("o");
        let usage = json!({ "type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19 });
        let body = json!({ "text": ANSWER, "usage": usage });
        play.o.on(&model, Reply::json(200, &body));
        let call = form_to(&play, path, KEY, form(&model, 3 << 20));
        let answer = chunk.map_or(call.clone(), |size| call.chunked(size)).send().await;
        assert_eq!((whole(&answer), answer.json()), ((200, true, Some("application/json")), body), "{path}");
        let seen = play.o.one(&model).await;
        assert!(seen.body == form(&model, 3 << 20), "{path}: the bytes are the same");
        assert_eq!((seen.head.word(1), seen.head.get("content-type")), (path, Some(FORM)));
        assert_eq!(seen.head.get("authorization"), Some(&*format!("Bearer {PROVIDER_KEYS}o")));
        assert!(!format!("{:?}", seen.head).contains(KEY));
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["usage"]["input"], &record["usage"]["output"]), (&json!(14), &json!(5)), "{record}");
    }
}

#[tokio::test]
async fn a_form_goes_on_to_the_next_target_with_its_own_model() {
    let play = stage();
    let model = play.model("op");
    play.o.on(&model, Reply::json(503, &OpenAi.failure("overloaded")));
    play.p.on(&model, Reply::new(200).header("content-type", "text/plain; charset=utf-8").body(ANSWER));
    let answer = form_to(&play, "/v1/audio/translations", KEY, form(&model, 100_000)).send().await;
    assert_eq!((whole(&answer), answer.text().as_str()), ((200, true, Some("text/plain; charset=utf-8")), ANSWER));
    assert_eq!(answer.served(), (format!("p/{model}"), "2".into()));
    assert!(play.p.one(&model).await.body == form(&model, 100_000));
    let ao = play.model("ao");
    play.o.on(&ao, Reply::json(200, &json!({ "text": "x" })));
    let answer = form_to(&play, "/v1/audio/translations", KEY, form(&ao, 10)).send().await;
    assert_eq!(answer.served(), (format!("o/{ao}"), "1".into()), "who has no such API is no attempt");
}

#[tokio::test]
async fn answers_of_any_type_and_size_pass_as_they_come() {
    let play = stage();
    let model = play.model("o");
    let sound = blob(40 << 20);
    play.o.on(&model, Reply::new(200).header("content-type", "audio/mpeg").body(&sound));
    let body = json!({ "model": model, "input": PROMPT, "voice": "alloy" });
    let answer = json_to(&play, "/v1/audio/speech", &body).send().await;
    assert_eq!(whole(&answer), (200, true, Some("audio/mpeg")));
    assert!(answer.body == sound, "{} of {} bytes", answer.body.len(), sound.len());
    assert_eq!(play.o.one(&model).await.json(), body);
    let record = play.records.of_model(&model).await;
    assert_eq!((&record["outcome"], record.get("usage")), (&json!("completed"), None), "{record}");

    let model = play.model("o");
    let events = [
        "event: speech.audio.delta\ndata: {\"audio\":\"AA==\"}\n\n",
        "event: speech.audio.done\ndata: {\"usage\":{\"input_tokens\":3,\"output_tokens\":9}}\n\n",
    ];
    play.o.on(&model, Reply::stream(events).end());
    let answer = json_to(&play, "/v1/audio/speech", &json!({ "model": model, "stream_format": "sse" })).send().await;
    assert_eq!((whole(&answer), answer.text()), ((200, true, Some("text/event-stream")), events.concat()));
    assert_eq!(play.records.of_model(&model).await["usage"]["output"], 9);

    let model = play.model("o");
    let image =
        json!({ "data": [{ "b64_json": "A".repeat(4 << 20) }], "usage": { "input_tokens": 5, "output_tokens": 9 } });
    play.o.on(&model, Reply::json(200, &image));
    let answer = json_to(&play, "/v1/images/generations", &json!({ "model": model, "prompt": PROMPT })).send().await;
    assert_eq!((answer.status, answer.json() == image), (200, true));
    assert_eq!(play.records.of_model(&model).await["usage"]["output"], 9);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_whole_answer() {
    let play = stage();
    let model = play.model("o");
    play.o.on(&model, Reply::new(200).header("content-type", "audio/mpeg").cut_body(100_000, blob(50_000)).reset());
    let answer = json_to(&play, "/v1/audio/speech", &json!({ "model": model })).send().await;
    assert_eq!((answer.status, answer.whole), (200, false));
    assert_eq!(play.records.of_model(&model).await["outcome"], "failed");
}

#[tokio::test]
async fn reranking_and_moderations_pass() {
    let play = stage();
    for (path, at_provider) in
        [("/v1/rerank", "/v1/rerank"), ("/v2/rerank", "/v1/rerank"), ("/v1/moderations", "/v1/moderations")]
    {
        let model = play.model("o");
        let body = json!({ "results": [], "meta": { "billed_units": { "search_units": 1 } } });
        play.o.on(&model, Reply::json(200, &body));
        let documents: Vec<_> = (0..1000).map(|n| format!("{n} {}", "word ".repeat(500))).collect();
        let request = json!({ "model": model, "query": PROMPT, "documents": documents });
        let answer = json_to(&play, path, &request).send().await;
        assert_eq!((answer.status, answer.json()), (200, body), "{path}");
        let seen = play.o.one(&model).await;
        assert!(seen.head.word(1) == at_provider && seen.json() == request, "{path}");
        assert_eq!(play.records.of_model(&model).await["usage"]["searches"], 1);
    }
    let answer = json_to(&play, "/v1/moderations", &json!({ "input": "x" })).send().await;
    assert_eq!(answer.code(), "model_not_found", "the default model is a model like any other");
}

#[tokio::test]
async fn a_form_is_no_way_around_the_rules() {
    let play = stage();
    let model = play.model("o");
    let path = "/v1/audio/transcriptions";
    let answer = form_to(&play, path, NARROW_KEY, form(&model, 1 << 20)).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "model_not_found"), "{}", answer.text());
    let twice = [form("narrow", 10), form(&model, 10)].concat();
    let bad = [
        ("no boundary", FORM, b"{}".to_vec()),
        ("another boundary", "multipart/form-data; boundary=other", form("narrow", 10)),
        ("two forms", FORM, twice),
        ("cut off", FORM, form("narrow", 1000)[..1000].to_vec()),
    ];
    for (name, content_type, body) in bad {
        let call = post(&play, path, NARROW_KEY).header("content-type", content_type).body(body);
        let answer = call.send().await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_form"), "{name}: {}", answer.text());
    }
    assert!(play.o.seen(&model).is_empty() && play.o.seen("narrow").iter().all(|seen| seen.head.word(1) != path));
}

#[tokio::test]
async fn files_and_batches_pass_for_keys_that_may_use_everything() {
    let play = stage();
    let content = blob(6 << 20);
    let sent = content.clone();
    play.o.script("", move |seen, _| match (seen.head.word(0), seen.head.word(1)) {
        ("GET", "/v1/files/file-1/content") => {
            Reply::new(200).header("content-type", "application/octet-stream").body(&sent)
        }
        ("DELETE", _) => Reply::json(200, &json!({ "deleted": true })),
        (method, path) => Reply::json(200, &json!({ "method": method, "path": path, "bytes": seen.body.len() })),
    });
    let call = |method: &str, path: &str, key: &str| Call::new(play.gateway, method, path).header("x-api-key", key);
    let list = call("GET", "/v1/files?purpose=batch&limit=3", KEY).send().await;
    assert_eq!(list.json(), json!({ "method": "GET", "path": "/v1/files?purpose=batch&limit=3", "bytes": 0 }));
    let upload = form("", 3 << 20);
    let answer = form_to(&play, "/v1/files", KEY, upload.clone()).send().await;
    assert_eq!(answer.json(), json!({ "method": "POST", "path": "/v1/files", "bytes": upload.len() }));
    let batch = call("POST", "/v1/batches", KEY).header("content-type", "application/json").body("{ }");
    assert_eq!(batch.send().await.json(), json!({ "method": "POST", "path": "/v1/batches", "bytes": 3 }));
    let cancel = call("POST", "/v1/batches/batch_1/cancel", KEY).header("content-length", "0").send().await;
    assert_eq!(cancel.json()["path"], "/v1/batches/batch_1/cancel");
    let down = call("GET", "/v1/files/file-1/content", KEY).send().await;
    assert_eq!(whole(&down), (200, true, Some("application/octet-stream")));
    assert!(down.body == content);
    assert_eq!(call("DELETE", "/v1/files/file-1", KEY).send().await.json()["deleted"], true);
    let before = play.o.seen("").len();
    for (method, path) in [("GET", "/v1/files"), ("GET", "/v1/files/file-1/content"), ("POST", "/v1/batches")] {
        let answer = call(method, path, NARROW_KEY).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "files_not_allowed"), "{method} {path}");
    }
    let wrong = call("PATCH", "/v1/files/file-1", KEY).send().await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, DELETE")));
    assert_eq!(play.o.seen("").len(), before, "who is refused reaches nobody");
    let seen = play.o.seen("");
    assert!(seen.iter().all(|seen| seen.head.get("authorization") == Some(&*format!("Bearer {PROVIDER_KEYS}o"))));
    assert!(!seen.iter().any(|seen| format!("{:?}", seen.head).contains(KEY)));
}

#[tokio::test]
async fn tokens_are_counted_by_the_provider_or_estimated() {
    let play = stage();
    for path in ["/v1/messages/count_tokens", "/anthropic/v1/messages/count_tokens?beta=true"] {
        let body = |model: &str| json!({ "model": model, "messages": [{ "role": "user", "content": PROMPT }] });
        let model = play.model("a");
        play.a.on(&model, Reply::json(200, &json!({ "input_tokens": 641 })));
        let answer = json_to(&play, path, &body(&model)).send().await;
        assert_eq!((answer.json(), answer.header("x-tollhouse-usage")), (json!({ "input_tokens": 641 }), None));
        let seen = play.a.one(&model).await;
        assert_eq!((seen.head.word(1), seen.json()), ("/v1/messages/count_tokens", body(&model)));
        assert_eq!(play.records.of_model(&model).await.get("usage"), None);
        let model = play.model("o");
        let answer = json_to(&play, path, &body(&model)).send().await;
        assert!(
            answer.json()["input_tokens"].as_u64().is_some_and(|tokens| (3..20).contains(&tokens)),
            "{}",
            answer.text()
        );
        assert_eq!((answer.status, answer.header("x-tollhouse-usage")), (200, Some("estimated")));
        assert!(play.o.seen(&model).is_empty());
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["outcome"], &record["surface"]), (&json!("completed"), &json!("count_tokens")), "{record}");
        let answer = json_to(&play, path, &json!({ "model": model })).send().await;
        assert_eq!((answer.status, &answer.json()["error"]["type"]), (400, &json!("invalid_request_error")));
    }
}
