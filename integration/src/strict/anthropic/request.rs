//! Requests of Messages.
//!
//! <https://docs.anthropic.com/en/api/messages>

#![allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "what is not looked at is still read, and must be what it should be"
)]

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{Asked, Fault, InPath, SIGNATURE, answered, parse, require, schema};
use super::Place;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    anthropic_version: Option<String>,
    anthropic_beta: Option<Vec<String>>,
    model: Option<String>,
    max_tokens: u64,
    system: Option<Said>,
    messages: Vec<Turn>,
    stream: Option<bool>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
    output_config: Option<Output>,
    thinking: Option<Thinking>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u64>,
    stop_sequences: Option<Vec<String>>,
    service_tier: Option<String>,
    context_management: Option<Value>,
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
    Text {
        text: String,
        cache_control: Option<CacheControl>,
    },
    Image {
        source: Source,
        cache_control: Option<CacheControl>,
    },
    Document {
        source: Source,
        title: Option<String>,
        cache_control: Option<CacheControl>,
    },
    Thinking {
        thinking: String,
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Map<String, Value>,
        cache_control: Option<CacheControl>,
    },
    ToolResult {
        tool_use_id: String,
        content: Option<Said>,
        is_error: Option<bool>,
        cache_control: Option<CacheControl>,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum CacheControl {
    Ephemeral { ttl: Option<String> },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Source {
    Base64 { media_type: String, data: String },
    Url { url: String },
    Text { media_type: String, data: String },
}

impl Source {
    fn data(&self) -> &str {
        match self {
            Self::Base64 { data, .. } | Self::Text { data, .. } => data,
            Self::Url { url } => url,
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Thinking {
    Enabled { budget_tokens: u64 },
    Adaptive,
    Disabled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    description: Option<String>,
    input_schema: Value,
    strict: Option<bool>,
    cache_control: Option<CacheControl>,
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
    format: Option<Format>,
    effort: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    JsonSchema { schema: Value },
}

/// What comes before a schema that is asked for in words.
const WORDS: &str = "JSON Schema:\n";

/// Reads a request to a model that runs there.
pub(super) fn read(body: &[u8], place: Place, path: &InPath) -> Result<Asked, Fault> {
    let request: Request = parse(body)?;
    check(&request, place)?;
    let mut asked = messages(request)?;
    if place == Place::Bedrock {
        asked.stream = path.stream == Some(true);
        require(!asked.images.iter().any(|image| image.contains("://")), || "an image by its address".to_owned())?;
    }
    Ok(asked)
}

/// What stands where depends on the place.
fn check(request: &Request, place: Place) -> Result<(), Fault> {
    let version = match place {
        Place::Direct => None,
        Place::Bedrock => Some("bedrock-2023-05-31"),
        Place::Vertex => Some("vertex-2023-10-16"),
    };
    let told = &request.anthropic_version;
    require(told.as_deref() == version, || format!("anthropic_version: {told:?}"))?;
    require(request.model.is_some() == version.is_none(), || format!("model: {:?}", request.model))?;
    require(place != Place::Bedrock || request.stream.is_none(), || "stream".to_owned())?;
    require(place != Place::Direct || request.anthropic_beta.is_none(), || "anthropic_beta".to_owned())?;
    let betas = request.anthropic_beta.as_deref().unwrap_or_default();
    let manages = betas.iter().any(|beta| beta.starts_with("context-management-"));
    require(place != Place::Bedrock || manages || request.context_management.is_none(), || {
        format!("context_management with {betas:?}")
    })?;
    require(place == Place::Direct || request.service_tier.is_none(), || "service_tier".to_owned())
}

fn messages(request: Request) -> Result<Asked, Fault> {
    require(request.max_tokens > 0, || "max_tokens: 0".to_owned())?;
    let mut asked = Asked {
        stream: request.stream == Some(true),
        limit: Some(request.max_tokens),
        temperature: request.temperature,
        stop: request.stop_sequences.clone().unwrap_or_default(),
        ..Asked::default()
    };
    asked.thinking = thinks(&request)?;
    asked.system = request.system.as_ref().map(texts).transpose()?.unwrap_or_default();
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
        Some(Output { format: Some(Format::JsonSchema { schema }), .. }) => {
            require(schema::is_closed(&schema), || "an open schema".to_owned())?;
            Some(schema)
        }
        _ => asked
            .system
            .last()
            .and_then(|text| text.split_once(WORDS))
            .and_then(|(_, schema)| serde_json::from_str(schema).ok()),
    };
    Ok(asked)
}

/// The turns change sides, a user begins, and all calls of a turn have their results at the start of the next.
fn listen(turns: &[Turn], asked: &mut Asked) -> Result<(), Fault> {
    let mut open: Vec<String> = Vec::new();
    for (number, turn) in turns.iter().enumerate() {
        let side = if number % 2 == 0 { Role::User } else { Role::Assistant };
        require(turn.role == side, || format!("turn {number} is of {:?}", turn.role))?;
        let mut results = Vec::new();
        if let Said::Blocks(blocks) = &turn.content {
            let first = blocks.iter().take_while(|block| matches!(block, Block::ToolResult { .. }));
            for block in first {
                let Block::ToolResult { tool_use_id, content, .. } = block else { continue };
                answered(&mut open, tool_use_id)?;
                results.push(content.as_ref().map(texts).transpose()?.unwrap_or_default().concat());
                asked.images.extend(content.as_ref().map(images).unwrap_or_default());
            }
            let rest = &blocks[results.len()..];
            require(!rest.iter().any(|b| matches!(b, Block::ToolResult { .. })), || {
                "a result after others".to_owned()
            })?;
            require(open.is_empty(), || format!("no result of {open:?}"))?;
            open.extend(rest.iter().filter_map(|block| match block {
                Block::ToolUse { id, .. } => Some(id.clone()),
                _ => None,
            }));
            think(blocks, !open.is_empty(), asked)?;
            asked.images.extend(images(&turn.content));
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
                Block::Text { text, .. } => Some(text.clone()),
                _ => None,
            })
            .collect(),
    };
    require(texts.iter().all(|text| !text.trim().is_empty()), || "an empty text".to_owned())?;
    Ok(texts)
}

fn images(said: &Said) -> Vec<String> {
    let Said::Blocks(blocks) = said else { return Vec::new() };
    let sources = blocks.iter().filter_map(|block| match block {
        Block::Image { source, .. } => Some(source.data().to_owned()),
        _ => None,
    });
    sources.collect()
}

/// Thoughts come back as they were given out, and first; with thinking on, calls may not lack them.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#preserving-thinking-blocks>
fn think(blocks: &[Block], calls: bool, asked: &mut Asked) -> Result<(), Fault> {
    let thought = matches!(blocks.first(), Some(Block::Thinking { .. } | Block::RedactedThinking { .. }));
    require(thought || !calls || !asked.thinking, || "calls without their thinking".to_owned())?;
    for block in blocks {
        if let Block::Thinking { signature, .. } = block {
            require(signature == SIGNATURE, || format!("Invalid `signature` {signature}"))?;
            asked.signatures.push(signature.clone());
        }
    }
    Ok(())
}

/// What thinking asks of the rest.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>
fn thinks(request: &Request) -> Result<bool, Fault> {
    match &request.thinking {
        None | Some(Thinking::Disabled) => return Ok(false),
        Some(Thinking::Enabled { budget_tokens }) => {
            let good = (1024..request.max_tokens).contains(budget_tokens);
            require(good, || format!("{budget_tokens} tokens to think"))?;
        }
        Some(Thinking::Adaptive) => {}
    }
    let forced = matches!(request.tool_choice, Some(Choice::Any { .. } | Choice::Tool { .. }));
    require(!forced, || "a call that must be made".to_owned())?;
    require(request.temperature.is_none_or(|heat| heat == 1.0), || "temperature".to_owned())?;
    require(request.top_k.is_none(), || "top_k".to_owned())?;
    Ok(true)
}
