//! Images and documents.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/vision>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/pdf-support>

use std::borrow::Cow;

use super::blocks::{Block, Source};
use super::host::Host;
use crate::base64;
use crate::dialects::bedrock::media as bedrock;
use crate::hub::request::File;

/// The block of an `image_url`.
///
/// # Errors
/// What is wrong with the URL.
pub(super) fn image(url: &str, host: Host) -> Result<Block<'_>, String> {
    if let Some(data) = DataUrl::parse(url) {
        return data?.block(None, host);
    }
    if is_web(url) {
        host.fetches()?;
        return Ok(Block::image(Source::Url { url }));
    }
    Err("expected an http:, https: or data: URL".to_owned())
}

/// The block of a `file`.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn file<'a>(file: &'a File<'a>, host: Host) -> Result<Block<'a>, String> {
    let title = file.filename.as_deref().filter(|name| !name.is_empty());
    match (file.file_data.as_deref(), file.file_id.as_deref()) {
        (Some(url), _) => match DataUrl::parse(url) {
            Some(data) => data?.block(title, host),
            None if is_web(url) => host.fetches().map(|()| Block::document(Source::Url { url }, title)),
            None => Err("expected a data: URL in `file_data`".to_owned()),
        },
        (None, Some(_)) if host != Host::Direct => Err("this provider keeps no files: expected `file_data`".to_owned()),
        (None, Some(file_id)) => Ok(Block::document(Source::File { file_id }, title)),
        (None, None) => Err("expected `file_data` or `file_id`".to_owned()),
    }
}

fn is_web(url: &str) -> bool {
    url.split_once("://")
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// `data:image/png;name=x;base64,iVBO`
///
/// <https://www.rfc-editor.org/rfc/rfc2397>
struct DataUrl<'a> {
    media_type: &'a str,
    base64: bool,
    data: &'a str,
}

impl<'a> DataUrl<'a> {
    /// `None` is another kind of URL.
    fn parse(url: &'a str) -> Option<Result<Self, String>> {
        let (scheme, rest) = url.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("data") {
            return None;
        }
        let Some((head, data)) = rest.split_once(',') else {
            return Some(Err("the data: URL has no data".to_owned()));
        };
        let mut words = head.split(';').map(str::trim);
        let media_type = words.next().filter(|word| !word.is_empty()).unwrap_or("text/plain");
        let base64 = words.any(|word| word.eq_ignore_ascii_case("base64"));
        Some(Ok(Self { media_type, base64, data }))
    }

    fn block(self, title: Option<&'a str>, host: Host) -> Result<Block<'a>, String> {
        let kind = self.media_type.split('/').next().unwrap_or_default();
        if host == Host::Converse {
            return self.for_converse(title);
        }
        if kind.eq_ignore_ascii_case("text") {
            return Ok(Block::document(Source::Text { media_type: "text/plain", data: self.text()? }, title));
        }
        if !self.base64 {
            return Err(format!("expected base64 data of {}", self.media_type));
        }
        let media_type = media_type(self.media_type);
        let source = |media_type| Source::Base64 { media_type, data: self.data };
        match media_type.as_ref() {
            "application/pdf" => Ok(Block::document(source(media_type), title)),
            _ if kind.eq_ignore_ascii_case("image") => Ok(Block::image(source(media_type))),
            other => Err(format!("this provider takes images, PDF and plain text, not `{other}`")),
        }
    }

    /// Bedrock's Converse takes more types, and bytes of all of them.
    fn for_converse(self, title: Option<&'a str>) -> Result<Block<'a>, String> {
        let named = title.and_then(bedrock::named).map(Cow::Borrowed);
        // Some callers say no more than that it is a file.
        let media_type = match media_type(self.media_type) {
            unsaid if unsaid == "application/octet-stream" => named.unwrap_or(unsaid),
            told => told,
        };
        let format = bedrock::format(&media_type)?;
        if !self.base64 {
            return Err(format!("expected base64 data of {media_type}"));
        }
        let source = Source::Base64 { media_type, data: self.data };
        Ok(match format {
            bedrock::Format::Image(_) => Block::image(source),
            bedrock::Format::Document(_) => Block::document(source, title),
        })
    }

    /// Anthropic takes plain text as it is.
    fn text(&self) -> Result<String, String> {
        let bytes = if self.base64 { base64::decode(self.data) } else { decode_percent(self.data) };
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| "the data: URL holds no text".to_owned())
    }
}

/// `image/jpg` is what people write, `image/jpeg` what it is called.
fn media_type(name: &str) -> Cow<'_, str> {
    if name.eq_ignore_ascii_case("image/jpg") {
        Cow::Borrowed("image/jpeg")
    } else if name.contains(|c: char| c.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn decode_percent(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' { hex(bytes.next()?)? * 16 + hex(bytes.next()?)? } else { byte });
    }
    Some(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn percent_codes_are_decoded_and_broken_ones_refused() {
        assert_eq!(decode_percent("a%20%C3%A9").unwrap(), "a é".as_bytes());
        assert_eq!(decode_percent("a%2"), None);
        assert_eq!(decode_percent("a%zz"), None);
    }
}
