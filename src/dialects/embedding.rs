//! What providers of embeddings cannot do in different ways, and what they are told to do instead of it.

use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingRequest, Input, Purpose, Truncate};

/// The text, for providers that take one a call.
///
/// # Errors
/// There are several.
pub(super) fn single<'a, 'b>(wanted: &'a EmbeddingRequest<'b>) -> Result<&'a Input<'b>, ApiError> {
    match wanted.inputs.as_slice() {
        [input] => Ok(input),
        _ => Err(refused("input", "this provider embeds one text a call")),
    }
}

/// What all texts are for, for providers that ask it once a call.
///
/// # Errors
/// They are for different purposes.
pub(super) fn purpose(wanted: &EmbeddingRequest<'_>) -> Result<Option<Purpose>, ApiError> {
    let first = wanted.inputs.first().and_then(|input| input.purpose);
    match wanted.inputs.iter().position(|input| input.purpose != first) {
        Some(at) => {
            Err(refused(&format!("input[{at}].task_type"), "this provider embeds all texts of a call for one purpose"))
        }
        None => Ok(first),
    }
}

/// Shall the end of long texts be cut off? For providers that can cut off nothing else.
///
/// # Errors
/// The start shall be.
pub(super) fn cuts_end(wanted: &EmbeddingRequest<'_>) -> Result<Option<bool>, ApiError> {
    match wanted.truncate {
        None => Ok(None),
        Some(Truncate::Never) => Ok(Some(false)),
        Some(Truncate::End) => Ok(Some(true)),
        Some(Truncate::Start) => Err(refused("truncate", "this provider cuts off the end of a text only")),
    }
}

fn refused(param: &str, why: &str) -> ApiError {
    ApiError::invalid(format!("Invalid `{param}`: {why}.")).param(param).code("unsupported_value")
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn wanted(purposes: &[Option<Purpose>], truncate: Option<Truncate>) -> EmbeddingRequest<'static> {
        let input = |purpose: &Option<Purpose>| Input { text: "a".into(), purpose: *purpose, title: None };
        EmbeddingRequest {
            inputs: purposes.iter().map(input).collect(),
            dimensions: None,
            truncate,
            others: Vec::new(),
        }
    }

    fn param<T: std::fmt::Debug>(result: Result<T, ApiError>) -> String {
        result.unwrap_err().param.unwrap()
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_the_name_of_the_field() {
        let (query, document) = (Some(Purpose::Query), Some(Purpose::Document));
        assert_eq!(param(single(&wanted(&[None, None], None))), "input");
        assert_eq!(param(purpose(&wanted(&[query, query, document], None))), "input[2].task_type");
        assert_eq!(param(cuts_end(&wanted(&[None], Some(Truncate::Start)))), "truncate");
    }

    #[test]
    fn what_can_be_done_is_told() {
        let query = Some(Purpose::Query);
        assert_eq!(single(&wanted(&[query], None)).unwrap().purpose, query);
        assert_eq!(purpose(&wanted(&[query, query], None)), Ok(query));
        assert_eq!(cuts_end(&wanted(&[None], Some(Truncate::Never))), Ok(Some(false)));
    }
}
