//! Images, documents and sound.
//!
//! <https://ai.google.dev/gemini-api/docs/file-input-methods>

use std::borrow::Cow;

use super::parts::{FileData, InlineData, Part};
use crate::hub::request::File;

/// Media types by the ends of names; Vertex wants one beside every address.
const TYPES: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("mp3", "audio/mp3"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mov", "video/mov"),
];

/// The part of an `image_url`.
///
/// # Errors
/// What is wrong with the URL.
pub(super) fn image(url: &str) -> Result<Part<'_>, String> {
    at(url, None).unwrap_or_else(|| Err("expected an http:, https:, gs: or data: URL".to_owned()))
}

/// The part of a `file`. Ids of files are addresses at this provider.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn file<'a>(file: &'a File<'a>) -> Result<Part<'a>, String> {
    let name = file.filename.as_deref();
    match (file.file_data.as_deref(), file.file_id.as_deref()) {
        (Some(url), _) => at(url, name).unwrap_or_else(|| Err("expected a data: URL in `file_data`".to_owned())),
        (None, Some(id)) => {
            at(id, name).unwrap_or_else(|| Err("this provider knows files by their URI only, not by an id".to_owned()))
        }
        (None, None) => Err("expected `file_data` or `file_id`".to_owned()),
    }
}

fn at<'a>(url: &'a str, name: Option<&str>) -> Option<Result<Part<'a>, String>> {
    let (scheme, rest) = url.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "data" => Some(inline(rest)),
        "http" | "https" | "gs" => {
            let path = url.split(['?', '#']).next().unwrap_or(url);
            let mime_type = type_of(path).or(name.and_then(type_of));
            Some(Ok(Part::FileData(FileData { mime_type, file_uri: url })))
        }
        _ => None,
    }
}

fn type_of(name: &str) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.')?;
    TYPES.iter().find(|(known, _)| end.eq_ignore_ascii_case(known)).map(|(_, kind)| *kind)
}

/// `image/png;name=x;base64,iVBO`
///
/// <https://www.rfc-editor.org/rfc/rfc2397>
fn inline(rest: &str) -> Result<Part<'_>, String> {
    let (head, data) = rest.split_once(',').ok_or("the data: URL has no data")?;
    let mut words = head.split(';').map(str::trim);
    let kind = words.next().filter(|word| !word.is_empty()).unwrap_or("text/plain");
    if !words.any(|word| word.eq_ignore_ascii_case("base64")) {
        return Err(format!("expected base64 data of {kind}"));
    }
    // `image/jpg` is what people write, `image/jpeg` what it is called.
    let kind = if kind.eq_ignore_ascii_case("image/jpg") {
        Cow::Borrowed("image/jpeg")
    } else if kind.contains(|c: char| c.is_ascii_uppercase()) {
        Cow::Owned(kind.to_ascii_lowercase())
    } else {
        Cow::Borrowed(kind)
    };
    Ok(Part::InlineData(InlineData { mime_type: kind, data }))
}
