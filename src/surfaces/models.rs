//! OpenAI's list of models.
//!
//! <https://platform.openai.com/docs/api-reference/models>

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

/// The body of `GET /v1/models`.
pub fn list(names: &[&str]) -> Vec<u8> {
    write(&List { object: "list", data: names.iter().map(|name| Model::new(name)).collect() })
}

/// The body of `GET /v1/models/{id}`.
pub fn one(name: &str) -> Vec<u8> {
    write(&Model::new(name))
}

fn write(value: &impl Serialize) -> Vec<u8> {
    // Strings and numbers always serialize.
    serde_json::to_vec(value).unwrap_or_default()
}
