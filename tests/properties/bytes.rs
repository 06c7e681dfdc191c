//! No input panics, whoever sends it.

use proptest::prelude::*;
use tollhouse_filter::fuzz::TARGETS;

use super::{config, text};

/// Pieces of everything that is read here, in no order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "null",
        "0",
        "-1.5e3",
        "\n\n",
        "data: ",
        "event: error\n",
        "[DONE]",
        "\"type\":\"message_start\"",
        "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]",
        "\"model\":\"tier\"",
        "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]",
        "\"stream\":true",
        "content-type: application/json\n",
        ":path: /v1/models\n",
        "authorization: Bearer k\n",
        ":status: 500\n",
        "retry-after: -1\n",
    ];
    let word = prop_oneof![prop::sample::select(WORDS).prop_map(str::to_owned), text()];
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_hold(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn any_words_hold(bytes in pieces()) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn any_headers_hold(
        names in prop::collection::vec(("[a-z:-]{0,12}", "[ -~é]{0,24}"), 0..6),
        known in prop::collection::vec((
            prop::sample::select(vec![
                ":method", ":path", ":status", "authorization", "api-key", "content-type", "content-length", "content-encoding",
                "retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "x-tollhouse-retry", "x-envoy-retry-on",
            ]),
            "[ -~é]{0,24}",
        ), 0..6),
    ) {
        let names = names.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let known = known.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let head: String = names.chain(known).collect();
        for (name, target) in TARGETS.iter().filter(|(name, _)| ["gateway_request", "provider_answer"].contains(name)) {
            for body in ["", "{}", "data: {}\n\n", r#"{"model":"tier","messages":[{"role":"user","content":"x"}]}"#] {
                let first = if *name == "provider_answer" { "\u{3}" } else { "" };
                target(format!("{first}{head}\n{body}").as_bytes());
            }
        }
    }
}
