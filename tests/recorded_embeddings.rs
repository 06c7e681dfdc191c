//! Replays recorded embeddings through both roles of the filter, and compares translations with those of other gateways.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Value, json};
use support::pairs::{self, Pair};
use support::recordings::{self, Recording};
use support::rules;
use support::worker::{Answer, Told, Worker};
use tollhouse_filter::base64;
use tollhouse_filter::dialects::{self, EmbeddingFormat};
use tollhouse_filter::hub::embeddings::Encoding;
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::EmbeddingSurface;
use tollhouse_filter::surfaces::embeddings::Embeddings;

/// Wire families of the recordings, and the dialects that read them.
const FAMILIES: &[(&str, &str)] = &[
    ("openai-embeddings", "openai"),
    ("cohere-embed", "cohere"),
    ("gemini-embed", "gemini"),
    ("ollama-embed", "ollama"),
];

/// Providers of the pairs, with the dialect and, where the pair names none of its own, a model.
const PAIRED: &[(&str, &str, Option<&str>)] = &[
    ("vertex-gemini", "vertex-gemini", None),
    ("bedrock-titan-embed", "bedrock-converse", Some("amazon.titan-embed-text-v2:0")),
    ("bedrock-cohere-embed", "bedrock-anthropic", Some("us.cohere.embed-english-v3")),
    ("bedrock-nova-embed", "bedrock-converse", Some("amazon.nova-2-multimodal-embeddings-v1:0")),
];

fn ask(dialect: &str, request: &Value, recording: &Recording) -> Told {
    let answer = Answer { status: recording.status(), headers: recording.headers() };
    let sent = Worker::new(dialect).send_to("/v1/embeddings", request.to_string().as_bytes());
    sent.answer(&answer, [recording.response.as_slice()])
}

/// A vector as SDKs read it: a list of numbers, or floats in base64.
fn dimensions(vector: &Value, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Float => vector.as_array().expect("a list").len(),
        Encoding::Base64 => {
            let bytes = base64::decode(vector.as_str().expect("a text")).unwrap();
            assert_eq!(bytes.len() % 4, 0);
            bytes.len() / 4
        }
    }
}

fn check_vectors(recording: &Recording, told: &Told, encoding: Encoding) {
    let (name, expected) = (&recording.name, &recording.expected);
    assert_eq!(told.status, 200, "{name}");
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(body["object"], "list", "{name}");
    let data = body["data"].as_array().unwrap();
    assert_eq!(Some(data.len() as u64), expected["embeddings"]["count"].as_u64(), "{name}");
    for (at, item) in data.iter().enumerate() {
        let wanted = &expected["embeddings"]["dimensions"][at];
        assert_eq!(Some(dimensions(&item["embedding"], encoding) as u64), wanted.as_u64(), "{name}");
        assert_eq!(item["index"], at, "{name}");
    }
    let tokens = &expected["usage"]["prompt_tokens"];
    assert_eq!(&body["usage"]["prompt_tokens"], tokens, "{name}");
    assert_eq!((&told.record["usage"]["input"], &told.record["usage_source"]), (tokens, &json!("provider")), "{name}");
}

fn check_failure(recording: &Recording, told: &Told) {
    let (name, expected) = (&recording.name, &recording.expected["error"]);
    assert_eq!(Some(u64::from(told.status)), expected["http_status"].as_u64(), "{name}");
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(expected["message_contains"].as_str().unwrap()), "{name}: {message}");
}

#[test]
fn embeddings_are_told_as_recorded_in_both_encodings() {
    for (family, dialect) in FAMILIES {
        for recording in recordings::of(family) {
            for (word, encoding) in [("float", Encoding::Float), ("base64", Encoding::Base64)] {
                let request = json!({ "model": "tier", "input": "hi", "encoding_format": word });
                let told = ask(dialect, &request, &recording);
                match recording.expected.get("error") {
                    Some(_) => check_failure(&recording, &told),
                    None => check_vectors(&recording, &told, encoding),
                }
            }
        }
    }
}

#[test]
fn recorded_requests_of_openai_s_form_pass_but_for_the_model_and_answers_keep_their_bytes() {
    for recording in recordings::of("openai-embeddings") {
        let Some(recorded) = &recording.request else { continue };
        let mut request: Value = serde_json::from_slice(recorded).unwrap();
        request["model"] = "tier".into();
        let sent = Worker::new("openai").send_to("/v1/embeddings", request.to_string().as_bytes()).body();
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        request["model"] = "real-model".into();
        assert_eq!(sent, request, "{}", recording.name);
        if recording.status() == 200 {
            request["model"] = "tier".into();
            assert!(ask("openai", &request, &recording).body == recording.response, "{}", recording.name);
        }
    }
}

#[test]
fn what_a_provider_does_not_count_is_estimated_and_told_as_nothing() {
    let sent = Worker::new("gemini").send_to("/v1/embeddings", br#"{"model":"tier","input":"hello there"}"#);
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let told = sent.answer(&Answer { status: 200, headers }, [&br#"{"embeddings":[{"values":[1]}]}"#[..]]);
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!((&body["usage"]["prompt_tokens"], &body["model"]), (&json!(0), &json!("real-model")));
    assert_eq!((&told.record["usage_source"], &told.record["usage"]["output"]), (&json!("estimated"), &json!(0)));
    assert!(told.record["usage"]["input"].as_u64().unwrap() > 0, "{}", told.record);
}

fn paired(kind: &str) -> Vec<(Pair, &'static dyn EmbeddingFormat, Option<&'static str>)> {
    let of = |(provider, dialect, model): &(&str, &str, Option<&'static str>)| {
        let format = dialects::find(dialect).unwrap().tasks().iter().find_map(|task| task.embeddings()).unwrap();
        let wanted = |pair: &Pair| {
            pair.provider() == *provider && pair.word("client_surface") == "embeddings" && pair.word("kind") == kind
        };
        let pairs = pairs::all().into_iter().filter(wanted);
        pairs.map(|pair| (pair, format, *model)).collect::<Vec<_>>()
    };
    PAIRED.iter().flat_map(of).collect()
}

fn agree(pair: &Pair, ours: &[u8], theirs: Value) {
    let (mut ours, mut theirs) = (serde_json::from_slice(ours).unwrap(), theirs);
    for path in pair.excluded() {
        rules::remove(&mut ours, &path);
        rules::remove(&mut theirs, &path);
    }
    assert_eq!(rules::normal(&ours), rules::normal(&theirs), "{}", pair.name);
}

#[test]
fn requests_are_translated_as_others_do() {
    for (pair, format, model) in paired("request") {
        let asked = pair.bytes("embeddings_request.json");
        let body = Object::parse(&asked).unwrap();
        let own: String = body.read("model").unwrap().unwrap();
        let outbound = format.request(&Embeddings.request(&body).unwrap(), model.unwrap_or(&own)).unwrap();
        agree(&pair, &outbound.body, pair.json("expected_provider_request.json"));
        assert!(outbound.dropped.is_empty(), "{}: {:?}", pair.name, outbound.dropped);
    }
}

#[test]
fn answers_are_translated_as_others_do() {
    for (pair, format, _) in paired("response") {
        let provider = pair.bytes("provider_response.json");
        let answer = format.answer(&provider, &|_| None).unwrap();
        let ours = Embeddings.answer(&answer, Encoding::Float, "any");
        agree(&pair, &ours, pair.json("expected_client_response.json"));
    }
}
