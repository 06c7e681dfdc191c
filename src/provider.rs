//! The provider role: wire, as upstream filter of each provider's cluster, once for each attempt.
//!
//! ```text
//! Opening ──headers──> Sending ──body──> Waiting ──headers──> Reading ──> Done
//!    │                    │                                  (whole, error, or
//!    └──no hand-over──────┴──untranslatable──> Done           stream: held, then relayed)
//! ```
//! It never knows a client, a budget or a price. Until the first content of an answer nothing goes out, so that
//! every failure can still go to the next target.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use crate::contract;
use crate::dialects::Outbound;
use crate::errors::{ApiError, Retry};
use crate::exchange::{Exchange, Exchanges, Outcome, Phase};
use crate::failover::{self, Verdict};
use crate::headers::Headers;
use crate::host::{self, Action, Host, Side};
use crate::hub::ChatRequest;
use crate::json::Object;
use crate::multipart::Form;
use crate::reply;
use crate::routing::Target;
use crate::service::Service;
use crate::signature;
use crate::surfaces::AnswerContext;
use crate::time::Timestamp;

mod answer;
mod headers;
mod passed;
mod relay;

use answer::{Answer, Fate};

/// One attempt, seen by the provider role.
pub struct Provider {
    /// Envoy's number of this filter.
    context: u32,
    exchanges: Exchanges,
    /// What a caller may see of the answer's headers.
    public: Headers,
    state: State,
}

/// What the attempt is waiting for.
enum State {
    Opening,
    /// The request's body.
    Sending(Call),
    /// The answer's headers.
    Waiting(Call),
    /// The answer's body.
    Reading(Call, Answer),
    /// Nothing: what still comes passes, or is dropped when a failure has been told.
    Done {
        drop: bool,
    },
}

/// One attempt at one target.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) exchange: Rc<Exchange>,
    pub(crate) target: Rc<Target>,
    pub(crate) service: Service,
}

impl Call {
    fn new(exchange: Rc<Exchange>, target: Rc<Target>) -> Option<Self> {
        let service = Service::find(exchange.task, target.provider.dialect, &target.model)?;
        Some(Self { exchange, target, service })
    }

    pub(crate) fn context(&self, now: Timestamp) -> AnswerContext {
        let asked = &self.exchange.asked;
        AnswerContext {
            id: format!("{:x}{:x}", self.exchange.started.0, self.exchange.id),
            created: now.seconds(),
            model: self.target.model.clone(),
            include_usage: asked.include_usage,
            legacy_functions: asked.legacy_functions,
        }
    }
}

impl Provider {
    /// An attempt that has just begun.
    pub fn new(context: u32, exchanges: Exchanges) -> Self {
        Self { context, exchanges, public: Headers::default(), state: State::Opening }
    }

    /// The request's headers have come, with what the attempt before left in them.
    pub fn on_request_headers(&mut self, host: &dyn Host, now: Timestamp) -> Action {
        match self.open(host, now) {
            Some(call) if call.exchange.has_no_body() => {
                headers::reset(host, &call, None);
                self.state = State::Waiting(call);
                Action::Continue
            }
            Some(call) => {
                self.state = State::Sending(call);
                Action::Pause
            }
            None => {
                // Without a hand-over there is no way to know what may go where.
                self.state = State::Done { drop: false };
                reply::refuse(host, &ApiError::new(503, "").retry(Retry::Never), NO_HAND_OVER, &[]);
                Action::Pause
            }
        }
    }

    fn open(&self, host: &dyn Host, now: Timestamp) -> Option<Call> {
        let exchange = self.exchanges.find(&host.property(&[contract::EXCHANGE])?)?;
        let number = failover::begun(host, &exchange, now)?;
        let target = Rc::clone(exchange.plan.target(number)?);
        exchange.progress.borrow_mut().begin(&target.name);
        // A chain leads to the next by itself; what signs requests behind this filter must know of this one.
        let chained = exchange.plan.is_chained();
        let named = if chained { &target } else { exchange.plan.target(number + 1)? };
        // Outside of a chain the property already names the cluster of this attempt.
        if chained || named.provider.cluster != target.provider.cluster {
            host.set_property(contract::CLUSTER, named.provider.cluster.as_bytes());
        }
        Call::new(exchange, target)
    }

    /// Some of the request's body has come; `size` is what Envoy holds of it by now.
    pub fn on_request_body(&mut self, host: &dyn Host, size: usize, end: bool) -> Action {
        let State::Sending(call) = &self.state else {
            return if matches!(self.state, State::Done { .. }) { Action::Pause } else { Action::Continue };
        };
        if !end {
            return Action::Pause;
        }
        let call = call.clone();
        match send(&call, &host.body(Side::Request, size)) {
            Ok(outbound) => {
                headers::reset(host, &call, Some(&outbound));
                host.set_body(Side::Request, size, &outbound.body);
                self.state = State::Waiting(call);
                Action::Continue
            }
            Err(error) => {
                self.tell(host, &call, &error);
                Action::Pause
            }
        }
    }

