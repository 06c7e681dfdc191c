use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_stream_is_read_from_its_start_to_its_usage() {
    let (one, two) = (chunk(r#"{"content":"Hé"}"#, "null"), chunk(r#"{"content":"llo"}"#, "null"));
    let events = said(&[&first(), &one, &two, &stop(), &usage_chunk(), DONE]);
    let expected = [
        Event::Start { id: Some("c1".into()), model: Some("m".into()), created: Some(7) },
        Event::Text { choice: 0, text: "Hé".into() },
        Event::Text { choice: 0, text: "llo".into() },
        Event::Finish { choice: 0, reason: FinishReason::Stop },
        Event::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
    ];
    assert_eq!(events, expected);
}

#[test]
fn the_prelude_of_azure_is_no_start() {
    let prelude = r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{}]}"#;
    let events = said(&[prelude, &first(), &stop(), DONE]);
    assert_eq!(events[0], Event::Start { id: Some("c1".into()), model: Some("m".into()), created: Some(7) });
    assert_eq!(events.len(), 2);
}

#[test]
fn the_stop_sequence_that_was_met_is_told_by_some_servers() {
    let end =
        |met: &str| format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop","stop_reason":{met}}}]}}"#);
    let met = |end: &str| {
        let events = said(&[&first(), end, DONE]);
        events.into_iter().find(|event| matches!(event, Event::StopSequence { .. }))
    };
    assert_eq!(met(&end(r#""END""#)), Some(Event::StopSequence { choice: 0, sequence: "END".into() }));
    for none in ["null", "128009", r#""""#] {
        assert_eq!(met(&end(none)), None, "{none}");
    }
}

#[test]
fn what_follows_the_end_marker_is_ignored() {
    let late = chunk(r#"{"content":"late"}"#, "null");
    assert_eq!(texts(&said(&[&first(), &stop(), DONE, &late])).0, "");
    assert_eq!(finishes(&said(&[&first(), &stop(), "[DONE] and more"])).len(), 1);
}

#[test]
fn what_is_no_chunk_is_skipped() {
    let text = chunk(r#"{"content":"x"}"#, "null");
    let events = said(&["", " ", "keep-alive", "{", "[]", "null", "7", r#"{"ping":1}"#, &text, &stop(), DONE]);
    assert_eq!(texts(&events).0, "x");
}

#[test]
fn members_of_the_wrong_type_do_not_cost_the_text() {
    let odd = r#"{"id":5,"object":null,"created":"now","model":{},"choices":[{"index":0.0,"delta":{"role":7,"content":"x",
        "refusal":[],"tool_calls":null,"function_call":null,"reasoning_details":null},"finish_reason":null}],"usage":null}"#;
    assert_eq!(texts(&said(&[odd, &stop(), DONE])).0, "x");
    let number = chunk(r#"{"content":5,"role":"assistant"}"#, "null");
    assert_eq!(texts(&said(&[&number, &stop(), DONE])).0, "");
}

#[test]
fn thinking_is_read_under_every_name_and_once() {
    for delta in [
        r#"{"reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":null,"reasoning_details":[{"type":"reasoning.text","text":"hm"}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"h"},{"type":"reasoning.summary","summary":"m"},{"type":"reasoning.encrypted","data":"x"}]}"#,
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#,
        r#"{"content":[{"type":"thinking","thinking":"hm"}]}"#,
    ] {
        let events = said(&[&chunk(delta, "null"), &stop(), DONE]);
        assert_eq!(texts(&events), (String::new(), "hm".to_owned()), "{delta}");
    }
}

#[test]
fn content_in_parts_is_split_in_the_order_of_the_parts() {
    let delta = r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t1"}]},{"type":"text","text":"a"},
        {"type":"reference","reference_ids":[1]},{"type":"text","text":"b"}]}"#;
    let events = said(&[&chunk(delta, "null"), &stop(), DONE]);
    assert_eq!(texts(&events), ("ab".to_owned(), "t1".to_owned()));
}

#[test]
fn text_and_calls_of_one_chunk_are_both_read() {
    let both = chunk(
        r#"{"content":"x","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
        "null",
    );
    let events = said(&[&both, &stop(), DONE]);
    assert_eq!((texts(&events).0.as_str(), calls(&events)), ("x", vec!["0 a f {}".to_owned()]));
    let none = chunk(r#"{"content":"x","tool_calls":[]}"#, "null");
    assert!(calls(&said(&[&none, &stop(), DONE])).is_empty());
}

#[test]
fn calls_count_from_zero_in_the_order_of_their_appearance() {
    let events = said(&[
        &piece(r#"{"index":1,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#),
        &piece(r#"{"index":1,"function":{"arguments":"{\"x\":"}}"#),
        &piece(r#"{"index":4,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}"#),
        &piece(r#"{"index":1,"function":{"arguments":"1}"}}"#),
        &chunk("{}", "\"tool_calls\""),
        DONE,
    ]);
    assert_eq!(calls(&events), ["0 a f {\"x\":1}", "1 b g {}"]);
}

#[test]
fn calls_without_an_index_are_told_apart_by_id_then_by_name_and_position() {
    let by_id = said(&[
        &piece(r#"{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#),
        &piece(r#"{"id":"b","function":{"name":"f","arguments":"{"}}"#),
        &piece(r#"{"id":"a","function":{"arguments":"1}"}}"#),
        &piece(r#"{"id":"b","function":{"arguments":"}"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&by_id), ["0 a f {\"x\":1}", "1 b f {}"]);
    let bare = said(&[
        &piece(r#"{"function":{"name":"f","arguments":"{}"}}"#),
        &piece(r#"{"function":{"name":"g","arguments":"{\"y\":"}}"#),
        &piece(r#"{"function":{"arguments":"2}"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&bare), ["0 - f {}", "1 - g {\"y\":2}"]);
    let listed = said(&[
        &piece(r#"{"function":{"name":"f","arguments":"{"}},{"function":{"name":"g","arguments":"["}}"#),
        &piece(r#"{"function":{"arguments":"}"}},{"function":{"arguments":"]"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&listed), ["0 - f {}", "1 - g []"]);
}

#[test]
fn several_calls_that_are_all_numbered_zero_are_several_calls() {
    let ids = said(&[
        &piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#),
        &piece(r#"{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&ids), ["0 a f {}", "1 b f {}"]);
    let names = said(&[
        &piece(r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#),
        &piece(r#"{"index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}"#),
        &piece(r#"{"index":0,"function":{"name":"g","arguments":"{}"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&names), ["0 - f {}", "1 - f {\"x\":1}", "2 - g {}"]);
}

#[test]
fn ids_and_names_that_are_repeated_in_every_piece_are_read_once() {
    let events = said(&[
        &piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#),
        &piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"[1"}}"#),
        &piece(r#"{"index":0,"id":"a","function":{"name":"","arguments":"]"}}"#),
        &piece(r#"{"index":0,"id":"other","function":{"name":null,"arguments":"}"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&events), ["0 a f {\"x\":[1]}"]);
}

#[test]
fn a_name_that_comes_after_the_id_is_waited_for() {
    let events = said(&[
        &piece(r#"{"index":0,"id":"a","function":{"arguments":"{"}}"#),
        &piece(r#"{"index":0,"function":{"name":"f","arguments":"}"}}"#),
        &stop(),
        DONE,
    ]);
    assert_eq!(calls(&events), ["0 a f {}"]);
}

#[test]
fn arguments_are_never_empty_never_null_and_always_text() {
    for arguments in [r#""""#, r#""null""#, "null", "{}", r#""{}""#] {
        let call = piece(&format!(r#"{{"index":0,"id":"a","function":{{"name":"f","arguments":{arguments}}}}}"#));
        assert_eq!(calls(&said(&[&call, &stop(), DONE])), ["0 a f {}"], "{arguments}");
    }
    let object = piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x": 1}}}"#);
    assert_eq!(calls(&said(&[&object, &stop(), DONE])), ["0 a f {\"x\": 1}"]);
    let missing = piece(r#"{"index":0,"id":"a","function":{"name":"f"}}"#);
    assert_eq!(calls(&said(&[&missing, &stop(), DONE])), ["0 a f {}"]);
}

#[test]
fn stop_after_calls_means_that_they_are_awaited() {
    let call = piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#);
    assert_eq!(finishes(&said(&[&call, &stop(), DONE])), [FinishReason::ToolCalls]);
    assert_eq!(finishes(&said(&[&call, &chunk("{}", "\"length\""), DONE])), [FinishReason::Length]);
    let legacy = chunk(r#"{"function_call":{"name":"f","arguments":"{\"x\":1}"}}"#, "null");
    let events = said(&[&legacy, &stop(), DONE]);
    assert_eq!(
        (calls(&events), finishes(&events)),
        (vec!["0 - f {\"x\":1}".to_owned()], vec![FinishReason::FunctionCall])
    );
}

#[test]
fn an_end_that_is_told_twice_is_read_once() {
    let again = stop().replace("}]}", r#"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#);
    let events = said(&[&first(), &stop(), &again, DONE]);
    assert_eq!(finishes(&events), [FinishReason::Stop]);
    assert!(matches!(events.last(), Some(Event::Usage(_))));
}

#[test]
fn an_end_that_is_never_told_is_supplied_at_the_end_marker() {
    let text = chunk(r#"{"content":"x"}"#, "\"\"");
    assert_eq!(finishes(&said(&[&text, &text, DONE])), [FinishReason::Stop]);
    let call = piece(r#"{"index":0,"id":"a","function":{"name":"f"}}"#);
    let events = said(&[&call, DONE]);
    assert_eq!((finishes(&events), calls(&events)), (vec![FinishReason::ToolCalls], vec!["0 a f {}".to_owned()]));
}

#[test]
fn a_stream_without_an_end_marker_is_whole_if_every_choice_ended() {
    assert_eq!(finishes(&said(&[&first(), &stop()])), [FinishReason::Stop]);
    let second = stop().replace("\"index\":0", "\"index\":1").replace("\"stop\"", "null");
    for cut in [vec![first()], vec![], vec![first(), stop(), second]] {
        let cut: Vec<&str> = cut.iter().map(String::as_str).collect();
        let error = read(&cut).1.unwrap();
        assert_eq!(error.status, 502);
        assert!(error.message.contains("before the answer was complete"), "{}", error.message);
    }
    assert!(read(&[DONE]).1.is_some(), "an end marker alone is no answer");
}

#[test]
fn choices_are_told_apart_by_their_index() {
    let other = |text: &str| text.replace("\"index\":0", "\"index\":1");
    let events = said(&[
        &chunk(r#"{"content":"a"}"#, "null"),
        &other(&chunk(r#"{"content":"b"}"#, "null")),
        &stop(),
        &other(&chunk("{}", "\"length\"")),
        DONE,
    ]);
    assert_eq!(events[2], Event::Text { choice: 1, text: "b".into() });
    assert_eq!(events[4], Event::Finish { choice: 1, reason: FinishReason::Length });
}

#[test]
fn the_service_tier_that_was_granted_comes_with_the_usage() {
    let tiers = [("priority", ServiceTier::Priority), ("flex", ServiceTier::Flex), ("default", ServiceTier::Standard)];
    for (word, service_tier) in tiers {
        let told = usage_chunk().replacen('{', &format!(r#"{{"service_tier":"{word}","#), 1);
        let events = said(&[&first(), &stop(), &told, DONE]);
        let Some(Event::Usage(usage)) = events.last() else { panic!("no usage: {events:?}") };
        assert_eq!(usage.service_tier, service_tier, "{word}");
    }
}

#[test]
fn usage_is_read_wherever_it_stands_and_the_last_one_counts() {
    let grown = usage_chunk().replace("\"choices\":[]", r#""choices":[{"index":0,"delta":{"content":"x"}}]"#);
    let events = said(&[&grown, &usage_chunk(), &stop(), DONE]);
    let counted: Vec<_> = events.iter().filter(|e| matches!(e, Event::Usage(_))).collect();
    assert_eq!(counted.len(), 2);
    let groq = stop().replace("}]}", r#"}],"x_groq":{"id":"r","usage":{"prompt_tokens":9,"completion_tokens":1}}}"#);
    let events = said(&[&first(), &groq, DONE]);
    assert_eq!(events.last(), Some(&Event::Usage(Usage { input: 9, output: 1, ..Usage::default() })));
    let empty = stop().replace("}]}", r#"}],"usage":{}}"#);
    assert!(!said(&[&first(), &empty, DONE]).iter().any(|e| matches!(e, Event::Usage(_))));
}

#[test]
fn a_failure_in_the_stream_ends_it_but_its_usage_counts() {
    let failed = r#"{"id":"c1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],
        "error":{"code":429,"message":"Slow down"},"usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5}}"#;
    let (events, error) = read(&[&first(), failed, DONE]);
    let error = error.unwrap();
    assert_eq!((error.status, error.message.as_str(), error.code.as_deref()), (429, "Slow down", Some("429")));
    assert_eq!(events.last(), Some(&Event::Usage(Usage { input: 4, output: 1, ..Usage::default() })));
    assert!(finishes(&events).is_empty());
}

#[test]
fn an_event_named_error_is_a_failure_whatever_it_holds() {
    let bodies = [
        (r#"{"error":{"message":"m","code":"c","status_code":400}}"#, 400, "m"),
        (r#"{"message":"m"}"#, 502, "m"),
        (r#"{"error":"text"}"#, 502, "text"),
        ("overloaded", 502, "overloaded"),
    ];
    for (data, status, message) in bodies {
        let named = sse::Event { name: "error".to_owned(), data: data.to_owned() };
        let error = OpenAi.stream().read(&named, &mut Vec::new()).unwrap_err();
        assert_eq!((error.status, error.message.as_str()), (status, message), "{data}");
    }
}

#[test]
fn an_object_that_is_called_error_is_a_failure() {
    let failed = r#"{"object":"error","message":"Out of memory","type":"InternalServerError","param":null,"code":500}"#;
    let (events, error) = read(&[&first(), failed, DONE]);
    let error = error.unwrap();
    assert_eq!((error.status, error.message.as_str()), (500, "Out of memory"));
    assert!(finishes(&events).is_empty());
}

#[test]
fn an_error_member_that_says_nothing_is_no_failure() {
    for nothing in ["null", "\"\"", "{}", "false"] {
        let text = chunk(r#"{"content":"x"}"#, "null").replacen('{', &format!("{{\"error\":{nothing},"), 1);
        assert_eq!(texts(&said(&[&text, &stop(), DONE])).0, "x");
    }
}

#[test]
fn a_failure_as_the_reason_of_the_end_is_a_failure() {
    for word in ["error", "insufficient_system_resource", "abort"] {
        let error = read(&[&first(), &chunk("{}", &format!("\"{word}\"")), DONE]).1.unwrap();
        assert!(error.status == 502 && error.message.contains(word), "{error:?}");
    }
    let inner =
        first().replace("\"finish_reason\":null", r#""finish_reason":"error","error":{"code":503,"message":"m"}"#);
    assert_eq!(read(&[&inner]).1.unwrap().status, 503);
}

#[test]
fn a_refusal_is_read_apart_from_text() {
    let events = said(&[&chunk(r#"{"refusal":"No."}"#, "null"), &stop(), DONE]);
    assert_eq!(events[1], Event::Refusal { choice: 0, text: "No.".into() });
}

#[test]
fn calls_are_told_in_their_order_also_when_one_has_no_name() {
    let nameless = piece(r#"{"index":0,"id":"a","type":"function","function":{"arguments":"{}"}}"#);
    let named = piece(r#"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}"#);
    let events = said(&[&first(), &nameless, &named, &stop(), DONE]);
    let told: Vec<u32> = events
        .iter()
        .filter_map(|event| if let Event::ToolCall { index, .. } = event { Some(*index) } else { None })
        .collect();
    assert_eq!(told, [0, 1]);
}
