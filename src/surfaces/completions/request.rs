//! A prompt as a conversation of one turn.
//!
//! <https://platform.openai.com/docs/api-reference/completions/create>

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{Content, Message, Role};
use crate::json::{Object, Text};
use crate::surfaces::chat;

/// Reads a request.
///
/// Without `max_tokens` there is no limit but the provider's, not the 16 tokens of this API: a model that thinks would
/// spend them before it says a word.
///
/// # Errors
/// It asks for what no conversation can give, or a field has another type than OpenAI's documents say.
pub(super) fn read<'a>(body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
    let prompt = prompt(body.get("prompt"))?;
    refuse(body)?;
    let mut others = Vec::new();
    if body.read::<u64>("best_of").map_err(chat::refused)?.is_some_and(|tries| tries > 1) {
        others.push(Cow::Borrowed("best_of"));
    }
    let chat = ChatRequest::parse(body).map_err(chat::refused)?;
    // There is no way to answer with a call.
    if !chat.tools.is_empty() {
        others.push(Cow::Borrowed("tools"));
    }
    let known = |name: &str| matches!(name, "best_of" | "echo" | "prompt" | "suffix");
    others.extend(chat.others.into_iter().filter(|name| !known(name)));
    Ok(ChatRequest {
        messages: vec![Message::new(Role::User, Content::Text(prompt))],
        tools: Vec::new(),
        tool_choice: None,
        parallel_tool_calls: None,
        legacy_functions: false,
        others,
        ..chat
    })
}

/// One prompt, alone or in a list. Several would need several conversations, and tokens are words of one model only.
fn prompt(raw: Option<&RawValue>) -> Result<Cow<'_, str>, ApiError> {
    let json = raw.map_or("null", RawValue::get);
    if let Ok(Text(prompt)) = serde_json::from_str(json) {
        return Ok(prompt);
    }
    match serde_json::from_str::<[Text<'_>; 1]>(json) {
        Ok([Text(prompt)]) => Ok(prompt),
        Err(_) => Err(unsupported("prompt", "takes one text as its prompt, no list of several and no tokens")),
    }
}

/// Fields without which the answer would be another one than was asked for.
fn refuse(body: &Object<'_>) -> Result<(), ApiError> {
    if body.read::<bool>("echo").map_err(chat::refused)? == Some(true) {
        return Err(unsupported("echo", "does not repeat the prompt"));
    }
    let suffix = body.read::<Text<'_>>("suffix").map_err(chat::refused)?;
    if suffix.is_some_and(|suffix| !suffix.0.is_empty()) {
        return Err(unsupported("suffix", "cannot write what comes before a text"));
    }
    Ok(())
}

fn unsupported(field: &'static str, why: &str) -> ApiError {
    ApiError::invalid(format!("Invalid `{field}`: the model answers in conversations and {why}."))
        .param(field)
        .code("unsupported_parameter")
}
