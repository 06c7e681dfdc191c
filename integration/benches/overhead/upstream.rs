//! A provider that costs little: every answer is made before the first request.

use std::net::SocketAddr;

use integration::http::{self, Framing};
use integration::speech::Speech;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Text events of a stream.
const EVENTS: usize = 56;

#[derive(Clone, Copy)]
struct Answers {
    whole: &'static [u8],
    stream: &'static [u8],
}

/// Starts one.
pub(crate) async fn start(speech: Speech) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers = match speech {
        Speech::OpenAi => openai(),
        Speech::Anthropic => anthropic(),
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream, answers));
        }
    });
    address
}

async fn serve(stream: TcpStream, answers: Answers) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(head)) = http::read_head(&mut stream).await {
        let mut framing = Framing::of(&head, Framing::Length(0));
        let mut streamed = false;
        while let Ok(Some(piece)) = http::read_piece(&mut stream, &mut framing).await {
            streamed |= piece.len() < 4096 && piece.windows(13).any(|w| w == b"\"stream\":true");
        }
        let answer = if streamed { answers.stream } else { answers.whole };
        if stream.get_mut().write_all(answer).await.is_err() {
            return;
        }
    }
}

fn whole(body: &str) -> &'static [u8] {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    Box::leak((head + body).into_bytes().into_boxed_slice())
}

/// Each event is a chunk of its own.
fn stream(events: impl IntoIterator<Item = String>) -> &'static [u8] {
    let mut out = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    for event in events {
        out.push_str(&format!("{:x}\r\n{event}\r\n", event.len()));
    }
    Box::leak((out + "0\r\n\r\n").into_bytes().into_boxed_slice())
}

fn openai() -> Answers {
    let chunk = |choices: &str, more: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{choices}]{more}}}\n\n"
        )
    };
    let delta = |delta: &str, finish: &str| format!("{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}");
    let mut events = vec![chunk(&delta("{\"role\":\"assistant\",\"content\":\"\"}", "null"), "")];
    events.extend((0..EVENTS).map(|_| chunk(&delta("{\"content\":\" word\"}", "null"), "")));
    events.push(chunk(&delta("{}", "\"stop\""), ""));
    events.push(chunk("", ",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":56,\"total_tokens\":65}"));
    events.push("data: [DONE]\n\n".to_owned());
    let text = " word".repeat(EVENTS);
    Answers {
        whole: whole(&format!(
            "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":56,\"total_tokens\":65}}}}"
        )),
        stream: stream(events),
    }
}

fn anthropic() -> Answers {
    let event = |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let mut events = vec![
        event(
            "message_start",
            ",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}",
        ),
        event("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
    ];
    events.extend(
        (0..EVENTS).map(|_| {
            event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}")
        }),
    );
    events.push(event("content_block_stop", ",\"index\":0"));
    events.push(event("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":56}"));
    events.push(event("message_stop", ""));
    let text = " word".repeat(EVENTS);
    Answers {
        whole: whole(&format!(
            "{{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}],\"stop_reason\":\"end_turn\",\"usage\":{{\"input_tokens\":9,\"output_tokens\":56}}}}"
        )),
        stream: stream(events),
    }
}
