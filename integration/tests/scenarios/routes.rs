//! Metadata of virtual hosts and routes narrows the document; other routes are left alone.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::document::{self, KEY};
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::{ANSWER, Speech};
use integration::stage;
use serde_json::{Value, json};
use tollhouse::render;
use tollhouse_filter::clients::Digest;

mod beside;
mod example;

/// Envoy with a virtual host for each story, between a provider and a server that has nothing to do with models.
struct House {
    envoy: Envoy,
    openai: Provider,
    shop: Provider,
    /// A listener without the filter.
    bare: SocketAddr,
}

fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| stage::kept(House::build))
}

const HCM: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

fn document(openai: &Provider) -> Value {
    let names = ["big", "small", "slow", "meant", "metered", "leak"];
    let model = |name: &str| (name.to_owned(), json!({ "targets": [format!("o/{name}")] }));
    json!({
        "providers": { "o": document::provider("openai", "o", &openai.address.to_string()) },
        "models": names.into_iter().map(model).collect::<serde_json::Map<_, _>>(),
        "clients": [{ "name": "main", "key_sha256": Digest::of(KEY).to_string(), "models": ["*"] }],
        "policies": {
            "outer": { "models": ["big", "small"], "tags": { "environment": "production" } },
            "inner": { "models": ["small", "slow"] },
            "metered": { "team": "meters" },
            "trial": { "shadow": true },
        },
        "limits": [
            { "for": { "policy": "metered" }, "requests": 1, "per": "day" },
            { "for": { "policy": "trial" }, "requests": 1, "per": "day" },
            { "for": { "team": "each" }, "requests": 1_000_000, "per": "day" },
        ],
    })
}

/// Metadata that says something wrong, and what is wrong.
fn wrong() -> [(Value, &'static str); 4] {
    [
        (
            json!({ "policy": "none" }),
            ".policy: found `none`, expected a policy of the document (inner, metered, outer, trial)",
        ),
        (json!({ "enabled": "no" }), ".enabled: invalid type: string \"no\", expected a boolean"),
        (json!({ "modles": ["small"] }), ".modles: unknown field `modles`, expected one of"),
        (
            json!({ "timeouts": { "total": 5 } }),
            ".timeouts.total: invalid type: integer `5`, expected a time span such as `250ms`, `10s`, `5m` or `1h`",
        ),
    ]
}

fn ours(metadata: &Value) -> Value {
    json!({ "filter_metadata": { "tollhouse": metadata, "istio": { "config": "/apis" } } })
}

/// Virtual hosts by name, with the metadata of their routes.
fn stories() -> Vec<(String, Value)> {
    let mut stories = vec![
        ("surfaces".to_owned(), json!({ "surfaces": ["chat"] })),
        ("meant".to_owned(), json!({ "default_model": "meant" })),
        ("quick".to_owned(), json!({ "timeouts": { "attempt": "300ms", "total": "1s" } })),
        ("metered".to_owned(), json!({ "policy": "metered" })),
        ("trial".to_owned(), json!({ "policy": "trial" })),
        ("null".to_owned(), json!({ "models": ["small"], "team": null })),
    ];
    stories.extend(wrong().into_iter().enumerate().map(|(i, (value, _))| (format!("wrong-{i}"), value)));
    stories
}

/// The virtual hosts, made of the rendered one.
fn virtual_hosts(rendered: &Value) -> Vec<Value> {
    let route = &rendered["routes"][0];
    let host = |name: &str, routes: Value| {
        let mut host = rendered.clone();
        (host["name"], host["domains"], host["routes"]) = (json!(name), json!([name]), routes);
        host
    };
    let mut hosts: Vec<_> = stories()
        .iter()
        .map(|(name, metadata)| host(name, json!([document::with(route.clone(), "metadata", ours(metadata))])))
        .collect();
    let mut inner = document::with(route.clone(), "metadata", ours(&json!({ "policy": "inner" })));
    inner["match"]["headers"] = json!([{ "name": "x-inner", "present_match": true }]);
    inner["name"] = json!("inner");
    let nested = host("nested", json!([inner, route]));
    hosts.push(document::with(nested, "metadata", ours(&json!({ "policy": "outer" }))));
    let upper = document::with(host("upper", json!([route])), "metadata", ours(&json!({ "team": 7 })));
    hosts.push(upper);
    let shop = |cluster: &str| json!({ "match": { "prefix": "/" }, "route": { "cluster": cluster, "timeout": "0s" } });
    let off = ours(&json!({ "enabled": false }));
    hosts.push(document::with(host("off", json!([shop("shop")])), "metadata", off.clone()));
    hosts.push(document::with(host("leak", json!([shop("o")])), "metadata", off));
    let disabled = json!({ "tollhouse_gateway": {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true,
    } });
    hosts.push(document::with(host("disabled", json!([shop("shop")])), "typed_per_filter_config", disabled));
    hosts
}

fn bootstrap(files: &Files<'_>, openai: &Provider, shop: &Provider) -> String {
    let document = document::read(&document(openai));
    let mut options = render::Options::new(files.filter());
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    (options.listen, options.admin) = (Some(anywhere), Some(anywhere));
    options.access_log = Some(files.records());
    let mut all = render::bootstrap(&document, &options).unwrap();
    let hosts = all.pointer_mut(&format!("{HCM}/route_config/virtual_hosts")).unwrap();
    *hosts = json!(virtual_hosts(&hosts[0]));
    all["static_resources"]["clusters"].as_array_mut().unwrap().push(json!({
        "name": "shop",
        "load_assignment": { "cluster_name": "shop", "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": {
            "socket_address": { "address": "127.0.0.1", "port_value": shop.address.port() },
        } } }] }] },
    }));
    let bare = beside::bare(&all["static_resources"]["listeners"][0]);
    all["static_resources"]["listeners"].as_array_mut().unwrap().push(bare);
    all.to_string()
}

