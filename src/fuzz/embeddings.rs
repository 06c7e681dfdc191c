//! Embeddings: whatever is asked is refused or written for every provider, whatever is answered is refused or read.

use super::requests::check_refusal;
use super::{check_failure, check_object, parsed};
use crate::dialects::openai::embeddings::Embeddings as OpenAi;
use crate::dialects::{self, PassFormat};
use crate::hub::embeddings::Encoding;
use crate::json::{self, Object};
use crate::surfaces::embeddings::Embeddings;
use crate::surfaces::{Asked, EmbeddingSurface, Surface};

/// Names that decide about the form of a request, and one that does not.
const MODELS: &[&str] =
    &["our-model", "amazon.titan-embed-text-v2:0", "cohere.embed-v4", "amazon.nova-embed", "gemini-embedding-2"];

/// A request for embeddings.
pub fn embeddings_request(data: &[u8]) {
    if json::too_deep(data) {
        return;
    }
    let Ok(object) = Object::parse(data) else { return };
    let Ok(asked) = Embeddings.asked(&object) else { return };
    let passed = OpenAi.pass_request(&object, &asked, "our-model");
    assert_eq!(parsed(&passed.body).read::<String>("model"), Ok(Some("our-model".to_owned())));
    let wanted = match Embeddings.request(&object) {
        Ok(wanted) => wanted,
        Err(error) => return check_refusal(&error),
    };
    for (format, model) in dialects::embedding_formats().flat_map(|format| MODELS.iter().map(move |m| (format, *m))) {
        match format.request(&wanted, model) {
            Ok(outbound) => {
                let named = parsed(&outbound.body).read::<String>("model");
                assert!(matches!(&named, Ok(name) if name.as_deref().is_none_or(|name| name == model)), "{named:?}");
            }
            Err(error) => check_refusal(&error),
        }
    }
}

/// An answer with embeddings, or a failure.
pub fn embeddings_answer(data: &[u8]) {
    for format in dialects::embedding_formats() {
        check_failure(&format.error(500, data, &|_| None));
        match format.answer(data, &|_| None) {
            Ok(answer) => {
                for encoding in [Encoding::Float, Encoding::Base64] {
                    let written = Embeddings.answer(&answer, encoding, "model");
                    let list = parsed(&written).read::<Vec<Object<'_>>>("data").ok().flatten().map(|list| list.len());
                    assert_eq!(list, Some(answer.vectors.len()));
                }
            }
            Err(error) => check_failure(&error),
        }
    }
    match OpenAi.usage(data) {
        Ok(usage) => mended(data, usage),
        Err(error) => check_failure(&error),
    }
}

/// An answer that passes is mended at once, and its count stays.
fn mended(data: &[u8], usage: Option<crate::usage::Usage>) {
    for encoding in [Encoding::Float, Encoding::Base64] {
        let asked = Asked { encoding, ..Asked::default() };
        let Some(mended) = OpenAi.pass_answer(data, &asked) else { continue };
        check_object(&mended);
        assert_eq!(OpenAi.usage(&mended), Ok(usage));
        assert_eq!(OpenAi.pass_answer(&mended, &asked), None);
    }
}
