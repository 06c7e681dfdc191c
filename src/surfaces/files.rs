//! OpenAI's files and batches: they pass to the one provider that keeps them. They name no model, so a document names
//! the provider, and only callers who may use everything of it get there: a batch names its models inside of a file.
//!
//! <https://platform.openai.com/docs/api-reference/files>, <https://platform.openai.com/docs/api-reference/batch>

use super::chat::Chat;
use super::{Asked, Surface};
use crate::errors::ApiError;
use crate::json::Object;
use crate::wire::Wire;

/// `/v1/files` and `/v1/batches`.
pub struct Files;

impl Surface for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn wire(&self) -> Wire {
        Wire::OpenAiFiles
    }

    /// No model is asked for, whatever the body says.
    fn asked(&self, _body: &Object<'_>) -> Result<Asked, ApiError> {
        Ok(Asked::default())
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
    }
}

/// The methods of a path, if it is one of files and batches.
pub(super) fn methods(path: &str) -> Option<&'static [&'static str]> {
    let mut steps = path.strip_prefix("/v1/")?.split('/');
    match (steps.next()?, steps.next(), steps.next(), steps.next()) {
        ("files" | "batches", None, None, None) => Some(&["GET", "POST"]),
        ("files", Some(id), None, None) if is_id(id) => Some(&["GET", "DELETE"]),
        ("files", Some(id), Some("content"), None) if is_id(id) => Some(&["GET"]),
        ("batches", Some(id), None, None) if is_id(id) => Some(&["GET"]),
        ("batches", Some(id), Some("cancel"), None) if is_id(id) => Some(&["POST"]),
        _ => None,
    }
}

/// Nothing that could lead to another path at the provider.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn paths_have_their_own_methods() {
        for (path, expected) in [
            ("/v1/files", &["GET", "POST"][..]),
            ("/v1/files/file-1_a", &["GET", "DELETE"]),
            ("/v1/files/file-1/content", &["GET"]),
            ("/v1/batches", &["GET", "POST"]),
            ("/v1/batches/batch_1", &["GET"]),
            ("/v1/batches/batch_1/cancel", &["POST"]),
        ] {
            assert_eq!(methods(path), Some(expected), "{path}");
        }
        for path in [
            "/v1/filesystem",
            "/v1/files/",
            "/v1/files/..",
            "/v1/files/%2e%2e/models",
            "/v1/files/a/other",
            "/v1/files/a/content/x",
            "/v1/batches/a/content",
            "/v2/files",
        ] {
            assert_eq!(methods(path), None, "{path}");
        }
    }
}
