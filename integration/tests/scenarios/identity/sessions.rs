//! Sessions of browsers, which Envoy's `oauth2` keeps: `examples/oauth2-login`.

use std::time::{Duration, Instant};

use integration::caller::Call;
use serde_json::{Value, json};

use super::browser::Browser;
use super::gate::{self, Gate};
use super::login::{Login, SECRET};
use super::stories::{KEY, document, who, yaml};
use crate::issuer::Issuer;

const EXAMPLE: &str = "oauth2-login";
const PAGE: &str = "/v1/models";
const ISSUER: &str = "https://login.acme.example";
/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The example, whose identity provider is in the test.
struct House {
    login: Login,
    gate: Gate,
}

impl House {
    fn open() -> Self {
        Self::open_as(|_| {})
    }

    /// With the bootstrap as `change` leaves it.
    fn open_as(change: impl FnOnce(&mut Value)) -> Self {
        let login = Login::new(ISSUER);
        let mut example = yaml(EXAMPLE, "login.yaml");
        // On a machine that is busy.
        example["http_filters"][0]["typed_config"]["config"]["token_endpoint"]["timeout"] = json!("60s");
        example["http_filters"][1]["typed_config"]["providers"]["login"]["remote_jwks"]["http_uri"]["timeout"] =
            json!("60s");
        let cluster = &mut example["clusters"][0];
        cluster.as_object_mut().unwrap().remove("transport_socket");
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"] =
            json!({ "address": "127.0.0.1", "port_value": login.address().port() });
        let env = [("LOGIN_CLIENT_SECRET", SECRET), ("LOGIN_COOKIE_SECRET", "cookie-secret-c0ffee")];
        let gate = Gate::open_with(&env, document(EXAMPLE), |bootstrap| {
            prepend(&mut gate::manager(bootstrap)["http_filters"], &example["http_filters"]);
            for list in ["clusters", "secrets"] {
                prepend(&mut bootstrap["static_resources"][list], &example[list]);
            }
            change(bootstrap);
        });
        Self { login, gate }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.gate.envoy.gateway)
    }

    /// A browser in which somebody has signed in.
    async fn session(&self, claims: Value) -> Browser {
        let mut browser = self.browser();
        let away = browser.open(PAGE).await;
        let landed = browser.open(&self.login.sign_in(away.header("location").unwrap(), claims)).await;
        assert_eq!((landed.status, landed.header("location")), (302, Some("http://gateway/v1/models")));
        browser
    }

    /// What a page sends. A key goes with it, if it is not empty.
    fn chat(&self, key: &str, model: &str) -> Call {
        let call = Call::chat(self.gate.envoy.gateway, key, model);
        if key.is_empty() { call.without("authorization") } else { call }
    }

    /// Sends a request that is answered. Whom its record names.
    async fn told(&self, call: Call) -> Value {
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = answer.header("x-request-id").unwrap();
        who(&self.gate.envoy.records.of_request(id).await)
    }

    fn nobody_was_asked(&self) {
        assert!(self.gate.provider.everything().is_empty());
    }
}

fn prepend(list: &mut Value, more: &Value) {
    let mut all = more.as_array().unwrap().clone();
    all.extend(list.as_array().into_iter().flatten().cloned());
    *list = all.into();
}

/// The configuration of a filter of the example, by its number.
fn filter(bootstrap: &mut Value, number: usize) -> &mut Value {
    &mut gate::manager(bootstrap)["http_filters"][number]["typed_config"]
}

fn ann() -> Value {
    json!({ "email": "ann@acme.example", "department": "labs", "groups": ["research"] })
}

fn is_ann() -> Value {
    json!(["researchers", "labs", "ann@acme.example"])
}

fn bob() -> Value {
    json!({ "email": "bob@acme.example", "department": "sales", "groups": [] })
}

fn is_bob() -> Value {
    json!(["everybody", "sales", "bob@acme.example"])
}

