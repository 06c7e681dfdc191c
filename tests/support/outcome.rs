//! What an answer adds up to, however it was told, and its comparison with what a recording expects.

use serde_json::Value;
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;

use super::pairs::Pair;
use super::recordings::Recording;

/// The sum of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub choices: Vec<Choice>,
    pub usage: Option<Tokens>,
    /// The message of a failure inside the answer.
    pub failure: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    pub index: u64,
    pub text: String,
    pub reasoning: String,
    pub refusal: String,
    pub calls: Vec<Call>,
    pub finish: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    pub id: Option<String>,
    pub name: String,
    pub arguments: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tokens {
    pub prompt: u64,
    pub completion: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub reasoning: u64,
}

impl Tokens {
    /// A `usage` in OpenAI's form; null and absent are 0.
    pub fn of(usage: &Value) -> Self {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let (prompt, completion) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
        Self {
            prompt: number(&usage["prompt_tokens"]),
            completion: number(&usage["completion_tokens"]),
            cached: number(&prompt["cached_tokens"]),
            cache_write: number(&prompt["cache_write_tokens"]),
            reasoning: number(&completion["reasoning_tokens"]),
        }
    }
}

impl Outcome {
    /// Compares it with what a pair says that its answer adds up to, where it does.
    pub fn check_sum(mut self, pair: &Pair) {
        let Some(expected) = pair.sum() else { return };
        for (choice, expected) in self.choices.iter_mut().zip(expected["choices"].as_array().unwrap()) {
            choice.forgive(expected);
        }
        // Counters of an answer that tells none are 0.
        self.usage = self.usage.filter(|usage| *usage != Tokens::default());
        let (name, meta) = (pair.name.clone(), pair.meta.clone());
        let recording = Recording { name, meta, expected, response: Vec::new(), request: None };
        self.check(&recording, "paired");
        self.check_usage(&recording, "paired");
    }

    pub fn choice(&mut self, index: u64) -> &mut Choice {
        if !self.choices.iter().any(|choice| choice.index == index) {
            self.choices.push(Choice { index, ..Choice::default() });
            self.choices.sort_by_key(|choice| choice.index);
        }
        self.choices.iter_mut().find(|choice| choice.index == index).unwrap()
    }

    /// What events add up to; their order is checked on the way.
    pub fn of(events: &[Event<'_>], failure: Option<&ApiError>) -> Self {
        let mut outcome = Self { failure: failure.map(|error| error.message.clone()), ..Self::default() };
        for (at, event) in events.iter().enumerate() {
            assert!(!matches!(event, Event::Start { .. }) || at == 0, "one start, and first: {events:?}");
            outcome.take(event);
        }
        outcome
    }

    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { .. } | Event::Thinking { .. } | Event::Signature { .. } | Event::StopSequence { .. } => {}
            Event::Text { choice, text } => self.open(*choice).text.push_str(text),
            Event::Reasoning { choice, text } => self.open(*choice).reasoning.push_str(text),
            Event::Refusal { choice, text } => self.open(*choice).refusal.push_str(text),
            Event::ToolCall { choice, index, id, name } => {
                let calls = &mut self.open(*choice).calls;
                assert_eq!(calls.len(), usize::try_from(*index).unwrap(), "calls count from 0");
                let id = id.as_deref().map(str::to_owned);
                calls.push(Call { id, name: name.to_string(), arguments: String::new() });
            }
            Event::Arguments { choice, index, fragment } => {
                let call = self.open(*choice).calls.get_mut(usize::try_from(*index).unwrap());
                call.expect("a call begins before its arguments").arguments.push_str(fragment);
            }
            Event::Finish { choice, reason } => self.open(*choice).finish = Some(reason.as_str().to_owned()),
            Event::Usage(usage) => {
                self.usage = Some(Tokens {
                    prompt: usage.input,
                    completion: usage.output,
                    cached: usage.cached,
                    cache_write: usage.cache_writes(),
                    reasoning: usage.reasoning,
                });
            }
        }
    }

    /// A choice that is not over yet.
    fn open(&mut self, index: u32) -> &mut Choice {
        let choice = self.choice(index.into());
        assert!(choice.finish.is_none(), "nothing follows the end of a choice, and it ends once");
        choice
    }

    /// Compares this with everything that a recording of a successful answer expects.
    pub fn check(&self, recording: &Recording, how: &str) {
        let (expected, name) = (&recording.expected, &recording.name);
        if !recording.is_policy("choices") {
            let choices = expected["choices"].as_array().cloned().unwrap_or_default();
            assert_eq!(self.choices.len(), choices.len(), "{name} {how}: {self:?}");
            for (choice, expected) in self.choices.iter().zip(&choices) {
                choice.check(expected, recording, how);
            }
        }
        match expected.get("stream_error") {
            Some(error) => {
                let told = self.failure.as_deref().unwrap_or_else(|| panic!("{name} {how}: no failure was told"));
                assert!(
                    !told.trim().is_empty() && told.contains(error["message_contains"].as_str().unwrap_or("")),
                    "{told}"
                );
            }
            None => assert_eq!(self.failure, None, "{name} {how}"),
        }
    }

    /// Compares the usage of this with what a recording expects.
    pub fn check_usage(&self, recording: &Recording, how: &str) {
        if recording.is_policy("usage") {
            return;
        }
        let expected = &recording.expected;
        let expected = expected.get("usage").or(expected.get("usage_partial")).filter(|usage| !usage.is_null());
        let mut tokens = expected.map(expected_tokens);
        if let (Some(tokens), Some(told)) = (&mut tokens, &self.usage)
            && expected.is_some_and(|usage| usage["completion_tokens"].is_null())
        {
            // Nobody knows how far an answer had come that broke off.
            tokens.completion = told.completion;
        }
        assert_eq!(self.usage, tokens, "{} {how}", recording.name);
    }
}

