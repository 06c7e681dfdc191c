#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{AzureOpenAi, AzureOpenAiResponses};
use crate::dialects::{Address, Dialect, Format, Settings, openai::OpenAi};
use crate::wire::Wire;

fn path(model: &str, api_version: Option<&str>) -> String {
    let settings = Settings { api_version: api_version.map(str::to_owned), ..Settings::default() };
    AzureOpenAi.path(&Address { wire: Wire::OpenAiChat, model, stream: true, settings: &settings })
}

#[test]
fn with_a_version_the_path_names_the_deployment() {
    let wanted = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21";
    assert_eq!(path("my-gpt", Some("2024-10-21")), wanted);
    let odd = "/openai/deployments/a%2Fb%3Fc%20%C3%A9/chat/completions?api-version=x%26y";
    assert_eq!(path("a/b?c é", Some("x&y")), odd);
}

#[test]
fn without_a_version_the_path_is_of_the_api_that_has_none() {
    assert_eq!(path("my/gpt", None), "/openai/v1/chat/completions");
}

#[test]
fn every_caller_is_sent_to_responses_where_a_model_answers_only_there() {
    let settings = Settings { api_version: Some("2024-10-21".to_owned()), ..Settings::default() };
    let wires: Vec<_> = AzureOpenAiResponses.tasks().iter().map(|task| task.format().wire()).collect();
    assert_eq!(wires, [Wire::OpenAiResponses]);
    let to = Address { wire: wires[0], model: "codex", stream: true, settings: &settings };
    assert_eq!(AzureOpenAiResponses.path(&to), "/openai/v1/responses");
    assert_eq!(AzureOpenAiResponses.credential("k"), ("api-key", "k".to_owned()));
}

#[test]
fn the_key_is_sent_as_it_is() {
    assert_eq!(AzureOpenAi.credential("k"), ("api-key", "k".to_owned()));
}

#[test]
fn a_blocked_prompt_keeps_its_code_and_its_body() {
    let body = br#"{"error":{"message":"The prompt was filtered.","type":null,"param":"prompt","code":"content_filter",
        "status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}"#;
    let error = OpenAi.error(400, body, &|_| None);
    assert_eq!((error.status, error.code.as_deref()), (400, Some("content_filter")));
    assert_eq!(error.param.as_deref(), Some("prompt"));
    assert_eq!(error.original.as_deref(), Some(body.as_slice()));
}
