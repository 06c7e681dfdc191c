//! Targets that are passed over for a while.

use integration::reply::Reply;
use integration::speech::Speech::OpenAi;
use integration::stage::stage;
use tokio::task::JoinSet;

/// As many requests as reach both workers.
async fn served(play: &'static integration::stage::Stage, model: &str) -> Vec<String> {
    let calls: JoinSet<String> =
        (0..16).map(|_| play.chat(model)).map(|call| async move { call.send().await.served().0 }).collect();
    let mut served = calls.join_all().await;
    served.sort();
    served.dedup();
    served
}

#[tokio::test]
async fn retry_after_keeps_all_workers_from_a_target() {
    let play = stage();
    for (name, value) in [("retry-after", "30"), ("retry-after-ms", "30000"), ("retry-after", "30.5")] {
        let model = play.model("oa");
        let limited = Reply::new(429).header("content-type", "application/json").header(name, value);
        play.o.on(&model, limited.body(OpenAi.failure("rate_limit_exceeded").to_string()));
        assert_eq!(play.chat(&model).send().await.served(), (format!("a/{model}"), "2".to_owned()), "{name}");
        play.o.on(&model, OpenAi.good(false));
        assert_eq!(served(play.stage(), &model).await, [format!("a/{model}")], "{name}");
        assert_eq!(play.o.seen(&model).len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_target_is_back_when_its_time_is_over() {
    let play = stage();
    let model = play.model("oa");
    play.o.on(&model, Reply::new(429).header("retry-after-ms", "700").body("{}"));
    assert_eq!(play.chat(&model).send().await.served().1, "2");
    play.o.on(&model, OpenAi.good(false));
    assert_eq!(play.chat(&model).send().await.served(), (format!("a/{model}"), "1".to_owned()));
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while play.chat(&model).send().await.served().0 != format!("o/{model}") {
        assert!(std::time::Instant::now() < end, "still passed over");
    }
}

#[tokio::test]
async fn when_every_target_cools_they_are_tried_all_the_same() {
    let play = stage();
    let model = play.model("op");
    for provider in [&play.o, &play.p] {
        provider.on(&model, Reply::new(503).header("retry-after", "30").body("{}"));
    }
    let refused = play.chat(&model).send().await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("30")), "{}", refused.text());
    assert_eq!(refused.header("x-should-retry"), Some("true"));
    play.o.on(&model, OpenAi.good(false));
    assert_eq!(play.chat(&model).send().await.served(), (format!("o/{model}"), "1".to_owned()));
}

#[tokio::test]
async fn a_lone_target_never_cools() {
    let play = stage();
    let model = play.model("o");
    play.o.on(&model, Reply::new(429).header("retry-after", "30").body("{}"));
    let refused = play.chat(&model).send().await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("30")));
    play.o.on(&model, OpenAi.good(false));
    assert_eq!(play.chat(&model).send().await.status, 200);
}
