//! What translators write, judged by the types of the official packages.
//!
//! The filter's own code translates here, without Envoy: every answer and every request to every API. What it wrote
//! goes to a file, and `integration/sdk/python/types` reads that.

use std::fs;
use std::io::Write;

use serde_json::{Value, json};
use tollhouse_filter::dialects::{self, ChatFormat, Dialect, Progress};
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, chat::Chat, messages::Messages, responses::Responses};
use tollhouse_filter::wire::Wire;

use crate::packages;

#[path = "../../../tests/support/pairs.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests take more of it")]
mod pairs;
#[path = "../../../tests/support/recordings.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests take more of it")]
mod recordings;
mod samples;

const SURFACES: [&dyn ChatSurface; 3] = [&Chat, &Messages, &Responses];

/// Something written, and whose type it must be of.
type Written = Value;

#[test]
fn translations_are_of_the_official_types() {
    if packages::left_out() {
        return;
    }
    let written: Vec<Written> = [answers(), streams(), failures(), requests()].into_iter().flatten().collect();
    let path = packages::folder("types").join("written.jsonl");
    let mut file = fs::File::create(&path).expect("a file");
    for one in &written {
        writeln!(file, "{one}").expect("a line");
    }
    packages::check_types(&path);
}

/// A text that a translator has written. It may be no JSON at all, so it travels as a text.
fn written(kind: &str, surface: &str, of: &str, text: &[u8]) -> Written {
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    json!({ "kind": kind, "api": surface, "of": of, "text": text })
}

fn answers() -> Vec<Written> {
    let mut out = Vec::new();
    for sample in samples::answers().into_iter().chain(recorded(|r| r.status() == 200 && !r.is_stream())) {
        let name = &sample.name;
        out.extend(SURFACES.map(|to| match sample.format.answer(&sample.body) {
            Ok(said) => written("answer", to.name(), name, &to.answer(&said, &context())),
            // Some providers tell failures with a status of success.
            Err(error) => written("error", to.name(), name, &to.error(&error)),
        }));
    }
    out
}

fn streams() -> Vec<Written> {
    let mut out = Vec::new();
    for sample in samples::streams().into_iter().chain(recorded(|r| r.status() == 200 && r.is_stream())) {
        let (said, failure) = read(&sample);
        for surface in SURFACES {
            let kind = if failure.is_some() { "broken stream" } else { "stream" };
            out.push(written(kind, surface.name(), &sample.name, &tell(surface, &said, failure.as_ref())));
        }
    }
    out
}

fn failures() -> Vec<Written> {
    let mut out = Vec::new();
    for (sample, status) in recorded_failures() {
        let error = sample.format.error(status, &sample.body, &|_| None);
        out.extend(SURFACES.map(|to| written("error", to.name(), &sample.name, &to.error(&error))));
    }
    out
}

/// Every request to every API but the caller's own; what cannot be said there is refused, which other tests look at.
fn requests() -> Vec<Written> {
    let mut out = Vec::new();
    for asked in samples::requests().into_iter().chain(samples::recorded_requests()) {
        let body = Object::parse(&asked.body).unwrap_or_else(|error| panic!("{}: {error:?}", asked.name));
        let Ok(chat) = asked.surface.request(&body) else { continue };
        for dialect in dialects::DIALECTS {
            let format = spoken_by(*dialect);
            if format.wire() == asked.surface.wire() {
                continue;
            }
            let Ok(outbound) = format.request(&chat, "some-model") else { continue };
            let of = format!("{} of {}", asked.surface.name(), asked.name);
            out.push(written("request", dialect.name(), &of, &outbound.body));
        }
    }
    out
}

/// An answer of a provider.
struct Sample {
    name: String,
    format: &'static dyn ChatFormat,
    body: Vec<u8>,
}

fn recorded(filter: fn(&recordings::Recording) -> bool) -> impl Iterator<Item = Sample> {
    recordings::all().into_iter().filter(filter).filter_map(|recording| {
        let format = spoken(&recording)?;
        Some(Sample { name: recording.name, format, body: recording.response })
    })
}

fn recorded_failures() -> Vec<(Sample, u16)> {
    let failed = recordings::all().into_iter().filter(|recording| recording.status() != 200);
    let sample = |recording: recordings::Recording| {
        let (format, status) = (spoken(&recording)?, recording.status());
        Some((Sample { name: recording.name, format, body: recording.response }, status))
    };
    failed.filter_map(sample).collect()
}

/// The format of a recording; `None` for APIs that are not chat.
fn spoken(recording: &recordings::Recording) -> Option<&'static dyn ChatFormat> {
    let provider = recording.name.split('/').next().unwrap_or_default();
    let dialect = match recording.meta["wire_family"].as_str().unwrap_or_default() {
        "openai-chat" => {
            let own = dialects::find(provider).map(spoken_by);
            return Some(own.filter(|own| own.wire() == Wire::OpenAiChat).unwrap_or_else(|| format("openai")));
        }
        "anthropic-messages" => "anthropic",
        "bedrock-invoke" => "bedrock-anthropic",
        "cohere-chat" => "cohere",
        "ollama-chat" => "ollama",
        same @ ("bedrock-converse" | "gemini" | "openai-responses" | "vertex-anthropic") => same,
        _ => return None,
    };
    Some(format(dialect))
}

fn format(dialect: &str) -> &'static dyn ChatFormat {
    spoken_by(dialects::find(dialect).expect("a dialect"))
}

/// The format of chats to which callers are translated.
fn spoken_by(dialect: &dyn Dialect) -> &'static dyn ChatFormat {
    dialect.tasks().iter().find_map(|task| task.chat()).expect("a dialect of chats")
}

fn read(sample: &Sample) -> (Vec<Event<'static>>, Option<ApiError>) {
    let mut decoder = sample.format.framing().decoder(8 << 20);
    decoder.push(&sample.body);
    let (mut reader, mut out) = (sample.format.stream(), Vec::new());
    // A damaged frame ends the stream.
    while let Ok(Some(event)) = decoder.next() {
        match reader.read(&event, &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (out, None),
            Err(error) => return (out, Some(error)),
        }
    }
    let error = reader.end(&mut out).err();
    (out, error)
}

fn tell(surface: &dyn ChatSurface, said: &[Event<'_>], failure: Option<&ApiError>) -> Vec<u8> {
    let (mut writer, mut out) = (surface.stream(context()), Vec::new());
    said.iter().for_each(|event| writer.write(event, &mut out));
    match failure {
        Some(error) => out.extend(surface.stream_error(error)),
        None => writer.end(&mut out),
    }
    out
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1_700_000_000, model, include_usage: true, legacy_functions: false }
}
