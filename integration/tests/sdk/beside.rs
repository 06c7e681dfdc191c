//! What callers get beside conversations: counts of tokens, lists, vectors, completions, and what passes as it is.

use integration::document::KEY;
use integration::speech::Speech;

use crate::house::{FEW, OF_FEW, house};
use crate::packages::Package;

with_each_package! {
    tokens_are_counted_by_the_provider_or_estimated
    vectors_come_from_every_dialect_that_has_some
    completions_pass_to_their_own_models_and_become_conversations_elsewhere
    images_sound_moderations_files_and_batches_pass
    a_key_that_may_use_little_sees_few_models_and_gets_no_others_in_forms_and_no_files
}

/// A model of vectors for each dialect.
const OF_VECTORS: [&str; 4] =
    ["openai/text-embedding-3-small", "cohere/embed-v4.0", "gemini/gemini-embedding-001", "ollama/nomic-embed-text"];

fn tokens_are_counted_by_the_provider_or_estimated(package: Package) {
    let Some(house) = house() else { return };
    let model = house.strict(Speech::Anthropic, "claude-sonnet-4-5");
    let asked = [
        ("messages.counted", &*model),
        ("messages.counted", "gemini/gemini-3-pro-preview"),
        ("messages.estimated", "openai/gpt-5-estimated"),
    ];
    house.run_each(package, KEY, &asked);
    assert!(house.seen(Speech::OpenAi, "gpt-5-estimated").is_empty(), "an estimate is the gateway's own");
}

fn vectors_come_from_every_dialect_that_has_some(package: Package) {
    let Some(house) = house() else { return };
    house.strict(Speech::OpenAi, "text-embedding-3-small");
    let mut asked = OF_VECTORS.map(|model| ("embeddings.vectors", model)).to_vec();
    asked.extend((package == Package::Node).then_some(("vercel.vectors", "cohere/embed-v4.0")));
    house.run_each(package, KEY, &asked);
}

fn completions_pass_to_their_own_models_and_become_conversations_elsewhere(package: Package) {
    let Some(house) = house() else { return };
    let passes = format!("gpt-3.5-turbo-instruct-{}", package.name());
    // OpenAI has no completions by this one.
    let converses = format!("gpt-5-completes-{}", package.name());
    let openai = [&passes, &converses].map(|model| house.strict(Speech::OpenAi, model));
    let anthropic = house.strict(Speech::Anthropic, "claude-sonnet-4-5");
    house.run(package, &["completions.plain", "completions.streamed"], &[&openai[0], &openai[1], &anthropic]);
    for (model, path) in [(passes, "/v1/completions"), (converses, "/v1/chat/completions")] {
        let seen = house.seen(Speech::OpenAi, &model);
        assert!(seen.len() == 3 && seen.iter().all(|seen| seen.head.word(1) == path), "{model}");
    }
}

fn images_sound_moderations_files_and_batches_pass(package: Package) {
    let Some(house) = house() else { return };
    let asked = [
        ("passing.images", "gpt-image-1"),
        ("passing.transcription", "gpt-4o-transcribe"),
        ("passing.speech", "gpt-4o-mini-tts"),
        ("passing.moderations", "omni-moderation-latest"),
        // Files have no model.
        ("passing.files", ""),
    ];
    let asked = asked.map(|(function, model)| (function, house.strict(Speech::OpenAi, model)));
    house.run_each(package, KEY, &asked.each_ref().map(|(function, model)| (*function, model.as_str())));
}

fn a_key_that_may_use_little_sees_few_models_and_gets_no_others_in_forms_and_no_files(package: Package) {
    let Some(house) = house() else { return };
    let few = OF_FEW.join(",");
    house.run_each(package, FEW, &[("messages.models", &few), ("passing.denied", "openai/of-others")]);
    assert!(house.seen(Speech::OpenAi, "of-others").is_empty());
}