fn expected_tokens(usage: &Value) -> Tokens {
    let number = |name: &str| usage[name].as_u64().unwrap_or(0);
    Tokens {
        prompt: number("prompt_tokens"),
        completion: number("completion_tokens"),
        cached: number("cached_tokens"),
        cache_write: number("cache_write_tokens"),
        reasoning: number("reasoning_tokens"),
    }
}

impl Choice {
    /// An explanation that is given beside a refusal is not a text of the model.
    pub fn forget_explanation(&mut self, expected: &Value) {
        if self.finish.as_deref() == Some("content_filter") && expected.get("refusal").is_none() {
            self.refusal.clear();
        }
    }

    /// Takes over what a caller's form cannot say: thinking, refusals apart from text, and input that was cut off.
    pub fn forgive(&mut self, expected: &Value) {
        if expected["refusal"].as_str().is_some_and(|refusal| self.text == refusal) {
            self.refusal = std::mem::take(&mut self.text);
        }
        if expected["reasoning_text"].is_null() {
            self.reasoning.clear();
        }
        for (call, expected) in self.calls.iter_mut().zip(expected["tool_calls"].as_array().into_iter().flatten()) {
            if let (Some(raw), "{}") = (expected["arguments_raw"].as_str(), call.arguments.as_str()) {
                raw.clone_into(&mut call.arguments);
            }
        }
    }

    fn check(&self, expected: &Value, recording: &Recording, how: &str) {
        let place = format!("{} {how}", recording.name);
        let text = |name: &str| expected[name].as_str().unwrap_or("");
        assert_eq!(self.index, expected["index"].as_u64().unwrap_or(0), "{place}");
        assert_eq!(self.text, text("text"), "{place}");
        if !recording.is_policy("reasoning") {
            assert_eq!(self.reasoning, text("reasoning_text"), "{place}");
        }
        assert_eq!(self.refusal, text("refusal"), "{place}");
        if !recording.is_policy("finish_reason") {
            assert_eq!(self.finish.as_deref(), expected["finish_reason"].as_str(), "{place}");
        }
        let calls = expected["tool_calls"].as_array().cloned().unwrap_or_default();
        assert_eq!(self.calls.len(), calls.len(), "{place}: {:?}", self.calls);
        for (call, expected) in self.calls.iter().zip(&calls) {
            call.check(expected, &place);
        }
    }
}

impl Call {
    fn check(&self, expected: &Value, place: &str) {
        if let Some(id) = expected["id"].as_str() {
            assert_eq!(self.id.as_deref(), Some(id), "{place}");
        }
        assert_eq!(self.name, expected["name"].as_str().unwrap(), "{place}");
        match expected["arguments_raw"].as_str() {
            Some(raw) => assert_eq!(self.arguments, raw, "{place}"),
            None => {
                let arguments: Value = serde_json::from_str(&self.arguments)
                    .unwrap_or_else(|error| panic!("{place}: {:?}: {error}", self.arguments));
                assert_eq!(arguments, expected["arguments"], "{place}");
            }
        }
    }
}
