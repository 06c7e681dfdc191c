//! The tool calls of one choice. Providers number, name and repeat them in many ways; out come calls that count
//! from 0, each with its name once, its id once, and arguments that are never empty.

use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::choice::Say;
use super::chunk::{CallDelta, FunctionDelta};
use crate::hub::{Event, ids};

/// What is to become of a member.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Edit {
    #[default]
    Keep,
    Remove,
    Set(String),
}

/// What is wrong with a call as the provider wrote it.
#[derive(Debug, Default)]
pub(super) struct CallNote {
    /// Its number among the calls of the choice.
    pub(super) index: u32,
    /// It has another number, or none.
    pub(super) renumber: bool,
    pub(super) id: Edit,
    pub(super) name: Edit,
    pub(super) arguments: Edit,
    /// The first piece of a call does not say `"type":"function"`.
    pub(super) untyped: bool,
}

impl CallNote {
    pub(super) fn is_clean(&self) -> bool {
        let kept = [&self.id, &self.name, &self.arguments].into_iter().all(|edit| *edit == Edit::Keep);
        kept && !self.renumber && !self.untyped
    }
}

/// The calls so far.
pub(super) struct Calls {
    calls: Vec<Call>,
    /// Whole calls are never continued.
    streamed: bool,
}

#[derive(Default)]
struct Call {
    /// The provider's number.
    key: Option<u64>,
    /// The provider's id.
    id: Option<String>,
    /// The caller has an id.
    identified: bool,
    /// Empty until a piece has it.
    name: String,
    told: bool,
    has_arguments: bool,
    /// Arguments that came before the name.
    held: String,
}

impl Calls {
    pub(super) fn new(streamed: bool) -> Self {
        Self { calls: Vec::new(), streamed }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Reads one entry of `tool_calls`; `from_end` is its place in the list, the last being 1.
    pub(super) fn read<'a>(
        &mut self,
        choice: u32,
        from_end: usize,
        delta: CallDelta<'a>,
        answer: &str,
        say: Say<'_, 'a>,
    ) -> CallNote {
        let at = self.find(from_end, &delta).unwrap_or_else(|| {
            self.tell(choice, say);
            self.open(delta.index)
        });
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        let streamed = self.streamed;
        let has_id = delta.id.is_some();
        let id = delta.id.filter(|id| !id.is_empty() && !self.is_taken(id, at));
        let Some(call) = self.calls.get_mut(at) else { return CallNote::default() };
        let FunctionDelta { name, arguments: raw } = delta.function;
        let (arguments, rewritten) = arguments(raw);
        let repeats_name = name.as_deref().is_some_and(|name| name.is_empty() || !call.name.is_empty());
        let note = CallNote {
            index,
            renumber: streamed && delta.index != Some(u64::from(index)),
            untyped: !call.identified && delta.kind.is_none(),
            id: call.identify(id.as_deref(), has_id, || ids::call_id(answer, choice, index)),
            name: if repeats_name { Edit::Remove } else { Edit::Keep },
            arguments: rewritten,
        };
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            call.name(choice, index, id, name, say);
        }
        call.arguments(choice, index, arguments, say);
        note
    }

    /// Reads `function_call`, which is the only call of its choice.
    pub(super) fn read_legacy<'a>(&mut self, choice: u32, delta: FunctionDelta<'a>, say: Say<'_, 'a>) {
        if self.calls.is_empty() {
            self.open(None);
        }
        let Some(call) = self.calls.first_mut() else { return };
        if let Some(name) = delta.name.filter(|name| !name.is_empty()) {
            call.name(choice, 0, None, name, say);
        }
        call.arguments(choice, 0, arguments(delta.arguments).0, say);
    }

    /// No more pieces will come: completes what has none, and tells which calls had no arguments.
    pub(super) fn end<'a>(&mut self, choice: u32, say: Say<'_, 'a>) -> Vec<u32> {
        self.tell(choice, say);
        let mut bare = Vec::new();
        for (index, call) in (0u32..).zip(&mut self.calls) {
            if !call.has_arguments {
                bare.push(index);
                call.arguments(choice, index, Cow::Borrowed("{}"), say);
            }
        }
        bare
    }

    /// Tells the calls that still have no name: another call, or the end, must not come before them.
    fn tell<'a>(&mut self, choice: u32, say: Say<'_, 'a>) {
        for (index, call) in (0u32..).zip(&mut self.calls) {
            call.name(choice, index, None, Cow::Borrowed(""), say);
        }
    }

    /// Does another call have this id? Then it is worth nothing: results find their calls by it.
    fn is_taken(&self, id: &str, at: usize) -> bool {
        self.calls.iter().enumerate().any(|(other, call)| other != at && call.id.as_deref() == Some(id))
    }

    fn open(&mut self, key: Option<u64>) -> usize {
        self.calls.push(Call { key, ..Call::default() });
        self.calls.len() - 1
    }

    /// Which call does this piece continue? By number and id, else by what there is, else by position; a piece
    /// with a name of its own and nothing else to go by begins a call.
    fn find(&self, from_end: usize, delta: &CallDelta<'_>) -> Option<usize> {
        if !self.streamed {
            return None;
        }
        let id = delta.id.as_deref().filter(|id| !id.is_empty());
        let begins = delta.function.name.as_deref().is_some_and(|name| !name.is_empty());
        let last = |matches: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(matches);
        match (delta.index, id) {
            // Gemini numbers every call 0, but names each; servers that make a new id for each piece name none.
            (Some(key), Some(id)) => {
                let same = |call: &Call| call.key == Some(key) && call.id.as_deref().is_none_or(|own| own == id);
                last(&same).or_else(|| if begins { None } else { last(&|call| call.key == Some(key)) })
            }
            (Some(key), None) => {
                let at = last(&|call| call.key == Some(key));
                at.filter(|at| !self.calls.get(*at).is_some_and(|call| call.is_another(&delta.function)))
            }
            (None, Some(id)) => last(&|call| call.id.as_deref() == Some(id)),
            (None, None) if begins => None,
            (None, None) if self.calls.is_empty() => None,
            (None, None) => Some(self.calls.len().saturating_sub(from_end)),
        }
    }
}

