//! Turns and their parts, as they are written.
//!
//! <https://ai.google.dev/api/caching#Content>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// The role of turns that hold what people and tools say.
pub(super) const USER: &str = "user";
/// The role of turns that hold what the model said.
pub(super) const MODEL: &str = "model";

/// One turn.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) parts: Vec<Part<'a>>,
    /// Counts the turns with calls; the turn with their results has the same number.
    #[serde(skip)]
    pub(super) step: Option<usize>,
}

/// A piece of a turn.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Part<'a> {
    Text(Cow<'a, str>),
    InlineData(InlineData<'a>),
    FileData(FileData<'a>),
    FunctionResponse(FunctionResponse<'a>),
    #[serde(untagged)]
    Call(Call<'a>),
    #[serde(untagged)]
    Signed(SignedText<'a>),
}

/// Text with the signature that it was given out with; models also sign nothing at all.
///
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedText<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) thought_signature: String,
}

/// Base64 of a medium.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InlineData<'a> {
    pub(super) mime_type: Cow<'a, str>,
    pub(super) data: &'a str,
}

/// Where a medium is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mime_type: Option<&'static str>,
    pub(super) file_uri: &'a str,
}

/// A call with the signature that it was given out with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call<'a> {
    pub(super) function_call: FunctionCall<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) args: &'a RawValue,
}

/// What a call returned.
#[derive(Debug, Serialize)]
pub(super) struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) response: Returned<'a>,
    /// The place of the call in its turn.
    #[serde(skip)]
    pub(super) place: usize,
}

/// An object, which is what Gemini wants; anything else is wrapped in one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Returned<'a> {
    Result(Cow<'a, str>),
    Error(Cow<'a, str>),
    #[serde(rename = "error")]
    Failure(&'a RawValue),
    #[serde(untagged)]
    Object(&'a RawValue),
}
