use super::super::{BedrockAnthropic, VertexAnthropic};
use super::*;
use crate::dialects::{Address, Dialect, Settings};
use crate::json::Object;
use crate::stream::Framing;
use crate::surfaces::Asked;
use crate::wire::Wire;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn format(dialect: &dyn Dialect) -> &'static dyn ChatFormat {
    dialect.tasks()[0].chat().unwrap()
}

fn sent(dialect: &dyn Dialect, chat: &ChatRequest<'_>) -> (Value, Outbound) {
    let outbound = format(dialect).request(chat, MODEL).unwrap();
    (serde_json::from_slice(&outbound.body).unwrap(), outbound)
}

fn frame(name: &str, data: &str) -> sse::Event {
    sse::Event { name: name.to_owned(), data: data.to_owned() }
}

/// `{"type":"message_start","message":{"id":"m"}}`
const START: &str = r#"{"bytes":"eyJ0eXBlIjoibWVzc2FnZV9zdGFydCIsIm1lc3NhZ2UiOnsiaWQiOiJtIn19","p":"abc"}"#;
/// `{"type":"message_stop","amazon-bedrock-invocationMetrics":{}}`
const STOP: &str =
    r#"{"bytes":"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIiwiYW1hem9uLWJlZHJvY2staW52b2NhdGlvbk1ldHJpY3MiOnt9fQ=="}"#;

#[test]
fn the_path_tells_model_and_stream() {
    let settings =
        Settings { project: Some("p".to_owned()), location: Some("eu-west1".to_owned()), ..Settings::default() };
    let path = |dialect: &dyn Dialect, model: &str, stream, settings: &Settings| {
        dialect.path(&Address { wire: Wire::AnthropicMessages, model, stream, settings })
    };
    assert_eq!(path(&BedrockAnthropic, "a.c-v1:0", false, &settings), "/model/a.c-v1%3A0/invoke");
    assert_eq!(path(&BedrockAnthropic, "m", true, &settings), "/model/m/invoke-with-response-stream");
    let models = "/projects/p/locations/eu-west1/publishers/anthropic/models";
    assert_eq!(path(&VertexAnthropic, "c@1", false, &settings), format!("{models}/c@1:rawPredict"));
    assert_eq!(path(&VertexAnthropic, "c@1", true, &settings), format!("{models}/c@1:streamRawPredict"));
    assert!(path(&VertexAnthropic, "c", true, &Settings::default()).contains("/locations/global/"));
    for dialect in [&BedrockAnthropic as &dyn Dialect, &VertexAnthropic] {
        assert_eq!(dialect.credential("k"), ("authorization", "Bearer k".to_owned()));
    }
}

#[test]
fn bodies_have_the_hosts_version_in_place_of_the_model() {
    let chat = ChatRequest { stream: true, ..hello() };
    let (bedrock, _) = sent(&BedrockAnthropic, &chat);
    assert_eq!(bedrock["anthropic_version"], "bedrock-2023-05-31");
    assert!(bedrock.get("model").is_none() && bedrock.get("stream").is_none());
    let (vertex, _) = sent(&VertexAnthropic, &chat);
    assert_eq!((&vertex["anthropic_version"], &vertex["stream"]), (&"vertex-2023-10-16".into(), &true.into()));
    assert!(vertex.get("model").is_none());
}

#[test]
fn requests_of_the_same_format_pass_with_the_hosts_particulars_only() {
    let body = br#"{"model":"alias","stream":true,"max_tokens":5,"messages":[ 1 ]}"#;
    let asked = Asked { model: "alias".to_owned(), stream: true, ..Asked::default() };
    let passed = |dialect: &dyn Dialect| {
        String::from_utf8(format(dialect).pass_request(&Object::parse(body).unwrap(), &asked, "m").body).unwrap()
    };
    let bedrock = r#"{"max_tokens":5,"messages":[ 1 ],"anthropic_version":"bedrock-2023-05-31"}"#;
    assert_eq!(passed(&BedrockAnthropic), bedrock);
    let vertex = r#"{"stream":true,"max_tokens":5,"messages":[ 1 ],"anthropic_version":"vertex-2023-10-16"}"#;
    assert_eq!(passed(&VertexAnthropic), vertex);
}

