//! Where a stream may be cut: everywhere, shown at the cost of the squares of its events instead of its own.
//!
//! A decoder that has given out an event keeps nothing of what came before: its state is the same whether it was fed
//! the whole stream so far or that event alone. What it does from there depends on nothing else, so a cut inside an
//! event needs no more to be tried than that event and the one before it, of which the buffer may still hold bytes.
//! [`prove`] asserts both: the equal states, and for each place of a cut that the events before it come from the first
//! piece, the event around it from the second, and that the state after that is the same.
//!
//! Readers of events therefore get the same two groups of them wherever inside an event the cut is, and a cut at each
//! of the [`ends`] is a cut at every place.

use tollhouse_filter::stream::sse::Event;
use tollhouse_filter::stream::{Decoder, Fault, Framing};

const LIMIT: usize = 8 << 20;

/// What a decoder made of pieces.
#[derive(Debug, Default, PartialEq)]
struct Fed {
    /// The events that each piece gave.
    groups: Vec<Vec<Event>>,
    fault: Option<Fault>,
}

/// All that the decoder gives before it wants more.
fn drain(decoder: &mut Decoder) -> (Vec<Event>, Option<Fault>) {
    let mut events = Vec::new();
    loop {
        match decoder.next() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(fault) => return (events, Some(fault)),
        }
    }
}

fn feed<'a>(decoder: &mut Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Fed {
    let mut fed = Fed::default();
    for piece in pieces {
        decoder.push(piece);
        let (events, fault) = drain(decoder);
        fed.groups.push(events);
        fed.fault = fault;
        if fed.fault.is_some() {
            break;
        }
    }
    fed
}

/// All that the decoder knows; bytes that were read go with the next push.
fn state(decoder: &mut Decoder) -> String {
    decoder.push(&[]);
    format!("{decoder:?}")
}

/// Where each event has come whole.
pub fn ends(framing: Framing, bytes: &[u8]) -> Vec<usize> {
    let mut decoder = framing.decoder(LIMIT);
    let fed = feed(&mut decoder, bytes.chunks(1));
    let counts = fed.groups.iter().map(Vec::len);
    counts.enumerate().flat_map(|(at, count)| std::iter::repeat_n(at + 1, count)).collect()
}

/// Shows that a stream gives the same events whole, byte by byte, and in two pieces wherever it is cut. Gives how many
/// places there were.
pub fn prove(framing: Framing, bytes: &[u8]) -> usize {
    let whole = feed(&mut framing.decoder(LIMIT), [bytes]);
    let by_byte = feed(&mut framing.decoder(LIMIT), bytes.chunks(1));
    assert_eq!((by_byte.groups.concat(), &by_byte.fault), (whole.groups.concat(), &whole.fault), "byte by byte");
    let events = whole.groups.concat();
    let ends = ends(framing, bytes);
    let (mut before, mut start) = (0, 0);
    let mut so_far = framing.decoder(LIMIT);
    for (at, end) in ends.iter().copied().enumerate() {
        let known = &events[at.saturating_sub(1)..at];
        let _ = feed(&mut so_far, [&bytes[start..end]]);
        let after = state(&mut so_far);
        let window = Window { framing, bytes: &bytes[before..end], known, next: &events[at] };
        (start - before..end - before).for_each(|at| window.cut(at, &after));
        (before, start) = (start, end);
    }
    let tail = feed(&mut framing.decoder(LIMIT), [&bytes[before..]]);
    for at in start..=bytes.len() {
        let cut = feed(&mut framing.decoder(LIMIT), [&bytes[before..at], &bytes[at..]]);
        assert_eq!((cut.groups.concat(), cut.fault), (tail.groups.concat(), tail.fault.clone()), "cut at {at}");
    }
    bytes.len() + 1
}

/// An event, and the one before it.
struct Window<'a> {
    framing: Framing,
    bytes: &'a [u8],
    /// The event before, if there is one.
    known: &'a [Event],
    next: &'a Event,
}

impl Window<'_> {
    fn cut(&self, at: usize, after: &str) {
        let mut decoder = self.framing.decoder(LIMIT);
        let (head, tail) = self.bytes.split_at(at);
        let cut = feed(&mut decoder, [head, tail]);
        let same = cut.fault.is_none() && cut.groups[0] == self.known && cut.groups[1] == [self.next.clone()];
        assert!(same, "cut {at} bytes into {:?}: {cut:?}", String::from_utf8_lossy(self.bytes));
        assert_eq!(state(&mut decoder), after, "after {:?}", String::from_utf8_lossy(self.bytes));
    }
}
