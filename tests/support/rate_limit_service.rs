//! A rate limit service without a network, which counts as envoyproxy/ratelimit does.

use std::collections::HashMap;

use tollhouse_filter::protobuf::{Message, Value, fields};

/// Counters by the entries of their descriptors.
#[derive(Default)]
pub struct Service(HashMap<Vec<u8>, u64>);

/// A descriptor of a question.
#[derive(Default)]
struct Descriptor {
    entries: Vec<u8>,
    limit: u64,
    hits: u64,
    back: bool,
}

impl Service {
    /// Answers a question, which it cannot tell from a charge. Where one counter has no room, that one is charged all the
    /// same and the others are not.
    pub fn ask(&mut self, question: &[u8]) -> Vec<u8> {
        let all: Vec<_> = messages(question, 2).into_iter().map(Descriptor::read).collect();
        let full = all.iter().position(|asked| !asked.back && self.of(asked) + asked.hits > asked.limit);
        let mut answer = Message::default().number(1, if full.is_some() { 2 } else { 1 });
        for (i, asked) in all.iter().enumerate() {
            let counter = self.0.entry(asked.entries.clone()).or_default();
            if asked.back {
                *counter = counter.saturating_sub(asked.hits);
            } else if full.is_none() || full == Some(i) {
                *counter += asked.hits;
            }
            let code = if full == Some(i) { 2 } else { 1 };
            let limit = Message::default().number(1, asked.limit);
            let status = Message::default().number(1, code).message(2, &limit);
            answer = answer.message(2, &status.number(3, asked.limit.saturating_sub(*counter)));
        }
        answer.into_bytes()
    }

    /// All hits together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    fn of(&self, asked: &Descriptor) -> u64 {
        self.0.get(&asked.entries).copied().unwrap_or_default()
    }
}

impl Descriptor {
    fn read(bytes: &[u8]) -> Self {
        let inner = |field| messages(bytes, field).first().map_or(0, |message| number(message, 1));
        Self { entries: messages(bytes, 1).concat(), limit: inner(2), hits: inner(3), back: number(bytes, 4) == 1 }
    }
}

fn messages(bytes: &[u8], wanted: u32) -> Vec<&[u8]> {
    let message = |(field, value)| match value {
        Value::Bytes(bytes) if field == wanted => Some(bytes),
        _ => None,
    };
    fields(bytes).unwrap().into_iter().filter_map(message).collect()
}

fn number(bytes: &[u8], wanted: u32) -> u64 {
    let number = |(field, value)| match value {
        Value::Number(number) if field == wanted => Some(number),
        _ => None,
    };
    fields(bytes).unwrap().into_iter().find_map(number).unwrap_or_default()
}
