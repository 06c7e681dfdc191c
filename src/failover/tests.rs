use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn what_another_target_may_do_better_fails_over() {
    for status in [408, 429, 500, 502, 503, 504, 529] {
        assert!(fails_over(&ApiError::new(status, ""), &[]), "{status}");
    }
    for status in [400, 401, 402, 403, 404, 409, 413, 415, 422] {
        assert!(!fails_over(&ApiError::new(status, ""), &[]), "{status}");
    }
}

#[test]
fn a_model_may_ask_for_more() {
    use FailoverOn::{Authentication, ContextLengthExceeded, InvalidRequest, NotFound};
    let long = ApiError::new(400, "").code("context_length_exceeded");
    assert!(fails_over(&long, &[ContextLengthExceeded]));
    assert!(fails_over(&ApiError::new(413, ""), &[ContextLengthExceeded]));
    assert!(!fails_over(&ApiError::new(400, ""), &[ContextLengthExceeded]));
    assert!(fails_over(&ApiError::new(422, ""), &[InvalidRequest]));
    assert!(fails_over(&ApiError::new(401, ""), &[NotFound, Authentication]));
}

#[test]
fn hints_are_believed_up_to_a_bound() {
    let after = |seconds| Retry::After(Duration::from_secs(seconds));
    assert_eq!(cooldown(&ApiError::new(429, "").retry(after(30))), Some(Duration::from_secs(30)));
    assert_eq!(cooldown(&ApiError::new(429, "")), Some(DEFAULT_COOLDOWN));
    assert_eq!(cooldown(&ApiError::new(503, "").retry(after(86_400))), Some(MAX_COOLDOWN));
    assert_eq!(cooldown(&ApiError::new(500, "")), None);
    assert_eq!(cooldown(&ApiError::new(400, "").retry(after(30))), None, "a caller's fault cools nothing");
}
