//! The rule of the day: what a caller may see, and what must be recorded.

use std::time::Duration;

use integration::caller::Answer;
use integration::document::PROVIDER_KEYS;
use integration::strict::{INPUT, OUTPUT};
use serde_json::Value;

use super::book::Book;
use super::case::{Case, Order};
use super::fault::{Fault, Odd, Outcome};
use super::ground::{LARGE, MARK, TOTAL, user};
use crate::matrix::surface::{SYSTEM, events};

/// What a loaded machine may take beside the clocks.
const SLACK: Duration = Duration::from_secs(20);

/// Judges what the caller sees.
pub(super) fn seen(case: &Case, answer: &Answer, order: Order) -> Result<Outcome, String> {
    let (outcome, text) = read(case, answer, order)?;
    let told = || format!("{} {}", answer.status, brief(&answer.text()));
    require(case.outcomes(order).contains(&outcome), || format!("{outcome:?}: {}", told()))?;
    require(answer.took < TOTAL + SLACK, || format!("after {:?}", answer.took))?;
    let all = format!("{:?} {}", answer.head, answer.text());
    require(!all.contains(PROVIDER_KEYS) && !all.contains("c0ffee"), || format!("a key: {}", brief(&all)))?;
    match outcome {
        Outcome::Whole(slot) => require(said(case, slot).contains(&text), || format!("`{}`", brief(&text))),
        Outcome::InBand(slot) => {
            let part = !text.is_empty() && said(case, slot).iter().any(|whole| whole.starts_with(&text));
            require(part, || format!("`{}` before its failure: {}", brief(&text), told()))
        }
        Outcome::Refused => Ok(()),
    }?;
    Ok(outcome)
}

/// What came, in words of no API. Readers panic when it is not well formed.
fn read(case: &Case, answer: &Answer, order: Order) -> Result<(Outcome, String), String> {
    let brief = || format!("{} {}", answer.status, brief(&answer.text()));
    if answer.status != 200 {
        require(answer.whole && answer.header("content-type") == Some("application/json"), brief)?;
        let failure = case.surface.failure(&answer.json());
        require(answer.status >= 400 && !failure.message.is_empty(), brief)?;
        return Ok((Outcome::Refused, String::new()));
    }
    let (target, attempts) = answer.served();
    let slot = (0..case.targets.len()).find(|slot| case.target(*slot) == target).ok_or("no target of the case")?;
    let in_order = order == Order::Any || attempts == (slot + 1).to_string();
    require(in_order, || format!("{target} in attempt {attempts}"))?;
    let told = if case.stream { case.surface.streamed(&events(answer)) } else { case.surface.whole(&answer.json()) };
    if told.failure.is_some() {
        return Ok((Outcome::InBand(slot), told.text));
    }
    // What is said after the end marker Envoy must pass on: a connection that breaks there breaks the caller's too.
    require(answer.whole || case.targets[slot].fault == Fault::SaysMore, brief)?;
    let usage = told.usage.map(|(input, output, _)| (input, output));
    require(usage == Some((INPUT, OUTPUT)), || format!("usage {usage:?}"))?;
    Ok((Outcome::Whole(slot), told.text))
}

/// What the target may say.
fn said(case: &Case, slot: usize) -> Vec<String> {
    match case.targets[slot].fault {
        Fault::Odd(Odd::Large) => vec![LARGE.clone(), MARK.to_owned()],
        _ => vec![format!("({SYSTEM}) You said: {}", user())],
    }
}

/// Judges what is recorded: one record, with usage where there was an answer.
pub(super) fn recorded(case: &Case, book: &Book) -> Result<(), String> {
    let [record] = book.of(&case.model()) else {
        return Err(format!("{} records: {:?}", book.of(&case.model()).len(), book.of(&case.model())));
    };
    let usage = ["input", "output"].map(|kind| record["usage"][kind].as_u64());
    let good = match record["outcome"].as_str() {
        Some("completed") => usage == [Some(INPUT), Some(OUTPUT)] && record["usage_source"] == "provider",
        Some("failed") if record["status"] == 200 => usage[1] > Some(0) && record["error"].is_string(),
        Some("failed") => usage == [None; 2] && record["error"].is_string(),
        _ => false,
    };
    let tried = record["attempts"].as_array().map_or(0, Vec::len);
    let expected: Value = case.stream.into();
    require(good && (1..=case.targets.len()).contains(&tried) && record["stream"] == expected, || record.to_string())
}

fn require(good: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(why()) }
}

fn brief(text: &str) -> String {
    text.chars().take(600).collect()
}