    /// The request ends with trailers instead of a last piece of body.
    pub fn on_request_trailers(&mut self, host: &dyn Host) -> Action {
        let size = host.body(Side::Request, host::ALL).len();
        self.on_request_body(host, size, true)
    }

    /// The answer's headers have come.
    pub fn on_response_headers(&mut self, host: &dyn Host, end: bool, now: Timestamp) -> Action {
        let State::Waiting(call) = &self.state else { return Action::Continue };
        let call = call.clone();
        call.exchange.put_back(host);
        let head = headers::Received::read(host, now);
        self.public = head.public();
        match Answer::begin(&call, head, now) {
            Ok(answer) if !end => {
                self.state = State::Reading(call, answer);
                Action::Pause
            }
            Ok(Answer::Passed(_)) => {
                call.exchange.progress.borrow_mut().meter.passed(None);
                self.let_pass(host, &call, now);
                self.state = State::Done { drop: false };
                Action::Continue
            }
            Ok(answer) => {
                let error = answer.without_body(&call);
                self.fail_bare(host, &call, error, now)
            }
            Err(error) if end => self.fail_bare(host, &call, error, now),
            Err(error) => {
                let fate = self.fail(host, &call, &error, now);
                self.state = State::Reading(call, Answer::refused(fate));
                Action::Pause
            }
        }
    }

    /// Some of the answer's body has come; `size` is what Envoy holds of it by now.
    pub fn on_response_body(&mut self, host: &dyn Host, size: usize, end: bool, now: Timestamp) -> Action {
        let (call, mut answer) = match std::mem::replace(&mut self.state, State::Done { drop: false }) {
            State::Reading(call, answer) => (call, answer),
            State::Done { drop } => {
                self.state = State::Done { drop };
                if drop {
                    host.set_body(Side::Response, size, &[]);
                }
                return Action::Continue;
            }
            other => {
                self.state = other;
                return Action::Continue;
            }
        };
        call.exchange.progress.borrow_mut().ended |= end;
        let action = match answer.read(host, &call, size, end, now) {
            Fate::Hold => Action::Pause,
            Fate::Commit(body) => {
                // A whole answer is known by its length; a stream may get some more.
                let length = answer.is_whole().then(|| body.as_ref().map_or(size, Vec::len));
                self.let_out(host, &call, length, now);
                if let Some(body) = body {
                    host.set_body(Side::Response, size, &body);
                }
                Action::Continue
            }
            Fate::Pass => {
                self.let_pass(host, &call, now);
                Action::Continue
            }
            Fate::Relay(body) => {
                host.set_body(Side::Response, size, &body);
                Action::Continue
            }
            Fate::Fail(error) => {
                let body = self.fail(host, &call, &error, now);
                host.set_body(Side::Response, size, &body);
                self.state = State::Done { drop: true };
                return Action::Continue;
            }
            Fate::Break(error, body) => {
                if call.exchange.progress.borrow().phase == Phase::Held {
                    self.let_out(host, &call, None, now);
                }
                let reason = error.code.as_deref().unwrap_or("error");
                call.exchange.progress.borrow_mut().break_off(error.status, reason);
                host.set_body(Side::Response, size, &body);
                self.state = State::Done { drop: true };
                return Action::Continue;
            }
        };
        self.state = if end { State::Done { drop: true } } else { State::Reading(call, answer) };
        action
    }

    /// The answer ends with trailers instead of a last piece of body. Nothing of a stream is in Envoy's hands here any
    /// more, so gives the number of the request and what its caller is still owed, as [`Provider::on_done`] does.
    pub fn on_response_trailers(&mut self, host: &dyn Host, now: Timestamp) -> Option<(u64, Vec<u8>)> {
        match &mut self.state {
            State::Reading(_, answer) if answer.is_held() => {
                let size = host.body(Side::Response, host::ALL).len();
                let _ = self.on_response_body(host, size, true, now);
                None
            }
            State::Reading(call, answer) => {
                let exchange = &call.exchange;
                let (mut owed, result) = answer.end(call, now);
                if let Err(error) = result {
                    owed.extend(exchange.break_off(&error).unwrap_or_default());
                }
                let adds = exchange.progress.borrow().held_open && !owed.is_empty();
                adds.then_some((exchange.id, owed))
            }
            _ => None,
        }
    }

    /// Envoy is done with the attempt. If that breaks an answer off, gives the number of the request and the last event
    /// of its stream, where that can be added.
    pub fn on_done(&mut self, now: Timestamp) -> Option<(u64, Vec<u8>)> {
        let State::Reading(call, _) = std::mem::replace(&mut self.state, State::Done { drop: true }) else {
            return None;
        };
        let exchange = call.exchange;
        // A caller that leaves ends its request first.
        if !self.exchanges.is_open(exchange.id) {
            return None;
        }
        let error = if now.since(exchange.started) + TIMER_SLACK >= exchange.timeouts.total {
            ApiError::new(504, "The answer took longer than the gateway allows.").code("timeout")
        } else {
            ApiError::new(502, "The provider broke off its answer.").code("provider_reset")
        };
        exchange.break_off(&error).map(|last| (exchange.id, last))
    }

