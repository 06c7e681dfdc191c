//! What reaches providers and callers, and what must not.

use integration::document::{KEY, PROVIDER_KEYS};
use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, PROMPT};
use integration::stage::stage;

/// Headers that a caller might send, by accident or not.
const ODD: [(&str, &str); 18] = [
    ("cookie", "session=caller-secret"),
    ("x-api-key", "caller-secret"),
    ("api-key", "caller-secret"),
    ("x-goog-api-key", "caller-secret"),
    ("openai-organization", "org-caller"),
    ("openai-project", "proj-caller"),
    ("user-agent", "caller-agent"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "elsewhere"),
    ("x-tollhouse-retry", "1"),
    ("x-tollhouse-target", "p/other"),
    ("x-envoy-retry-on", "5xx"),
    ("x-envoy-max-retries", "99"),
    ("x-envoy-upstream-rq-timeout-ms", "1"),
    ("x-envoy-upstream-alt-stat-name", "caller"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("x-custom", "caller"),
    ("x-stainless-lang", "python"),
];

/// Names of all headers, sorted.
fn names(head: &integration::http::Head) -> Vec<&str> {
    let mut names: Vec<_> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn providers_get_exactly_these_headers() {
    let play = stage();
    let common = ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"];
    for (speech, family, own) in
        [(OpenAi, "o", &["authorization"][..]), (Anthropic, "a", &["anthropic-version", "x-api-key"])]
    {
        for stream in [false, true] {
            let model = play.model(family);
            let call = ODD.iter().fold(play.chat(&model).stream(stream), |call, (n, v)| call.header(n, v));
            let answer = call.send().await;
            assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{}", answer.text());
            let seen = play.provider(speech).one(&model).await;
            let mut expected: Vec<_> = common.iter().chain(own).copied().collect();
            expected.sort_unstable();
            assert_eq!(names(&seen.head), expected, "{speech}: {:?}", seen.head);
            let all = format!("{:?}", seen.head);
            for secret in [KEY, "caller", "203.0.113.9"] {
                assert!(!all.contains(secret), "{speech}: {all}");
            }
            assert_eq!(seen.head.get("accept-encoding"), Some("identity"));
            assert_eq!(seen.head.get("accept"), Some(if stream { "text/event-stream" } else { "application/json" }));
            assert_eq!(seen.head.get("host"), Some(&*play.provider(speech).address.to_string()));
        }
    }
}

#[tokio::test]
async fn no_provider_gets_the_key_of_another() {
    let play = stage();
    let key = |name: &str| format!("{PROVIDER_KEYS}{name}");
    for (family, first, second) in [("oa", OpenAi, Anthropic), ("ao", Anthropic, OpenAi)] {
        let model = play.model(family);
        play.provider(first).on(&model, Reply::json(503, &first.failure("overloaded_error")));
        assert_eq!(play.chat(&model).send().await.served().1, "2");
        let (o, a) = (play.o.one(&model).await, play.a.one(&model).await);
        assert_eq!(
            (o.head.get("authorization"), o.head.get("x-api-key")),
            (Some(&*format!("Bearer {}", key("o"))), None)
        );
        assert_eq!((a.head.get("x-api-key"), a.head.get("authorization")), (Some(&*key("a")), None));
        assert_eq!((o.head.get("anthropic-version"), o.head.word(1)), (None, "/v1/chat/completions"));
        assert_eq!((a.head.get("anthropic-version"), a.head.word(1)), (Some("2023-06-01"), "/v1/messages"));
        assert_eq!(names(&o.head).len(), 7, "{second}: {:?}", o.head);
        for seen in [&o, &a] {
            assert!(!format!("{:?} {}", seen.head, String::from_utf8_lossy(&seen.body)).contains(KEY));
        }
    }
    // Two providers of one API differ by their keys only.
    let model = play.model("op");
    play.o.on(&model, Reply::nothing().reset());
    assert_eq!(play.chat(&model).send().await.served().1, "2");
    assert_eq!(play.p.one(&model).await.head.get("authorization"), Some(&*format!("Bearer {}", key("p"))));
}

#[tokio::test]
async fn callers_cannot_steer_the_gateway_with_headers() {
    let play = stage();
    let model = play.model("oa");
    play.o.on(&model, Reply::json(400, &OpenAi.failure("invalid_request_error")));
    let call = play
        .chat(&model)
        .header("x-envoy-retry-on", "5xx,retriable-4xx,retriable-status-codes")
        .header("x-envoy-retriable-status-codes", "400")
        .header("x-envoy-max-retries", "5")
        .header("x-envoy-upstream-rq-per-try-timeout-ms", "1")
        .header("x-envoy-hedge-on-per-try-timeout", "true")
        .header("x-tollhouse-retry", "1");
    assert_eq!(call.send().await.status, 400);
    assert_eq!((play.o.seen(&model).len(), play.a.seen(&model).len()), (1, 0));
}

/// Headers of providers' answers that tell of the account, or of the provider's insides.
const ACCOUNT: [(&str, &str); 16] = [
    ("openai-organization", "org-upstream"),
    ("openai-project", "proj-upstream"),
    ("openai-version", "2020-10-01"),
    ("anthropic-organization-id", "org-upstream"),
    ("set-cookie", "__cf_bm=upstream; path=/"),
    ("request-id", "req_upstream"),
    ("x-request-id", "req_upstream"),
    ("cf-ray", "upstream-FRA"),
    ("cf-cache-status", "DYNAMIC"),
    ("server", "upstream-cloud"),
    ("via", "1.1 upstream"),
    ("alt-svc", "h3=\":443\""),
    ("strict-transport-security", "max-age=1"),
    ("x-envoy-upstream-service-time", "5"),
    ("x-tollhouse-target", "upstream/lies"),
    ("x-tollhouse-retry", "1"),
];

#[tokio::test]
async fn callers_see_nothing_of_a_providers_account() {
    let play = stage();
    let allowed = [
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "retry-after-ms",
        "transfer-encoding",
        "x-accel-buffering",
        "x-ratelimit-remaining-tokens",
        "x-request-id",
        "x-should-retry",
        "x-tollhouse-attempts",
        "x-tollhouse-target",
    ];
    for (speech, family) in [(OpenAi, "o"), (Anthropic, "a")] {
        for (status, stream) in [(200, false), (200, true), (400, false), (429, true)] {
            let model = play.model(family);
            let headers = |reply: Reply| ACCOUNT.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
            let reply = headers(Reply::new(status)).header("x-ratelimit-remaining-tokens", "5");
            let reply = match (status, stream) {
                (200, true) => reply.header("content-type", "text/event-stream").chunks(speech.events(&[ANSWER])).end(),
                (200, false) => {
                    reply.header("content-type", "application/json").body(speech.answer(ANSWER).to_string())
                }
                _ => reply.header("content-type", "application/json").body(speech.failure("no").to_string()),
            };
            play.provider(speech).on(&model, reply);
            let answer = play.chat(&model).stream(stream).send().await;
            assert_eq!(answer.status, status, "{}", answer.text());
            let strangers: Vec<_> = names(&answer.head).into_iter().filter(|name| !allowed.contains(name)).collect();
            assert!(strangers.is_empty(), "{speech} {status}: {strangers:?}");
            assert!(!format!("{:?}", answer.head).contains("upstream"), "{:?}", answer.head);
            assert_eq!(answer.header("x-tollhouse-target"), Some(&*format!("{family}/{model}")));
            assert_eq!(answer.header("x-ratelimit-remaining-tokens"), Some("5"));
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_request_id_of_its_record() {
    let play = stage();
    let model = play.model("o");
    let id = play.chat(&model).send().await.header("x-request-id").unwrap().to_owned();
    assert_eq!(play.records.of_request(&id).await["model"], model);
    let refused = play.chat(&model).without("authorization").send().await;
    let id = refused.header("x-request-id").unwrap().to_owned();
    let record = play.records.of_request(&id).await;
    assert_eq!((&record["status"], &record["error"]), (&401.into(), &"missing_api_key".into()), "{record}");
    // A caller's own id does not become the gateway's: it could be anyone's.
    let own = play.chat(&model).header("x-request-id", PROMPT).send().await;
    assert!(own.header("x-request-id").is_some_and(|id| id != PROMPT));
}
