//! Providers that cost little: every answer is made before the first request.

use std::net::SocketAddr;
use std::time::Duration;

use integration::http::{self, Framing};
use integration::speech::Speech;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::work::{self, Answer, PACE};

/// A provider of one API that always answers in the same way.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) speech: Speech,
    /// The one model that is asked of it.
    pub(crate) model: String,
    pub(crate) address: SocketAddr,
}

/// One for each way to answer.
pub(crate) async fn all() -> Vec<Upstream> {
    let answers = [Answer::Plain, Answer::Burst(work::SHORT), Answer::Burst(work::LONG), Answer::Paced];
    let mut all = Vec::new();
    for speech in [Speech::OpenAi, Speech::Anthropic] {
        for answer in answers {
            all.push(Upstream { speech, model: work::model(speech, answer), address: start(speech, answer).await });
        }
    }
    all
}

/// Pieces of an answer, and the time before each but the first.
#[derive(Clone, Copy)]
struct Script {
    pieces: &'static [Vec<u8>],
    pace: Option<Duration>,
}

async fn start(speech: Speech, answer: Answer) -> SocketAddr {
    let script = script(speech, answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream, script));
        }
    });
    address
}

async fn serve(stream: TcpStream, script: Script) {
    let mut stream = BufReader::with_capacity(64 << 10, stream);
    while let Ok(Some(head)) = http::read_head(&mut stream).await {
        let mut framing = Framing::of(&head, Framing::Length(0));
        while let Ok(Some(_)) = http::read_piece(&mut stream, &mut framing).await {}
        for (i, piece) in script.pieces.iter().enumerate() {
            if let (Some(pace), 1..) = (script.pace, i) {
                tokio::time::sleep(pace).await;
            }
            if stream.get_mut().write_all(piece).await.is_err() {
                return;
            }
        }
    }
}

fn script(speech: Speech, answer: Answer) -> Script {
    let (pieces, pace) = match answer {
        Answer::Plain => (vec![plain(&whole(speech))], None),
        Answer::Burst(events) => (vec![stream(&events_of(speech, events)).concat()], None),
        Answer::Paced => (stream(&events_of(speech, work::PACED)), Some(Duration::from_millis(PACE))),
    };
    Script { pieces: Box::leak(pieces.into_boxed_slice()), pace }
}

fn plain(body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    (head + body).into_bytes()
}

/// A head with the first event, then a piece for each text, the last with the end.
fn stream(events: &[String]) -> Vec<Vec<u8>> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut pieces: Vec<Vec<u8>> =
        events.iter().map(|event| format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()).collect();
    pieces.first_mut().unwrap().splice(0..0, head.bytes());
    pieces.last_mut().unwrap().extend(b"0\r\n\r\n");
    pieces
}

fn whole(speech: Speech) -> String {
    let text = " word".repeat(64);
    match speech {
        Speech::OpenAi => format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,"completion_tokens":64,"total_tokens":73}}}}"#
        ),
        Speech::Anthropic => format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":9,"output_tokens":64}}}}"#
        ),
    }
}

/// The texts, with what opens and closes the stream joined to the first and the last.
fn events_of(speech: Speech, texts: usize) -> Vec<String> {
    let (open, text, close) = match speech {
        Speech::OpenAi => openai(texts),
        Speech::Anthropic => anthropic(texts),
    };
    // One gateway gives up on a model that says the same again and again.
    let mut events: Vec<String> =
        (0..texts).map(|i| text.replace(" word", [" one", " two", " three"][i % 3])).collect();
    events.first_mut().unwrap().insert_str(0, &open);
    events.last_mut().unwrap().push_str(&close);
    events
}

fn openai(texts: usize) -> (String, String, String) {
    let chunk = |choices: &str, more: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{choices}]{more}}}\n\n"
        )
    };
    let delta = |delta: &str, finish: &str| format!("{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}");
    let usage =
        format!(",\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":{texts},\"total_tokens\":{}}}", 9 + texts);
    (
        chunk(&delta("{\"role\":\"assistant\",\"content\":\"\"}", "null"), ""),
        chunk(&delta("{\"content\":\" word\"}", "null"), ""),
        chunk(&delta("{}", "\"stop\""), "") + &chunk("", &usage) + "data: [DONE]\n\n",
    )
}

fn anthropic(texts: usize) -> (String, String, String) {
    let event = |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let start = ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}";
    let end = format!(
        ",\"delta\":{{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}},\"usage\":{{\"output_tokens\":{texts}}}"
    );
    (
        event("message_start", start)
            + &event("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
        event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}"),
        event("content_block_stop", ",\"index\":0") + &event("message_delta", &end) + &event("message_stop", ""),
    )
}
