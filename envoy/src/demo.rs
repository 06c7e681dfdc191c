//! Scripted providers for a first look without an account: they answer in the real wire formats, but not cleverly.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;

mod anthropic;
mod openai;

/// Between two words of a stream.
const PAUSE: Duration = Duration::from_millis(40);

/// Both scripted providers. They answer until the runtime ends.
#[derive(Debug)]
pub struct Demo {
    /// Speaks OpenAI's Chat Completions.
    pub openai: Provider,
    /// Speaks Anthropic's Messages.
    pub anthropic: Provider,
}

/// One scripted provider.
#[derive(Debug)]
pub struct Provider {
    address: SocketAddr,
}

impl Demo {
    /// Starts both on free ports of this host.
    ///
    /// # Errors
    /// No port is to be had.
    pub async fn start() -> std::io::Result<Self> {
        let openai = Provider::start("/v1/chat/completions", &openai::SCRIPT).await?;
        let anthropic = Provider::start("/v1/messages", &anthropic::SCRIPT).await?;
        Ok(Self { openai, anthropic })
    }
}

impl Provider {
    /// Scheme, host and port.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn start(path: &str, script: &'static Script) -> std::io::Result<Self> {
        let down = Arc::new(AtomicBool::new(false));
        let set = |value: bool, said: &'static str| {
            let down = Arc::clone(&down);
            post(move || async move {
                down.store(value, Ordering::Relaxed);
                said
            })
        };
        let (knock_over, raise) = (set(true, "down\n"), set(false, "up\n"));
        let app = Router::new()
            .route("/down", knock_over)
            .route("/up", raise)
            .route(path, post(move |body: Bytes| async move { answer(script, &down, &body) }))
            // The gateway's limit is the one that matters.
            .layer(DefaultBodyLimit::disable());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address })
    }
}

/// How one API says things.
struct Script {
    /// For the answer's text.
    name: &'static str,
    /// A whole answer.
    plain: fn(&Request<'_>) -> Value,
    /// The events of a stream; a pause before each.
    stream: fn(&Request<'_>) -> Vec<String>,
    /// A failure of this type.
    error: fn(kind: Failure) -> Value,
}

/// Failures that the demonstration knows.
#[derive(Clone, Copy)]
enum Failure {
    /// Knocked over.
    Down,
    /// The body is not what the API wants.
    Invalid,
}

/// What is asked, and the answer to it.
struct Request<'a> {
    model: &'a str,
    include_usage: bool,
    words: Vec<String>,
    input_tokens: usize,
}

fn answer(script: &Script, down: &AtomicBool, body: &[u8]) -> Response {
    if down.load(Ordering::Relaxed) {
        return json(StatusCode::SERVICE_UNAVAILABLE, &(script.error)(Failure::Down));
    }
    let asked: Option<Value> = serde_json::from_slice(body).ok();
    let Some(request) = asked.as_ref().and_then(|asked| read(script, asked)) else {
        return json(StatusCode::BAD_REQUEST, &(script.error)(Failure::Invalid));
    };
    let streamed = asked.as_ref().and_then(|a| a.get("stream")).and_then(Value::as_bool).unwrap_or(false);
    if streamed { stream((script.stream)(&request)) } else { json(StatusCode::OK, &(script.plain)(&request)) }
}

fn read<'a>(script: &Script, asked: &'a Value) -> Option<Request<'a>> {
    let messages = asked.get("messages")?.as_array()?;
    let text = |message: &Value| {
        let content = message.get("content").cloned().unwrap_or_default();
        let parts = content.as_array().cloned().unwrap_or_default();
        let of_parts = parts.iter().filter_map(|p| p.get("text")?.as_str()).collect::<Vec<_>>().join(" ");
        content.as_str().map_or(of_parts, str::to_owned)
    };
    let last = messages.last().map(text).unwrap_or_default();
    let answer = format!("The demonstration's {} provider answers: you said \"{last}\".", script.name);
    Some(Request {
        model: asked.get("model")?.as_str()?,
        include_usage: asked.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or(false),
        words: answer.split_inclusive(' ').map(str::to_owned).collect(),
        input_tokens: messages.iter().map(|m| text(m).split_whitespace().count() + 4).sum(),
    })
}

fn json(status: StatusCode, body: &Value) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [kind], body.to_string()).into_response()
}

fn stream(events: Vec<String>) -> Response {
    let events = futures_util::stream::unfold(events.into_iter(), |mut events| async move {
        let event = events.next()?;
        tokio::time::sleep(PAUSE).await;
        Some((Ok::<_, Infallible>(event), events))
    });
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    ([kind], Body::from_stream(events)).into_response()
}

/// An id as providers make them.
fn id(prefix: &str) -> String {
    let mut random = [0u8; 12];
    // Without randomness ids repeat, which a demonstration can bear.
    let _ = getrandom::fill(&mut random);
    random.iter().fold(prefix.to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests;