impl House {
    fn build() -> Self {
        let (openai, shop) = (stage::provider(Speech::OpenAi), beside::shop());
        let mut envoy = Envoy::start(|files| bootstrap(files, &openai, &shop), &[]);
        envoy.gateway = envoy.listener("tollhouse");
        Self { bare: envoy.listener("bare"), envoy, openai, shop }
    }

    fn chat(&self, host: &str, model: &str) -> Call {
        Call::chat(self.envoy.gateway, KEY, model).host(host)
    }

    async fn status(&self, host: &str, model: &str) -> u16 {
        self.chat(host, model).send().await.status
    }

    fn check(&self) {
        stage::healthy(self.envoy.admin, &self.envoy.log());
    }
}

#[tokio::test]
async fn the_virtual_host_comes_first_and_the_route_on_top() {
    let house = house();
    for (inner, allowed, refused) in [(false, ["big", "small"], "slow"), (true, ["small", "small"], "big")] {
        let call = |model| {
            let call = house.chat("nested", model);
            if inner { call.header("x-inner", "1") } else { call }
        };
        for model in allowed {
            let answer = call(model).send().await;
            assert_eq!(answer.content(), ANSWER, "{model} {}", answer.text());
            let record = house.envoy.records.of_request(answer.header("x-request-id").unwrap()).await;
            assert_eq!(record["policy"], if inner { "inner" } else { "outer" }, "{record}");
        }
        let answer = call(refused).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "model_not_found"), "{refused}");
        // What only one of the two allows is not allowed.
        assert_eq!(call("slow").send().await.status, 404);
    }
    house.check();
}