    /// The headers of an answer go out in the caller's form, with its first content. `length` is that of its body, if it is
    /// complete.
    fn let_out(&mut self, host: &dyn Host, call: &Call, length: Option<usize>, now: Timestamp) {
        let mut public = headers::translated(std::mem::take(&mut self.public), call.exchange.asked.stream);
        if let Some(length) = length {
            public.set("content-length", length);
        }
        self.commit(host, call, public, now);
    }

    /// The headers of an answer go out as they are, once.
    fn let_pass(&mut self, host: &dyn Host, call: &Call, now: Timestamp) {
        if call.exchange.progress.borrow().phase == Phase::Held {
            let public = std::mem::take(&mut self.public);
            self.commit(host, call, public, now);
        }
    }

    /// The first content goes out: from now on nothing can be taken back.
    fn commit(&self, host: &dyn Host, call: &Call, mut public: Headers, now: Timestamp) {
        signature::name(&mut public, &call.exchange.request_id);
        signature::write(&mut public, &call.exchange, now);
        host.set_headers(Side::Response, &public.pairs());
        let mut progress = call.exchange.progress.borrow_mut();
        progress.signed = public.get(":status").and_then(|status| status.parse().ok());
        progress.phase = Phase::Committed;
        progress.provider = Some(self.context);
        progress.conclude(Outcome::Answered);
        call.exchange.tolls.borrow_mut().commit(progress.attempts.len(), host, now);
    }

    /// The attempt failed before any content. Marks the answer for the next attempt, or makes it the caller's;
    /// its body is returned. An answer that is marked has a body too: Envoy may be out of retries.
    fn fail(&self, host: &dyn Host, call: &Call, error: &ApiError, now: Timestamp) -> Vec<u8> {
        let verdict = failover::failed(host, &call.exchange, error, now);
        if verdict == Verdict::TellCaller {
            call.exchange.progress.borrow_mut().phase = Phase::Committed;
        }
        headers::fail(host, self.public.clone(), error, verdict);
        call.exchange.surface().error(error)
    }

    /// The same for an answer that has no body, and cannot get one but by an answer of our own.
    fn fail_bare(&mut self, host: &dyn Host, call: &Call, error: ApiError, now: Timestamp) -> Action {
        self.state = State::Done { drop: false };
        let verdict = failover::failed(host, &call.exchange, &error, now);
        if verdict == Verdict::NextTarget {
            headers::fail(host, self.public.clone(), &error, verdict);
            return Action::Continue;
        }
        self.tell(host, call, &error);
        Action::Pause
    }

    /// Answers the caller in the provider's place.
    fn tell(&mut self, host: &dyn Host, call: &Call, error: &ApiError) {
        self.state = State::Done { drop: false };
        let mut progress = call.exchange.progress.borrow_mut();
        progress.phase = Phase::Committed;
        let reason = error.code.as_deref().unwrap_or("untranslatable").to_owned();
        progress.conclude(Outcome::Failed { status: error.status, reason });
        drop(progress);
        reply::refuse(host, error, &call.exchange.surface().error(error), &[]);
    }
}

/// Writes the request in the provider's form.
fn send(call: &Call, body: &[u8]) -> Result<Outbound, ApiError> {
    if call.exchange.resource.is_some() {
        return Ok(Outbound::whole(body.to_vec()));
    }
    if let Some(content_type) = call.exchange.content_type() {
        let form = Form::parse(content_type, body).and_then(|form| form.with("model", &call.target.model));
        return form.map(Outbound::whole).map_err(|why| ApiError::invalid(format!("The body cannot be read: {why}.")));
    }
    let unreadable = |e: serde_json::Error| ApiError::invalid(format!("The body cannot be read: {e}."));
    let object = Object::parse(body).map_err(unreadable)?;
    let outbound = outbound(call, &object)?;
    call.exchange.progress.borrow_mut().dropped = outbound.dropped.iter().map(|name| name.to_string()).collect();
    Ok(outbound)
}

fn outbound(call: &Call, object: &Object<'_>) -> Result<Outbound, ApiError> {
    let (asked, model) = (&call.exchange.asked, &call.target.model);
    match call.service {
        Service::Chat(_, format) if call.service.passes() => Ok(format.pass_request(object, asked, model)),
        Service::Chat(surface, format) => {
            let betas = asked.betas.iter().map(|beta| Cow::Borrowed(beta.as_str())).collect();
            format.request(&ChatRequest { betas, ..surface.request(object)? }, model)
        }
        Service::Count(surface, format) => format.request(&surface.request(object)?, model),
        Service::Embeddings(surface, format) => format.request(&surface.request(object)?, model),
        Service::Pass(_, format) => Ok(format.pass_request(object, asked, model)),
    }
}

/// How much earlier than ours Envoy's clock may run out: its timers go by the time at which its event loop woke up.
const TIMER_SLACK: Duration = Duration::from_millis(100);

/// The surface is not known either.
const NO_HAND_OVER: &[u8] =
    br#"{"error":{"message":"The gateway lost track of this request.","type":"server_error","param":null,"code":"no_hand_over"}}"#;

#[cfg(test)]
mod tests;
