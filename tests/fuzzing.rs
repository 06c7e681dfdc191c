//! Runs the fuzz targets on stable: over the seeds, and over inputs made from them for a while.
//!
//! `FUZZ_SECONDS` is how long each target runs, `SEED` which inputs it gets; both are printed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::mutate::{self, Random};
use support::recordings;
use tollhouse_filter::fuzz::{TARGETS, Target};

/// An input that takes as long as this would hold up every stream of a worker.
const TOO_SLOW: Duration = Duration::from_secs(5);

/// A recording that is longer has nothing that others have not, and takes their time.
const LONG: usize = 8_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The seeds of a target, and recordings where they are present.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = folder("seeds").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seeds: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(!seeds.is_empty(), "{name} has seeds");
    let Some((dialect, kind)) = name.rsplit_once('_') else { return seeds };
    let family = match dialect {
        "anthropic" => "anthropic-messages",
        "bedrock" => "bedrock-converse",
        "cohere" => "cohere-chat",
        "gemini" => "gemini",
        "ollama" => "ollama-chat",
        "openai" => "openai-chat",
        "responses" => "openai-responses",
        _ => return seeds,
    };
    if kind == "request" {
        let requests = recordings::of(family).into_iter().filter_map(|recording| recording.request);
        seeds.extend(requests.filter(|request| request.len() < LONG));
        return seeds;
    }
    let streamed = kind == "stream";
    let recorded = recordings::of(family).into_iter().filter(|recording| recording.is_stream() == streamed);
    seeds.extend(recorded.map(|recording| recording.response).filter(|response| response.len() < LONG));
    seeds
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn run(name: &str, target: Target) {
    let seeds = seeds(name);
    let seed = number("SEED").unwrap_or(0x70_11_40_05_e0);
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2));
    let mut random = Random::new(seed);
    for input in &seeds {
        try_input(name, target, input, seed);
    }
    let (started, mut count) = (Instant::now(), 0u64);
    while started.elapsed() < time {
        try_input(name, target, &mutate::input(&seeds, &mut random), seed);
        count += 1;
    }
    println!("{name}: {} seeds, {count} inputs made with SEED={seed}", seeds.len());
}

fn try_input(name: &str, target: Target, input: &[u8], seed: u64) {
    let started = Instant::now();
    let held = catch_unwind(|| target(input)).is_ok();
    assert!(held, "{name} fails, SEED={seed}: b\"{}\"", input.escape_ascii());
    assert!(started.elapsed() < TOO_SLOW, "{name} is slow, SEED={seed}: b\"{}\"", input.escape_ascii());
}

macro_rules! hold {
    ($($test:ident: $name:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            let (name, target) = TARGETS.iter().find(|(name, _)| *name == stringify!($name)).unwrap();
            run(name, *target);
        })*

        /// The targets that have a test.
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

hold! {
    any_answer_of_anthropic_is_read_or_refused: anthropic_answer,
    any_stream_of_anthropic_is_read_or_refused: anthropic_stream,
    any_answer_of_bedrock_is_read_or_refused: bedrock_answer,
    any_stream_of_bedrock_is_read_or_refused: bedrock_stream,
    any_chat_request_is_written_or_refused: chat_request,
    any_answer_of_cohere_is_read_or_refused: cohere_answer,
    any_stream_of_cohere_is_read_or_refused: cohere_stream,
    any_request_for_completions_is_written_or_refused: completions_request,
    any_document_is_valid_or_refused: config,
    any_answer_with_embeddings_is_read_or_refused: embeddings_answer,
    any_request_for_embeddings_is_written_or_refused: embeddings_request,
    any_frames_are_the_same_however_they_are_cut: event_stream,
    any_request_is_forwarded_or_refused: gateway_request,
    any_answer_of_gemini_is_read_or_refused: gemini_answer,
    any_stream_of_gemini_is_read_or_refused: gemini_stream,
    any_object_is_written_as_it_was_read: json,
    any_lines_are_the_same_however_they_are_cut: lines,
    any_request_for_messages_is_written_or_refused: messages_request,
    any_form_is_read_alike_or_refused: multipart,
    any_answer_of_ollama_is_read_or_refused: ollama_answer,
    any_stream_of_ollama_is_read_or_refused: ollama_stream,
    any_answer_of_openai_is_read_or_refused: openai_answer,
    any_stream_of_openai_is_read_or_refused: openai_stream,
    any_answer_of_a_provider_reaches_the_caller: provider_answer,
    any_answer_of_responses_is_read_or_refused: responses_answer,
    any_request_for_responses_is_written_or_refused: responses_request,
    any_stream_of_responses_is_read_or_refused: responses_stream,
    any_server_sent_events_are_the_same_however_they_are_cut: sse,
}

#[test]
fn every_target_has_a_test_a_file_and_seeds() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets, TESTED.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(targets, names(&folder("fuzz_targets")));
    assert_eq!(targets, names(&folder("seeds")));
    let manifest = std::fs::read_to_string(folder("Cargo.toml")).unwrap();
    for target in &targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target} is a binary");
        let text = std::fs::read_to_string(folder("fuzz_targets").join(format!("{target}.rs"))).unwrap();
        assert!(text.contains(&format!("fuzz::{target}(data)")), "{target}.rs calls {target}");
    }
}
