//! Images and documents.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/vision>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/pdf-support>

use std::borrow::Cow;

use super::object::Placed;
use crate::hub::request::{File, PartKind};
use crate::json::FieldError;

/// The part that an image block is.
///
/// # Errors
/// The source is of a type that nobody but Anthropic could read, or lacks something.
pub(super) fn image<'a>(block: &Placed<'a>) -> Result<PartKind<'a>, FieldError> {
    let source = block.object("source")?;
    match source.kind()?.as_ref() {
        "base64" => data_url(&source).map(PartKind::ImageUrl),
        "url" => source.text("url").map(PartKind::ImageUrl),
        other => Err(source.unknown("type", other, "`base64` or `url`")),
    }
}

/// The part that a document block is. Plain text is text for every model.
///
/// # Errors
/// As [`image`].
pub(super) fn document<'a>(block: &Placed<'a>) -> Result<PartKind<'a>, FieldError> {
    let source = block.object("source")?;
    let title = block.optional_text("title")?.filter(|title| !title.is_empty());
    let file = |file_data, file_id, filename| PartKind::File(File { file_data, file_id, filename });
    match source.kind()?.as_ref() {
        // Chat completions take no data without a name, and Anthropic's only data is PDF.
        "base64" => Ok(file(Some(data_url(&source)?), None, title.or(Some(Cow::Borrowed("document.pdf"))))),
        "url" => Ok(file(Some(source.text("url")?), None, title)),
        "file" => Ok(file(None, Some(source.text("file_id")?), title)),
        "text" => Ok(PartKind::Text(titled(title.as_deref(), source.text("data")?))),
        "content" => Ok(PartKind::Text(titled(title.as_deref(), texts(&source)?))),
        other => Err(source.unknown("type", other, "`base64`, `url`, `file`, `text` or `content`")),
    }
}

/// A search result, which other models read as text.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/search-results>
///
/// # Errors
/// It lacks something.
pub(super) fn search_result<'a>(block: &Placed<'a>) -> Result<PartKind<'a>, FieldError> {
    let (title, source) = (block.optional_text("title")?, block.optional_text("source")?);
    let head: Vec<&str> = [title.as_deref(), source.as_deref()].into_iter().flatten().collect();
    Ok(PartKind::Text(titled(Some(head.join("\n").as_str()).filter(|head| !head.is_empty()), texts(block)?)))
}

fn titled<'a>(title: Option<&str>, text: Cow<'a, str>) -> Cow<'a, str> {
    title.map_or(text.clone(), |title| Cow::Owned(format!("{title}\n\n{text}")))
}

/// `content`: a text, or blocks of which only text can be told.
fn texts<'a>(of: &Placed<'a>) -> Result<Cow<'a, str>, FieldError> {
    let Some(raw) = of.get("content").filter(|raw| raw.get().starts_with('[')) else { return of.text("content") };
    let mut texts = Vec::new();
    for block in super::object::list(raw, &of.path("content"))? {
        texts.extend(block.optional_text("text")?);
    }
    Ok(Cow::Owned(texts.join("\n")))
}

fn data_url<'a>(source: &Placed<'a>) -> Result<Cow<'a, str>, FieldError> {
    let (media_type, data) = (source.text("media_type")?, source.text("data")?);
    let mut url = String::with_capacity(media_type.len() + data.len() + 13);
    for piece in ["data:", &media_type, ";base64,", &data] {
        url.push_str(piece);
    }
    Ok(Cow::Owned(url))
}
