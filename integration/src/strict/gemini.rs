//! Gemini's `generateContent`, as its third generation takes it.
//!
//! <https://ai.google.dev/api/generate-content>

#![allow(dead_code, reason = "what is not looked at is still read, and must be what it should be")]

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Api, Asked, CACHED, Counts, Fault, InPath, REASONING, SIGNATURE, Stream, parse, require};

mod words;

/// What may stand for the signature of a call that another model made.
///
/// <https://ai.google.dev/gemini-api/docs/thought-signatures#faqs>
const FILLER: &str = "skip_thought_signature_validator";

/// The API.
pub(crate) struct Gemini;

impl Api for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn read(&self, body: &[u8], path: &InPath) -> Result<Asked, Fault> {
        let stream = path.stream == Some(true);
        gemini(parse(body)?).map(|asked| Asked { stream, ..asked })
    }

    fn whole(&self, answer: &Answer) -> Value {
        words::whole(answer)
    }

    fn stream(&self, answer: &Answer) -> Stream {
        words::stream(answer)
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        let word = match status {
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            400..500 => "INVALID_ARGUMENT",
            _ => "INTERNAL",
        };
        json!({ "error": { "code": status, "message": message, "status": word } })
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        words::data(&self.failure(500, message))
    }

    fn counts(&self) -> Counts {
        Counts { cached: CACHED, written: 0, reasoning: REASONING }
    }

    fn signs(&self) -> bool {
        true
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    contents: Vec<Turn>,
    system_instruction: Option<Instruction>,
    #[serde(default)]
    tools: Vec<Tools>,
    tool_config: Option<ToolConfig>,
    #[serde(default)]
    generation_config: Generation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instruction {
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: Role,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Model,
}

/// One of the first five, and what is said of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Part {
    text: Option<String>,
    inline_data: Option<Blob>,
    file_data: Option<File>,
    function_call: Option<Call>,
    function_response: Option<Response>,
    thought: Option<bool>,
    thought_signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Blob {
    mime_type: String,
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    mime_type: Option<String>,
    file_uri: String,
}

/// No ids are given out here, so none come back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    args: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    name: String,
    response: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tools {
    function_declarations: Vec<Declaration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Declaration {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    parameters_json_schema: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolConfig {
    function_calling_config: Calling,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Calling {
    mode: Mode,
    #[serde(default)]
    allowed_function_names: Vec<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Mode {
    Auto,
    Any,
    None,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Generation {
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u64>,
    seed: Option<i32>,
    candidate_count: Option<u32>,
    max_output_tokens: Option<u64>,
    presence_penalty: Option<f64>,
    frequency_penalty: Option<f64>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    response_mime_type: Option<String>,
    response_json_schema: Option<Value>,
    response_schema: Option<Value>,
    thinking_config: Option<Thinking>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Thinking {
    #[serde(default)]
    include_thoughts: bool,
    thinking_budget: Option<u64>,
    thinking_level: Option<String>,
}

fn gemini(request: Request) -> Result<Asked, Fault> {
    let made = request.generation_config;
    let thinking = made.thinking_config;
    let both = thinking.as_ref().is_some_and(|t| t.thinking_budget.is_some() && t.thinking_level.is_some());
    require(!both, || "a budget and a level".to_owned())?;
    let parts = request.system_instruction.map(|instruction| instruction.parts).unwrap_or_default();
    let mut asked = Asked {
        system: parts.into_iter().filter_map(|part| part.text).collect(),
        thinking: thinking.is_some_and(|thinking| thinking.include_thoughts),
        limit: made.max_output_tokens,
        temperature: made.temperature,
        stop: made.stop_sequences,
        schema: made.response_json_schema,
        ..Asked::default()
    };
    listen(&request.contents, &mut asked)?;
    let mut names = request.tools.iter().flat_map(|tools| &tools.function_declarations).map(|tool| tool.name.clone());
    asked.tool = names.next();
    if let Some(ToolConfig { function_calling_config: Calling { mode, allowed_function_names } }) = request.tool_config
    {
        require(asked.tool.is_some(), || "toolConfig without tools".to_owned())?;
        require(allowed_function_names.is_empty() || mode == Mode::Any, || "names without ANY".to_owned())?;
        asked.forced = mode == Mode::Any;
        asked.tool = allowed_function_names.into_iter().next().or(asked.tool).filter(|_| mode != Mode::None);
    }
    Ok(asked)
}

/// A turn with calls is followed by one with as many results, of the same names.
fn listen(turns: &[Turn], asked: &mut Asked) -> Result<(), Fault> {
    require(!turns.is_empty(), || "no contents".to_owned())?;
    let mut open: Vec<&str> = Vec::new();
    for turn in turns {
        require(!turn.parts.is_empty(), || "a turn without parts".to_owned())?;
        let results: Vec<_> = turn.parts.iter().filter_map(|part| part.function_response.as_ref()).collect();
        let names: Vec<_> = results.iter().map(|result| result.name.as_str()).collect();
        require(names == open, || format!("results of {names:?} after calls of {open:?}"))?;
        open = turn.parts.iter().filter_map(|part| part.function_call.as_ref()).map(|call| &*call.name).collect();
        for part in &turn.parts {
            check(part, turn.role)?;
        }
        if turn.role == Role::User {
            let texts: String = turn.parts.iter().filter_map(|part| part.text.as_deref()).collect();
            let blobs = turn.parts.iter().filter_map(|part| part.inline_data.as_ref());
            asked.images.extend(blobs.map(|blob| blob.data.clone()));
            let files = turn.parts.iter().filter_map(|part| part.file_data.as_ref());
            asked.images.extend(files.map(|file| file.file_uri.clone()));
            asked.user = if results.is_empty() { texts } else { std::mem::take(&mut asked.user) };
            asked.results = results.into_iter().map(|result| returned(&result.response)).collect();
        }
        sign(turn, asked)?;
    }
    require(open.is_empty(), || format!("no results of {open:?}"))
}

fn check(part: &Part, role: Role) -> Result<(), Fault> {
    let kinds = [
        part.text.is_some(),
        part.inline_data.is_some(),
        part.file_data.is_some(),
        part.function_call.is_some(),
        part.function_response.is_some(),
    ];
    require(kinds.iter().filter(|there| **there).count() == 1, || "a part is one thing".to_owned())?;
    require(part.text.as_deref() != Some(""), || "an empty text".to_owned())?;
    require(part.function_call.is_none() || role == Role::Model, || "a call by a user".to_owned())?;
    require(part.function_response.is_none() || role == Role::User, || "a result by a model".to_owned())
}

/// The first call of a turn is signed.
///
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
fn sign(turn: &Turn, asked: &mut Asked) -> Result<(), Fault> {
    let Some(first) = turn.parts.iter().find(|part| part.function_call.is_some()) else { return Ok(()) };
    let signature = first.thought_signature.as_deref().unwrap_or_default();
    require([SIGNATURE, FILLER].contains(&signature), || format!("missing a thought_signature: {signature:?}"))?;
    asked.signatures.extend((signature == SIGNATURE).then(|| signature.to_owned()));
    Ok(())
}

/// What is no object is wrapped in one.
fn returned(response: &Map<String, Value>) -> String {
    let wrapped = response.get("result").or(response.get("error")).and_then(Value::as_str);
    wrapped.map_or_else(|| Value::Object(response.clone()).to_string(), str::to_owned)
}
