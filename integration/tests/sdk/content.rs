//! What callers ask for and get, over either API.

use std::time::Duration;

use integration::reply::Reply;
use integration::speech::Speech;
use integration::stage;

use crate::house::{FEW, OF_FEW, SPEECHES, house};
use crate::packages::Package;

/// The models of providers that stand for all.
const ORDINARY: [(Speech, &str); 2] = [(Speech::OpenAi, "gpt-5-mini"), (Speech::Anthropic, "claude-sonnet-4-5")];

with_each_package! {
    an_answer_is_a_completion_with_usage
    a_conversation_keeps_its_roles_and_settings
    the_id_of_a_request_is_shown
    many_requests_at_a_time_get_each_its_own_answer
    a_key_is_taken_in_every_form
    the_list_of_models_is_what_the_key_may_use
    a_stream_is_chunks_of_one_completion
    a_stream_tells_its_usage_when_asked
    the_helper_for_streams_sees_events_and_a_whole_completion
    a_tool_is_called_and_its_result_is_heard
    several_tools_are_called_at_once_and_all_results_are_heard
    callers_limit_tools_to_one_at_a_time
    callers_choose_whether_tools_are_called
    streamed_calls_are_told_apart
    arguments_are_parsed_by_the_package
    structured_output_is_parsed_by_the_package
    models_without_schemas_are_asked_for_structured_output_in_words
    a_caller_that_hangs_up_lets_the_provider_go
}

/// Runs a function with both ordinary models.
fn ordinary(package: Package, functions: &[&str]) {
    let Some(house) = house() else { return };
    let models = ORDINARY.map(|(speech, model)| house.strict(speech, model));
    house.run(package, functions, &models.each_ref().map(String::as_str));
}

fn an_answer_is_a_completion_with_usage(package: Package) {
    ordinary(package, &["plain"]);
}

fn a_conversation_keeps_its_roles_and_settings(package: Package) {
    ordinary(package, &["conversation"]);
}

fn the_id_of_a_request_is_shown(package: Package) {
    ordinary(package, &["headers"]);
}

fn many_requests_at_a_time_get_each_its_own_answer(package: Package) {
    ordinary(package, &["many"]);
}

fn a_key_is_taken_in_every_form(package: Package) {
    ordinary(package, &["keys"]);
}

fn the_list_of_models_is_what_the_key_may_use(package: Package) {
    let Some(house) = house() else { return };
    house.run_each(package, FEW, &[("models", &OF_FEW.join(","))]);
}

fn a_stream_is_chunks_of_one_completion(package: Package) {
    ordinary(package, &["streamed"]);
}

fn a_stream_tells_its_usage_when_asked(package: Package) {
    ordinary(package, &["streamed_usage"]);
}

fn the_helper_for_streams_sees_events_and_a_whole_completion(package: Package) {
    ordinary(package, &["helper"]);
}

fn a_tool_is_called_and_its_result_is_heard(package: Package) {
    ordinary(package, &["tool"]);
}

fn several_tools_are_called_at_once_and_all_results_are_heard(package: Package) {
    ordinary(package, &["parallel_tools"]);
    if package == Package::Node {
        ordinary(package, &["tool_runner"]);
    }
}

fn callers_limit_tools_to_one_at_a_time(package: Package) {
    ordinary(package, &["one_tool_at_a_time"]);
}

fn callers_choose_whether_tools_are_called(package: Package) {
    ordinary(package, &["tool_choice"]);
}

fn streamed_calls_are_told_apart(package: Package) {
    ordinary(package, &["streamed_tools"]);
}

fn arguments_are_parsed_by_the_package(package: Package) {
    ordinary(package, &["parsed_tools"]);
}

fn structured_output_is_parsed_by_the_package(package: Package) {
    ordinary(package, &["structured", "structured_stream"]);
}

fn models_without_schemas_are_asked_for_structured_output_in_words(package: Package) {
    let Some(house) = house() else { return };
    let model = house.strict(Speech::Anthropic, "claude-3-5-haiku-latest");
    house.run(package, &["structured", "structured_stream"], &[&model]);
}

fn a_caller_that_hangs_up_lets_the_provider_go(package: Package) {
    let Some(house) = house() else { return };
    for speech in SPEECHES {
        let name = format!("hang-up-{}", package.name());
        let events = [speech.opening(), vec![speech.piece("Say")]].concat();
        let endless = Reply::stream(events).forever(&speech.piece("."), Duration::from_millis(100));
        let model = house.scripted(speech, &name, vec![endless]);
        house.run(package, &["hang_up"], &[&model]);
        let seen = house.seen(speech, &name);
        assert_eq!(seen.len(), 1);
        stage::runtime().block_on(seen[0].gone());
    }
}
