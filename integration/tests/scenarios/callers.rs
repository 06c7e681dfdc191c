//! Who may call, and for what.

use integration::caller::Call;
use integration::document::{DISABLED_KEY, EXPIRED_KEY, KEY, NARROW_KEY};
use integration::speech::ANSWER;
use integration::stage::stage;

#[tokio::test]
async fn a_key_is_taken_from_each_of_four_headers() {
    let stage = stage();
    let value = |scheme: &str| format!("{scheme}{KEY}");
    for (name, value) in [
        ("authorization", value("Bearer ")),
        ("Authorization", value("bearer ")),
        ("x-api-key", value("")),
        ("api-key", value("")),
        ("x-goog-api-key", value("")),
    ] {
        let answer = stage.chat(&stage.model("o")).without("authorization").header(name, &value).send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{name}");
    }
}

#[tokio::test]
async fn keys_that_are_missing_wrong_expired_or_disabled_get_401() {
    let stage = stage();
    for (value, code) in [
        (None, "missing_api_key"),
        (Some("Bearer"), "missing_api_key"),
        (Some("Basic dXNlcjpwYXNz"), "missing_api_key"),
        (Some("Bearer th-key-of-nobody-c0ffee"), "invalid_api_key"),
        (Some(&*format!("Bearer {KEY}x")), "invalid_api_key"),
        (Some(&*format!("Bearer {EXPIRED_KEY}")), "key_expired"),
        (Some(&*format!("Bearer {DISABLED_KEY}")), "key_disabled"),
    ] {
        let model = stage.model("o");
        let call = stage.chat(&model).without("authorization");
        let call = value.iter().fold(call, |call, value| call.header("authorization", value));
        let answer = call.send().await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code), "{value:?}");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json()["error"]["type"], "authentication_error");
        assert!(answer.header("server").is_none(), "{:?}", answer.head);
        assert!(stage.o.seen(&model).is_empty());
    }
}

#[tokio::test]
async fn a_key_reaches_only_its_own_models_and_targets() {
    let stage = stage();
    for (model, status) in [
        ("narrow", 200),
        ("spelled/exact", 200),
        ("spelled/other", 404),
        ("o/narrow", 404),
        ("o-0", 404),
        ("nothing", 404),
        ("nothing/at/all", 404),
    ] {
        let answer = Call::chat(stage.gateway, NARROW_KEY, model).send().await;
        assert_eq!(answer.status, status, "{model}");
        if status == 404 {
            assert_eq!(answer.code(), "model_not_found");
            assert_eq!(answer.header("x-should-retry"), Some("false"));
        }
    }
    assert!(stage.o.seen("other").is_empty());
}

#[tokio::test]
async fn a_target_that_is_spelled_out_is_divided_at_its_first_slash() {
    let stage = stage();
    let answer = Call::chat(stage.gateway, KEY, "a/accounts/team/models/divided").send().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER));
    assert_eq!(stage.a.one("accounts/team/models/divided").await.json()["model"], "accounts/team/models/divided");
}

#[tokio::test]
async fn the_list_of_models_is_what_the_key_may_use() {
    let stage = stage();
    let get = |path: &str, key: &str| Call::new(stage.gateway, "GET", path).header("x-api-key", key);
    let list = get("/v1/models", NARROW_KEY).send().await;
    assert_eq!((list.status, list.whole), (200, true));
    let list = list.json();
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!((list["object"].as_str().unwrap(), ids), ("list", vec!["narrow", "spelled/exact"]));
    let all = get("/v1/models?after=x", KEY).send().await.json();
    assert!(all["data"].as_array().unwrap().len() > 100);
    for (path, key, status) in [
        ("/v1/models/narrow", NARROW_KEY, 200),
        ("/v1/models/spelled/exact", NARROW_KEY, 200),
        ("/v1/models/spelled%2Fexact", NARROW_KEY, 200),
        ("/v1/models/o-0", NARROW_KEY, 404),
        ("/v1/models/o-0", KEY, 200),
        ("/v1/models", EXPIRED_KEY, 401),
    ] {
        assert_eq!(get(path, key).send().await.status, status, "{path}");
    }
    let anonymous = Call::new(stage.gateway, "GET", "/v1/models").send().await;
    assert_eq!((anonymous.status, anonymous.code().as_str()), (401, "missing_api_key"));
}
