//! The store of limits loses its Redis under load, and gets it back.

use integration::document::{self, KEY, client};
use integration::gateway::Gateway;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::json;

use super::load::{Load, until};
use crate::rate_limit_service::{self, Redis};

#[tokio::test]
async fn without_the_store_requests_go_on_and_with_it_again_they_are_asked_for() {
    let Some(mut redis) = Redis::start() else {
        eprintln!("skipped: there is no redis-server on the PATH");
        return;
    };
    let provider = stage::provider(OpenAi);
    let store = rate_limit_service::start(&redis).to_string();
    let document = document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] } },
        "clients": [client("main", KEY, &["*"])],
        "limits": [{ "for": { "team": "each" }, "tokens": 1_000_000_000, "per": "month" }],
        "limit_store": { "rate_limit_service": "ratelimit", "address": store, "timeout": "2s", "local_share": 0.5 },
    }));
    let gateway = Gateway::start(&document);
    let (admin, call) = (gateway.admin, gateway.chat(KEY, "tier"));
    let load = Load::of([call.clone(), call.clone().stream(true), call.clone()]);
    let outcomes = |outcome: &str| admin.sum(&format!("limit_store;outcome=({outcome})"));
    until("the store is asked", || outcomes("granted") > 10).await;
    redis.kill();
    until("the store fails", || outcomes("unavailable|timeout") > 10).await;
    load.more(20).await;
    redis.restart();
    let before = outcomes("granted");
    until("the store is asked again", || outcomes("granted") > before + 10).await;
    assert_eq!(load.end().await, Vec::<String>::new());
}
