//! What callers are told when something fails, and how often their packages try again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use integration::document::KEY;
use integration::provider::Seen;
use integration::reply::Reply;
use integration::speech::Speech;
use integration::stage;

use crate::house::{CALLERS, SPEECHES, house};
use crate::packages::Package;

with_each_package! {
    a_wrong_or_missing_key_is_an_authentication_error
    an_unknown_model_is_not_found
    paths_that_the_gateway_does_not_serve_are_not_found
    a_request_that_a_provider_refuses_is_a_bad_request_and_not_tried_again
    a_request_that_nobody_can_read_is_a_bad_request
    a_rate_limit_is_one_after_all_retries
    a_rate_limit_that_ends_is_waited_for_as_long_as_the_provider_says
    a_provider_that_says_never_is_not_asked_again
    a_failing_provider_is_asked_again
    a_provider_that_recovers_answers_the_retry
    an_error_in_a_stream_is_raised_after_its_content
    a_stream_that_breaks_off_is_an_error_in_it
    a_stream_without_its_end_marker_is_an_error_in_it
    a_caller_that_does_not_wait_is_not_waited_for
}

/// Runs a function of every caller against providers that first do this, for models that no other test uses, and
/// counts the requests that reach them. Returns these.
fn against(
    package: Package,
    function: &str,
    first: impl Fn(Speech) -> Vec<Reply>,
    requests: usize,
) -> Vec<Vec<Arc<Seen>>> {
    static CASES: AtomicUsize = AtomicUsize::new(0);
    let Some(house) = house() else { return Vec::new() };
    let cases = CALLERS.map(|caller| {
        let name = format!("{function}-{}", CASES.fetch_add(1, Ordering::Relaxed));
        (format!("{caller}.{function}"), SPEECHES.map(|speech| house.scripted(speech, &name, first(speech))), name)
    });
    let asked = cases.iter().flat_map(|(function, models, _)| models.each_ref().map(|model| (&**function, &**model)));
    house.run_each(package, KEY, &asked.collect::<Vec<_>>());
    let seen = |(function, _, name): &(String, _, String)| {
        SPEECHES.map(|speech| {
            let seen = house.seen(speech, name);
            assert_eq!(seen.len(), requests, "requests of {function} to {speech}");
            seen
        })
    };
    cases.iter().flat_map(seen).collect()
}

/// A failure, with these headers.
pub(crate) fn failure(speech: Speech, status: u16, headers: &[(&str, &str)]) -> Reply {
    let kind = match (speech, status) {
        (_, 400) => "invalid_request_error",
        (Speech::OpenAi, 429) => "rate_limit_exceeded",
        (Speech::Anthropic, 429) => "rate_limit_error",
        (Speech::OpenAi, _) => "server_error",
        (Speech::Anthropic, _) => "api_error",
    };
    let reply = Reply::new(status).header("content-type", "application/json");
    let reply = headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
    reply.body(speech.failure(kind).to_string())
}

fn a_wrong_or_missing_key_is_an_authentication_error(package: Package) {
    against(package, "no_key", |_| Vec::new(), 0);
}

fn an_unknown_model_is_not_found(package: Package) {
    let Some(house) = house() else { return };
    let functions = CALLERS.map(|caller| format!("{caller}.no_model"));
    let functions = functions.each_ref().map(String::as_str);
    house.run(package, &functions, &["nobody", "nobody/knows", "gpt-5-mini"]);
}

fn paths_that_the_gateway_does_not_serve_are_not_found(package: Package) {
    let Some(house) = house() else { return };
    let name = format!("no-surface-{}", package.name());
    house.run(package, &["no_surface"], &[&house.strict(Speech::OpenAi, &name)]);
    assert!(house.seen(Speech::OpenAi, &name).is_empty());
}

fn a_request_that_a_provider_refuses_is_a_bad_request_and_not_tried_again(package: Package) {
    against(package, "bad_request", |speech| vec![failure(speech, 400, &[])], 1);
}

fn a_request_that_nobody_can_read_is_a_bad_request(package: Package) {
    let Some(house) = house() else { return };
    // What is passed on without being translated is the provider's to judge.
    for (speech, requests) in [(Speech::OpenAi, 2), (Speech::Anthropic, 0)] {
        let name = format!("bad-messages-{}", package.name());
        house.run(package, &["bad_messages"], &[&house.strict(speech, &name)]);
        assert_eq!(house.seen(speech, &name).len(), requests, "{speech}");
    }
}

fn a_rate_limit_is_one_after_all_retries(package: Package) {
    against(package, "rate_limit", |speech| vec![failure(speech, 429, &[("retry-after-ms", "20")]); 3], 3);
}

fn a_rate_limit_that_ends_is_waited_for_as_long_as_the_provider_says(package: Package) {
    // Longer than either package waits by itself before its first retry.
    let limited = |speech| vec![failure(speech, 429, &[("retry-after", "1")])];
    for function in ["retried", "retried_stream"] {
        for seen in against(package, function, limited, 2) {
            let waited = seen[1].at - seen[0].at;
            assert!(waited >= Duration::from_millis(990), "{waited:?}");
        }
    }
}

fn a_provider_that_says_never_is_not_asked_again(package: Package) {
    against(package, "rate_limit", |speech| vec![failure(speech, 429, &[("x-should-retry", "false")])], 1);
}

fn a_failing_provider_is_asked_again(package: Package) {
    against(package, "server_error", |speech| vec![failure(speech, 500, &[]); 2], 2);
}

fn a_provider_that_recovers_answers_the_retry(package: Package) {
    // The package retries the first failure; a connection that breaks is the gateway's to try again.
    against(package, "retried", |speech| vec![failure(speech, 503, &[]), Reply::nothing().close()], 3);
    against(package, "retried_stream", |speech| vec![failure(speech, 500, &[])], 2);
}

fn an_error_in_a_stream_is_raised_after_its_content(package: Package) {
    against(package, "error_in_stream", |speech| vec![broken(speech)], 1);
}

#[test]
fn an_error_in_a_stream_is_a_part_of_it_for_vercels_packages() {
    let Some(house) = house() else { return };
    // Four packages ask.
    let models = SPEECHES.map(|speech| house.scripted(speech, "vercel-error-in-stream", vec![broken(speech); 4]));
    house.run(Package::Node, &["vercel.error_in_stream"], &models.each_ref().map(String::as_str));
}

/// A stream with a first word and a failure.
fn broken(speech: Speech) -> Reply {
    Reply::stream([speech.opening(), vec![speech.piece("Say"), speech.failure_event()]].concat()).end()
}

/// A stream with a first word and no end.
fn begun(speech: Speech) -> Reply {
    Reply::stream([speech.opening(), vec![speech.piece("Say")]].concat())
}

fn a_stream_that_breaks_off_is_an_error_in_it(package: Package) {
    against(package, "error_in_stream", |speech| vec![begun(speech).close()], 1);
}

fn a_stream_without_its_end_marker_is_an_error_in_it(package: Package) {
    against(package, "error_in_stream", |speech| vec![begun(speech).end()], 1);
}

fn a_caller_that_does_not_wait_is_not_waited_for(package: Package) {
    for seen in against(package, "impatient", |_| vec![Reply::new(200).hang(); 2], 2).concat() {
        stage::runtime().block_on(seen.gone());
    }
}
