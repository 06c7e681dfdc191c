//! The gateway role: policy, in the HTTP connection manager. Who calls, for which model, where to.
//!
//! ```text
//! Fresh ──headers──> Receiving ──body──> (Waiting ──>) (Asking ──>) Forwarded ──answer──> (log)
//!   │                    │                   │             │
//!   ├──────refusal───────┴───────────────────┴─────────────┴─> Answered
//!   └───none of ours──> Passing
//! ```
//! It never knows a dialect: what the provider role answers passes through.

use std::rc::Rc;

use crate::config::Config;
use crate::contract;
use crate::errors::{ApiError, Retry};
use crate::exchange::{Exchange, Exchanges, Phase};
use crate::headers::Headers;
use crate::host::{self, Action, Host, Side};
use crate::ledger::Bind;
use crate::limits::Limit;
use crate::policies::Policy;
use crate::signature;
use crate::surfaces::files::Files;
use crate::surfaces::models::Form;
use crate::surfaces::{self, CountSurface, Route, Surface, Task};
use crate::telemetry;
use crate::time::Timestamp;

mod admitted;
mod answer;
mod asking;
mod caller;
mod denial;
mod entry;
mod head;
mod last_words;
mod refusal;
mod route;
mod settle;
mod steering;
mod stranger;
mod way;

use admitted::Admitted;
use answer::envoys_own;
use asking::Asking;
use caller::Caller;
use entry::{Entrant, Stop};
use head::Head;
use last_words::LastWords;
use refusal::{Refusal, given_up, not_served, unknown_model};
use route::Ruled;

/// One request, seen by the gateway role.
pub struct Gateway {
    /// Envoy's number of this filter.
    context: u32,
    config: Rc<Config>,
    exchanges: Exchanges,
    /// What the route leaves of the configuration.
    policy: Rc<Policy>,
    state: State,
    /// The request's headers as they were sent, without the key, while those of attempts are in their place and this
    /// role is to put them back.
    sent: Option<Rc<Headers>>,
    /// Does the request go on outside of its own callbacks?
    later: bool,
    /// What the caller is told in the place of Envoy's own words.
    substitute: Option<Vec<u8>>,
    /// What we have answered, in case that Envoy answers something else.
    refused: Option<(&'static dyn Surface, Box<ApiError>)>,
    last_words: LastWords,
    /// What the access log needs, whatever becomes of the request.
    notes: Notes,
}

/// What the request is waiting for.
enum State {
    Fresh,
    /// Nothing: the route is none of ours.
    Passing,
    /// The caller is let in; the body is not complete.
    Receiving(Admitted),
    /// It was read; the limits have no room yet.
    Waiting {
        entrant: Box<Entrant>,
        until: Timestamp,
    },
    /// Limits that are kept here have room; the service that keeps the others is asked.
    Asking(Box<Asking>),
    /// On its way to providers.
    Forwarded(Rc<Exchange>),
    /// We have answered.
    Answered,
}

/// What the access log needs.
#[derive(Default)]
struct Notes {
    started: Timestamp,
    request_id: String,
    path: String,
    caller: Option<Rc<Caller>>,
    surface: Option<&'static str>,
    model: Option<String>,
    request_bytes: u64,
    status: u16,
    error: Option<String>,
    /// The one that had no room.
    limit: Option<Rc<Limit>>,
    /// When a request that had to wait was let in.
    waited_until: Option<Timestamp>,
}

impl Gateway {
    /// A request that has just begun.
    pub fn new(context: u32, config: Rc<Config>, exchanges: Exchanges) -> Self {
        Self {
            context,
            policy: config.policies.whole(),
            config,
            exchanges,
            state: State::Fresh,
            sent: None,
            later: false,
            substitute: None,
            refused: None,
            last_words: LastWords::default(),
            notes: Notes::default(),
        }
    }

    /// The number of the request, once it is on its way.
    pub fn exchange_id(&self) -> Option<u64> {
        match &self.state {
            State::Forwarded(exchange) => Some(exchange.id),
            _ => None,
        }
    }

    /// The request's headers have come.
    pub fn on_request_headers(&mut self, host: &dyn Host, end: bool, now: Timestamp) -> Action {
        let ruled = self.rule(host);
        if self.policy.is_off() {
            self.state = State::Passing;
            return Action::Continue;
        }
        let head = Head::read(host);
        self.notes.started = now;
        self.notes.request_id = head.get("x-request-id").unwrap_or_default().to_owned();
        head.path().clone_into(&mut self.notes.path);
        match self.admit(host, head, end, ruled, now) {
            Ok(admitted) => {
                self.state = State::Receiving(admitted);
                if end { self.on_request_body(host, 0, true, now) } else { Action::Pause }
            }
            Err(refusal) => self.answer(host, &refusal),
        }
    }

