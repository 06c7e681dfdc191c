//! Answers of Anthropic's API, plain and streamed, against what they were made of.

use proptest::prelude::*;
use serde_json::{Value, json};
use tollhouse_filter::dialects::{ChatFormat, Progress, anthropic::Anthropic};
use tollhouse_filter::hub::Event;

use super::support::events;
use super::support::outcome::{Call, Choice, Outcome, Tokens};
use super::{config, cuts, name, pieces, words};

#[derive(Clone, Debug)]
enum Block {
    Text(String),
    Thinking(String),
    Redacted,
    /// A call, its arguments, and where their text is cut.
    Tool(String, String, Value, Vec<prop::sample::Index>),
    /// A search of the provider's own, which nobody is told of.
    Server(String),
}

#[derive(Clone, Debug)]
struct Answer {
    blocks: Vec<Block>,
    reason: &'static str,
    /// Input, read from the cache, written for five minutes, for an hour; output, thinking.
    counts: [u64; 6],
}

fn block() -> impl Strategy<Value = Block> {
    let arguments = prop::collection::btree_map(name(), words(), 0..3);
    let tool = (name(), arguments, cuts());
    prop_oneof![
        3 => words().prop_map(Block::Text),
        1 => words().prop_map(Block::Thinking),
        1 => Just(Block::Redacted),
        2 => tool.prop_map(|(name, arguments, cuts)| Block::Tool(String::new(), name, json!(arguments), cuts)),
        1 => words().prop_map(Block::Server),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let reasons = vec!["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"];
    let counts = [0u64..1 << 40, 0..1 << 40, 0..1 << 40, 0..1 << 40, 0..1 << 40, 0..1000];
    (prop::collection::vec(block(), 0..6), prop::sample::select(reasons), counts).prop_map(
        |(mut blocks, reason, counts)| {
            for (at, block) in blocks.iter_mut().enumerate() {
                if let Block::Tool(id, ..) = block {
                    *id = format!("toolu_{at}");
                }
            }
            Answer { blocks, reason, counts }
        },
    )
}

impl Answer {
    fn usage(&self) -> Value {
        let [input, read, short, long, output, thinking] = self.counts;
        json!({
            "input_tokens": input, "cache_read_input_tokens": read, "cache_creation_input_tokens": short + long,
            "cache_creation": { "ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long },
            "output_tokens": output, "output_tokens_details": { "thinking_tokens": thinking },
        })
    }

    fn plain(&self) -> Vec<u8> {
        let content: Vec<_> = self.blocks.iter().map(Block::whole).collect();
        let message = json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content,
            "stop_reason": self.reason, "stop_sequence": null, "usage": self.usage(),
        });
        message.to_string().into_bytes()
    }

    fn streamed(&self) -> Vec<u8> {
        let [input, ..] = self.counts;
        let first = json!({ "input_tokens": input, "output_tokens": 1 });
        let start = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "usage": first });
        let mut data = vec![json!({ "type": "message_start", "message": start }), json!({ "type": "ping" })];
        for (index, block) in self.blocks.iter().enumerate() {
            data.push(json!({ "type": "content_block_start", "index": index, "content_block": block.start() }));
            let deltas = block.deltas().into_iter();
            data.extend(deltas.map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta })));
            data.push(json!({ "type": "content_block_stop", "index": index }));
        }
        data.push(json!({ "type": "message_delta", "delta": { "stop_reason": self.reason }, "usage": self.usage() }));
        data.push(json!({ "type": "message_stop" }));
        let frame = |data: &Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap());
        data.iter().map(frame).collect::<String>().into_bytes()
    }

    /// What anyone should read of it.
    fn expected(&self) -> Outcome {
        let mut choice = Choice::default();
        for block in &self.blocks {
            match block {
                Block::Text(text) => choice.text += text,
                Block::Thinking(text) => choice.reasoning += text,
                Block::Tool(id, name, arguments, _) => {
                    let (id, name, arguments) = (Some(id.clone()), name.clone(), arguments.to_string());
                    choice.calls.push(Call { id, name, arguments });
                }
                Block::Redacted | Block::Server(_) => {}
            }
        }
        let finish = match self.reason {
            "max_tokens" => "length",
            "refusal" => "content_filter",
            "tool_use" => "tool_calls",
            _ if choice.calls.is_empty() => "stop",
            _ => "tool_calls",
        };
        choice.finish = Some(finish.to_owned());
        let [input, read, short, long, completion, reasoning] = self.counts;
        let prompt = input + read + short + long;
        let usage = Some(Tokens { prompt, completion, cached: read, cache_write: short + long, reasoning });
        Outcome { choices: vec![choice], usage, failure: None }
    }
}

