//! Messages as Anthropic takes them.
//!
//! <https://docs.anthropic.com/en/api/messages>

#![allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "what is not looked at is still read, and must be what it should be"
)]

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Asked, Fault, require, schema};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    max_tokens: u64,
    system: Option<Said>,
    messages: Vec<Turn>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
    output_config: Option<Output>,
    temperature: Option<f64>,
    stop_sequences: Option<Vec<String>>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    user_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: Role,
    content: Said,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Block {
    Text { text: String },
    ToolUse { id: String, name: String, input: Map<String, Value> },
    ToolResult { tool_use_id: String, content: Option<Said>, is_error: Option<bool> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    description: Option<String>,
    input_schema: Value,
    strict: Option<bool>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Choice {
    Auto { disable_parallel_tool_use: Option<bool> },
    Any { disable_parallel_tool_use: Option<bool> },
    Tool { name: String, disable_parallel_tool_use: Option<bool> },
    None {},
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    format: Format,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    JsonSchema { schema: Value },
}

/// What comes before a schema that is asked for in words.
const WORDS: &str = "JSON Schema:\n";

/// Reads a request.
///
/// # Errors
/// It is none that the API takes.
pub fn read(body: &[u8]) -> Result<Asked, Fault> {
    let request: Request = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    require(request.max_tokens > 0, || "max_tokens: 0".to_owned())?;
    let mut asked = Asked { stream: request.stream, ..Asked::default() };
    asked.system = request.system.map(|said| texts(&said)).transpose()?.unwrap_or_default();
    listen(&request.messages, &mut asked)?;
    for tool in &request.tools {
        require(tool.input_schema["type"] == "object", || format!("input_schema of {}", tool.name))?;
    }
    let tool = request.tools.first().map(|tool| tool.name.clone());
    let alone;
    (asked.tool, asked.forced, alone) = match request.tool_choice {
        None => (tool, false, None),
        Some(Choice::Auto { disable_parallel_tool_use }) => (tool, false, disable_parallel_tool_use),
        Some(Choice::Any { disable_parallel_tool_use }) => (tool, true, disable_parallel_tool_use),
        Some(Choice::Tool { name, disable_parallel_tool_use }) => (Some(name), true, disable_parallel_tool_use),
        Some(Choice::None {}) => (None, false, None),
    };
    asked.alone = alone == Some(true);
    asked.schema = match request.output_config {
        Some(Output { format: Format::JsonSchema { schema } }) => {
            require(schema::is_closed(&schema), || "an open schema".to_owned())?;
            Some(schema)
        }
        None => asked
            .system
            .last()
            .and_then(|text| text.split_once(WORDS))
            .and_then(|(_, schema)| serde_json::from_str(schema).ok()),
    };
    Ok(asked)
}

/// The turns change sides, a user begins, and all calls of a turn have their results at the start of the next.
fn listen(turns: &[Turn], asked: &mut Asked) -> Result<(), Fault> {
    let mut open: Vec<&str> = Vec::new();
    for (number, turn) in turns.iter().enumerate() {
        let side = if number % 2 == 0 { Role::User } else { Role::Assistant };
        require(turn.role == side, || format!("turn {number} is of {:?}", turn.role))?;
        let mut results = Vec::new();
        if let Said::Blocks(blocks) = &turn.content {
            let first = blocks.iter().take_while(|block| matches!(block, Block::ToolResult { .. }));
            for block in first {
                let Block::ToolResult { tool_use_id, content, .. } = block else { continue };
                let called = open.iter().position(|id| id == tool_use_id);
                open.remove(called.ok_or_else(|| format!("{tool_use_id} was not called in the turn before"))?);
                results.push(content.as_ref().map(texts).transpose()?.unwrap_or_default().concat());
            }
            let rest = &blocks[results.len()..];
            require(!rest.iter().any(|b| matches!(b, Block::ToolResult { .. })), || {
                "a result after others".to_owned()
            })?;
            require(open.is_empty(), || format!("no result of {open:?}"))?;
            open.extend(rest.iter().filter_map(|block| match block {
                Block::ToolUse { id, .. } => Some(id.as_str()),
                _ => None,
            }));
        }
        require(open.is_empty() || turn.role == Role::Assistant, || format!("calls by a user: {open:?}"))?;
        if turn.role == Role::User {
            let text = texts(&turn.content)?.concat();
            if results.is_empty() {
                asked.user = text;
            }
            asked.results = results;
        }
    }
    require(!turns.is_empty() && open.is_empty(), || format!("no result of {open:?}"))
}

/// Texts that are there: Anthropic refuses empty ones.
fn texts(said: &Said) -> Result<Vec<String>, Fault> {
    let texts: Vec<_> = match said {
        Said::Text(text) => vec![text.clone()],
        Said::Blocks(blocks) => blocks
            .iter()
            .filter_map(|block| match block {
                Block::Text { text } => Some(text.clone()),
                _ => None,
            })
            .collect(),
    };
    require(texts.iter().all(|text| !text.trim().is_empty()), || "an empty text".to_owned())?;
    Ok(texts)
}