#[tokio::test]
async fn a_browser_signs_in_once_and_its_user_is_known() {
    let house = House::open();
    let mut browser = house.browser();
    let away = browser.open(PAGE).await;
    assert_eq!(away.status, 302);
    let address = away.header("location").unwrap();
    assert!(address.starts_with("https://login.acme.example/authorize?"), "{address}");

    let landed = browser.open(&house.login.sign_in(address, ann())).await;
    let kept = landed.head.headers.iter().filter(|(name, value)| name == "set-cookie" && !value.contains("=deleted"));
    let kept: Vec<_> = kept.map(|(_, value)| value.as_str()).collect();
    for cookie in &kept {
        assert!(cookie.contains("secure;HttpOnly"), "{cookie}");
        assert!(!cookie.contains("eyJ"), "a token that can be read: {cookie}");
    }
    let proof = kept.iter().find(|cookie| cookie.starts_with("OauthHMAC=")).unwrap();
    assert!(proof.contains("SameSite=Lax"), "{proof}");

    let page = browser.open(PAGE).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(house.told(browser.lend(house.chat("", "best"))).await, is_ann());
    let other = house.session(bob()).await;
    assert_eq!(house.told(other.lend(house.chat("", "fast"))).await, is_bob());
    assert_eq!(other.lend(house.chat("", "best")).send().await.status, 404);
    for seen in house.gate.provider.everything() {
        let head = format!("{:?}", seen.head);
        assert!(!head.contains("cookie") && !head.contains("acme.example") && !head.contains("eyJ"), "{head}");
    }
    assert!(!house.gate.envoy.log().contains("eyJ"), "a token in the log");
}

#[tokio::test]
async fn programs_bring_keys_and_tokens_and_pages_neither() {
    let house = House::open();
    let session = house.session(ann()).await;
    let token = house.login.issuer().token(bob());
    let nightly = json!(["nightly", "data", null]);
    for (call, expected) in [
        (house.chat(KEY, "fast"), nightly.clone()),
        (house.chat("", "fast").header("x-api-key", KEY), nightly.clone()),
        (house.chat(&token, "fast"), is_bob()),
        (house.chat("", "fast").header("x-api-key", &token), is_bob()),
        // A key takes the place of the session.
        (session.lend(house.chat(KEY, "fast")), nightly),
        // What SDKs in a page send where they must have some key.
        (session.lend(house.chat("unused", "fast")), is_ann()),
        (session.lend(house.chat("", "fast").header("x-api-key", "unused")), is_ann()),
    ] {
        assert_eq!(house.told(call).await, expected);
    }
    // Both tokens would have to be good, and the one of the cookie cannot be read.
    let both = session.lend(house.chat(&token, "fast")).send().await;
    assert_eq!((both.status, both.code().as_str()), (401, "invalid_token"), "{}", both.text());
    for key in ["", "unused"] {
        let nobody = house.chat(key, "fast").send().await;
        assert_eq!((nobody.status, nobody.header("location")), (401, None));
        assert!(nobody.json()["error"]["message"].as_str().unwrap().contains("OAuth flow failed"), "{}", nobody.text());
    }
}

#[tokio::test]
async fn a_session_that_somebody_has_made_or_changed_is_none() {
    let house = House::open_as(|bootstrap| filter(bootstrap, 0)["config"]["use_refresh_token"] = json!(false));
    let (of_ann, of_bob, nobody) = (house.session(ann()).await, house.session(bob()).await, house.browser());
    let with = |session: &Browser, name: &str, value: &str| {
        let mut forged = session.clone();
        forged.cookies.insert(name.to_owned(), value.to_owned());
        forged
    };
    let (good, bad) = (house.login.issuer().token(ann()), Issuer::new(ISSUER).token(ann()));
    for mut forged in [
        with(&of_bob, "IdToken", &of_ann.cookies["IdToken"]),
        with(&of_bob, "OauthHMAC", &of_ann.cookies["OauthHMAC"]),
        with(&of_bob, "OauthExpires", "4102444800"),
        with(&of_bob, "IdToken", &good),
        with(&nobody, "IdToken", &good),
        with(&nobody, "IdToken", &bad),
    ] {
        let answer = forged.send(house.chat("", "fast")).await;
        assert_eq!(answer.status, 401, "{:?}: {}", forged.cookies, answer.text());
        assert_eq!(forged.open(PAGE).await.status, 302);
    }
    // Where a header lets it pass, the token of the cookie must be good by itself.
    let passing = with(&nobody, "IdToken", &bad).lend(house.chat("sk-th-unknown", "fast")).send().await;
    assert_eq!((passing.status, passing.code().as_str()), (401, "invalid_api_key"), "{}", passing.text());
    house.nobody_was_asked();
}

