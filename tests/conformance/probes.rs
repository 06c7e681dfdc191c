//! Requests that have one feature each.

use serde_json::Value;

use super::support::callers::{Caller, MESSAGES, RESPONSES};

/// A value that every provider takes for what it is.
const NEEDLE: &str = "NEEDLE";

/// A feature, as the members of a request that has it. A caller who has no word for it has none.
pub(super) struct Probe {
    pub(super) feature: &'static str,
    chat: &'static str,
    messages: &'static str,
    responses: &'static str,
    /// The members that are the feature, where others only go with it.
    by: &'static [&'static str],
    /// The words that providers have for it, where it has no value to look for.
    words: &'static [&'static str],
}

impl Probe {
    /// The caller's request, if there is one.
    pub(super) fn of(&self, caller: &Caller) -> Option<Value> {
        let members = self.members(caller);
        (!members.is_empty()).then(|| self.request(caller, |_| true))
    }

    /// What to look for in the request that is sent, if the feature can be told by that.
    pub(super) fn needles(&self, caller: &Caller) -> &[&'static str] {
        if self.words.is_empty() && self.members(caller).contains(NEEDLE) { &[NEEDLE] } else { self.words }
    }

    /// The same request without the feature.
    pub(super) fn plain(&self, caller: &Caller) -> Value {
        self.request(caller, |name| !self.by.is_empty() && !self.by.contains(&name))
    }

    fn members(&self, caller: &Caller) -> &'static str {
        match caller.surface.wire() {
            wire if wire == MESSAGES.surface.wire() => self.messages,
            wire if wire == RESPONSES.surface.wire() => self.responses,
            _ => self.chat,
        }
    }

    fn request(&self, caller: &Caller, wanted: impl Fn(&str) -> bool) -> Value {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut request = parse(match caller.surface.wire() {
            wire if wire == RESPONSES.surface.wire() => r#"{"model":"m","input":"hi"}"#,
            _ => r#"{"model":"m","max_tokens":9000,"messages":[{"role":"user","content":"hi"}]}"#,
        });
        for (name, value) in parse(self.members(caller)).as_object().unwrap() {
            if wanted(name) {
                request[name] = value.clone();
            }
        }
        request
    }
}

const NONE: Probe = Probe { feature: "", chat: "", messages: "", responses: "", by: &[], words: &[] };

