//! What a provider does wrong, what it sends then, and what is promised to the caller.

use std::time::Duration;

use integration::reply::Reply;
use integration::strict::{Answer, Api, Asked, End, Said};

use super::ground::{LARGE, MARK};

/// What a provider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A good answer.
    None,
    /// Nobody listens.
    Refused,
    /// Something happens within the answer.
    At(Moment, Blow),
    /// A failure, with or without an advice to wait.
    Status(u16, Option<&'static str>),
    /// The answer is announced longer than it is.
    SaysMore,
    /// The answer is announced shorter than it is.
    SaysLess,
    /// Nothing is wrong, but odd.
    Odd(Odd),
}

/// A moment of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before its first byte.
    Silent,
    /// Within its headers.
    Head,
    /// After its headers.
    Begun,
    /// After events without content; of a plain answer, after half of it.
    Opening,
    /// After so many events of content, or all of them; then before the end.
    Content(usize),
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// RST.
    Reset,
    /// FIN.
    Close,
    /// Nothing more comes.
    Stall,
    /// What is left comes at one byte a second.
    Drip,
    /// What comes makes no sense.
    Garbage,
    /// A failure inside a 200.
    Failure,
    /// The end, in good order.
    End,
    /// The same, with trailers.
    Trailers,
}

/// What good providers may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// The answer ends with the connection, as in HTTP/1.0.
    UntilClose,
    /// The answer ends with trailers.
    Trailers,
    /// Early hints come before it.
    Hints,
    /// It begins slowly, and the rest comes at once.
    SlowThenFast,
    /// All of it is in one packet.
    AtOnce,
    /// Every byte is a chunk.
    Bytewise,
    /// It is [`LARGE`]; a stream has that in one event.
    Large,
}

/// What may follow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Promise {
    /// The answer is whole.
    pub(super) whole: bool,
    /// The answer begins, and its failure is told in band.
    pub(super) in_band: bool,
    /// The next target is asked.
    pub(super) next: bool,
}

/// What a caller sees; the slot is that of the target that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The whole answer.
    Whole(usize),
    /// Some of it, and a failure in band.
    InBand(usize),
    /// A failure.
    Refused,
}

const MOMENTS: [Moment; 9] = [
    Moment::Silent,
    Moment::Head,
    Moment::Begun,
    Moment::Opening,
    Moment::Content(1),
    Moment::Content(2),
    Moment::Content(3),
    Moment::Content(6),
    Moment::Content(usize::MAX),
];
const BLOWS: [Blow; 8] =
    [Blow::Reset, Blow::Close, Blow::Stall, Blow::Drip, Blow::Garbage, Blow::Failure, Blow::End, Blow::Trailers];
const ODD: [Odd; 7] =
    [Odd::UntilClose, Odd::Trailers, Odd::Hints, Odd::SlowThenFast, Odd::AtOnce, Odd::Bytewise, Odd::Large];
const STATUSES: [(u16, Option<&str>); 7] =
    [(429, Some("1")), (429, Some("60")), (429, None), (500, None), (503, Some("1")), (503, None), (529, None)];

/// Long enough that what follows comes by itself.
const TICK: Duration = Duration::from_millis(50);

impl Fault {
    /// Everything that can go wrong with an answer.
    pub(super) fn all(stream: bool) -> Vec<Self> {
        let blows = MOMENTS.into_iter().flat_map(|moment| BLOWS.map(|blow| (moment, blow)));
        let blows = blows.filter(|(moment, blow)| possible(*moment, *blow, stream));
        let mut all: Vec<_> = blows.map(|(moment, blow)| Self::At(moment, blow)).collect();
        all.extend([Self::None, Self::Refused, Self::SaysMore, Self::SaysLess]);
        all.extend(ODD.map(Self::Odd));
        all.extend(STATUSES.map(|(status, wait)| Self::Status(status, wait)));
        all
    }