    /// Some of the request's body has come; `size` is what Envoy holds of it by now.
    pub fn on_request_body(&mut self, host: &dyn Host, size: usize, end: bool, now: Timestamp) -> Action {
        let too_large = size as u64 > self.config.max_body;
        let admitted = match std::mem::replace(&mut self.state, State::Answered) {
            State::Receiving(admitted) if end || too_large => admitted,
            other => {
                let on_its_way = matches!(other, State::Forwarded(_) | State::Passing);
                self.state = other;
                // Where an answer has gone out, what still comes of the body goes nowhere.
                return if on_its_way { Action::Continue } else { Action::Pause };
            }
        };
        let surface = admitted.task.surface();
        if too_large {
            return self.answer(host, &Refusal::new(surface, self.too_large()));
        }
        self.notes.request_bytes = size as u64;
        // While there are only headers there is nothing to ask for.
        let body = if size == 0 { Vec::new() } else { host.body(Side::Request, size) };
        let body = route::with_default_model(host, &admitted, body);
        match self.read(admitted, &body) {
            Ok(entrant) => self.proceed(host, entrant, None, now),
            Err(refusal) => self.answer(host, &refusal),
        }
    }

    /// Does the request wait for room?
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// There may be room for a request that waits. `None` if it waits on.
    pub fn on_wake(&mut self, host: &dyn Host, now: Timestamp) -> Option<Action> {
        match std::mem::replace(&mut self.state, State::Answered) {
            State::Waiting { entrant, until } => {
                self.later = true;
                let action = self.proceed(host, *entrant, Some(until), now);
                self.notes.waited_until = Some(now);
                (!self.is_waiting()).then_some(action)
            }
            other => {
                self.state = other;
                Some(Action::Pause)
            }
        }
    }

    /// The request ends with trailers instead of a last piece of body.
    pub fn on_request_trailers(&mut self, host: &dyn Host, now: Timestamp) -> Action {
        if self.passes() {
            return Action::Continue;
        }
        let size = host.body(Side::Request, host::ALL).len();
        self.on_request_body(host, size, true, now)
    }

