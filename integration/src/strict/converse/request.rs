//! Requests of Converse.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

#![allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "what is not looked at is still read, and must be what it should be"
)]

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{Asked, Fault, SIGNATURE, answered, parse, require, schema};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    messages: Vec<Turn>,
    #[serde(default)]
    system: Vec<Block>,
    #[serde(default)]
    inference_config: Inference,
    tool_config: Option<ToolConfig>,
    #[serde(default)]
    additional_model_request_fields: Additional,
    /// JSON Pointers.
    #[serde(default)]
    additional_model_response_field_paths: Vec<String>,
    output_config: Option<Output>,
    request_metadata: Option<Map<String, Value>>,
    service_tier: Option<Tier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: Role,
    content: Vec<Block>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Block {
    Text(String),
    Image(Image),
    Document(Document),
    ToolUse(ToolUse),
    ToolResult(ToolResult),
    ReasoningContent(Reasoning),
    CachePoint(CachePoint),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    format: ImageFormat,
    source: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ImageFormat {
    Png,
    Jpeg,
    Gif,
    Webp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    name: String,
    source: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bytes {
    bytes: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolUse {
    tool_use_id: String,
    name: String,
    input: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolResult {
    tool_use_id: String,
    content: Vec<Block>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Reasoning {
    ReasoningText(ReasoningText),
    RedactedContent(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasoningText {
    text: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum CachePoint {
    Default { ttl: Option<String> },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inference {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(default)]
    stop_sequences: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolConfig {
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Tool {
    ToolSpec(Spec),
    CachePoint(CachePoint),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    name: String,
    description: Option<String>,
    input_schema: Schema,
    strict: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schema {
    json: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Choice {
    Auto {},
    Any {},
    Tool { name: String },
}

/// What Claude knows beside Converse.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Additional {
    thinking: Option<Thinking>,
    top_k: Option<u64>,
    tool_choice: Option<Value>,
    anthropic_beta: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Thinking {
    Enabled { budget_tokens: u64 },
    Disabled,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Output {
    text_format: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    r#type: String,
}

/// Reads a request.
pub(super) fn read(body: &[u8]) -> Result<Asked, Fault> {
    let request: Request = parse(body)?;
    let pointers = &request.additional_model_response_field_paths;
    require(pointers.len() <= 10 && pointers.iter().all(|path| path.starts_with('/')), || format!("{pointers:?}"))?;
    let additional = request.additional_model_request_fields;
    let made = request.inference_config;
    let budget = match additional.thinking {
        Some(Thinking::Enabled { budget_tokens }) => Some(budget_tokens),
        _ => None,
    };
    let room = budget.is_none_or(|budget| made.max_tokens.is_some_and(|most| (1024..most).contains(&budget)));
    require(room, || format!("{budget:?} tokens to think, of {:?}", made.max_tokens))?;
    let mut asked = Asked {
        system: texts(&request.system)?,
        alone: additional.tool_choice.is_some_and(|choice| choice["disable_parallel_tool_use"] == true),
        thinking: budget.is_some(),
        limit: made.max_tokens,
        temperature: made.temperature,
        stop: made.stop_sequences,
        ..Asked::default()
    };
    listen(&request.messages, request.tool_config.is_some(), &mut asked)?;
    if let Some(ToolConfig { tools, tool_choice }) = request.tool_config {
        let specs: Vec<_> = tools
            .into_iter()
            .filter_map(|tool| if let Tool::ToolSpec(spec) = tool { Some(spec) } else { None })
            .collect();
        let first = specs.first().ok_or("toolConfig without tools")?;
        require(specs.iter().all(|spec| spec.input_schema.json["type"] == "object"), || "inputSchema".to_owned())?;
        (asked.tool, asked.forced) = match tool_choice {
            None | Some(Choice::Auto {}) => (Some(first.name.clone()), false),
            Some(Choice::Any {}) => (Some(first.name.clone()), true),
            Some(Choice::Tool { name }) => (Some(name), true),
        };
        require(!asked.forced || !asked.thinking, || "a call that must be made".to_owned())?;
    }
    asked.schema = request.output_config.map(|output| form(&output.text_format)).transpose()?;
    Ok(asked)
}

/// The schema is a string.
fn form(format: &Value) -> Result<Value, Fault> {
    require(format["type"] == "json_schema", || format!("textFormat {format}"))?;
    let schema = format["structure"]["jsonSchema"]["schema"].as_str().ok_or("schema: a string")?;
    let schema = parse(schema.as_bytes())?;
    require(schema::is_closed(&schema), || "an open schema".to_owned())?;
    Ok(schema)
}

/// The turns change sides, a user begins, and all calls of a turn have their results in the next.
fn listen(turns: &[Turn], tools: bool, asked: &mut Asked) -> Result<(), Fault> {
    let mut open = Vec::new();
    require(!turns.is_empty(), || "no messages".to_owned())?;
    for (number, turn) in turns.iter().enumerate() {
        let side = if number % 2 == 0 { Role::User } else { Role::Assistant };
        require(turn.role == side, || format!("turn {number} is of {:?}", turn.role))?;
        require(!turn.content.is_empty(), || "a turn without content".to_owned())?;
        let mut results = Vec::new();
        for block in &turn.content {
            if let Block::ToolResult(result) = block {
                answered(&mut open, &result.tool_use_id)?;
                results.push(texts(&result.content)?.concat());
                asked.images.extend(images(&result.content));
            }
        }
        require(open.is_empty(), || format!("no result of {open:?}"))?;
        require(tools || results.is_empty(), || "toolConfig is missing".to_owned())?;
        think(turn, asked)?;
        open.extend(turn.content.iter().filter_map(|block| match block {
            Block::ToolUse(call) => Some(call.tool_use_id.clone()),
            _ => None,
        }));
        require(open.is_empty() || turn.role == Role::Assistant, || "calls by a user".to_owned())?;
        asked.images.extend(images(&turn.content));
        if turn.role == Role::User {
            let text = texts(&turn.content)?.concat();
            asked.user = if results.is_empty() { text } else { std::mem::take(&mut asked.user) };
            asked.results = results;
        }
    }
    require(open.is_empty(), || format!("no result of {open:?}"))
}

/// With thinking on, calls may not lack their thoughts, which come back as they were given out.
fn think(turn: &Turn, asked: &mut Asked) -> Result<(), Fault> {
    let calls = turn.content.iter().any(|block| matches!(block, Block::ToolUse(_)));
    let thought = matches!(turn.content.first(), Some(Block::ReasoningContent(_)));
    require(thought || !calls || !asked.thinking, || "calls without their thinking".to_owned())?;
    for block in &turn.content {
        if let Block::ReasoningContent(Reasoning::ReasoningText(ReasoningText { signature, .. })) = block {
            require(signature == SIGNATURE, || format!("signature {signature}"))?;
            asked.signatures.push(signature.clone());
        }
    }
    Ok(())
}

/// Texts that are there: empty ones are refused.
fn texts(blocks: &[Block]) -> Result<Vec<String>, Fault> {
    let texts: Vec<_> = blocks
        .iter()
        .filter_map(|block| if let Block::Text(text) = block { Some(text.clone()) } else { None })
        .collect();
    require(texts.iter().all(|text| !text.trim().is_empty()), || "an empty text".to_owned())?;
    Ok(texts)
}

fn images(blocks: &[Block]) -> Vec<String> {
    let images = blocks.iter().filter_map(|block| if let Block::Image(image) = block { Some(image) } else { None });
    images.map(|image| image.source.bytes.clone()).collect()
}