#[tokio::test]
async fn each_field_narrows_its_own() {
    let house = house();
    let models = Call::new(house.envoy.gateway, "GET", "/v1/models").header("x-api-key", KEY);
    let list = models.clone().host("nested").send().await.json();
    let names: Vec<_> = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["big", "small"]);
    assert_eq!(house.status("surfaces", "big").await, 200);
    let elsewhere = models.host("surfaces").send().await;
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (404, "unknown_url"));

    let nameless = Call::new(house.envoy.gateway, "POST", "/v1/chat/completions").host("meant");
    let nameless = nameless.header("x-api-key", KEY).header("content-type", "application/json");
    let nameless = nameless.json(&json!({ "messages": [{ "role": "user", "content": "hi" }] }));
    assert_eq!(nameless.send().await.content(), ANSWER);
    assert_eq!(house.openai.one("meant").await.json()["messages"][0]["content"], "hi");
    assert_eq!(nameless.host("surfaces").send().await.status, 400, "elsewhere a model must be named");

    // A null hides nothing of what stands beside it.
    assert_eq!((house.status("null", "small").await, house.status("null", "big").await), (200, 404));
    house.check();
}

#[tokio::test]
async fn clocks_of_a_route_are_its_own() {
    let house = house();
    // The document's clock is longer than the test waits.
    house.openai.on("slow", Reply::nothing().hang());
    let answer = house.chat("quick", "slow").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (504, "timeout"), "{}", answer.text());
    house.check();
}

#[tokio::test]
async fn limits_and_teams_of_a_policy_are_its_own() {
    let house = house();
    let answer = house.chat("metered", "metered").send().await;
    assert_eq!(answer.content(), ANSWER, "{}", answer.text());
    let record = house.envoy.records.of_request(answer.header("x-request-id").unwrap()).await;
    assert_eq!((&record["team"], &record["policy"]), (&json!("meters"), &json!("metered")));
    let refused = house.chat("metered", "metered").send().await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "budget_exceeded"), "{}", refused.text());
    assert!(refused.text().contains("1 requests per day for policy metered"), "{}", refused.text());
    assert_eq!(house.status("surfaces", "metered").await, 200);
    house.check();
}

#[tokio::test]
async fn limits_only_count_where_a_policy_says_so() {
    let house = house();
    for left in ["0", "0", "0"] {
        let answer = house.chat("trial", "big").send().await;
        assert_eq!(answer.content(), ANSWER, "{}", answer.text());
        assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some(left));
    }
    assert_eq!(house.envoy.admin.sum("tollhouse_shadow_denials.*policy:trial"), 2);
    house.check();
}

/// Waits until Envoy has said this.
async fn logged(envoy: &Envoy, text: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    while !envoy.log().contains(text) {
        assert!(Instant::now() < end, "`{text}` is not in {}", envoy.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_is_wrong_refuses_the_request_in_the_words_of_the_log() {
    let house = house();
    let count = || house.envoy.admin.metrics("tollhouse_route_errors{").len();
    for (i, (_, why)) in wrong().into_iter().enumerate() {
        let host = format!("wrong-{i}");
        let error = format!("route.metadata.filter_metadata.tollhouse{why}");
        let answer = house.chat(&host, "small").send().await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "route_misconfigured"), "{}", answer.text());
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("The gateway cannot serve this route: {error}")), "{message}");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        logged(&house.envoy, &format!("route `` of virtual host `{host}` is refused: {error}")).await;
        let record = house.envoy.records.of_request(answer.header("x-request-id").unwrap()).await;
        assert_eq!((&record["outcome"], &record["error"]), (&json!("refused"), &json!("route_misconfigured")));
        assert_eq!(house.chat(&host, "small").without("authorization").send().await.status, 401);
    }
    assert!(count() > 0);
    let upper = house.chat("upper", "small").send().await;
    assert!(upper.text().contains("virtual_host.metadata.filter_metadata.tollhouse.team"), "{}", upper.text());
    let messages = Call::new(house.envoy.gateway, "POST", "/v1/messages").host("wrong-0").header("x-api-key", KEY);
    let told = messages.header("content-type", "application/json").json(&json!({})).send().await;
    assert_eq!((told.status, &told.json()["type"]), (500, &json!("error")), "in the caller's own form");
    house.check();
}
