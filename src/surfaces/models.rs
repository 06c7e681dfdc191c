//! The list of models, in OpenAI's form and in Anthropic's.
//!
//! <https://platform.openai.com/docs/api-reference/models>, <https://docs.anthropic.com/en/api/models-list>

use serde::Serialize;

/// One model that callers may ask for.
#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

impl<'a> Model<'a> {
    fn new(id: &'a str) -> Self {
        // A logical model was made by nobody at no time; SDKs want both fields.
        Self { id, object: "model", created: 0, owned_by: "tollhouse" }
    }
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

/// One model in Anthropic's form.
#[derive(Serialize)]
struct AnthropicModel<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'static str,
}

impl<'a> AnthropicModel<'a> {
    fn new(id: &'a str) -> Self {
        // The epoch is how Anthropic says that the time is not known.
        Self { kind: "model", id, display_name: id, created_at: "1970-01-01T00:00:00Z" }
    }
}

/// All models on one page.
#[derive(Serialize)]
struct AnthropicList<'a> {
    data: Vec<AnthropicModel<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

/// Whose form a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// The body of `GET /v1/models`, and of `GET /anthropic/v1/models`.
pub fn list(names: &[&str], form: Form) -> Vec<u8> {
    match form {
        Form::OpenAi => write(&List { object: "list", data: names.iter().map(|name| Model::new(name)).collect() }),
        Form::Anthropic => write(&AnthropicList {
            data: names.iter().map(|name| AnthropicModel::new(name)).collect(),
            has_more: false,
            first_id: names.first().copied(),
            last_id: names.last().copied(),
        }),
    }
}

/// The body of `GET /v1/models/{id}`.
pub fn one(name: &str, form: Form) -> Vec<u8> {
    match form {
        Form::OpenAi => write(&Model::new(name)),
        Form::Anthropic => write(&AnthropicModel::new(name)),
    }
}

fn write(value: &impl Serialize) -> Vec<u8> {
    // Strings and numbers always serialize.
    serde_json::to_vec(value).unwrap_or_default()
}
