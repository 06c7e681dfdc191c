//! The gateway role: policy, in the HTTP connection manager. Who calls, for which model, where to.
//!
//! ```text
//! Fresh ──headers──> Receiving ──body──> Forwarded ──answer──> (log)
//!   │                    │
//!   └──────refusal───────┴─────> Answered
//! ```
//! It never knows a dialect: what the provider role answers passes through.

use std::rc::Rc;

use crate::clients::{self, Client, Digest};
use crate::config::Config;
use crate::contract;
use crate::errors::{ApiError, Retry};
use crate::exchange::{Exchange, Exchanges, Phase, Progress};
use crate::failover;
use crate::host::{self, Action, Host, Side, Stream};
use crate::json::{self, Object};
use crate::reply;
use crate::routing::{Plan, Target};
use crate::surfaces::models::Form;
use crate::surfaces::{self, Asked, Route, Surface};
use crate::time::Timestamp;

mod head;
mod last_words;
mod settle;

use head::Head;
use last_words::LastWords;

/// One request, seen by the gateway role.
pub struct Gateway {
    config: Rc<Config>,
    exchanges: Exchanges,
    state: State,
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
    /// The caller is let in; the body is not complete.
    Receiving(Admitted),
    /// On its way to providers.
    Forwarded(Rc<Exchange>),
    /// We have answered.
    Answered,
}

/// A caller that was let in.
struct Admitted {
    client: Rc<Client>,
    surface: &'static dyn Surface,
    headers: Vec<(String, String)>,
}

/// What the access log needs.
#[derive(Default)]
struct Notes {
    started: Timestamp,
    request_id: String,
    client: Option<Rc<Client>>,
    surface: Option<&'static str>,
    model: Option<String>,
    request_bytes: u64,
    status: u16,
    error: Option<String>,
}

impl Gateway {
    /// A request that has just begun.
    pub fn new(config: Rc<Config>, exchanges: Exchanges) -> Self {
        Self {
            config,
            exchanges,
            state: State::Fresh,
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
            State::Fresh | State::Receiving(_) | State::Answered => None,
        }
    }

    /// The request's headers have come.
    pub fn on_request_headers(&mut self, host: &dyn Host, end: bool, now: Timestamp) -> Action {
        let head = Head::read(host);
        self.notes.started = now;
        self.notes.request_id = head.get("x-request-id").unwrap_or_default().to_owned();
        match self.admit(host, head, end, now) {
            Ok(admitted) => {
                self.state = State::Receiving(admitted);
                Action::Pause
            }
            Err(refusal) => self.answer(host, &refusal),
        }
    }

    /// Some of the request's body has come; `size` is what Envoy holds of it by now.
    pub fn on_request_body(&mut self, host: &dyn Host, size: usize, end: bool, now: Timestamp) -> Action {
        let State::Receiving(admitted) = &self.state else {
            // An answer has gone out: what still comes of the body goes nowhere.
            return if matches!(self.state, State::Answered) { Action::Pause } else { Action::Continue };
        };
        let too_large = size as u64 > self.config.max_body;
        if !end && !too_large {
            return Action::Pause;
        }
        let surface = admitted.surface;
        let forwarded = if too_large {
            Err(self.too_large())
        } else {
            self.notes.request_bytes = size as u64;
            self.forward(host, &host.body(Side::Request, size), now)
        };
        match forwarded {
            Ok(exchange) => {
                self.state = State::Forwarded(exchange);
                Action::Continue
            }
            Err(error) => self.answer(host, &Refusal::new(surface, error)),
        }
    }

    /// The request ends with trailers instead of a last piece of body.
    pub fn on_request_trailers(&mut self, host: &dyn Host, now: Timestamp) -> Action {
        let size = host.body(Side::Request, host::ALL).len();
        self.on_request_body(host, size, true, now)
    }

