//! Services that Envoy calls: one that limits rates, and one that takes access logs.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use envoy_types::pb::envoy::data::accesslog::v3::HttpAccessLogEntry;
use envoy_types::pb::envoy::service::accesslog::v3::access_log_service_server::{
    AccessLogService, AccessLogServiceServer,
};
use envoy_types::pb::envoy::service::accesslog::v3::stream_access_logs_message::LogEntries;
use envoy_types::pb::envoy::service::accesslog::v3::{StreamAccessLogsMessage, StreamAccessLogsResponse};
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_response::Code;
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_service_server::{
    RateLimitService, RateLimitServiceServer,
};
use envoy_types::pb::envoy::service::ratelimit::v3::{RateLimitRequest, RateLimitResponse};
use integration::stage;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

use crate::doors::plain;

/// The cluster of both, which are started with it.
pub(crate) fn cluster() -> Value {
    let mut cluster = plain("services", start());
    cluster["typed_extension_protocol_options"] = json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": { "http2_protocol_options": {} },
    } });
    cluster
}

fn start() -> SocketAddr {
    let listener = stage::outliving(async { TcpListener::bind("127.0.0.1:0").await.unwrap() });
    let address = listener.local_addr().unwrap();
    stage::runtime().spawn(async move {
        tonic::transport::Server::builder()
            .add_service(RateLimitServiceServer::new(Limiter))
            .add_service(AccessLogServiceServer::new(Logs))
            .serve_with_incoming(TcpListenerStream::new(listener))
            .await
            .unwrap();
    });
    address
}

/// Has no room for those whom a descriptor calls strangers.
struct Limiter;

#[tonic::async_trait]
impl RateLimitService for Limiter {
    async fn should_rate_limit(
        &self,
        request: Request<RateLimitRequest>,
    ) -> Result<Response<RateLimitResponse>, Status> {
        let descriptors = request.into_inner().descriptors;
        let stranger = descriptors.iter().flat_map(|one| &one.entries).any(|entry| entry.value == "stranger");
        let overall_code = if stranger { Code::OverLimit } else { Code::Ok }.into();
        Ok(Response::new(RateLimitResponse { overall_code, ..RateLimitResponse::default() }))
    }
}

struct Logs;

/// What the access log service was sent: filter state and headers of each request.
static LOGGED: Mutex<String> = Mutex::new(String::new());

/// What the access log service was sent so far.
pub(super) fn logged() -> String {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn text(message: StreamAccessLogsMessage) -> String {
    let Some(LogEntries::HttpLogs(entries)) = message.log_entries else { return String::new() };
    let entry = |entry: HttpAccessLogEntry| {
        let state = entry.common_properties.unwrap_or_default().filter_state_objects;
        let state = state.iter().map(|(name, value)| format!("{name} {}", String::from_utf8_lossy(&value.value)));
        format!("{} {:?}\n", state.collect::<String>(), entry.request)
    };
    entries.log_entry.into_iter().map(entry).collect()
}

#[tonic::async_trait]
impl AccessLogService for Logs {
    async fn stream_access_logs(
        &self,
        request: Request<Streaming<StreamAccessLogsMessage>>,
    ) -> Result<Response<StreamAccessLogsResponse>, Status> {
        let mut messages = request.into_inner();
        while let Some(message) = messages.message().await? {
            LOGGED.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text(message));
        }
        Ok(Response::new(StreamAccessLogsResponse::default()))
    }
}
