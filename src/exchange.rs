//! One request on its way: what the gateway role hands over to the provider role, and what comes back.
//!
//! Both roles run in one VM on one worker, so that the hand-over is a reference. It is found by a number that
//! travels as a property of the stream, which callers cannot set and providers cannot see.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::alerts::Alerts;
use crate::config::Timeouts;
use crate::config::raw::FailoverOn;
use crate::errors::ApiError;
use crate::guesses::Guesses;
use crate::headers::Headers;
use crate::host::{Side, Stream};
use crate::identity::Labels;
use crate::meter::Meter;
use crate::metrics::Series;
use crate::multipart;
use crate::outbox::Outbox;
use crate::pricing::Cost;
use crate::queue::Queue;
use crate::routing::Plan;
use crate::surfaces::{Asked, Surface, Task};
use crate::time::Timestamp;
use crate::tolls::Tolls;
use crate::usage::{Source, Usage};

/// See [`Exchanges::idle`].
const GRACE: Duration = Duration::from_secs(1);

/// The reason of an answer that had no content for too long.
pub const IDLE: &str = "idle_timeout";

/// What the provider role needs of a request, and what it reports.
pub struct Exchange {
    /// Its number on this worker.
    pub id: u64,
    /// What the caller wants of a model, and its API.
    pub task: Task,
    /// What the caller asks.
    pub asked: Asked,
    /// What it asks for of something that a provider keeps.
    pub resource: Option<Resource>,
    /// The attempts.
    pub plan: Plan,
    /// The clocks.
    pub timeouts: Timeouts,
    /// Is the model one of the configuration, not a target that the caller spelled out?
    pub logical: bool,
    /// More failures that go to the next target.
    pub failover_on: Vec<FailoverOn>,
    /// The longest answer that is read whole, in bytes: Envoy's buffers hold little more.
    pub max_answer: usize,
    /// The caller's headers, without its key.
    pub headers: Rc<Headers>,
    /// Does the request go on outside of its own callbacks? Then the gateway role cannot put its headers back for access
    /// logs: Envoy lets that filter change them no more.
    pub later: bool,
    /// What the caller and Envoy call the request; empty if they do not.
    pub request_id: String,
    /// Of its body.
    pub request_bytes: u64,
    /// When the request came.
    pub started: Timestamp,
    /// The model that answers in the place of the one that was asked for, because a limit has got so far.
    pub softer: Option<String>,
    /// What limits hold for it.
    pub tolls: RefCell<Tolls>,
    /// What has happened so far.
    pub progress: RefCell<Progress>,
}

/// A request about something that a provider keeps: its bytes pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Below the root of the API, with its query: `/files/file-1/content`.
    pub path: String,
    /// Are there headers only?
    pub bare: bool,
}

impl Exchange {
    /// The answer failed after its first content. Gives the last event of the stream, where it can be added.
    pub fn break_off(&self, error: &ApiError) -> Option<Vec<u8>> {
        let mut progress = self.progress.borrow_mut();
        if progress.phase != Phase::Committed || progress.meter.is_complete() {
            return None;
        }
        progress.break_off(error.status, error.code.as_deref().unwrap_or("error"));
        match self.task {
            Task::Chat(surface) => progress.held_open.then(|| surface.stream_error(error)),
            Task::Count(_) | Task::Embeddings(_) | Task::Pass(_) => None,
        }
    }

    /// Puts the caller's headers in the place of an attempt's, where that is left to the provider role.
    pub fn put_back(&self, host: &(impl Stream + ?Sized)) {
        if self.later {
            host.set_headers(Side::Request, &self.headers.pairs());
        }
    }

    /// Is the request complete with its headers?
    pub fn has_no_body(&self) -> bool {
        self.resource.as_ref().is_some_and(|resource| resource.bare)
    }

    /// The media type of the caller's body, if that passes as it is.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get("content-type").filter(|own| self.resource.is_some() || multipart::is_form(own))
    }

    /// The caller's API.
    pub fn surface(&self) -> &'static dyn Surface {
        self.task.surface()
    }

    /// What the last attempt has come to so far. `None` when nothing was answered and nothing counted.
    pub fn consumption(&self, progress: &Progress) -> Option<Consumption> {
        let (usage, source) = progress.meter.usage(self.request_bytes)?;
        let target = progress.attempts.len().checked_sub(1).and_then(|number| self.plan.target(number));
        let cost = target.map_or(Cost::Unpriced, |target| target.cost(&usage, self.started));
        Some(Consumption { usage, source, cost })
    }

    /// The model as a label of stats: callers must not be able to make new ones.
    pub fn model_label(&self) -> &str {
        if self.logical { &self.asked.model } else { "*" }
    }

    /// A target as a label of stats: `provider/*` when the caller spelled it out.
    pub fn target_label(&self, target: &str) -> String {
        match target.split_once('/') {
            Some((provider, _)) if !self.logical => format!("{provider}/*"),
            _ => target.to_owned(),
        }
    }
}

/// What a request has come to.
#[derive(Debug)]
pub struct Consumption {
    /// Tokens by kind.
    pub usage: Usage,
    /// Where they come from.
    pub source: Source,
    /// What they cost.
    pub cost: Cost,
}

/// What has happened to a request so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// In their order; the last may be under way.
    pub attempts: Vec<Attempt>,
    /// The answer's tokens and times.
    pub meter: Meter,
    /// How the caller is answered.
    pub phase: Phase,
    /// The status of the answer that goes out, with headers of ours on it.
    pub signed: Option<u16>,
    /// The provider's bytes have ended, not only its answer.
    pub ended: bool,
    /// Fields of the request that the answering provider has no word for.
    pub dropped: Vec<String>,
    /// The context of the provider role whose answer goes out.
    pub provider: Option<u32>,
    /// The gateway role holds the stream, with nothing in it, so that something can be added at any time.
    pub held_open: bool,
}