    /// What may follow. Early events of content may be such that hold no text yet.
    pub(super) fn promise(self, stream: bool) -> Promise {
        let (whole, in_band, next) = match self {
            Self::None | Self::Odd(_) => (true, false, false),
            Self::Refused | Self::Status(..) => (false, false, true),
            Self::At(Moment::Content(events), _) if stream => (false, true, events < 3),
            Self::At(..) => (false, false, true),
            // All is said in the stream when it is found out, or only a part.
            Self::SaysMore if stream => (true, true, false),
            Self::SaysLess if stream => (false, true, true),
            Self::SaysMore | Self::SaysLess => (false, false, true),
        };
        Promise { whole, in_band, next }
    }

    /// What the provider answers.
    pub(super) fn reply(self, api: &dyn Api, asked: &Asked) -> Reply {
        let script = Script::of(api, &asked.answer(), asked.stream);
        match self {
            Self::None | Self::Refused => script.whole(),
            Self::At(moment, blow) => script.struck(moment, blow, api),
            Self::Status(status, wait) => {
                let reply = Reply::new(status).header("content-type", "application/json");
                let reply = wait.into_iter().fold(reply, |reply, wait| reply.header("retry-after", wait));
                reply.body(api.failure(status, "Not now.").to_string())
            }
            Self::SaysMore => script.announced(script.rest(0).len() + 100, script.rest(0)).close(),
            Self::SaysLess => script.announced(script.rest(0).len() / 2, script.rest(0)).close(),
            Self::Odd(odd) => script.odd(odd, api),
        }
    }
}

fn possible(moment: Moment, blow: Blow, stream: bool) -> bool {
    match (moment, blow) {
        (Moment::Silent | Moment::Head, Blow::Failure | Blow::End | Blow::Trailers) => false,
        (Moment::Content(_), _) => stream,
        (Moment::Opening, Blow::Failure | Blow::End | Blow::Trailers) => stream,
        _ => true,
    }
}

/// A good answer, in its pieces.
struct Script {
    stream: bool,
    kind: &'static str,
    /// How many of the pieces hold no content.
    opening: usize,
    /// How many do.
    content: usize,
    pieces: Vec<Vec<u8>>,
}

impl Script {
    fn of(api: &dyn Api, answer: &Answer, stream: bool) -> Self {
        if !stream {
            let body = api.whole(answer).to_string().into_bytes();
            let (half, rest) = body.split_at(body.len() / 2);
            let pieces = vec![half.to_vec(), rest.to_vec()];
            return Self { stream, kind: "application/json", opening: 1, content: 1, pieces };
        }
        let all = api.stream(answer);
        let (opening, content) = (all.opening.len(), all.content.len());
        Self {
            stream,
            kind: api.stream_type(),
            opening,
            content,
            pieces: [all.opening, all.content, all.closing].concat(),
        }
    }

    /// The bytes from a piece on.
    fn rest(&self, from: usize) -> Vec<u8> {
        self.pieces[from..].concat()
    }

    fn head(&self) -> Reply {
        Reply::new(200).header("content-type", self.kind)
    }

    /// With its length, as plain answers have it.
    fn announced(&self, length: usize, bytes: impl AsRef<[u8]>) -> Reply {
        self.head().cut_body(length, bytes)
    }

    fn whole(&self) -> Reply {
        if self.stream { self.head().chunks(&self.pieces).end() } else { self.head().body(self.rest(0)) }
    }

