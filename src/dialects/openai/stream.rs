//! Streams of chunks.

use std::borrow::Cow;

use super::choice::{Choice, Note, Say};
use super::chunk::{self, Chunk, Delta, Said};
use super::content::Content;
use super::error;
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

/// Reads one answer, a stream of chunks or a single plain body.
pub(super) struct Reader {
    pub(super) head: Option<Head>,
    choices: Vec<Choice>,
    streamed: bool,
    done: bool,
    /// What was wrong with the choices of the last chunk, in its order.
    pub(super) notes: Vec<Note>,
}

/// What the first chunk with content said of the whole answer.
pub(super) struct Head {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) created: Option<u64>,
}

impl Reader {
    pub(super) fn new(streamed: bool) -> Self {
        Self { head: None, choices: Vec::new(), streamed, done: false, notes: Vec::new() }
    }

    /// Has the end marker been read?
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Reads one chunk or plain answer.
    ///
    /// # Errors
    /// It reports a failure. Usage that came with the failure has been said.
    pub(super) fn chunk<'a>(&mut self, chunk: Chunk<'a>, say: Say<'_, 'a>) -> Result<(), ApiError> {
        self.notes.clear();
        let counted = chunk.any_usage();
        let result = match chunk.error() {
            Some(raw) => Err(error::in_answer(raw.get())),
            None => self.content(chunk, say),
        };
        if let Some(usage) = counted {
            say(Event::Usage(usage));
        }
        result
    }

    fn content<'a>(&mut self, chunk: Chunk<'a>, say: Say<'_, 'a>) -> Result<(), ApiError> {
        let choices = chunk.choices.unwrap_or_default();
        let id = chunk.id.filter(|id| !id.is_empty());
        // Azure begins with a chunk that has neither and says nothing of the answer.
        if self.head.is_none() && (id.is_some() || !choices.is_empty()) {
            let model = chunk.model.filter(|model| !model.is_empty());
            let created = chunk.created.filter(|created| *created > 0);
            let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
            self.head = Some(Head { id: owned(&id), model: owned(&model), created });
            say(Event::Start { id, model, created });
        }
        for (position, choice) in choices.into_iter().enumerate() {
            let mut note = Note::default();
            let result = self.choice(position, choice, say, &mut note);
            self.notes.push(note);
            result?;
        }
        Ok(())
    }

    fn choice<'a>(
        &mut self,
        position: usize,
        choice: chunk::Choice<'a>,
        say: Say<'_, 'a>,
        note: &mut Note,
    ) -> Result<(), ApiError> {
        let index = choice.index.map_or(u32::try_from(position), u32::try_from).unwrap_or(u32::MAX);
        let at = self.choices.iter().position(|c| c.index() == index).unwrap_or_else(|| {
            self.choices.push(Choice::new(index, self.streamed));
            self.choices.len() - 1
        });
        let Some(state) = self.choices.get_mut(at) else { return Ok(()) };
        if state.finished() {
            note.over = true;
            return Ok(());
        }
        let answer = self.head.as_ref().and_then(|head| head.id.as_deref()).unwrap_or_default();
        let delta = if self.streamed {
            note.no_delta = choice.delta.is_none().then_some(choice.message.is_some());
            choice.delta.or(choice.message)
        } else {
            choice.message
        };
        let text = || choice.text.map(|text| Delta { content: Content::Text(text), ..Delta::default() });
        state.read(delta.or_else(text).unwrap_or_default(), answer, say, note);
        if let Some(raw) = choice.error {
            return Err(error::in_answer(raw.get()));
        }
        if let Some(sequence) = choice.stop_reason.filter(|sequence| !sequence.is_empty() && !state.finished()) {
            say(Event::StopSequence { choice: state.index(), sequence });
        }
        state.finish(&choice.finish_reason, say, note)?;
        if !self.streamed && !state.finished() {
            state.close(say, note);
        }
        Ok(())
    }

    /// Ends the choices that have not told why they ended; hands out the note of each.
    pub(super) fn close(&mut self, say: Say<'_, '_>, mut closed: impl FnMut(u32, &Note)) {
        for choice in self.choices.iter_mut().filter(|choice| !choice.finished()) {
            let mut note = Note::default();
            choice.close(say, &mut note);
            closed(choice.index(), &note);
        }
    }

    /// The end marker came.
    ///
    /// # Errors
    /// Nothing came before it.
    pub(super) fn done(&mut self) -> Result<(), ApiError> {
        self.done = true;
        if self.head.is_none() { Err(error::cut_off()) } else { Ok(()) }
    }

    /// The bytes ended without an end marker.
    ///
    /// # Errors
    /// A choice was not complete, or there was none.
    pub(super) fn cut(&self) -> Result<(), ApiError> {
        let whole = !self.choices.is_empty() && self.choices.iter().all(Choice::finished);
        if whole || self.done { Ok(()) } else { Err(error::cut_off()) }
    }
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Vec<Event<'static>>) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let mut say = |event: Event<'_>| out.push(event.into_owned());
        match Said::by(event) {
            Said::Nothing => Ok(Progress::Open),
            Said::Failure(data) => Err(error::in_answer(data)),
            Said::Chunk(chunk) => self.chunk(chunk, &mut say).map(|()| Progress::Open),
            Said::End => {
                self.done()?;
                self.close(&mut say, |_, _| {});
                Ok(Progress::Done)
            }
        }
    }

    fn end(&mut self, _out: &mut Vec<Event<'static>>) -> Result<(), ApiError> {
        self.cut()
    }

    fn forgets_text(&self) -> bool {
        true
    }
}
