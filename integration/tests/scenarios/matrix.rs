//! Every API of callers before every API of providers, which take no request that is not their own.

use integration::speech::PROMPT;
use integration::strict::{Api, End, HOSTS, INPUT, OUTPUT, THOUGHT, begun};
use serde_json::{Value, json};
use tollhouse_filter::dialects::DIALECTS;

mod chat;
mod claude_code;
mod failover;
mod house;
mod messages;
mod responses;
pub(crate) mod surface;

use house::{Case, each, house};
use surface::{STOP, SURFACES, SYSTEM, TEMPERATURE, Talk, Then, Told, events};

#[test]
fn every_dialect_has_a_strict_provider() {
    for dialect in DIALECTS {
        assert!(HOSTS.iter().any(|host| host.dialect == dialect.name()), "none for {}", dialect.name());
    }
}

/// Asks, and reads the answer.
async fn ask(case: Case, model: &str, talk: &Talk) -> Told {
    let body = case.surface.body(&format!("{}/{model}", case.host.name), talk);
    let answer = house().send(case.surface, &body).await;
    assert_eq!((answer.status, answer.whole), (200, true), "{}", answer.text());
    if talk.stream { case.surface.streamed(&events(&answer)) } else { case.surface.whole(&answer.json()) }
}

/// What is spoken to the provider.
fn api(case: Case) -> &'static dyn Api {
    case.host.api(case.surface.name())
}