impl Call {
    /// Is this, with the number of this call, another call all the same? Some servers number whole calls 0; others
    /// repeat the name in each piece.
    fn is_another(&self, function: &FunctionDelta<'_>) -> bool {
        let Some(name) = function.name.as_deref().filter(|name| !name.is_empty()) else { return false };
        let whole = || {
            let (arguments, _) = arguments(function.arguments);
            serde_json::from_str::<Map<String, Value>>(&arguments).is_ok()
        };
        self.told && (self.name != name || (self.has_arguments && whole()))
    }

    /// Takes an id: the caller gets the first, or a made one if the first piece has none that is of use.
    fn identify(&mut self, id: Option<&str>, has_id: bool, made: impl FnOnce() -> String) -> Edit {
        if self.id.is_none() {
            self.id = id.map(str::to_owned);
        }
        match std::mem::replace(&mut self.identified, true) {
            true if has_id => Edit::Remove,
            false if id.is_none() => Edit::Set(made()),
            _ => Edit::Keep,
        }
    }

    fn name<'a>(&mut self, choice: u32, index: u32, id: Option<Cow<'a, str>>, name: Cow<'a, str>, say: Say<'_, 'a>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        self.name = name.as_ref().to_owned();
        let id = id.or_else(|| self.id.clone().map(Cow::Owned));
        say(Event::ToolCall { choice, index, id, name });
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            say(Event::Arguments { choice, index, fragment: Cow::Owned(held) });
        }
    }

    fn arguments<'a>(&mut self, choice: u32, index: u32, fragment: Cow<'a, str>, say: Say<'_, 'a>) {
        if fragment.is_empty() {
            return;
        }
        self.has_arguments = true;
        if self.told {
            say(Event::Arguments { choice, index, fragment });
        } else {
            self.held.push_str(&fragment);
        }
    }
}

/// Arguments as a fragment of text, and what is wrong with their form: a few servers write JSON instead of a string
/// of JSON, or `null` for no arguments.
fn arguments(raw: Option<&RawValue>) -> (Cow<'_, str>, Edit) {
    let Some(text) = raw.map(RawValue::get) else { return (Cow::Borrowed(""), Edit::Keep) };
    if !text.starts_with('"') {
        return (Cow::Borrowed(text), Edit::Set(text.to_owned()));
    }
    match serde_json::from_str::<crate::json::Text<'_>>(text) {
        Ok(fragment) if fragment.0 == "null" => (Cow::Borrowed(""), Edit::Set(String::new())),
        Ok(fragment) => (fragment.0, Edit::Keep),
        Err(_) => (Cow::Borrowed(""), Edit::Keep),
    }
}
