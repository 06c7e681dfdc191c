//! A VM traps. Nothing in the filter can be made to, so that its module is spoilt for this: the callback of a request's
//! trailers becomes an `unreachable`.

use std::time::Duration;

use integration::admin::Admin;
use integration::caller::{Call, Live};
use integration::document::{self, KEY, client};
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::speech::ANSWER;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::json;
use tollhouse::render;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::load::{is_good, until};
use crate::http2;

/// So many streams that both workers have some.
const STREAMS: usize = 16;

/// The module with a callback that traps.
fn spoilt(mut module: Vec<u8>, callback: &str) -> Vec<u8> {
    let (mut imported, mut index, mut bodies) = (0, None, Vec::new());
    for payload in Parser::new(0).parse_all(&module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let all = section.into_imports().map(Result::unwrap);
                imported = all.filter(|import| matches!(import.ty, TypeRef::Func(_))).count();
            }
            Payload::ExportSection(section) => {
                let mut all = section.into_iter().map(Result::unwrap);
                let found = all.find(|export| export.name == callback && export.kind == ExternalKind::Func);
                index = found.map(|export| export.index as usize);
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            _ => {}
        }
    }
    let body = bodies[index.expect("the callback") - imported].clone();
    // No locals, `unreachable`, as many `nop` as there is room for, `end`.
    module[body.clone()].fill(1);
    module[body.start..body.start + 2].fill(0);
    module[body.end - 1] = 0x0b;
    module
}

fn bootstrap(files: &Files<'_>, provider: &Provider) -> String {
    let module = tollhouse::filter::bytes().unwrap().into_owned();
    std::fs::write(files.filter(), spoilt(module, "proxy_on_request_trailers")).unwrap();
    let document = document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] }, "held": { "targets": ["o/held"] } },
        "clients": [client("main", KEY, &["*"])],
        "limits": [{ "for": { "client": "main" }, "requests": 1_000_000, "per": "ever" }],
    }));
    let mut options = render::Options::new(files.filter());
    options.listen = Some(([127, 0, 0, 1], 0).into());
    options.admin = options.listen;
    options.access_log = Some(files.records());
    render::bootstrap(&document, &options).unwrap().to_string()
}

async fn left(call: &Call) -> u64 {
    let answer = call.send().await;
    answer.header("x-ratelimit-remaining-requests").unwrap().parse().unwrap()
}

fn reloads(admin: Admin) -> u64 {
    admin.sum("wasm.*vm_reload_success$")
}

#[tokio::test]
async fn a_trap_ends_the_streams_of_one_worker_and_the_vm_comes_back() {
    let provider = stage::provider(OpenAi);
    let mut envoy = Envoy::start(|files| bootstrap(files, &provider), &[]);
    envoy.may_crash();
    let call = Call::chat(envoy.gateway, KEY, "tier");
    let before = left(&call).await;
    let gate = Gate::default();
    let begun = [OpenAi.opening(), vec![OpenAi.piece("answer-")]].concat();
    let rest = [vec![OpenAi.piece("canary-77aa")], OpenAi.closing()].concat();
    provider.on("held", Reply::stream(begun).gate(&gate).chunks(rest).end());
    let mut streams: Vec<Live> = Vec::new();
    for _ in 0..STREAMS {
        let mut live = Call::chat(envoy.gateway, KEY, "held").stream(true).open().await;
        live.until("answer-").await;
        streams.push(live);
    }
    http2::send_trailers(envoy.gateway, "tier").await;
    until("the VM has trapped", || envoy.log().contains("unreachable")).await;

    // The VM is made anew for the next requests, after a moment.
    let mut good = 0;
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    while good < 30 {
        good = if is_good(&call.send().await) { good + 1 } else { 0 };
        assert!(tokio::time::Instant::now() < end, "the VM does not come back: {}", envoy.log());
    }
    assert!(reloads(envoy.admin) > 0, "{:?}", envoy.admin.stats("wasm.*reload"));
    // What all workers share is still there.
    assert!(left(&call).await < before - 30);

    (0..STREAMS).for_each(|_| gate.open());
    let mut ends = Vec::new();
    for live in streams {
        let answer = live.finish().await;
        ends.push((answer.content() == ANSWER && answer.done() && answer.whole, answer.text()));
    }
    let whole = ends.iter().filter(|(whole, _)| *whole).count();
    assert!((1..STREAMS).contains(&whole), "{whole} of {STREAMS} streams go on: {ends:?}");
}