/// How the caller is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has gone out: another target can still answer.
    #[default]
    Held,
    /// The provider role has let the answer, or a failure, go out.
    Committed,
    /// A failure was told inside the stream; nothing more is sent.
    Broken,
}

/// One try at one target.
#[derive(Debug)]
pub struct Attempt {
    /// `provider/model`.
    pub target: String,
    /// How it went.
    pub outcome: Outcome,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Under way, or given up by Envoy without an answer: no connection, a reset, a timeout.
    Unanswered,
    /// The provider answers.
    Answered,
    /// The provider failed.
    Failed {
        /// Its status, or ours for what it did wrong.
        status: u16,
        /// A word for logs: the provider's code, or ours.
        reason: String,
    },
}

impl Progress {
    /// Begins an attempt and tells its number, from 0.
    pub fn begin(&mut self, target: &str) -> usize {
        self.attempts.push(Attempt { target: target.to_owned(), outcome: Outcome::Unanswered });
        self.attempts.len() - 1
    }

    /// Says how the attempt under way went.
    pub fn conclude(&mut self, outcome: Outcome) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.outcome = outcome;
        }
    }

    /// The attempt under way has failed before any content: what it told of its tokens is not for anybody to pay.
    pub fn give_up(&mut self, outcome: Outcome) {
        self.conclude(outcome);
        self.meter = Meter::default();
    }

    /// The answer failed after its first content: nothing more is sent.
    pub fn break_off(&mut self, status: u16, reason: &str) {
        self.phase = Phase::Broken;
        self.conclude(Outcome::Failed { status, reason: reason.to_owned() });
    }

    /// The target of the last attempt.
    pub fn target(&self) -> Option<&str> {
        self.attempts.last().map(|a| a.target.as_str())
    }
}

/// The requests under way on this worker.
#[derive(Clone, Default)]
pub struct Exchanges(Rc<Table>);

#[derive(Default)]
struct Table {
    queue: Queue,
    outbox: Outbox,
    alerts: Alerts,
    labels: Labels,
    guesses: Guesses,
    series: Series,
    next: Cell<u64>,
    open: RefCell<BTreeMap<u64, Rc<Exchange>>>,
}

impl Exchanges {
    /// The requests that wait for room.
    pub fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// What the store of limits is to be told.
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// What the webhook is to be told.
    pub fn alerts(&self) -> &Alerts {
        &self.0.alerts
    }

    /// Teams of identities that have stats of their own.
    pub fn labels(&self) -> &Labels {
        &self.0.labels
    }

    /// Keys that nobody has.
    pub fn guesses(&self) -> &Guesses {
        &self.0.guesses
    }

    /// The metrics of requests.
    pub fn series(&self) -> &Series {
        &self.0.series
    }

    /// A number for the next request.
    pub fn next_id(&self) -> u64 {
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        id
    }

    /// Hands a request over.
    pub fn open(&self, exchange: Rc<Exchange>) {
        self.0.open.borrow_mut().insert(exchange.id, exchange);
    }

    /// What was handed over under the number that stands in a property.
    pub fn find(&self, property: &[u8]) -> Option<Rc<Exchange>> {
        let id = std::str::from_utf8(property).ok()?.parse().ok()?;
        self.0.open.borrow().get(&id).cloned()
    }

    /// Is it still under way?
    pub fn is_open(&self, id: u64) -> bool {
        self.0.open.borrow().contains_key(&id)
    }

    /// Forgets a request that is over.
    pub fn close(&self, id: u64) {
        self.0.open.borrow_mut().remove(&id);
    }

    /// Breaks off an answer that has stopped. Gives what the caller is to be told, if that can still be told.
    pub fn break_off_idle(&self, id: u64) -> Option<Vec<u8>> {
        let exchange = self.0.open.borrow().get(&id).cloned()?;
        let idle = exchange.timeouts.idle.as_secs();
        exchange.break_off(&ApiError::new(504, format!("The provider sent nothing for {idle} s.")).code(IDLE))
    }

    /// Those whose answer has stopped for longer than their idle clock allows. They have a second of grace, in which
    /// a ping of the provider is the better occasion to tell.
    pub fn idle(&self, now: Timestamp) -> Vec<u64> {
        self.which(|progress, exchange| {
            let last = progress.meter.last_content().filter(|_| !progress.meter.is_complete());
            progress.phase == Phase::Committed
                && last.is_some_and(|last| now.since(last) > exchange.timeouts.idle + GRACE)
        })
    }

    /// Those that only a reset can end: a failure was told in band, or the answer is complete and the provider does
    /// not end its stream. A caller may take its time for what has ended.
    pub fn endless(&self, now: Timestamp) -> Vec<u64> {
        self.which(|progress, exchange| {
            let lingers = progress.meter.is_complete() && !progress.ended;
            let last = progress.meter.last_content().filter(|_| lingers);
            progress.phase == Phase::Broken || last.is_some_and(|last| now.since(last) > exchange.timeouts.idle + GRACE)
        })
    }

    fn which(&self, wanted: impl Fn(&Progress, &Exchange) -> bool) -> Vec<u64> {
        let open = self.0.open.borrow();
        open.values()
            .filter(|exchange| wanted(&exchange.progress.borrow(), exchange))
            .map(|exchange| exchange.id)
            .collect()
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.0.open.borrow().len()
    }

    /// Is none under way?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
