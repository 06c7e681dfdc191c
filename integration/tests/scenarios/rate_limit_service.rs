//! A rate limit service of Envoy's protocol: Limitador's counters in a real Redis.
//!
//! Limitador looks whether there is room and counts afterwards; here one question at a time is answered, so that two
//! cannot find the same room. Its counters take negative hits, its own server does not.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use envoy_types::pb::envoy::extensions::common::ratelimit::v3::RateLimitDescriptor;
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_response::{Code, DescriptorStatus, RateLimit};
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_service_server::{
    RateLimitService, RateLimitServiceServer,
};
use envoy_types::pb::envoy::service::ratelimit::v3::{RateLimitRequest, RateLimitResponse};
use integration::stage;
use limitador::errors::LimitadorError;
use limitador::limit::{Limit, Namespace};
use limitador::storage::AsyncStorage;
use limitador::storage::redis::AsyncRedisStorage;
use limitador::{AsyncRateLimiter, AsyncRateLimiterBuilder};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A Redis of one scenario, which keeps what it has said it keeps. It ends with this value.
pub(crate) struct Redis {
    port: u16,
    folder: tempfile::TempDir,
    server: Child,
}

impl Redis {
    /// Starts it, if there is one on the `PATH`.
    pub(crate) fn start() -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let server = serve(port, folder.path()).ok()?;
        let mut redis = Self { port, folder, server };
        redis.wait();
        Some(redis)
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts it again, with all that it had.
    pub(crate) fn restart(&mut self) {
        self.server = serve(self.port, self.folder.path()).unwrap();
        self.wait();
    }

    fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end && self.server.try_wait().unwrap().is_none(), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn serve(port: u16, folder: &Path) -> std::io::Result<Child> {
    let mut server = Command::new("redis-server");
    server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    server.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(folder);
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Starts the service on the runtime that outlives tests.
pub(crate) fn start(redis: &Redis) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    let redis = format!("redis://127.0.0.1:{}", redis.port);
    stage::runtime().spawn(async move {
        let storage = AsyncRedisStorage::new(&redis).await.unwrap();
        let limiter = AsyncRateLimiterBuilder::new(AsyncStorage::with_counter_storage(Box::new(storage))).build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        sender.send(listener.local_addr().unwrap()).unwrap();
        let service = RateLimitServiceServer::new(Service { limiter, turn: Mutex::default() });
        let connections = TcpListenerStream::new(listener);
        tonic::transport::Server::builder().add_service(service).serve_with_incoming(connections).await.unwrap();
    });
    receiver.recv().unwrap()
}

struct Service {
    limiter: AsyncRateLimiter,
    /// Held for a whole question.
    turn: Mutex<()>,
}

/// One counter, and what is asked of it.
struct Counter {
    namespace: Namespace,
    subject: HashMap<String, String>,
    limit: u32,
    hits: i64,
}

impl Counter {
    fn of(domain: &str, descriptor: &RateLimitDescriptor, limiter: &AsyncRateLimiter) -> Self {
        let entries: Vec<_> = descriptor.entries.iter().map(|entry| (&entry.key, &entry.value)).collect();
        let subject = HashMap::from([(SUBJECT.to_owned(), format!("{entries:?}"))]);
        let limit = descriptor.limit.expect("a limit");
        let seconds = [0, 1, 60, 3_600, 86_400, 2_592_000, 31_536_000][usize::try_from(limit.unit).unwrap()];
        let amount = limit.requests_per_unit;
        let namespace = Namespace::from(format!("{domain} {} {amount}", entries[0].1));
        limiter.add_limit(Limit::new(namespace.clone(), amount.into(), seconds, [""; 0], [SUBJECT]));
        let hits = i64::try_from(descriptor.hits_addend.expect("hits").value).unwrap();
        Self { namespace, subject, limit: amount, hits: if descriptor.is_negative_hits { -hits } else { hits } }
    }

    fn status(&self, over: bool, remaining: i64) -> DescriptorStatus {
        DescriptorStatus {
            code: if over { Code::OverLimit } else { Code::Ok }.into(),
            current_limit: Some(RateLimit { requests_per_unit: self.limit, ..RateLimit::default() }),
            limit_remaining: u32::try_from(remaining).unwrap_or_default(),
            ..DescriptorStatus::default()
        }
    }
}

/// The only variable of our limits.
const SUBJECT: &str = "subject";

impl Service {
    async fn answer(&self, counters: &[Counter]) -> Result<RateLimitResponse, LimitadorError> {
        let _turn = self.turn.lock().await;
        let mut over = Vec::new();
        for counter in counters {
            let hits = counter.hits.max(0);
            over.push(self.limiter.is_rate_limited(&counter.namespace, &counter.subject, hits).await?);
        }
        let refused = over.contains(&true);
        let mut statuses = Vec::new();
        for (counter, over) in counters.iter().zip(over) {
            if !refused {
                self.limiter.update_counters(&counter.namespace, &counter.subject, counter.hits).await?;
            }
            let all = self.limiter.get_counters(&counter.namespace).await?;
            let ours = all.iter().find(|one| one.set_variables() == &counter.subject);
            statuses.push(counter.status(over, ours.and_then(|one| one.remaining()).unwrap_or_default()));
        }
        let overall_code = if refused { Code::OverLimit } else { Code::Ok }.into();
        Ok(RateLimitResponse { overall_code, statuses, ..RateLimitResponse::default() })
    }
}

#[tonic::async_trait]
impl RateLimitService for Service {
    async fn should_rate_limit(
        &self,
        request: Request<RateLimitRequest>,
    ) -> Result<Response<RateLimitResponse>, Status> {
        let request = request.into_inner();
        let counter = |descriptor| Counter::of(&request.domain, descriptor, &self.limiter);
        let counters: Vec<_> = request.descriptors.iter().map(counter).collect();
        self.answer(&counters).await.map(Response::new).map_err(|error| Status::unavailable(error.to_string()))
    }
}