#[tokio::test]
async fn a_login_that_this_browser_has_not_begun_gives_no_session() {
    let house = House::open();
    let (mut victim, mut other) = (house.browser(), house.browser());
    let away = other.open(PAGE).await;
    let back = house.login.sign_in(away.header("location").unwrap(), ann());
    assert_eq!(victim.open(&back).await.status, 401);
    assert_eq!(other.open(&back.replace("code-of-", "guessed-")).await.status, 401);
    for mut browser in [victim, other] {
        assert_eq!(browser.send(house.chat("", "fast")).await.status, 401);
    }
    house.nobody_was_asked();
}

#[tokio::test]
async fn signing_out_takes_the_cookies_and_nothing_else() {
    let house = House::open();
    let mut browser = house.session(ann()).await;
    let copy = browser.clone();
    let out = browser.open("/signout").await;
    assert_eq!((out.status, out.header("location")), (302, Some("http://gateway/")));
    assert_eq!(browser.send(house.chat("", "fast")).await.status, 401);
    assert_eq!(browser.open(PAGE).await.status, 302);
    // Envoy remembers no sessions.
    assert_eq!(house.told(copy.lend(house.chat("", "fast"))).await, is_ann());
}

#[tokio::test]
async fn a_session_that_is_over_is_renewed_and_stays_whose_it_was() {
    let house = House::open();
    let of_ann = house.session(ann()).await;
    house.login.expire_in(1);
    let mut browser = house.session(bob()).await;
    let end = Instant::now() + PATIENCE;
    let asked =
        || house.login.server.everything().iter().any(|seen| seen.body.starts_with(b"grant_type=refresh_token"));
    while !asked() {
        let page = browser.open(PAGE).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(Instant::now() < end, "nobody has asked for other tokens");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(house.told(browser.lend(house.chat("", "fast"))).await, is_bob());
    // So is one that somebody has changed: the token of another is replaced as well.
    browser.cookies.insert("IdToken".to_owned(), of_ann.cookies["IdToken"].clone());
    assert_eq!(house.told(browser.lend(house.chat("", "fast"))).await, is_bob());
}

#[tokio::test]
async fn the_access_token_can_be_the_one_that_is_read() {
    let house = House::open_as(|bootstrap| {
        filter(bootstrap, 0)["config"]["forward_bearer_token"] = json!(true);
        filter(bootstrap, 1)["providers"]["login"].as_object_mut().unwrap().remove("from_cookies");
    });
    let session = house.session(ann()).await;
    assert_eq!(house.told(session.lend(house.chat("", "best"))).await, is_ann());
}

#[tokio::test]
async fn copies_of_requests_have_the_tokens_of_a_session_unless_the_route_removes_cookies() {
    for removed in [false, true] {
        let house = House::open_as(|bootstrap| {
            let host = &mut gate::manager(bootstrap)["route_config"]["virtual_hosts"][0];
            host["routes"][0]["route"]["request_mirror_policies"] = json!([{ "cluster": "login" }]);
            if removed {
                host["request_headers_to_remove"] = json!(["cookie"]);
            }
        });
        let session = house.session(ann()).await;
        assert_eq!(session.lend(house.chat("", "best")).send().await.status, 200);
        let copy = house.login.server.one("best").await;
        assert_eq!(copy.head.get("cookie").is_some_and(|cookie| cookie.contains("IdToken=eyJ")), !removed);
    }
}