#[tokio::test]
async fn text_comes_back_with_its_usage_and_its_end() {
    each(|case| async move {
        for (test, user, end) in [
            ("say", format!("Say hello. {PROMPT}"), End::Whole),
            ("much", "Say too much.".to_owned(), End::Limit),
            ("bad", "Say something bad.".to_owned(), End::Filter),
        ] {
            let (model, talk) = (case.model(test), Talk::new(&user, case.stream));
            let told = ask(case, &model, &talk).await;
            assert_eq!((told.text.as_str(), told.thought.as_str()), (&*format!("({SYSTEM}) You said: {user}"), ""));
            let wordless = ["cohere", "ollama"].contains(&api(case).name()) && end == End::Filter;
            assert_eq!(told.end, Some(if wordless { End::Whole } else { end }));
            assert_eq!(told.usage, Some((INPUT, OUTPUT, api(case).counts())));
            let asked = &house().asked(case.host, &model)[0];
            assert_eq!((asked.limit, asked.temperature), (Some(99), Some(TEMPERATURE)));
        }
    })
    .await;
    // A record of each, with the same numbers.
    for record in house().gateway.records.wait(SURFACES.len() * HOSTS.len() * 2, "-say-").await {
        let usage = ["input", "output"].map(|kind| record["usage"][kind].as_u64());
        assert_eq!((usage, &record["usage_source"]), ([Some(INPUT), Some(OUTPUT)], &json!("provider")), "{record}");
    }
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_and_the_signed_thought_come_back() {
    each(|case| async move {
        let model = case.model("tool");
        let mut talk = Talk { tool: true, ..Talk::new("Weather of Z\u{fc}rich?", case.stream) };
        if !api(case).has_tools() {
            return refused(case, &model, &talk).await;
        }
        let told = ask(case, &model, &talk).await;
        let thought = if api(case).shows_thoughts() { THOUGHT } else { "" };
        assert_eq!((told.text.as_str(), told.thought.as_str(), told.end), ("", thought, Some(End::Calls)));
        assert_eq!(told.usage, Some((INPUT, OUTPUT, api(case).counts())));
        let [call] = told.calls.as_slice() else { panic!("{told:?}") };
        assert_eq!(call.name, "weather");
        assert_eq!(serde_json::from_str::<Value>(&call.arguments).unwrap(), json!({ "city": "Z\u{fc}rich" }));
        let made = ["gemini", "ollama"].contains(&api(case).name());
        assert!(!call.id.is_empty() && (made || call.id == "call_up_0"), "{call:?}");

        let results = vec![(call.id.clone(), "rain".to_owned())];
        talk.then = Some(Then { turn: told.turn, results });
        let told = ask(case, &model, &talk).await;
        assert_eq!((told.text.as_str(), told.end, told.calls.len()), ("I heard: rain", Some(End::Whole), 0));
        let asked = house().asked(case.host, &model);
        assert!(asked[0].thinking && asked[0].tool.as_deref() == Some("weather"), "{:?}", asked[0]);
        if holds_signatures(case) {
            assert_eq!(asked[1].signatures.len(), usize::from(api(case).signs()), "{:?}", asked[1]);
        }
    })
    .await;
}

/// Can the caller's API hold the signatures that this provider gives? Responses and others have no place for each other's,
/// and Messages none for that of a call.
fn holds_signatures(case: Case) -> bool {
    case.surface.name() == "responses" || api(case).name() != "responses"
}

/// The provider has no tools, and says so itself.
async fn refused(case: Case, model: &str, talk: &Talk) {
    let body = case.surface.body(&format!("{}/{model}", case.host.name), talk);
    let answer = house().send(case.surface, &body).await;
    let failure = case.surface.failure(&answer.json());
    assert_eq!((answer.status, failure.message.as_str()), (400, "the strict provider refuses: it has no tools"));
}

#[tokio::test]
async fn a_failure_keeps_its_status_and_its_message() {
    each(|case| async move {
        for (status, message) in [(400, "Too odd."), (429, "Too often."), (500, "Broken.")] {
            let model = case.model(&format!("fail{status}"));
            let host = case.host;
            house().provider(host).script(&model, move |seen, _| match host.read(seen) {
                Ok(_) => host.fail(seen, status, message),
                Err(fault) => host.fail(seen, 418, &fault),
            });
            let body = case.surface.body(&format!("{}/{model}", host.name), &Talk::new(PROMPT, case.stream));
            let answer = house().send(case.surface, &body).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let failure = case.surface.failure(&answer.json());
            assert_eq!(failure.message, message, "{}", answer.text());
            assert!(kinds(case, status).contains(&failure.kind), "{}", answer.text());
        }
    })
    .await;
}

/// The types that a failure may have: one by its status, or the provider's own where its form passes. Azure's has none.
fn kinds(case: Case, status: u16) -> Vec<String> {
    let mut kinds = vec![case.surface.kind(status).to_owned()];
    if case.surface.name() != "messages" {
        let own = &api(case).failure(status, "")["error"]["type"];
        let azure = case.host.dialect == "azure-openai";
        kinds.extend(own.as_str().or(azure.then_some("")).map(str::to_owned));
    }
    kinds
}

#[tokio::test]
async fn a_failure_inside_a_stream_becomes_the_callers_event() {
    for told in [Some("It broke."), None] {
        each(move |case| async move {
            if case.stream {
                broken(case, told).await;
            }
        })
        .await;
    }
}

/// A stream in which all is said, but that does not end well: it tells a failure, or nothing more.
async fn broken(case: Case, message: Option<&'static str>) {
    let (model, host) = (case.model(message.map_or("cut", |_| "break")), case.host);
    house().provider(host).script(&model, move |seen, _| {
        let (api, asked) = match host.read(seen) {
            Ok(read) => read,
            Err(fault) => return host.fail(seen, 418, &fault),
        };
        let stream = api.stream(&asked.answer());
        let failure = message.map(|message| api.failure_event(message));
        begun(api).chunks(stream.opening).chunks(stream.content).chunks(failure).end()
    });
    let told = ask(case, &model, &Talk::new(PROMPT, true)).await;
    assert_eq!((told.text, told.end), (format!("({SYSTEM}) You said: {PROMPT}"), None));
    let failure = told.failure.expect("a failure").message;
    assert!(message.is_none_or(|message| failure == message) && !failure.is_empty(), "{failure}");
}

#[tokio::test]
async fn what_a_provider_cannot_be_told_is_named() {
    each(|case| async move {
        let model = case.model("stop");
        let body = case.surface.body(&format!("{}/{model}", case.host.name), &Talk::new(PROMPT, case.stream));
        let answer = house().send(case.surface, &body).await;
        let dropped = answer.header("x-tollhouse-dropped").unwrap_or_default();
        let asked = &house().asked(case.host, &model)[0];
        // Responses have no word for it on either side.
        let (says, takes) = (case.surface.name() != "responses", api(case).name() != "responses");
        assert_eq!(asked.stop, if says && takes { vec![STOP] } else { Vec::new() });
        assert_eq!(dropped.split(", ").any(|name| name == "stop"), says && !takes, "{dropped}");
    })
    .await;
}
