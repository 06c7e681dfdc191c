//! Providers that cost little: every answer is made before the first request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use integration::http::{self, Framing};
use integration::speech::Speech;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::stamp;
use crate::work::{self, Answer, PACE};

/// A provider of one API that always answers in the same way.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) speech: Speech,
    pub(crate) answer: Answer,
    /// The one model that is asked of it.
    pub(crate) model: String,
    pub(crate) address: SocketAddr,
}

impl Upstream {
    /// The model to ask for where this one fails.
    pub(crate) fn fallback(&self) -> Option<String> {
        (self.answer == Answer::Unsure).then(|| work::model(self.speech, Answer::Plain))
    }
}

/// One for each way to answer.
pub(crate) async fn all() -> Vec<Upstream> {
    let answers = [Answer::Plain, Answer::Unsure, Answer::Burst(work::SHORT), Answer::Burst(work::LONG), Answer::Paced];
    let mut all = Vec::new();
    for speech in [Speech::OpenAi, Speech::Anthropic] {
        for answer in answers {
            let address = start(Arc::new(Script::of(speech, answer))).await;
            all.push(Upstream { speech, answer, model: work::model(speech, answer), address });
        }
    }
    all
}

/// What it says, and how.
struct Script {
    pieces: Vec<Piece>,
    /// The time before each but the first.
    pace: Option<Duration>,
    /// What every second request is told instead.
    failure: Option<Vec<u8>>,
    asked: AtomicUsize,
}

/// Bytes that are written at once.
struct Piece {
    bytes: Vec<u8>,
    /// Where they say when.
    stamp: Option<usize>,
}

async fn start(script: Arc<Script>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let script = Arc::clone(&script);
            // A gateway may hang up when it likes.
            tokio::spawn(async move { drop(serve(stream, &script).await) });
        }
    });
    address
}

async fn serve(stream: TcpStream, script: &Script) -> std::io::Result<()> {
    let mut stream = BufReader::with_capacity(64 << 10, stream);
    while let Some(head) = http::read_head(&mut stream).await? {
        let mut framing = Framing::of(&head, Framing::Length(0));
        while http::read_piece(&mut stream, &mut framing).await?.is_some() {}
        let number = script.asked.fetch_add(1, Ordering::Relaxed);
        match &script.failure {
            Some(failure) if number.is_multiple_of(2) => stream.get_mut().write_all(failure).await?,
            _ => script.speak(stream.get_mut()).await?,
        }
    }
    Ok(())
}

impl Script {
    fn of(speech: Speech, answer: Answer) -> Self {
        let whole = json(200, &speech.answer(&texts(64).concat()).to_string());
        let mut script = Self { pieces: Vec::new(), pace: None, failure: None, asked: AtomicUsize::new(0) };
        let pieces = match answer {
            Answer::Plain => vec![whole],
            Answer::Unsure => {
                script.failure = Some(json(500, &speech.failure("server_error").to_string()));
                vec![whole]
            }
            Answer::Burst(events) => vec![stream(speech, &texts(events)).concat()],
            Answer::Paced => {
                script.pace = Some(PACE);
                stream(speech, &vec![stamp::blank(); work::PACED])
            }
        };
        let piece = |bytes: Vec<u8>| Piece { stamp: stamp::place(&bytes), bytes };
        script.pieces = pieces.into_iter().map(piece).collect();
        script
    }

    async fn speak(&self, to: &mut TcpStream) -> std::io::Result<()> {
        for (i, piece) in self.pieces.iter().enumerate() {
            if let (Some(pace), 1..) = (self.pace, i) {
                tokio::time::sleep(pace).await;
            }
            match piece.stamp {
                Some(place) => {
                    let mut bytes = piece.bytes.clone();
                    stamp::press(&mut bytes, place);
                    to.write_all(&bytes).await?;
                }
                None => to.write_all(&piece.bytes).await?,
            }
        }
        Ok(())
    }
}

/// One gateway gives up on a model that says the same again and again.
fn texts(count: usize) -> Vec<String> {
    [" one", " two", " three"].into_iter().cycle().take(count).map(str::to_owned).collect()
}

fn json(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    (head + body).into_bytes()
}

/// A piece for each text, with what opens and closes the stream joined to the first and the last.
fn stream(speech: Speech, texts: &[String]) -> Vec<Vec<u8>> {
    let mut events: Vec<String> = texts.iter().map(|text| speech.piece(text)).collect();
    events.first_mut().unwrap().insert_str(0, &speech.opening().concat());
    events.last_mut().unwrap().push_str(&speech.closing().concat());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = |event: &String| format!("{:x}\r\n{event}\r\n", event.len()).into_bytes();
    let mut pieces: Vec<Vec<u8>> = events.iter().map(chunk).collect();
    pieces.first_mut().unwrap().splice(0..0, head.bytes());
    pieces.last_mut().unwrap().extend(b"0\r\n\r\n");
    pieces
}
