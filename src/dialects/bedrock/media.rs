//! Images and documents.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html>

/// The longest name of a document.
const MAX_NAME: usize = 200;

/// What a media type is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialects) enum Format {
    Image(&'static str),
    Document(&'static str),
}

/// The format of a media type, in small letters.
///
/// # Errors
/// Bedrock does not take it.
pub(in crate::dialects) fn format(media_type: &str) -> Result<Format, String> {
    Ok(match media_type {
        "image/png" => Format::Image("png"),
        "image/jpeg" => Format::Image("jpeg"),
        "image/gif" => Format::Image("gif"),
        "image/webp" => Format::Image("webp"),
        "application/pdf" => Format::Document("pdf"),
        "application/msword" => Format::Document("doc"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Format::Document("docx"),
        "application/vnd.ms-excel" => Format::Document("xls"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Format::Document("xlsx"),
        "text/csv" => Format::Document("csv"),
        "text/html" => Format::Document("html"),
        "text/markdown" => Format::Document("md"),
        text if text.starts_with("text/") => Format::Document("txt"),
        other => return Err(format!("this provider takes no `{other}`")),
    })
}

/// The media type that the name of a file stands for.
pub(in crate::dialects) fn named(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "csv" => "text/csv",
        "html" => "text/html",
        "md" => "text/markdown",
        "txt" => "text/plain",
        _ => return None,
    })
}

/// Names of the documents of one request, which must differ.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// A name that Bedrock takes, of the file's own letters.
    pub(super) fn take(&mut self, title: Option<&str>) -> String {
        let plain = plain(title.unwrap_or_default());
        let name = if plain.is_empty() { "Document".to_owned() } else { plain };
        let mut unique = name.clone();
        let mut number = 1;
        while self.0.contains(&unique) {
            number += 1;
            unique = format!("{name} ({number})");
        }
        self.0.push(unique.clone());
        unique
    }
}

/// Letters, digits, hyphens, brackets and single spaces; no extension, which Bedrock has in `format`.
fn plain(title: &str) -> String {
    let stem = title.rsplit_once('.').map_or(title, |(stem, _)| stem);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let words: Vec<&str> = stem.split(|c| !allowed(c)).filter(|word| !word.is_empty()).collect();
    let mut name = words.join(" ");
    name.truncate(MAX_NAME - 10);
    name
}