    /// The answer's headers are on their way to the caller.
    pub fn on_response_headers(&mut self, host: &dyn Host, end: bool, now: Timestamp) -> Action {
        let headers = host.headers(Side::Response);
        let status = headers.iter().find(|(n, _)| n == ":status").and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
        self.notes.status = status;
        if !self.notes.request_id.is_empty() {
            host.set_header(Side::Response, "x-request-id", Some(&self.notes.request_id));
        }
        host.set_header(Side::Response, contract::RETRY_HEADER, None);
        match &self.state {
            State::Forwarded(exchange) => {
                let exchange = Rc::clone(exchange);
                self.answer_headers(host, &exchange, status, end, now);
            }
            State::Receiving(admitted) => {
                // Envoy gave up on the request while it was being sent.
                let surface = admitted.surface;
                let error = given_up(status, &[]);
                self.substitute(host, surface, &error, end);
            }
            State::Answered => self.insist(host, &headers, end),
            State::Fresh => {}
        }
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
    fn admit(&mut self, host: &dyn Host, head: Head, end: bool, now: Timestamp) -> Result<Admitted, Refusal> {
        let surface = surfaces::of_path(head.path(), head.form());
        let refuse = |error| Refusal::new(surface, error);
        let client = self.who(&head, now).map_err(refuse)?;
        let route = surfaces::route(head.method(), head.path()).map_err(refuse)?;
        let surface = match route {
            Route::Call(surface) => surface,
            Route::Models => return Err(Refusal::answer(surfaces::models::list(&self.names(&client), head.form()))),
            Route::Model(id) => return Err(self.model(&client, id, head.form()).unwrap_or_else(refuse)),
        };
        self.notes.surface = Some(surface.name());
        head.check_body(end, self.config.max_body).map_err(refuse)?;
        for name in head.internal() {
            host.set_header(Side::Request, name, None);
        }
        Ok(Admitted { client, surface, headers: head.into_headers() })
    }

    /// The caller, by its key.
    fn who(&mut self, head: &Head, now: Timestamp) -> Result<Rc<Client>, ApiError> {
        let key = clients::presented_key(|name| head.get(name).map(str::to_owned)).ok_or_else(|| {
            clients::unauthorized(
                "No gateway key. Send it as `Authorization: Bearer`, `x-api-key`, `api-key` or `x-goog-api-key`.",
                "missing_api_key",
            )
        })?;
        let client = self.config.clients.get(&Digest::of(&key)).cloned();
        let client =
            client.ok_or_else(|| clients::unauthorized("This gateway key is not known.", "invalid_api_key"))?;
        self.notes.client = Some(Rc::clone(&client));
        client.admit(now)?;
        Ok(client)
    }

    /// Names of the models that the caller may use: logical ones, and targets that its key spells out.
    fn names<'a>(&'a self, client: &'a Client) -> Vec<&'a str> {
        let logical = self.config.models.keys().map(String::as_str).filter(|name| client.may_use(name));
        let targets = client.targets().filter(|name| !self.config.models.contains_key(*name));
        logical.chain(targets).collect()
    }

    fn model(&self, client: &Client, id: &str, form: Form) -> Result<Refusal, ApiError> {
        let known = client.may_use(id) && (self.config.models.contains_key(id) || self.config.target(id).is_some());
        if known { Ok(Refusal::answer(surfaces::models::one(id, form))) } else { Err(unknown_model(id)) }
    }

    /// Decides where the request goes, and hands it over.
    fn forward(&mut self, host: &dyn Host, body: &[u8], now: Timestamp) -> Result<Rc<Exchange>, ApiError> {
        let State::Receiving(admitted) = &self.state else { return Err(given_up(503, &[])) };
        if json::too_deep(body) {
            return Err(ApiError::invalid(format!("The body nests deeper than {} levels.", json::MAX_DEPTH)));
        }
        let object = Object::parse(body).map_err(|e| {
            ApiError::invalid(format!("The body is not a JSON object that can be read: {e}.")).code("invalid_json")
        })?;
        let asked = admitted.surface.asked(&object)?;
        let exchange = Rc::new(self.exchange(host, admitted, asked, now)?);
        self.notes.model = Some(exchange.asked.model.clone());
        steer(host, &exchange);
        self.exchanges.open(Rc::clone(&exchange));
        Ok(exchange)
    }

    fn exchange(&self, host: &dyn Host, from: &Admitted, asked: Asked, now: Timestamp) -> Result<Exchange, ApiError> {
        let model = self.config.models.get(&asked.model).filter(|_| from.client.may_use(&asked.model));
        let logical = model.is_some();
        let (plan, timeouts, failover_on) = match model {
            Some(model) => {
                let cooling = |t: &Target| model.targets.len() > 1 && failover::is_cooling(host, t, now);
                (Plan::new(&model.targets, cooling), model.timeouts, model.failover_on.clone())
            }
            None => {
                let target = self.config.target(&asked.model).filter(|_| from.client.may_use(&asked.model));
                let target = target.ok_or_else(|| unknown_model(&asked.model))?;
                (Plan::new(&[target], |_| false), self.config.timeouts, Vec::new())
            }
        };
        Ok(Exchange {
            id: self.exchanges.next_id(),
            surface: from.surface,
            asked,
            plan,
            timeouts,
            logical,
            failover_on,
            caller_headers: from.headers.clone(),
            started: self.notes.started,
            progress: Progress::default().into(),
        })
    }

    /// Adds what is ours to an answer, or makes one of what Envoy says itself.
    fn answer_headers(&mut self, host: &dyn Host, exchange: &Rc<Exchange>, status: u16, end: bool, now: Timestamp) {
        let held = exchange.progress.borrow().phase == Phase::Held;
        if held {
            failover::unanswered(host, exchange, now);
            let error = given_up(status, &exchange.progress.borrow().attempts);
            self.substitute(host, exchange.surface, &error, end);
        }
        let progress = exchange.progress.borrow();
        if let Some(target) = progress.target() {
            host.set_header(Side::Response, "x-tollhouse-target", Some(target));
            host.set_header(Side::Response, "x-tollhouse-attempts", Some(&progress.attempts.len().to_string()));
        }
        if !progress.dropped.is_empty() {
            host.set_header(Side::Response, "x-tollhouse-dropped", Some(&progress.dropped.join(",")));
        }
    }

    /// Puts the caller's form of a failure in the place of Envoy's own words.
    fn substitute(&mut self, host: &dyn Host, surface: &'static dyn Surface, error: &ApiError, end: bool) {
        self.notes.error = error.code.as_deref().map(str::to_owned);
        self.notes.status = error.status;
        let body = surface.error(error);
        if end {
            return reply::refuse(host, error, &body, &[]);
        }
        host.set_header(Side::Response, ":status", Some(&error.status.to_string()));
        host.set_header(Side::Response, "content-length", None);
        for (name, value) in reply::error_headers(error) {
            host.set_header(Side::Response, name, Some(&value));
        }
        self.substitute = Some(body);
    }

    /// When a body is too large for Envoy and for us at the same piece, Envoy's refusal is on its way before ours,
    /// with the details of ours: only its length tells.
    fn insist(&mut self, host: &dyn Host, headers: &[(String, String)], end: bool) {
        let Some((surface, error)) = self.refused.take() else { return };
        let length = headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok());
        if length.is_some_and(|length: usize| length != surface.error(&error).len()) {
            self.substitute(host, surface, &error, end);
        }
    }