#[test]
fn betas_of_the_header_go_where_the_host_reads_them_if_it_knows_them() {
    let betas = ["claude-code-20250219", "interleaved-thinking-2025-05-14", "context-1m-2025-08-07"];
    let asked = Asked { betas: betas.map(str::to_owned).into(), ..Asked::default() };
    let passed = |dialect: &dyn Dialect, body: &str| {
        format(dialect).pass_request(&Object::parse(body.as_bytes()).unwrap(), &asked, "m")
    };
    let body = r#"{"anthropic_beta":["new-2027-01-01","context-1m-2025-08-07"]}"#;
    let bedrock = passed(&BedrockAnthropic, body);
    let (sent, none): (Value, Vec<(&str, String)>) = (serde_json::from_slice(&bedrock.body).unwrap(), Vec::new());
    let wanted = serde_json::json!(["new-2027-01-01", "context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]);
    assert_eq!((&sent["anthropic_beta"], &bedrock.headers), (&wanted, &none), "what the body says passes");
    assert_eq!(bedrock.dropped, ["anthropic-beta:claude-code-20250219"]);
    let vertex = passed(&VertexAnthropic, "{}");
    let header = "interleaved-thinking-2025-05-14,context-1m-2025-08-07".to_owned();
    assert_eq!((vertex.headers, vertex.dropped), (vec![("anthropic-beta", header)], bedrock.dropped));
    assert!(VertexAnthropic.caller_headers().is_empty(), "else the others would go too");
    assert!(passed(&Anthropic, "{}").headers.is_empty(), "the caller's own header passes");
}

#[test]
fn members_that_a_host_refuses_are_left_out_of_what_passes() {
    let body = r#"{"service_tier":"auto","container":"c","cache_control":{"type":"ephemeral"},"top_k":5}"#;
    let dropped = |dialect: &dyn Dialect| {
        let sent = format(dialect).pass_request(&Object::parse(body.as_bytes()).unwrap(), &Asked::default(), "m");
        assert!(String::from_utf8(sent.body).unwrap().contains("\"top_k\":5"));
        sent.dropped
    };
    assert_eq!(dropped(&BedrockAnthropic), ["cache_control", "container", "service_tier"]);
    assert_eq!(dropped(&VertexAnthropic), ["cache_control", "service_tier"]);
    assert!(dropped(&Anthropic).is_empty());
}

#[test]
fn what_a_host_does_not_have_is_refused_or_dropped() {
    let asking = |part: PartKind<'static>| chat(vec![message(Role::User, parts(vec![part]))]);
    let image = || asking(PartKind::ImageUrl("https://x/y.png".into()));
    let error = format(&BedrockAnthropic).request(&image(), MODEL).unwrap_err();
    assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[0].content[0]")));
    assert!(format(&VertexAnthropic).request(&image(), MODEL).is_ok());
    let file = || crate::hub::request::File { file_id: Some("file_1".into()), ..Default::default() };
    for dialect in [&BedrockAnthropic as &dyn Dialect, &VertexAnthropic] {
        assert_eq!(format(dialect).request(&asking(PartKind::File(file())), MODEL).unwrap_err().status, 400);
        let hint = Some(raw(r#"{"type":"ephemeral"}"#));
        let chat = ChatRequest { service_tier: Some("flex".into()), cache_control: hint, ..hello() };
        let (body, outbound) = sent(dialect, &chat);
        assert!(body.get("service_tier").is_none() && body.get("cache_control").is_none());
        assert_eq!(outbound.dropped, ["service_tier"]);
        let (_, outbound) = sent(dialect, &ChatRequest { service_tier: Some("auto".into()), ..hello() });
        assert!(outbound.dropped.is_empty(), "it is the host's only one");
    }
}

#[test]
fn frames_are_unwrapped_and_read_as_anthropics_events() {
    assert_eq!(format(&BedrockAnthropic).framing(), Framing::EventStream);
    let (mut reader, mut out) = (format(&BedrockAnthropic).stream(), Vec::new());
    assert_eq!(reader.read(&frame("chunk", START), &mut out), Ok(Progress::Open));
    assert_eq!(reader.read(&frame("brandNew", "x"), &mut out), Ok(Progress::Open));
    assert_eq!(out, [Event::Start { id: Some("m".into()), model: None, created: None }]);
    assert_eq!(reader.end(&mut out).unwrap_err().status, 502);
    assert_eq!(reader.read(&frame("chunk", STOP), &mut out), Ok(Progress::Done));
    assert_eq!(reader.end(&mut out), Ok(()));
}

#[test]
fn frames_pass_to_callers_of_the_same_format_as_events_with_names() {
    let asked = Asked { model: "m".to_owned(), stream: true, ..Asked::default() };
    let mut passer = format(&BedrockAnthropic).pass_stream(&asked);
    let (mut events, mut out) = (Vec::new(), Vec::new());
    assert_eq!(passer.pass(&frame("chunk", START), &mut events, &mut out), Ok(Progress::Open));
    let expected = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!(passer.end(&mut events, &mut Vec::new()).unwrap_err().status, 502);
}

#[test]
fn a_failure_of_the_model_s_own_server_is_read_in_its_form() {
    let body = br#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let error = format(&BedrockAnthropic).error(400, body, &|_| None);
    assert_eq!((error.message.as_str(), error.original.as_deref()), ("no", Some(body.as_slice())));
}

#[test]
fn exceptions_and_frames_without_an_event_are_failures() {
    let read = |name: &str, data: &str| {
        format(&BedrockAnthropic).stream().read(&frame(name, data), &mut Vec::new()).unwrap_err()
    };
    let error = read("exception:throttlingException", r#"{"message":"Slow down"}"#);
    assert_eq!((error.status, error.message.as_str()), (429, "Slow down"));
    for data in ["", "{}", r#"{"bytes":"*"}"#, r#"{"bytes":"/w=="}"#] {
        assert_eq!(read("chunk", data).code.as_deref(), Some("broken_stream"), "{data}");
    }
}

#[test]
fn bedrocks_failures_are_named_by_their_header_and_googles_by_their_status() {
    let header = |name: &str| (name == "x-amzn-errortype").then(|| "AccessDeniedException".to_owned());
    let bedrock = format(&BedrockAnthropic).error(403, br#"{"message":"No"}"#, &header);
    assert_eq!((bedrock.message.as_str(), bedrock.code.as_deref()), ("No", Some("AccessDeniedException")));
    let body = br#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#;
    let google = format(&VertexAnthropic).error(429, body, &|_| None);
    assert_eq!((google.message.as_str(), google.code.as_deref()), ("Quota", Some("RESOURCE_EXHAUSTED")));
}
