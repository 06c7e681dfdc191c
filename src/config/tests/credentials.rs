use super::*;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn with(keys: &str, more: &str) -> String {
    format!(r#"{{"providers":{{"o":{{"dialect":"openai","keys":[{keys}]}}}}{more}}}"#)
}

const SERVER: &str = r#","sds":{"cluster":"secrets"}"#;

fn credentials(keys: &str) -> Credentials {
    parse(&with(keys, SERVER)).unwrap().providers["o"].credentials.clone()
}

#[test]
fn keys_of_the_filter_take_turns_and_those_of_envoy_are_not_known() {
    let ours = credentials(r#"{"env":"KEY"},{"value":"sk-2"}"#);
    assert_eq!([0, 1, 2].map(|turn| ours.key(turn)), [Some("sk-up"), Some("sk-2"), Some("sk-up")]);
    assert_eq!(credentials("").key(0), None);
    for envoys in [r#"{"file":"/run/secrets/openai"}"#, r#"{"sds":"openai"}"#] {
        let envoys = credentials(envoys);
        assert!(envoys == Credentials::Secret && envoys.key(0).is_none());
    }
}

#[test]
fn a_key_that_envoy_puts_in_is_the_only_one() {
    let alone = "expected no other key beside it: Envoy puts one in for each provider";
    refused(&with(r#"{"file":"/a"},{"file":"/b"}"#, SERVER), &format!("providers.o.keys[0].file: {alone}"));
    refused(&with(r#"{"env":"KEY"},{"sds":"b"}"#, SERVER), &format!("providers.o.keys[1].sds: {alone}"));
    let one = "providers.o.keys[0]: expected one of `env`, `file`, `sds`, `value` and `aws`";
    for keys in [r#"{"env":"KEY","file":"/a"}"#, r#"{"file":"/a","sds":"b"}"#, "{}"] {
        refused(&with(keys, SERVER), one);
    }
}

#[test]
fn files_are_found_wherever_envoy_was_started() {
    for bad in ["openai.key", "", "/run/secrets/", r"/a\u0007b"] {
        let error = parse(&with(&format!(r#"{{"file":"{bad}"}}"#), "")).unwrap_err();
        assert_eq!(error.path, "providers.o.keys[0].file");
        assert!(error.reason.ends_with("expected an absolute path such as /run/secrets/openai"), "{error}");
    }
}

#[test]
fn secrets_need_a_name_and_a_server() {
    refused(&with(r#"{"sds":""}"#, SERVER), "providers.o.keys[0].sds: expected the name of a secret");
    refused(
        &with(r#"{"sds":"openai"}"#, ""),
        "providers.o.keys[0].sds: expected an `sds` in the document, which says where secrets come from",
    );
    refused(&with("", r#","sds":{"cluster":""}"#), "sds.cluster: expected the name of a cluster");
    for bad in ["secrets.internal", "http://h:1", "unix:relative", "h:1/path"] {
        let error = parse(&with("", &format!(r#","sds":{{"cluster":"c","address":"{bad}"}}"#))).unwrap_err();
        assert_eq!(error.path, "sds.address", "{error}");
    }
    assert_eq!(sds_address("unix:/run/sds.sock"), Ok(Address::Pipe("/run/sds.sock".to_owned())));
    assert!(matches!(sds_address("[::1]:8234"), Ok(Address::Host(endpoint)) if endpoint.port == 8234));
}

#[test]
fn a_key_in_clear_is_not_shown() {
    let key = raw::Key { value: Some("sk-secret".to_owned()), file: Some("/a".to_owned()), ..raw::Key::default() };
    let shown = format!("{key:?}");
    assert!(shown.contains("/a") && !shown.contains("sk-secret"), "{shown}");
}
