//! Images: Ollama takes their bare data.

use crate::errors::ApiError;

/// The base64 text of a `data:` URL. Ollama finds out the type itself, and fetches nothing.
///
/// <https://www.rfc-editor.org/rfc/rfc2397>
pub(super) fn data<'a>(url: &'a str, path: &str) -> Result<&'a str, ApiError> {
    let refused = |reason| ApiError::invalid(format!("{path}: {reason}")).param(path);
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("data") {
        return Err(refused("this provider fetches no images: expected a data: URL"));
    }
    let (head, data) = rest.split_once(',').ok_or_else(|| refused("the data: URL has no data"))?;
    let base64 = head.split(';').skip(1).any(|word| word.trim().eq_ignore_ascii_case("base64"));
    if base64 { Ok(data) } else { Err(refused("expected a data: URL in base64")) }
}