impl Block {
    fn whole(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "type": "text", "text": text }),
            Self::Thinking(text) => json!({ "type": "thinking", "thinking": text, "signature": "c2ln" }),
            Self::Redacted => json!({ "type": "redacted_thinking", "data": "eA==" }),
            Self::Tool(id, name, input, _) => json!({ "type": "tool_use", "id": id, "name": name, "input": input }),
            Self::Server(query) => {
                json!({ "type": "server_tool_use", "id": "s", "name": "web_search", "input": { "query": query } })
            }
        }
    }

    fn start(&self) -> Value {
        let mut block = self.whole();
        match self {
            Self::Text(_) => block["text"] = "".into(),
            Self::Thinking(_) => (block["thinking"], block["signature"]) = ("".into(), "".into()),
            Self::Redacted => {}
            Self::Tool(..) | Self::Server(_) => block["input"] = json!({}),
        }
        block
    }

    fn deltas(&self) -> Vec<Value> {
        let by_char = |text: &str, kind: &str, member: &str| -> Vec<Value> {
            text.chars().map(|c| json!({ "type": kind, member: c.to_string() })).collect()
        };
        match self {
            Self::Text(text) => by_char(text, "text_delta", "text"),
            Self::Thinking(text) => {
                let mut deltas = by_char(text, "thinking_delta", "thinking");
                deltas.push(json!({ "type": "signature_delta", "signature": "c2ln" }));
                deltas
            }
            Self::Redacted => Vec::new(),
            // Calls without arguments have no fragments, or an empty one.
            Self::Tool(_, _, input, cuts) if *input == json!({}) => {
                cuts.iter().take(1).map(|_| json!({ "type": "input_json_delta", "partial_json": "" })).collect()
            }
            Self::Tool(_, _, input, cuts) => {
                let text = input.to_string();
                let lossless = |piece: &[u8]| String::from_utf8(piece.to_vec());
                let parts: Result<Vec<_>, _> = pieces(text.as_bytes(), cuts).into_iter().map(lossless).collect();
                let parts = parts.unwrap_or_else(|_| vec![text.clone()]);
                parts.iter().map(|part| json!({ "type": "input_json_delta", "partial_json": part })).collect()
            }
            Self::Server(query) => by_char(query, "input_json_delta", "partial_json"),
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_plain_answer_says_what_it_was_made_of(answer in answer()) {
        let plain = answer.plain();
        prop_assert_eq!(Outcome::of(&Anthropic.answer(&plain).unwrap(), None), answer.expected());
    }

    #[test]
    fn a_stream_says_what_it_was_made_of_wherever_it_is_cut(answer in answer(), cuts in cuts()) {
        let bytes = answer.streamed();
        let (mut reader, mut said) = (Anthropic.stream(), Vec::new());
        let mut over = false;
        for event in events(pieces(&bytes, &cuts)) {
            over |= reader.read(&event, &mut said).unwrap() == Progress::Done;
        }
        prop_assert!(over);
        prop_assert_eq!(Outcome::of(&said, None), answer.expected());
    }

    #[test]
    fn a_stream_that_is_cut_off_is_never_whole(answer in answer(), at: prop::sample::Index) {
        let bytes = answer.streamed();
        let end = bytes.len() - "data: {\"type\":\"message_stop\"}\n\n".len();
        let (mut reader, mut said) = (Anthropic.stream(), Vec::new());
        for event in events([&bytes[..at.index(end)]]) {
            prop_assert_eq!(reader.read(&event, &mut said), Ok(Progress::Open));
        }
        prop_assert!(reader.end(&mut said).is_err());
    }

    #[test]
    fn thinking_comes_back_as_it_was_given_out(answer in answer()) {
        let plain = answer.plain();
        let said = Anthropic.answer(&plain).unwrap();
        let blocks = said.iter().filter(|event| matches!(event, Event::Thinking { .. })).count();
        let given = answer.blocks.iter().filter(|block| matches!(block, Block::Thinking(_) | Block::Redacted)).count();
        prop_assert_eq!(blocks, given);
    }
}
