//! The items of an answer, as they grow.

use crate::hub::{Event, Sealed, Thinking};
use crate::surfaces::thinking::ThinkingBlock;

/// What the model puts out.
#[derive(Default)]
pub(super) struct Output {
    items: Vec<Item>,
}

/// One item; its place in the list is its `output_index`.
pub(super) struct Item {
    pub(super) body: Body,
    pub(super) state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Complete,
    /// The answer ended in the middle of it.
    CutOff,
}

pub(super) enum Body {
    /// Thinking.
    Reasoning(Reasoning),
    /// Text and refusals.
    Message(Vec<Part>),
    Call(Call),
}

pub(super) struct Reasoning {
    /// What can be read of it: one part, or none.
    pub(super) summary: Vec<Part>,
    /// The block of thinking as its provider wants it back, in Anthropic's form.
    pub(super) block: Option<String>,
}

pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Summary,
    Text,
    Refusal,
}

pub(super) struct Call {
    /// Its number in the hub's events.
    pub(super) index: u32,
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: String,
}

/// What has become of an item.
pub(super) enum Change<'a> {
    Added,
    /// This part of it begins.
    PartAdded(usize, &'a Part),
    /// Text was added to this part.
    PartGrew(usize, &'a Part, &'a str),
    PartDone(usize, &'a Part),
    /// Arguments were added.
    CallGrew(&'a str),
    Done,
}

/// Hears of every change: the item's place, the item, and the change.
pub(super) type Tell<'t> = &'t mut dyn FnMut(usize, &Item, Change<'_>);

impl Output {
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Takes what an event says of the first choice; there is no other here.
    pub(super) fn take(&mut self, event: &Event<'_>, tell: Tell<'_>) {
        match event {
            Event::Text { choice: 0, text } => self.say(PartKind::Text, text, tell),
            Event::Refusal { choice: 0, text } => self.say(PartKind::Refusal, text, tell),
            Event::Reasoning { choice: 0, text } => self.think(text, tell),
            Event::Thinking { choice: 0, block } => self.sign(block, tell),
            // Calls have no place for it here.
            Event::Signature { choice: 0, index, signature } if !signature.is_empty() => {
                self.sign(&Thinking::Redacted { data: Sealed::Call(*index, signature).to_string().into() }, tell);
            }
            Event::ToolCall { choice: 0, index, id, name } => {
                let id = id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
                let name = name.as_ref().to_owned();
                self.close_before_call(tell);
                self.add(Body::Call(Call { index: *index, id, name, arguments: String::new() }), tell);
            }
            Event::Arguments { choice: 0, index, fragment } => self.argue(*index, fragment, tell),
            _ => {}
        }
    }

    /// No more will come. With `cut_off`, what is still open is not whole.
    pub(super) fn close(&mut self, cut_off: bool, tell: Tell<'_>) {
        for at in 0..self.items.len() {
            self.done(at, if cut_off { State::CutOff } else { State::Complete }, tell);
        }
    }

    fn think(&mut self, text: &str, tell: Tell<'_>) {
        if text.is_empty() {
            return;
        }
        let open = self.open(|body| matches!(body, Body::Reasoning(_)));
        let at = open.unwrap_or_else(|| {
            self.close(false, tell);
            let part = Part { kind: PartKind::Summary, text: String::new() };
            let at = self.add(Body::Reasoning(Reasoning { summary: vec![part], block: None }), tell);
            self.tell(at, tell, |item| part_of(item, 0).map(|part| Change::PartAdded(0, part)));
            at
        });
        self.grow(at, 0, text, tell);
    }

    /// A block of thinking is complete. Its text has been told, if it has any.
    fn sign(&mut self, block: &Thinking<'_>, tell: Tell<'_>) {
        let open = self.open(|body| matches!(body, Body::Reasoning(_)));
        let at = open.filter(|_| matches!(block, Thinking::Signed { .. })).unwrap_or_else(|| {
            self.close_before_call(tell);
            self.add(Body::Reasoning(Reasoning { summary: Vec::new(), block: None }), tell)
        });
        if let Some(Item { body: Body::Reasoning(reasoning), .. }) = self.items.get_mut(at) {
            reasoning.block = serde_json::to_string(&ThinkingBlock::from(block)).ok();
        }
        self.done(at, State::Complete, tell);
    }

    fn say(&mut self, kind: PartKind, text: &str, tell: Tell<'_>) {
        if text.is_empty() {
            return;
        }
        let open = self.open(|body| matches!(body, Body::Message(_)));
        let at = open.unwrap_or_else(|| {
            self.close(false, tell);
            self.add(Body::Message(Vec::new()), tell)
        });
        let last = self.items.get(at).map(parts).unwrap_or_default().last().map(|part| part.kind);
        let count = self.items.get(at).map_or(0, |item| parts(item).len());
        if last == Some(kind) {
            return self.grow(at, count.saturating_sub(1), text, tell);
        }
        self.part_done(at, tell);
        if let Some(Item { body: Body::Message(parts), .. }) = self.items.get_mut(at) {
            parts.push(Part { kind, text: String::new() });
        }
        self.tell(at, tell, |item| part_of(item, count).map(|part| Change::PartAdded(count, part)));
        self.grow(at, count, text, tell);
    }

    fn argue(&mut self, index: u32, fragment: &str, tell: Tell<'_>) {
        let open = self.open(|body| matches!(body, Body::Call(call) if call.index == index));
        let Some(at) = open.filter(|_| !fragment.is_empty()) else { return };
        if let Some(Item { body: Body::Call(call), .. }) = self.items.get_mut(at) {
            call.arguments.push_str(fragment);
        }
        self.tell(at, tell, |_| Some(Change::CallGrew(fragment)));
    }

    /// Calls may be written side by side, so one stays open until its arguments are whole.
    fn close_before_call(&mut self, tell: Tell<'_>) {
        for at in 0..self.items.len() {
            let whole = self.items.get(at).is_some_and(|item| match &item.body {
                Body::Call(call) => is_object(&call.arguments),
                Body::Reasoning(_) | Body::Message(_) => true,
            });
            if whole {
                self.done(at, State::Complete, tell);
            }
        }
    }

    fn open(&self, is: impl Fn(&Body) -> bool) -> Option<usize> {
        self.items.iter().rposition(|item| item.state == State::Open && is(&item.body))
    }

    fn add(&mut self, body: Body, tell: Tell<'_>) -> usize {
        self.items.push(Item { body, state: State::Open });
        let at = self.items.len() - 1;
        self.tell(at, tell, |_| Some(Change::Added));
        at
    }

    fn grow(&mut self, at: usize, index: usize, text: &str, tell: Tell<'_>) {
        match self.items.get_mut(at).map(|item| &mut item.body) {
            Some(Body::Reasoning(Reasoning { summary: parts, .. }) | Body::Message(parts)) => {
                parts.iter_mut().skip(index).take(1).for_each(|part| part.text.push_str(text))
            }
            Some(Body::Call(_)) | None => {}
        }
        self.tell(at, tell, |item| part_of(item, index).map(|part| Change::PartGrew(index, part, text)));
    }

    fn part_done(&self, at: usize, tell: Tell<'_>) {
        let last = |item| {
            let index = parts(item).len().checked_sub(1)?;
            part_of(item, index).map(|part| Change::PartDone(index, part))
        };
        self.tell(at, tell, last);
    }

    fn done(&mut self, at: usize, state: State, tell: Tell<'_>) {
        let Some(item) = self.items.get_mut(at).filter(|item| item.state == State::Open) else { return };
        let is_bare = matches!(&item.body, Body::Call(call) if call.arguments.is_empty());
        if let Body::Call(call) = &mut item.body
            && is_bare
        {
            call.arguments.push_str("{}");
        }
        item.state = state;
        if is_bare {
            self.tell(at, tell, |_| Some(Change::CallGrew("{}")));
        }
        self.part_done(at, tell);
        self.tell(at, tell, |_| Some(Change::Done));
    }

    fn tell<'a>(&'a self, at: usize, tell: Tell<'_>, change: impl FnOnce(&'a Item) -> Option<Change<'a>>) {
        if let Some(item) = self.items.get(at)
            && let Some(change) = change(item)
        {
            tell(at, item, change);
        }
    }
}

/// The parts of an item.
pub(super) fn parts(item: &Item) -> &[Part] {
    match &item.body {
        Body::Reasoning(Reasoning { summary: parts, .. }) | Body::Message(parts) => parts,
        Body::Call(_) => &[],
    }
}

fn part_of(item: &Item, index: usize) -> Option<&Part> {
    parts(item).get(index)
}

fn is_object(arguments: &str) -> bool {
    arguments.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
}