    /// The answer as far as a moment, and what happens there.
    fn struck(&self, moment: Moment, blow: Blow, api: &dyn Api) -> Reply {
        let so_far = match moment {
            Moment::Silent | Moment::Head => return raw(moment, blow, self.kind),
            Moment::Begun => 0,
            Moment::Opening => self.opening,
            Moment::Content(events) => self.opening + events.min(self.content),
        };
        let plain_end = !self.stream && matches!(blow, Blow::End | Blow::Trailers | Blow::Failure);
        let reply = if self.stream || plain_end {
            self.head().chunks(&self.pieces[..so_far])
        } else {
            self.announced(self.rest(0).len(), self.pieces[..so_far].concat())
        };
        let reply = reply.pause(TICK);
        let say = |reply: Reply, bytes: &[u8]| if self.stream { reply.chunks([bytes]) } else { reply.bytes(bytes) };
        match blow {
            Blow::Reset => reply.reset(),
            Blow::Close => reply.close(),
            Blow::Stall => reply.hang(),
            Blow::Drip => drip(reply, &self.rest(so_far), say),
            Blow::Garbage => {
                let size = if self.stream { 200 } else { self.rest(so_far).len() };
                let garbage = [b"data: ".as_slice(), &b"}{\xff".repeat(size)].concat();
                let reply = say(reply, &[&garbage[..size], b"\n\n"].concat());
                if self.stream { reply.end() } else { reply.close() }
            }
            Blow::Failure if self.stream => reply.chunks([api.failure_event("No.")]).end(),
            Blow::Failure => reply.chunks([api.failure(500, "No.").to_string()]).end(),
            Blow::End => reply.end(),
            Blow::Trailers => reply.end_with_trailer("x-checksum", "1"),
        }
    }

    fn odd(&self, odd: Odd, api: &dyn Api) -> Reply {
        match odd {
            Odd::UntilClose => {
                let head = format!("HTTP/1.0 200 OK\r\ncontent-type: {}\r\n\r\n", self.kind);
                Reply::nothing().bytes(head).bytes(self.rest(0)).pause(TICK).close()
            }
            Odd::Trailers => self.head().chunks(&self.pieces).end_with_trailer("x-checksum", "1"),
            Odd::Hints => {
                let hints = Reply::nothing().bytes("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n");
                hints.chain(self.whole())
            }
            Odd::SlowThenFast => {
                let (slow, fast) = self.pieces.split_at(self.pieces.len().min(4));
                let reply = slow.iter().fold(self.head(), |reply, piece| reply.chunks([piece]).pause(TICK * 4));
                reply.chunks(fast).end()
            }
            Odd::AtOnce => self.head().chunks([self.rest(0)]).end(),
            Odd::Bytewise => self.head().chunks(self.rest(0).chunks(1)).end(),
            Odd::Large => large(api, self.stream),
        }
    }
}

/// What goes wrong before there is a head.
fn raw(moment: Moment, blow: Blow, kind: &str) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
    let (sent, rest) = head.as_bytes().split_at(if moment == Moment::Head { 25 } else { 0 });
    let reply = Reply::nothing().bytes(sent);
    match blow {
        Blow::Reset => reply.pause(TICK).reset(),
        Blow::Close => reply.close(),
        Blow::Stall => reply.hang(),
        Blow::Drip => drip(reply, rest, |reply, byte| reply.bytes(byte)),
        Blow::Garbage | Blow::Failure | Blow::End | Blow::Trailers => reply.bytes("\0nonsense\0: \0\r\n\r\n").close(),
    }
}

/// One byte a second, for longer than any clock.
fn drip(reply: Reply, bytes: &[u8], say: impl Fn(Reply, &[u8]) -> Reply) -> Reply {
    let second = Duration::from_secs(1);
    bytes.iter().take(60).fold(reply, |reply, byte| say(reply, &[*byte]).pause(second)).hang()
}

/// A large answer. Where an event says nothing of its length, a stream has all of it in one.
fn large(api: &dyn Api, stream: bool) -> Reply {
    let answer = |text: &str| Answer { thinking: false, said: Said::Text(text.to_owned()), end: End::Whole };
    if !stream {
        return Script::of(api, &answer(&LARGE), false).whole();
    }
    let mut script = Script::of(api, &answer(MARK), true);
    for piece in &mut script.pieces {
        if let Ok(event) = std::str::from_utf8(piece) {
            *piece = event.replace(MARK, &LARGE).into_bytes();
        }
    }
    script.whole()
}