    fn too_large(&self) -> ApiError {
        let limit = crate::config::raw::ByteSize(self.config.max_body);
        ApiError::new(413, format!("The body is over the limit of {limit}."))
            .code("request_too_large")
            .retry(Retry::Never)
    }

    /// Answers the caller without a provider.
    fn answer(&mut self, host: &dyn Host, refusal: &Refusal) -> Action {
        self.state = State::Answered;
        match refusal {
            Refusal::Answer(body) => {
                self.notes.status = 200;
                host.reply(200, &[("content-type", "application/json")], body);
            }
            Refusal::Error(surface, error) => {
                self.notes.status = error.status;
                self.notes.error = error.code.as_deref().map(str::to_owned);
                self.refused = Some((*surface, error.clone()));
                let allow = (error.status == 405).then_some(("allow", "GET, POST"));
                reply::refuse(host, error, &surface.error(error), allow.as_slice());
            }
        }
        Action::Pause
    }
}

/// An answer that needs no provider.
enum Refusal {
    Answer(Vec<u8>),
    Error(&'static dyn Surface, Box<ApiError>),
}

impl Refusal {
    fn new(surface: &'static dyn Surface, error: ApiError) -> Self {
        Self::Error(surface, Box::new(error))
    }

    fn answer(body: Vec<u8>) -> Self {
        Self::Answer(body)
    }
}

/// The same for a model that does not exist and for one that the key may not use: the difference is nobody's
/// business.
fn unknown_model(name: &str) -> ApiError {
    let shown: String = name.chars().take(200).collect();
    ApiError::new(404, format!("The model `{shown}` does not exist, or this key may not use it."))
        .code("model_not_found")
        .param("model")
        .retry(Retry::Never)
}

/// What a caller is told when Envoy gave up without an answer of a provider.
fn given_up(status: u16, attempts: &[crate::exchange::Attempt]) -> ApiError {
    let tried: Vec<_> = attempts.iter().map(|a| a.target.as_str()).collect();
    let tried = if tried.is_empty() { String::new() } else { format!(" Tried: {}.", tried.join(", ")) };
    match status {
        408 => ApiError::new(408, "The request did not arrive in time.").code("request_timeout"),
        413 => {
            ApiError::new(413, "The body is over the limit of the proxy.").code("request_too_large").retry(Retry::Never)
        }
        504 => ApiError::new(504, format!("No answer in time.{tried}")).code("timeout"),
        _ => ApiError::new(503, format!("No provider could be reached.{tried}")).code("no_healthy_target"),
    }
}

/// Tells Envoy's router how to make the attempts.
fn steer(host: &(impl Stream + ?Sized), exchange: &Exchange) {
    host.set_property(contract::EXCHANGE, exchange.id.to_string().as_bytes());
    if let Some(target) = exchange.plan.target(0) {
        host.set_property(contract::CLUSTER, target.provider.cluster.as_bytes());
    }
    let clock = if exchange.asked.stream { exchange.timeouts.first_token } else { exchange.timeouts.attempt };
    let set = |name, value: &str| host.set_header(Side::Request, name, Some(value));
    set("x-envoy-retry-on", "retriable-headers,reset,connect-failure");
    set("x-envoy-retriable-header-names", contract::RETRY_HEADER);
    set("x-envoy-max-retries", &exchange.plan.retries().to_string());
    set("x-envoy-upstream-rq-timeout-ms", &exchange.timeouts.total.as_millis().to_string());
    set("x-envoy-upstream-rq-per-try-timeout-ms", &clock.as_millis().to_string());
}

#[cfg(test)]
mod tests;
