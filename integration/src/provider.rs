//! A provider that does what the script says and keeps what it is sent.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::http::{self, Framing, Head};
use crate::reply::{Reply, Step};
use crate::speech::Speech;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A free port.
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

type Script = Arc<dyn Fn(&Seen, usize) -> Reply + Send + Sync>;

/// A provider on a port of its own.
#[derive(Clone)]
pub struct Provider {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    /// For models that have no script.
    script: Script,
    /// Is what it gets kept?
    remembers: bool,
    scripts: Mutex<HashMap<String, Script>>,
    seen: watch::Sender<Vec<Arc<Seen>>>,
    connections: AtomicU64,
}

/// A request, as it came.
pub struct Seen {
    /// Request line and headers.
    pub head: Head,
    /// All of the body.
    pub body: Vec<u8>,
    /// `model` of the body, which is JSON or a form, or what stands for it in the path.
    pub model: String,
    /// When it was complete.
    pub at: Instant,
    /// The number of its connection.
    pub connection: u64,
    gone: watch::Sender<bool>,
}

impl Seen {
    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("what a provider gets is JSON")
    }

    /// Waits until the other end has closed the connection within the answer.
    pub async fn gone(&self) {
        let mut gone = self.gone.subscribe();
        timeout(PATIENCE, gone.wait_for(|gone| *gone)).await.expect("the gateway lets the provider go").expect("open");
    }
}

impl Provider {
    /// Listens, on the runtime of the caller. Without a script for their model, requests are answered well.
    pub async fn start(speech: Speech) -> Self {
        Self::answering(move |seen, _| speech.good(seen.json()["stream"] == true)).await
    }

    /// The same with a script for all models that have none of their own.
    pub async fn answering(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at(LOOPBACK, script).await
    }

    /// The same at another address than the usual one.
    pub async fn at(address: SocketAddr, script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::listening(address, true, script).await
    }

    /// One that keeps nothing of what it gets, for days that are long.
    pub async fn forgetting(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listening(LOOPBACK, false, move |seen, _| script(seen)).await
    }

    async fn listening(
        address: SocketAddr,
        remembers: bool,
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            script: Arc::new(script),
            remembers,
            scripts: Mutex::default(),
            seen: watch::channel(Vec::new()).0,
            connections: AtomicU64::new(0),
        });
        let ours = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&ours), stream));
            }
        });
        Self { address, state }
    }

    /// Answers every request for this model so.
    pub fn on(&self, model: &str, reply: Reply) {
        self.script(model, move |_, _| reply.clone());
    }

    /// Answers requests for this model by their content and number, from 0.
    pub fn script(&self, model: &str, script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) {
        self.state.scripts.lock().expect("scripts").insert(model.to_owned(), Arc::new(script));
    }

    /// The requests for this model so far.
    pub fn seen(&self, model: &str) -> Vec<Arc<Seen>> {
        self.state.seen.borrow().iter().filter(|seen| seen.model == model).cloned().collect()
    }

    /// All requests so far.
    pub fn everything(&self) -> Vec<Arc<Seen>> {
        self.state.seen.borrow().clone()
    }

    /// The only request for this model, waited for.
    pub async fn one(&self, model: &str) -> Arc<Seen> {
        let mut seen = self.state.seen.subscribe();
        let came = seen.wait_for(|all| all.iter().any(|seen| seen.model == model));
        drop(timeout(PATIENCE, came).await.unwrap_or_else(|_| panic!("no request for {model}")));
        let all = self.seen(model);
        assert_eq!(all.len(), 1, "requests for {model}");
        Arc::clone(&all[0])
    }
}

/// A provider that answers 503 and closes as soon as it has read the head of a request.
///
/// # Panics
/// There is no port.
pub async fn hasty() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::with_capacity(64, stream);
                if let Ok(Some(_)) = http::read_head(&mut stream).await {
                    play(&Reply::new(503).header("connection", "close").body("{}"), &mut stream).await;
                }
            });
        }
    });
    address
}

async fn serve(state: Arc<State>, stream: TcpStream) {
    // Or a head would wait for the body behind it.
    stream.set_nodelay(true).expect("an option");
    let connection = state.connections.fetch_add(1, Ordering::Relaxed);
    let mut stream = BufReader::new(stream);
    while let Ok(Some(head)) = http::read_head(&mut stream).await {
        let Ok(body) = read_body(&mut stream, &head).await else { return };
        let seen = Arc::new(Seen {
            model: model(&head, &body),
            head,
            body,
            at: Instant::now(),
            connection,
            gone: watch::channel(false).0,
        });
        let reply = state.take(&seen);
        if !play(&reply, &mut stream).await {
            seen.gone.send_replace(true);
            return;
        }
    }
}

impl State {
    fn take(&self, seen: &Arc<Seen>) -> Reply {
        if !self.remembers {
            return (self.script)(seen, 0);
        }
        let mut number = 0;
        self.seen.send_modify(|all| {
            number = all.iter().filter(|other| other.model == seen.model).count();
            all.push(Arc::clone(seen));
        });
        let script = self.scripts.lock().expect("scripts").get(&seen.model).cloned();
        script.unwrap_or_else(|| Arc::clone(&self.script))(seen, number)
    }
}

async fn read_body(stream: &mut BufReader<TcpStream>, head: &Head) -> std::io::Result<Vec<u8>> {
    let mut framing = Framing::of(head, Framing::Length(0));
    let mut body = Vec::new();
    while let Some(piece) = http::read_piece(stream, &mut framing).await? {
        body.extend(piece);
    }
    Ok(body)
}

fn model(head: &Head, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Named {
        model: String,
    }
    let named = serde_json::from_slice::<Named>(body).ok().map(|named| named.model);
    named.or_else(|| in_form(body)).or_else(|| in_path(head.word(1))).unwrap_or_default()
}

/// The line that follows the headers of a part named so.
fn in_form(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("name=\"model\"\r\n\r\n")?;
    rest.split_once("\r\n").map(|(value, _)| value.to_owned())
}

/// `/models/{model}:generateContent`, `/model/{model}/converse`, `/deployments/{model}/chat/completions`.
fn in_path(path: &str) -> Option<String> {
    let (_, rest) = ["/models/", "/model/", "/deployments/"].iter().find_map(|before| path.split_once(before))?;
    rest.split([':', '/']).next().map(http::decoded)
}

/// Does what the script says. Tells whether the connection can be used again.
async fn play(reply: &Reply, stream: &mut BufReader<TcpStream>) -> bool {
    for step in &reply.steps {
        let went_on = match step {
            Step::Bytes(bytes) => stream.get_mut().write_all(bytes).await.is_ok(),
            Step::Pause(time) => unless_gone(stream, sleep(*time)).await,
            Step::Gate(gate) => unless_gone(stream, async { gate.acquire().await.expect("a gate").forget() }).await,
            Step::Hang => unless_gone(stream, std::future::pending()).await,
            Step::Close => false,
            Step::Reset => {
                stream.get_mut().set_zero_linger().expect("linger");
                false
            }
        };
        if !went_on {
            return false;
        }
    }
    true
}

/// Waits, and tells whether the other end is still there.
async fn unless_gone(stream: &mut BufReader<TcpStream>, wait: impl Future<Output = ()>) -> bool {
    let mut byte = [0; 1];
    tokio::select! {
        () = wait => true,
        _ = stream.get_mut().read(&mut byte) => false,
    }
}
