//! Providers' keys that change while Envoy runs, and those that the filter never sees.

use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::document::{self, KEY, PROVIDER_KEYS};
use integration::gateway::Gateway;
use integration::http::Head;
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::{stage, version};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse_filter::clients::Digest;

use crate::control_plane::ControlPlane;

mod between;

/// How long a change of a key may take until it is seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder in which files are replaced all at once, as Kubernetes does with those of a secret: each is a link through
/// the link `..data`, which is renamed.
struct Secrets {
    folder: TempDir,
    turn: usize,
}

impl Secrets {
    fn mount(files: &[(&str, &str)]) -> Self {
        let mut secrets = Self { folder: tempfile::tempdir().unwrap(), turn: 0 };
        secrets.replace(files);
        secrets
    }

    fn replace(&mut self, files: &[(&str, &str)]) {
        self.turn += 1;
        let (root, name) = (self.folder.path(), format!("..{}", self.turn));
        std::fs::create_dir(root.join(&name)).unwrap();
        for (file, key) in files {
            std::fs::write(root.join(&name).join(file), key).unwrap();
            drop(symlink(format!("..data/{file}"), root.join(file)));
        }
        symlink(&name, root.join("..new")).unwrap();
        std::fs::rename(root.join("..new"), root.join("..data")).unwrap();
    }

    /// As an entry of `keys`.
    fn key(&self, file: &str) -> Value {
        json!([{ "file": self.path(file) }])
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }
}

/// A gateway of its own, with two providers and the models `first` and `alone`.
struct Play {
    gateway: Gateway,
    o: Provider,
    a: Provider,
}

impl Play {
    fn raise(keys: [Value; 2], more: Value, env: &[(&str, &str)]) -> Self {
        let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let gateway = Gateway::with(&document::read(&written(&o, &a, keys, more)), |options| options.env = env);
        Self { gateway, o, a }
    }

    fn call(&self, model: &str) -> Call {
        self.gateway.chat(KEY, model)
    }

