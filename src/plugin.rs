//! The edge: Envoy's callbacks, handed to the roles.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action as Next, ContextType, LogLevel};

use crate::alerts::Undelivered;
use crate::config::Config;
use crate::contract;
use crate::exchange::Exchanges;
use crate::gateway::Gateway;
use crate::heap::Heap;
use crate::host::Action;
use crate::host::envoy::Envoy;
use crate::provider::Provider;
use crate::telemetry::{self, StoreOutcome};
use crate::time::Timestamp;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { role: Role::Unconfigured }));
}}

/// How often streams are looked at that may have gone idle.
const TICK: Duration = Duration::from_millis(500);

/// How often those are looked at that wait for room, since other workers may have made it; and how soon the store of
/// limits is told what requests came to.
const WAITING_TICK: Duration = Duration::from_millis(10);

/// How long the webhook may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[global_allocator]
static HEAP: Heap = Heap::new();

thread_local! {
    /// What the roles of this worker hand over to each other.
    static EXCHANGES: Exchanges = Exchanges::default();
    /// Gateway contexts of requests under way, for the idle clock.
    static CONTEXTS: RefCell<BTreeMap<u64, u32>> = RefCell::default();
    /// Requests that wait for room, by their gateway contexts.
    static WAITING: RefCell<BTreeMap<u32, Rc<RefCell<Gateway>>>> = RefCell::default();
    /// Requests that wait for the store of limits, with their gateway contexts, by the number of the call: the SDK tells
    /// the context that was active when the call was made, which for those that had to wait is the plugin's.
    static ASKING: RefCell<BTreeMap<u32, Asking>> = RefCell::default();
}

/// A request that waits for the store of limits.
struct Asking {
    context: u32,
    gateway: Rc<RefCell<Gateway>>,
}

/// One plugin on one worker.
struct Root {
    role: Role,
}

enum Role {
    Unconfigured,
    Gateway(Rc<Config>),
    Provider,
}

impl Context for Root {
    fn on_grpc_call_response(&mut self, call: u32, status: u32, size: usize) {
        let is_settlement = !deliver(call, status, size);
        if is_settlement && status != 0 {
            telemetry::count_store(&Envoy, StoreOutcome::Unsettled, now());
        }
    }

    /// The webhook has answered, or cannot be reached: then there are no headers.
    fn on_http_call_response(&mut self, _call: u32, headers: usize, _body: usize, _trailers: usize) {
        let status = (headers > 0).then(Envoy::call_status).flatten();
        if let Err(undelivered) = Undelivered::by_status(status) {
            telemetry::count_undelivered(&Envoy, undelivered);
        }
    }
}