/// Every one, in the order of the page.
pub(super) const PROBES: &[Probe] = &[
    Probe {
        feature: "text",
        chat: r#"{"messages":[{"role":"user","content":"NEEDLE"}]}"#,
        messages: r#"{"messages":[{"role":"user","content":"NEEDLE"}]}"#,
        responses: r#"{"input":"NEEDLE"}"#,
        ..NONE
    },
    Probe {
        feature: "instructions",
        chat: r#"{"messages":[{"role":"system","content":"NEEDLE"},{"role":"user","content":"hi"}]}"#,
        messages: r#"{"system":"NEEDLE"}"#,
        responses: r#"{"instructions":"NEEDLE"}"#,
        ..NONE
    },
    Probe {
        feature: "earlier turns",
        chat: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"NEEDLE"},{"role":"user","content":"b"}]}"#,
        messages: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"NEEDLE"},{"role":"user","content":"b"}]}"#,
        responses: r#"{"input":[{"role":"user","content":"a"},{"role":"assistant","content":"NEEDLE"},{"role":"user","content":"b"}]}"#,
        ..NONE
    },
    Probe {
        feature: "tools",
        chat: r#"{"tools":[{"type":"function","function":{"name":"NEEDLE","parameters":{"type":"object","properties":{}}}}]}"#,
        messages: r#"{"tools":[{"name":"NEEDLE","input_schema":{"type":"object","properties":{}}}]}"#,
        responses: r#"{"tools":[{"type":"function","name":"NEEDLE","parameters":{"type":"object","properties":{}}}]}"#,
        ..NONE
    },
    Probe {
        feature: "a forced tool",
        chat: r#"{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":{"type":"function","function":{"name":"f"}}}"#,
        messages: r#"{"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"f"}}"#,
        responses: r#"{"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"tool_choice":{"type":"function","name":"f"}}"#,
        by: &["tool_choice"],
        ..NONE
    },
    Probe {
        feature: "one call at a time",
        chat: r#"{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"parallel_tool_calls":false}"#,
        messages: r#"{"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}"#,
        responses: r#"{"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"parallel_tool_calls":false}"#,
        by: &["tool_choice", "parallel_tool_calls"],
        ..NONE
    },
    Probe {
        feature: "calls in parallel",
        chat: r#"{"messages":[{"role":"user","content":"a"},
            {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"f","arguments":"{\"a\":\"NEEDLE\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":"2"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#,
        messages: r#"{"messages":[{"role":"user","content":"a"},
            {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}},{"type":"tool_use","id":"c2","name":"f","input":{"a":"NEEDLE"}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"},{"type":"tool_result","tool_use_id":"c2","content":"2"}]}],
            "tools":[{"name":"f","input_schema":{"type":"object"}}]}"#,
        responses: r#"{"input":[{"role":"user","content":"a"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{\"a\":\"NEEDLE\"}"},
            {"type":"function_call_output","call_id":"c1","output":"1"},{"type":"function_call_output","call_id":"c2","output":"2"}],
            "tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]}"#,
        ..NONE
    },
    Probe {
        feature: "results of tools",
        chat: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"NEEDLE"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#,
        messages: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"NEEDLE"}]}],
            "tools":[{"name":"f","input_schema":{"type":"object"}}]}"#,
        responses: r#"{"input":[{"role":"user","content":"a"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"NEEDLE"}],
            "tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]}"#,
        ..NONE
    },
    Probe {
        feature: "an image in a result",
        messages: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"NEEDLE=="}}]}]}],
            "tools":[{"name":"f","input_schema":{"type":"object"}}]}"#,
        ..NONE
    },
    Probe {
        feature: "an image",
        chat: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,NEEDLE=="}}]}]}"#,
        messages: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"NEEDLE=="}}]}]}"#,
        responses: r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:image/png;base64,NEEDLE=="}]}]}"#,
        ..NONE
    },
    Probe {
        feature: "an image by its URL",
        chat: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://example.com/NEEDLE.png"}}]}]}"#,
        messages: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"url","url":"https://example.com/NEEDLE.png"}}]}]}"#,
        responses: r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"https://example.com/NEEDLE.png"}]}]}"#,
        ..NONE
    },
    Probe {
        feature: "a PDF",
        chat: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,NEEDLE=="}}]}]}"#,
        messages: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"NEEDLE=="}}]}]}"#,
        responses: r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,NEEDLE=="}]}]}"#,
        ..NONE
    },
    Probe {
        feature: "audio",
        chat: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"input_audio","input_audio":{"format":"wav","data":"NEEDLE=="}}]}]}"#,
        ..NONE
    },
    Probe {
        feature: "a schema for the answer",
        chat: r#"{"response_format":{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":{"type":"object","properties":{"NEEDLE":{"type":"string"}},"required":["NEEDLE"],"additionalProperties":false}}}}"#,
        messages: r#"{"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"NEEDLE":{"type":"string"}},"required":["NEEDLE"],"additionalProperties":false}}}}"#,
        responses: r#"{"text":{"format":{"type":"json_schema","name":"r","strict":true,"schema":{"type":"object","properties":{"NEEDLE":{"type":"string"}},"required":["NEEDLE"],"additionalProperties":false}}}}"#,
        ..NONE
    },
    Probe {
        feature: "JSON as the answer",
        chat: r#"{"response_format":{"type":"json_object"}}"#,
        responses: r#"{"text":{"format":{"type":"json_object"}}}"#,
        ..NONE
    },
    Probe {
        feature: "effort of thinking",
        chat: r#"{"reasoning_effort":"high"}"#,
        messages: r#"{"thinking":{"type":"enabled","budget_tokens":4096}}"#,
        responses: r#"{"reasoning":{"effort":"high"}}"#,
        ..NONE
    },
    Probe {
        feature: "signed thinking, sent back",
        chat: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"NEEDLE"}]},{"role":"user","content":"c"}]}"#,
        messages: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"NEEDLE"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]}"#,
        responses: r#"{"input":[{"role":"user","content":"a"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"NEEDLE"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}"#,
        ..NONE
    },
    Probe {
        feature: "the signature of a call, sent back",
        chat: r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"NEEDLE"}}}]},{"role":"tool","tool_call_id":"c1","content":"1"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#,
        ..NONE
    },
    Probe {
        feature: "hints for the cache",
        words: &["cache_control", "cachePoint"],
        chat: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}"#,
        messages: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}"#,
        ..NONE
    },
    Probe {
        feature: "stop sequences",
        chat: r#"{"stop":["NEEDLE"]}"#,
        messages: r#"{"stop_sequences":["NEEDLE"]}"#,
        ..NONE
    },
    Probe {
        feature: "limit of tokens",
        chat: r#"{"max_tokens":77}"#,
        messages: r#"{"max_tokens":77}"#,
        responses: r#"{"max_output_tokens":77}"#,
        ..NONE
    },
    Probe {
        feature: "temperature",
        chat: r#"{"temperature":0.25}"#,
        messages: r#"{"temperature":0.25}"#,
        responses: r#"{"temperature":0.25}"#,
        ..NONE
    },
    Probe {
        feature: "top_p",
        chat: r#"{"top_p":0.25}"#,
        messages: r#"{"top_p":0.25}"#,
        responses: r#"{"top_p":0.25}"#,
        ..NONE
    },
    Probe { feature: "top_k", chat: r#"{"top_k":7}"#, messages: r#"{"top_k":7}"#, ..NONE },
    Probe { feature: "seed", chat: r#"{"seed":7}"#, ..NONE },
    Probe { feature: "penalties", chat: r#"{"presence_penalty":0.5}"#, ..NONE },
    Probe { feature: "several choices", chat: r#"{"n":2}"#, ..NONE },
    Probe { feature: "probabilities of tokens", chat: r#"{"logprobs":true}"#, ..NONE },
    Probe {
        feature: "who asks",
        chat: r#"{"user":"NEEDLE"}"#,
        messages: r#"{"metadata":{"user_id":"NEEDLE"}}"#,
        responses: r#"{"user":"NEEDLE"}"#,
        ..NONE
    },
    Probe {
        feature: "fields that nobody knows",
        chat: r#"{"brand_new":"NEEDLE"}"#,
        messages: r#"{"brand_new":"NEEDLE"}"#,
        responses: r#"{"brand_new":"NEEDLE"}"#,
        ..NONE
    },
    Probe {
        feature: "tools of the provider's own",
        messages: r#"{"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#,
        responses: r#"{"tools":[{"type":"web_search"}]}"#,
        ..NONE
    },
    Probe { feature: "state kept by the provider", responses: r#"{"previous_response_id":"NEEDLE"}"#, ..NONE },
];