    /// Calls until the provider of `model` has been shown this `authorization`. Every call must be answered.
    async fn call_until(&self, model: &str, authorization: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(model).send().await;
            assert_eq!(answer.content(), ANSWER, "{}", answer.text());
            let seen = self.o.seen(model);
            if seen.last().is_some_and(|seen| seen.head.get("authorization") == Some(authorization)) {
                return;
            }
            assert!(Instant::now() < end, "`{authorization}` has not been seen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nothing that can be looked at shows a key.
    fn discreet(&self) {
        let files = std::fs::read_dir(self.gateway.process().folder()).unwrap().map(|file| file.unwrap().path());
        let json = files.filter(|file| file.extension().is_some_and(|end| end == "json"));
        let all = json.map(|file| std::fs::read_to_string(file).unwrap());
        let admin = self.gateway.admin;
        let all = all.chain(["/config_dump", "/config_dump?include_eds", "/stats", "/clusters"].map(|p| admin.get(p)));
        for text in all {
            assert!(!text.contains(PROVIDER_KEYS), "a key in {text}");
        }
    }
}

fn written(o: &Provider, a: &Provider, [of_o, of_a]: [Value; 2], more: Value) -> Value {
    let at = |dialect: &str, provider: &Provider, keys| {
        document::with(document::provider(dialect, "-", &provider.address.to_string()), "keys", keys)
    };
    let mut document = json!({
        "providers": { "o": at("openai", o, of_o), "a": at("anthropic", a, of_a) },
        "models": { "first": { "targets": ["o/first", "a/first"] }, "alone": { "targets": ["o/alone"] } },
        "clients": [document::client("main", KEY, &["*"])],
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

fn key(name: &str) -> String {
    format!("{PROVIDER_KEYS}{name}")
}

fn credentials(head: &Head) -> [Option<&str>; 2] {
    [head.get("authorization"), head.get("x-api-key")]
}

#[tokio::test]
async fn a_key_in_a_file_is_renewed_while_requests_run() {
    // Files end with a line, keys do not; before 1.40 Envoy does not know.
    let end = if version::is_from("1.40") { "\n" } else { "" };
    let mut secrets = Secrets::mount(&[("openai", &format!("{}{end}", key("o-1"))), ("anthropic", &key("a"))]);
    let play = Play::raise([secrets.key("openai"), secrets.key("anthropic")], json!({}), &[]);
    play.call_until("alone", &format!("Bearer {}", key("o-1"))).await;

    // The next target is not shown what the one before was.
    play.o.on("first", Reply::new(500).body("{}"));
    assert_eq!(play.call("first").send().await.served(), ("a/first".to_owned(), "2".to_owned()));
    assert_eq!(credentials(&play.a.one("first").await.head), [None, Some(&*key("a"))]);

    let gate = Gate::default();
    let begun = [OpenAi.opening(), vec![OpenAi.piece("before")]].concat();
    let rest = [vec![OpenAi.piece("after")], OpenAi.closing()].concat();
    play.o.on("first", Reply::stream(begun).gate(&gate).chunks(rest).end());
    let mut live = play.call("first").stream(true).open().await;
    live.until("before").await;
    secrets.replace(&[("openai", &key("o-2")), ("anthropic", &key("a"))]);
    play.call_until("alone", &format!("Bearer {}", key("o-2"))).await;
    gate.open();
    let answer = live.finish().await;
    assert_eq!((answer.content().as_str(), answer.done()), ("beforeafter", true));
    play.discreet();
}

#[tokio::test]
async fn a_key_that_is_missing_is_the_next_target_s_turn_until_it_is_there() {
    if !version::since("1.39", "a key's file must be there when Envoy starts") {
        return;
    }
    let secrets = Secrets::mount(&[("anthropic", &key("a"))]);
    let play = Play::raise([secrets.key("openai"), secrets.key("anthropic")], json!({}), &[]);
    for model in ["first", "alone"] {
        play.o.script(model, |seen, _| match seen.head.get("authorization") {
            Some(_) => OpenAi.good(false),
            None => Reply::new(401).body(r#"{"error":{"message":"You did not provide an API key.","code":null}}"#),
        });
    }
    assert_eq!(play.call("first").send().await.served(), ("a/first".to_owned(), "2".to_owned()));
    let record = &play.gateway.records.wait(1, "\"model\":\"first\"").await[0];
    assert_eq!((&record["attempts"][0]["reason"], &record["status"]), (&json!("provider_credential"), &json!(200)));
    // While the target is passed over there is nobody else.
    let alone = play.call("alone").send().await;
    assert_eq!((alone.status, alone.code().as_str()), (502, "provider_credential"), "{}", alone.text());
    // Before 1.40 Envoy has a key then, and nothing is in it.
    let failed = if version::is_from("1.40") { 2 } else { 0 };
    assert_eq!(play.gateway.admin.sum("^cluster.o.credential_injector.failed$"), failed);

    std::fs::write(secrets.path("new"), key("o")).unwrap();
    std::fs::rename(secrets.path("new"), secrets.path("openai")).unwrap();
    let end = Instant::now() + PATIENCE;
    while play.call("first").send().await.served().0 != "o/first" {
        assert!(Instant::now() < end, "the key is not seen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(play.call("alone").send().await.content(), ANSWER);
    play.discreet();
}

fn server(at: SocketAddr) -> Value {
    json!({ "sds": { "cluster": "secrets", "address": at.to_string() } })
}

pub(crate) fn secret(name: &str, key: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": name,
        "generic_secret": { "secret": { "inline_string": key } },
    })
}

#[tokio::test]
async fn a_secret_of_a_server_is_renewed_while_requests_run() {
    let control = ControlPlane::start();
    control.offer(&[secret("openai-key", &key("o-1")), secret("anthropic-key", &key("a"))]);
    let keys = [json!([{ "sds": "openai-key" }]), json!([{ "sds": "anthropic-key" }])];
    let play = Play::raise(keys, server(control.address), &[]);
    assert_eq!(play.call("alone").send().await.content(), ANSWER);
    assert_eq!(credentials(&play.o.one("alone").await.head), [Some(&*format!("Bearer {}", key("o-1"))), None]);
    control.leave();
    play.call_until("alone", &format!("Bearer {}", key("o-1"))).await;
    control.come_back();
    control.give(&[secret("openai-key", &key("o-2")), secret("anthropic-key", &key("a"))]).await.unwrap();
    play.call_until("alone", &format!("Bearer {}", key("o-2"))).await;
    play.discreet();
}

#[tokio::test]
async fn a_gateway_starts_without_its_server_of_secrets() {
    // A port where nobody listens yet.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let secrets = Secrets::mount(&[("anthropic", &key("a"))]);
    let play = Play::raise([json!([{ "sds": "openai-key" }]), secrets.key("anthropic")], server(port), &[]);
    play.o.script("first", |seen, _| match seen.head.get("authorization") {
        Some(_) => OpenAi.good(false),
        None => Reply::new(401).body("{}"),
    });
    assert_eq!(play.call("first").send().await.served(), ("a/first".to_owned(), "2".to_owned()));
    let control = ControlPlane::start_at(port);
    control.give(&[secret("openai-key", &key("o"))]).await.unwrap();
    play.call_until("first", &format!("Bearer {}", key("o"))).await;
}

/// `examples/keys-by-sds`: only addresses and the digest are others.
#[tokio::test]
async fn keys_by_sds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut document = tollhouse::document::load(&root.join("examples/keys-by-sds/gateway.yaml")).unwrap();
    let control = ControlPlane::start();
    document.sds.as_mut().unwrap().address = Some(control.address.to_string());
    let (anthropic, openai) = (stage::provider(Anthropic), stage::provider(OpenAi));
    for (name, provider) in &mut document.providers {
        let server = if name == "openai" { &openai } else { &anthropic };
        provider.endpoint = Some(format!("http://{}/v1", server.address));
    }
    document.clients[0].key_sha256 = Some(Digest::of(KEY).to_string());
    let (claude, gpt) = ("claude-sonnet-4-6", "gpt-5-mini");
    anthropic.script(claude, |seen, _| match seen.head.get("x-api-key") {
        Some(_) => Anthropic.good(false),
        None => Reply::new(401).body("{}"),
    });
    control.offer(&[secret("openai-key", &key("o"))]);
    let gateway = Gateway::start(&document);
    let call = gateway.chat(KEY, "support-tier");

    assert_eq!(call.send().await.served().0, "openai/gpt-5-mini", "a provider whose key is missing is passed over");
    assert_eq!(openai.one(gpt).await.head.get("authorization"), Some(&*format!("Bearer {}", key("o"))));
    for turn in ["1", "2"] {
        control.give(&[secret("openai-key", &key("o")), secret("anthropic-key", &key(turn))]).await.unwrap();
        let end = Instant::now() + PATIENCE;
        while anthropic.seen(claude).last().is_none_or(|seen| seen.head.get("x-api-key") != Some(&key(turn))) {
            assert_eq!(call.send().await.content(), ANSWER);
            assert!(Instant::now() < end, "key {turn} is not seen");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn a_key_in_a_variable_is_left_for_another_one_by_a_new_document() {
    let env = [("OLD", key("old")), ("NEW", key("new"))];
    let both = json!([{ "env": "OLD" }, { "env": "NEW" }]);
    let env: Vec<_> = env.iter().map(|(name, key)| (*name, key.as_str())).collect();
    let play = Play::raise([both, json!([])], json!({}), &env);
    play.call_until("alone", &format!("Bearer {}", key("old"))).await;
    let document = written(&play.o, &play.a, [json!([{ "env": "NEW" }]), json!([])], json!({}));
    play.gateway.process().reload(&document::read(&document)).unwrap();
    let before = play.o.seen("alone").len();
    for _ in 0..4 {
        assert_eq!(play.call("alone").send().await.content(), ANSWER);
    }
    let new = format!("Bearer {}", key("new"));
    assert!(play.o.seen("alone")[before..].iter().all(|seen| seen.head.get("authorization") == Some(&new)));
}