impl Root {
    /// Sends what waits for the webhook. These calls are the plugin's own, so that they outlive every stream.
    fn send_alerts(&self) {
        for alert in EXCHANGES.with(|exchanges| exchanges.alerts().take()) {
            let to = &alert.webhook;
            let headers = vec![
                (":method", "POST"),
                (":scheme", to.scheme),
                (":authority", to.authority.as_str()),
                (":path", to.path.as_str()),
                ("content-type", "application/json"),
            ];
            // The SDK's own: it must know of the call, or would panic at its answer.
            let sent = self.dispatch_http_call(&to.cluster, headers, Some(alert.body.as_bytes()), vec![], PATIENCE);
            if sent.is_err() {
                telemetry::count_undelivered(&Envoy, Undelivered::Unsent);
            }
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let document = self.get_plugin_configuration().unwrap_or_default();
        if document == contract::PROVIDER_CONFIGURATION.as_bytes() {
            self.role = Role::Provider;
            return true;
        }
        HEAP.pause();
        let config = Config::parse(&document, &|name| std::env::var(name).ok());
        HEAP.resume();
        match config {
            Ok(config) => {
                self.role = Role::Gateway(Rc::new(config));
                self.set_tick_period(TICK);
                true
            }
            Err(error) => {
                log::error!("tollhouse: the configuration is refused: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        // Before anything selects a stream, whose call it would then be.
        self.send_alerts();
        EXCHANGES.with(|exchanges| exchanges.outbox().send(&Envoy, now()));
        wake();
        if WAITING.with_borrow(BTreeMap::is_empty) {
            self.set_tick_period(TICK);
        }
        EXCHANGES.with(|exchanges| {
            for id in exchanges.endless(now()) {
                with_context(id, Envoy::reset_response);
            }
            for id in exchanges.idle(now()) {
                if let Some(last) = exchanges.break_off_idle(id) {
                    with_context(id, |context| Envoy::add_to_response(context, &last));
                }
            }
        });
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        let exchanges = EXCHANGES.with(Exchanges::clone);
        match &self.role {
            Role::Gateway(config) => {
                let gateway = Gateway::new(context, Rc::clone(config), exchanges);
                Some(Box::new(GatewayStream { context, gateway: Rc::new(RefCell::new(gateway)), ended: false }))
            }
            Role::Provider => Some(Box::new(ProviderStream(Provider::new(context, exchanges)))),
            Role::Unconfigured => None,
        }
    }
}

struct GatewayStream {
    context: u32,
    gateway: Rc<RefCell<Gateway>>,
    ended: bool,
}

impl GatewayStream {
    /// The body has come.
    fn on_body(&mut self, action: Action) -> Next {
        remember(self.context, &self.gateway);
        if self.gateway.borrow().is_waiting() {
            WAITING.with_borrow_mut(|waiting| waiting.insert(self.context, Rc::clone(&self.gateway)));
            Envoy::set_tick(WAITING_TICK);
        }
        next(action)
    }

    /// The request is over. Once, whoever tells first.
    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let mut gateway = self.gateway.borrow_mut();
        if let Some(id) = gateway.exchange_id() {
            CONTEXTS.with_borrow_mut(|contexts| contexts.remove(&id));
        }
        if let Some(call) = gateway.call() {
            ASKING.with_borrow_mut(|asking| asking.remove(&call));
        }
        let asks = gateway.asks();
        let had_nothing = EXCHANGES.with(|exchanges| exchanges.outbox().is_empty());
        gateway.on_log(&Envoy, now());
        drop(gateway);
        // The first message asks for a tick: each time that it is asked for, the tick begins to wait anew.
        if had_nothing && !EXCHANGES.with(|exchanges| exchanges.outbox().is_empty()) {
            Envoy::set_tick(WAITING_TICK);
        }
        no_longer_waiting(self.context);
        // A call from here would be told to this context, which is about to end: the tick wakes those that would make one.
        if !asks {
            wake();
        }
    }
}

/// For the idle clock, once the request is on its way; for the answer, when it has asked the store.
fn remember(context: u32, gateway: &Rc<RefCell<Gateway>>) {
    let Ok(state) = gateway.try_borrow() else { return };
    if let Some(id) = state.exchange_id() {
        CONTEXTS.with_borrow_mut(|contexts| contexts.insert(id, context));
    }
    if let Some(call) = state.call() {
        ASKING.with_borrow_mut(|asking| asking.insert(call, Asking { context, gateway: Rc::clone(gateway) }));
    }
}

/// Hands the store's answer to the request that waits for it. Tells whether there is one.
fn deliver(call: u32, status: u32, size: usize) -> bool {
    let Some(Asking { context, gateway: asking }) = ASKING.with_borrow_mut(|all| all.remove(&call)) else {
        return false;
    };
    let answer = (status == 0).then(|| Envoy::call_answer(size));
    let Ok(mut gateway) = asking.try_borrow_mut() else { return true };
    if Envoy::select(context) {
        let action = gateway.on_call_answer(&Envoy, call, answer.as_deref(), now());
        drop(gateway);
        remember(context, &asking);
        if action == Some(Action::Continue) {
            Envoy::continue_request();
        }
    }
    true
}

/// Lets those go on that wait, as far as there is room.
fn wake() {
    for context in EXCHANGES.with(|exchanges| exchanges.queue().contexts()) {
        let Some(waiting) = WAITING.with_borrow(|all| all.get(&context).cloned()) else { continue };
        let Ok(mut gateway) = waiting.try_borrow_mut() else { continue };
        if !Envoy::select(context) {
            continue;
        }
        let Some(action) = gateway.on_wake(&Envoy, now()) else { continue };
        drop(gateway);
        no_longer_waiting(context);
        remember(context, &waiting);
        if action == Action::Continue {
            Envoy::continue_request();
        }
    }
}

fn no_longer_waiting(context: u32) {
    EXCHANGES.with(|exchanges| exchanges.queue().leave(context));
    WAITING.with_borrow_mut(|waiting| waiting.remove(&context));
}

impl Context for GatewayStream {
    fn on_done(&mut self) -> bool {
        // Over HTTP/3 Envoy logs when the caller has acknowledged the last byte: its filters are gone by then.
        self.end();
        true
    }

    fn on_grpc_call_response(&mut self, call: u32, status: u32, size: usize) {
        deliver(call, status, size);
    }
}

impl HttpContext for GatewayStream {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> Next {
        let action = self.gateway.borrow_mut().on_request_headers(&Envoy, end, now());
        self.on_body(action)
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Next {
        let action = self.gateway.borrow_mut().on_request_body(&Envoy, size, end, now());
        self.on_body(action)
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Next {
        let mut gateway = self.gateway.borrow_mut();
        if !gateway.passes() {
            Envoy::drop_request_trailers();
        }
        let action = gateway.on_request_trailers(&Envoy, now());
        drop(gateway);
        self.on_body(action)
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> Next {
        next(self.gateway.borrow_mut().on_response_headers(&Envoy, end, now()))
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Next {
        next(self.gateway.borrow_mut().on_response_body(&Envoy, size, end))
    }

    fn on_log(&mut self) {
        self.end();
    }
}

struct ProviderStream(Provider);

impl Context for ProviderStream {
    fn on_done(&mut self) -> bool {
        // Envoy ends the attempt before it resets the caller's stream: the last chance to tell why.
        if let Some((id, last)) = self.0.on_done(now()) {
            with_context(id, |context| Envoy::add_to_response(context, &last));
        }
        true
    }
}

impl HttpContext for ProviderStream {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> Next {
        next(self.0.on_request_headers(&Envoy, now()))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Next {
        next(self.0.on_request_body(&Envoy, size, end))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Next {
        next(self.0.on_request_trailers(&Envoy))
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> Next {
        next(self.0.on_response_headers(&Envoy, end, now()))
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Next {
        next(self.0.on_response_body(&Envoy, size, end, now()))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Next {
        if let Some((id, owed)) = self.0.on_response_trailers(&Envoy, now()) {
            with_context(id, |context| Envoy::add_to_response(context, &owed));
        }
        Next::Continue
    }
}

/// Does something with the gateway role's context of a request under way.
fn with_context(id: u64, act: impl FnOnce(u32)) {
    if let Some(context) = CONTEXTS.with_borrow(|contexts| contexts.get(&id).copied()) {
        act(context);
    }
}

fn next(action: Action) -> Next {
    match action {
        Action::Continue => Next::Continue,
        Action::Pause => Next::Pause,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