    /// The answer's headers are on their way to the caller.
    pub fn on_response_headers(&mut self, host: &dyn Host, end: bool, now: Timestamp) -> Action {
        if matches!(self.state, State::Fresh | State::Passing) {
            // A filter in front of us has answered, or somebody who is none of our business.
            return Action::Continue;
        }
        self.put_back(host);
        if let Some(status) = self.signed(host) {
            self.notes.status = status;
            return Action::Continue;
        }
        let mut headers = host.headers(Side::Response);
        let status = headers.get(":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        self.notes.status = status;
        signature::name(&mut headers, &self.notes.request_id);
        headers.remove(contract::RETRY_HEADER);
        let failure = match &self.state {
            State::Forwarded(exchange) => {
                let failure = envoys_own(host, exchange, status, now);
                signature::write(&mut headers, exchange, now);
                failure
            }
            // Envoy gave up on the request while it was being sent.
            State::Receiving(Admitted { task, .. }) => Some((task.surface(), Box::new(given_up(status, &[])))),
            State::Waiting { entrant, .. } => Some((entrant.admitted.task.surface(), Box::new(given_up(status, &[])))),
            State::Asking(asking) => Some((asking.surface(), Box::new(given_up(status, &[])))),
            State::Answered => self.overruled(&headers),
            State::Fresh | State::Passing => None,
        };
        if let Some((surface, error)) = failure {
            self.substitute(host, surface, &error, &mut headers, end);
        }
        host.set_headers(Side::Response, &headers.pairs());
        Action::Continue
    }

    /// Some of the answer's body is on its way to the caller.
    pub fn on_response_body(&mut self, host: &dyn Host, size: usize, end: bool) -> Action {
        if let Some(body) = &mut self.substitute {
            host.set_body(Side::Response, size, &std::mem::take(body));
        }
        match &self.state {
            State::Forwarded(exchange) if exchange.asked.stream => self.last_words.on_piece(host, exchange, size, end),
            _ => Action::Continue,
        }
    }

    /// Looks at everything that the headers tell.
    fn admit(
        &mut self,
        host: &dyn Host,
        mut head: Head,
        end: bool,
        ruled: Ruled,
        now: Timestamp,
    ) -> Result<Admitted, Refusal> {
        let surface = surfaces::of_path(head.path(), head.form());
        let refuse = |error| Refusal::new(surface, error);
        let caller = self.who(host, &mut head, now).map_err(refuse)?;
        ruled.map_err(refuse)?;
        let route = surfaces::route(head.method(), head.path(), head.form()).map_err(refuse)?;
        if !self.policy.serves(route.name()) {
            return Err(refuse(not_served(head.path())));
        }
        let (task, resource) = match route {
            Route::Call(task) => (task, None),
            Route::Files => {
                way::keeper(&self.config, &caller).map_err(refuse)?;
                (Task::Pass(&Files), head.resource(end))
            }
            Route::Models(form) => return Err(Refusal::answer(surfaces::models::list(&self.names(&caller), form))),
            Route::Model(id, form) => return Err(self.model(&caller, id, form).unwrap_or_else(refuse)),
        };
        self.notes.surface = Some(task.surface().name());
        match resource {
            Some(_) => head.check_transfer(self.config.max_body),
            None => head.check_body(end, task.surface().takes_forms(), self.config.max_body),
        }
        .map_err(refuse)?;
        Ok(Admitted { caller, task, resource, headers: Rc::new(head.into_headers()) })
    }

    /// Names of the models that the caller may use: logical ones, and targets that its key spells out.
    fn names<'a>(&'a self, caller: &'a Caller) -> Vec<&'a str> {
        let may_use = |name: &&str| caller.may_use(name);
        let logical = self.config.models.keys().map(String::as_str).filter(may_use);
        let targets = caller.client.targets().filter(|name| !self.config.models.contains_key(*name));
        logical.chain(targets.filter(may_use)).collect()
    }

    fn model(&self, caller: &Caller, id: &str, form: Form) -> Result<Refusal, ApiError> {
        let known = caller.may_use(id) && (self.config.models.contains_key(id) || self.config.target(id).is_some());
        if known { Ok(Refusal::answer(surfaces::models::one(id, form))) } else { Err(unknown_model(id)) }
    }

    /// Reads the body.
    fn read(&mut self, admitted: Admitted, body: &[u8]) -> Result<Entrant, Refusal> {
        let surface = admitted.task.surface();
        let refuse = |error| Refusal::new(surface, error);
        let entrant = Entrant::read(admitted, body, &self.config.limits).map_err(refuse)?;
        if let Task::Count(surface) = entrant.admitted.task
            && self.way(&entrant).map_err(refuse)?.targets.is_empty()
        {
            self.notes.model = Some(entrant.asked.model);
            return Err(estimate(surface, body).map_or_else(refuse, Refusal::Estimate));
        }
        Ok(entrant)
    }

    /// Lets a request go on, wait or end. `until` is when it has waited long enough.
    fn proceed(&mut self, host: &dyn Host, entrant: Entrant, until: Option<Timestamp>, now: Timestamp) -> Action {
        let surface = entrant.admitted.task.surface();
        let error = match self.enter(host, &entrant, now) {
            Ok(exchange) => return self.ask(host, exchange, entrant, now),
            Err(Stop::Refused(error)) => error,
            Err(Stop::Full { error, limit, wait }) => {
                if let Some(wait) = wait {
                    let until = until.unwrap_or(now.after(wait.longest));
                    let class = entrant.admitted.caller.client.class;
                    if now < until && self.exchanges.queue().join(self.context, class, wait.most) {
                        self.state = State::Waiting { entrant: Box::new(entrant), until };
                        return Action::Pause;
                    }
                }
                return self.deny(host, limit, *error, entrant);
            }
        };
        self.answer(host, &Refusal::new(surface, error))
    }

    /// Refuses a request for which a limit has no room.
    fn deny(&mut self, host: &dyn Host, limit: Rc<Limit>, error: ApiError, entrant: Entrant) -> Action {
        telemetry::count_denial(host, &limit, Bind::Hard);
        self.notes.limit = Some(limit);
        self.notes.model = Some(entrant.asked.model);
        self.answer(host, &Refusal::new(entrant.admitted.task.surface(), error))
    }

    /// Hands the request over.
    fn forward(&mut self, host: &dyn Host, exchange: Exchange, entrant: Entrant) -> Action {
        let exchange = Rc::new(Exchange { later: self.later, ..exchange });
        self.notes.model = Some(exchange.asked.model.clone()).filter(|model| !model.is_empty());
        steering::steer(host, &exchange);
        self.sent = (!self.later).then_some(entrant.admitted.headers);
        self.exchanges.open(Rc::clone(&exchange));
        self.state = State::Forwarded(exchange);
        Action::Continue
    }

    fn too_large(&self) -> ApiError {
        let limit = crate::config::raw::ByteSize(self.config.max_body);
        ApiError::new(413, format!("The body is over the limit of {limit}."))
            .code("request_too_large")
            .retry(Retry::Never)
    }
}

/// How many tokens a request would be, where no provider of its model counts them.
fn estimate(surface: &dyn CountSurface, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let chat = surface.request(&admitted::object(body)?)?;
    Ok(surface.answer(chat.estimated_tokens()))
}

#[cfg(test)]
mod tests;
