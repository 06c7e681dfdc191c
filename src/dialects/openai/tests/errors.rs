use super::*;
use crate::errors::{Kind, Retry};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn told(status: u16, body: &str) -> ApiError {
    OpenAi.error(status, body.as_bytes())
}

#[test]
fn openai_s_own_error_is_read_and_kept() {
    let body =
        r#"{"error": {"message":"Bad","type":"invalid_request_error","param":"messages","code":"unsupported_value"}}"#;
    let error = told(400, body);
    assert_eq!((error.message.as_str(), error.param.as_deref()), ("Bad", Some("messages")));
    assert_eq!((error.code.as_deref(), error.kind), (Some("unsupported_value"), Kind::InvalidRequest));
    assert_eq!(error.original.as_deref(), Some(body.as_bytes()));
}

#[test]
fn every_body_in_use_gives_its_message() {
    let cases = [
        (r#"{"error":"Too big","error_type":"validation"}"#, "Too big", None),
        (
            r#"{"code":"Client specified an invalid argument","error":"Bad model"}"#,
            "Bad model",
            Some("Client specified an invalid argument"),
        ),
        (r#"{"message":"Nope"}"#, "Nope", None),
        (r#"{"Message":"Nope"}"#, "Nope", None),
        (r#"{"detail":"Unauthorized"}"#, "Unauthorized", None),
        (
            r#"{"detail":[{"type":"missing","loc":["body","messages",0],"msg":"Field required"},{"msg":"Also"}]}"#,
            "body.messages.0: Field required; Also",
            None,
        ),
        (
            r#"{"object":"error","message":"Wrong","type":"BadRequestError","param":null,"code":400}"#,
            "Wrong",
            Some("400"),
        ),
        (
            r#"{"object":"error","message":{"detail":[{"loc":["body"],"msg":"bad"}]},"type":"invalid"}"#,
            "body: bad",
            None,
        ),
        (r#"{"error":{"message":{"message":"Inner"},"code":1}}"#, "Inner", Some("1")),
        (r#"{"error":{"message":{"x":1}}}"#, r#"{"x":1}"#, None),
        (r#"{"error":{"message":"m","code":403,"metadata":{}},"user_id":"u"}"#, "m", Some("403")),
        (r#"[{"error":{"message":"listed","code":"c"}}]"#, "listed", Some("c")),
        (r#""just text""#, "just text", None),
    ];
    for (body, message, code) in cases {
        let error = told(400, body);
        assert_eq!((error.message.as_str(), error.code.as_deref()), (message, code), "{body}");
    }
}

#[test]
fn a_body_without_json_is_told_by_its_beginning() {
    assert_eq!(told(502, " <html>Bad gateway</html>\n").message, "<html>Bad gateway</html>");
    assert_eq!(told(500, &"é".repeat(1500)).message.chars().count(), 1000);
    let long = "x".repeat(3000);
    assert_eq!(told(400, &format!(r#"{{"error":{{"message":"{long}"}}}}"#)).message, long, "messages stay whole");
}

#[test]
fn a_failure_always_has_a_message() {
    for body in ["", "{}", "null", "[]", r#"{"error":{}}"#, r#"{"error":{"message":""}}"#, r#"{"error":null}"#] {
        let error = told(503, body);
        assert!(error.message.contains("503"), "{body}: {}", error.message);
        assert_eq!(error.original, None, "{body}");
    }
}

#[test]
fn a_body_passes_as_it_is_only_in_openai_s_form() {
    let kept = |body: &str| told(400, body).original.is_some();
    assert!(kept(r#"{"error":{"message":"m","code":null}}"#));
    assert!(kept(r#"{"error":{"code":"content_filter","message":"m","innererror":{}}}"#));
    for other in [
        r#"{"error":{"message":"m","code":400}}"#,
        r#"{"error":{"message":"m"},"user_id":"u"}"#,
        r#"{"error":"m"}"#,
        r#"{"message":"m"}"#,
        r#"{"error":{"message":{"detail":"m"}}}"#,
    ] {
        assert!(!kept(other), "{other}");
    }
}

#[test]
fn a_prompt_that_is_too_long_has_one_code() {
    let long = "This model's maximum context length is 10 tokens.";
    for body in [
        format!(r#"{{"error":{{"message":"{long}"}}}}"#),
        format!(r#"{{"error":{{"message":"{long}","code":400}}}}"#),
        format!(r#"{{"error":{{"message":"{long}","type":"invalid_request_error","code":"invalid_request_error"}}}}"#),
        r#"{"error":{"message":"See the docs","type":"too_many_prompt_tokens","code":400}}"#.to_owned(),
    ] {
        assert_eq!(told(400, &body).code.as_deref(), Some("context_length_exceeded"), "{body}");
    }
    let own = format!(r#"{{"error":{{"message":"{long}","code":"string_above_max_length"}}}}"#);
    assert_eq!(told(400, &own).code.as_deref(), Some("string_above_max_length"));
}

#[test]
fn an_account_without_money_is_not_tried_again() {
    for body in [
        r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
        r#"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#,
    ] {
        let error = told(429, body);
        assert_eq!((error.retry, error.code.as_deref()), (Retry::Never, Some("insufficient_quota")));
    }
    let busy = told(429, r#"{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}"#);
    assert_eq!((busy.retry, busy.kind), (Retry::Unsaid, Kind::RateLimit));
}

#[test]
fn a_wrong_key_is_an_authentication_error_whatever_its_status() {
    let error = told(400, r#"{"code":"invalid","error":"Incorrect API key provided: xa***."}"#);
    assert_eq!((error.status, error.kind, error.code.as_deref()), (401, Kind::Authentication, Some("invalid_api_key")));
    assert_eq!(error.original, None);
}

#[test]
fn a_model_that_is_not_there_has_a_code() {
    assert_eq!(
        told(404, r#"{"error":{"message":"The model `x` does not exist"}}"#).code.as_deref(),
        Some("model_not_found")
    );
    assert_eq!(told(404, r#"{"error":{"message":"No such path"}}"#).code, None);
}
