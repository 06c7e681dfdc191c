//! Configuration by discovery, as `tollhouse render` writes it: files that change while Envoy runs, and a control plane.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use integration::caller::{Call, Live};
use integration::document::{self, KEY, NARROW_KEY};
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::stage;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tollhouse::render::{self, CLUSTERS, Discovery, FILTER, Part, ROUTES};
use tollhouse_filter::config::raw::Document;
use tollhouse_filter::config::sds_address;

use crate::control_plane::ControlPlane;

/// How long a change may take until it is seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two providers, and the documents about them.
struct Play {
    o: Provider,
    a: Provider,
    /// Where the first document's configuration is rendered for.
    options: render::Options,
    gate: Gate,
}

impl Play {
    fn new(discovery: Discovery) -> Self {
        let mut options = render::Options::new("/nowhere");
        options.discovery = discovery;
        Self { o: stage::provider(OpenAi), a: stage::provider(Anthropic), options, gate: Gate::default() }
    }

    /// One provider, one model, two keys.
    fn first(&self) -> Value {
        json!({
            "providers": { "o": document::provider("openai", "o", &self.o.address.to_string()) },
            "models": { "old": { "targets": ["o/old"] }, "live": { "targets": ["o/live"] } },
            "clients": [document::client("main", KEY, &["*"]), document::client("narrow", NARROW_KEY, &["*"])],
        })
    }

    /// Another provider and model more, one key less.
    fn second(&self) -> Value {
        let mut second = self.first();
        second["providers"]["a"] = document::provider("anthropic", "a", &self.a.address.to_string());
        second["models"]["new"] = json!({ "targets": ["a/new"] });
        second["clients"].as_array_mut().unwrap().pop();
        second
    }

    /// A document that the filter refuses.
    fn broken(&self) -> Value {
        let mut broken = self.second();
        broken["models"]["old"] = json!({ "targets": ["nobody/old"] });
        broken
    }

    /// Starts Envoy. The module's place is known by then only, so the parts are rendered here and given to `ready`.
    fn start(&mut self, ready: impl FnOnce(&Self)) -> Envoy {
        Envoy::start(
            |files: &Files<'_>| {
                self.options.filter = files.filter();
                self.options.access_log = Some(files.records());
                let any = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
                (self.options.listen, self.options.admin) = (any, any);
                ready(self);
                render::bootstrap(&read(&self.first()), &self.options).unwrap().to_string()
            },
            &[],
        )
    }

    fn part(&self, document: &Value, file: &str) -> Part {
        let parts = render::files(&read(document), &self.options).unwrap();
        parts.into_iter().find(|part| part.file == file).unwrap()
    }

    /// A stream that has begun, and does not end before the gate opens.
    async fn live(&self, envoy: &Envoy) -> Live {
        let begun = [OpenAi.opening(), vec![OpenAi.piece("before")]].concat();
        let rest = [vec![OpenAi.piece("after")], OpenAi.closing()].concat();
        self.o.on("live", Reply::stream(begun).gate(&self.gate).chunks(rest).end());
        let mut live = Call::chat(envoy.gateway, NARROW_KEY, "live").stream(true).open().await;
        live.until("before").await;
        live
    }

    async fn is_whole(&self, live: Live) {
        self.gate.open();
        let answer = live.finish().await;
        assert_eq!((answer.content().as_str(), answer.whole, answer.done()), ("beforeafter", true, true));
    }
}

fn read(document: &Value) -> Document {
    document::read(document)
}

/// Callers that ask for `old` without a pause. All must be answered.
struct Callers(Arc<AtomicBool>, Vec<JoinHandle<usize>>);

impl Callers {
    fn of(envoy: &Envoy) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let gateway = envoy.gateway;
        let caller = |_| {
            let stop = Arc::clone(&stop);
            stage::runtime().spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = Call::chat(gateway, KEY, "old").send().await;
                    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{}", answer.text());
                    answered += 1;
                }
                answered
            })
        };
        let callers = (0..4).map(caller).collect();
        Self(stop, callers)
    }

    async fn all_were_answered(self) {
        self.0.store(true, Ordering::Relaxed);
        for caller in self.1 {
            assert!(caller.await.unwrap() > 0);
        }
    }
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn takes_effect(envoy: &Envoy) {
    until("the new model is not known", async || Call::chat(envoy.gateway, KEY, "new").send().await.status == 200)
        .await;
    let revoked = Call::chat(envoy.gateway, NARROW_KEY, "old").send().await;
    assert_eq!((revoked.status, revoked.code().as_str()), (401, "invalid_api_key"));
}

/// What Envoy cannot even read.
fn nonsense(mut part: Part) -> Part {
    part.content = json!("nonsense");
    part
}

const FILTER_FAILURES: &str = "^extension_config_discovery.http_filter.tollhouse_gateway.config_(fail|conflict)$";

#[tokio::test]
async fn files_that_are_replaced_take_effect_while_streams_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::new(Discovery::Folder(folder.path().to_owned()));
    let envoy = play.start(|play| render::write_dynamic(folder.path(), &read(&play.first()), &play.options).unwrap());
    assert_eq!(Call::chat(envoy.gateway, KEY, "new").send().await.status, 404);
    let (live, callers) = (play.live(&envoy).await, Callers::of(&envoy));
    render::write_dynamic(folder.path(), &read(&play.second()), &play.options).unwrap();
    takes_effect(&envoy).await;

    play.part(&play.broken(), FILTER).write(folder.path()).unwrap();
    until("the broken document is not refused", async || envoy.admin.sum(FILTER_FAILURES) > 0).await;
    let mut clusters = play.part(&play.second(), CLUSTERS);
    clusters.content["resources"][0]["connect_timeout"] = json!("-1s");
    clusters.write(folder.path()).unwrap();
    until("the cluster is not refused", async || envoy.admin.sum("^cluster_manager.cds.update_rejected$") > 0).await;
    for (file, failed) in
        [(CLUSTERS, "^cluster_manager.cds.update_failure$"), (ROUTES, "^http.tollhouse.rds.tollhouse.update_failure$")]
    {
        nonsense(play.part(&play.second(), file)).write(folder.path()).unwrap();
        until(&format!("{file} is not refused"), async || envoy.admin.sum(failed) > 0).await;
    }
    assert_eq!(Call::chat(envoy.gateway, KEY, "new").send().await.content(), ANSWER, "the one before stays");
    callers.all_were_answered().await;
    play.is_whole(live).await;
}

fn resources(part: &Part) -> &[Value] {
    part.content["resources"].as_array().unwrap()
}

#[tokio::test]
async fn a_control_plane_changes_what_runs_and_hears_what_is_refused() {
    let control = ControlPlane::start();
    let address = sds_address(&control.address.to_string()).unwrap();
    let mut play = Play::new(Discovery::Ads(address));
    let envoy = play.start(|play| {
        for part in &render::files(&read(&play.first()), &play.options).unwrap() {
            control.offer(resources(part));
        }
    });
    assert_eq!(Call::chat(envoy.gateway, KEY, "new").send().await.status, 404);
    let (live, callers) = (play.live(&envoy).await, Callers::of(&envoy));
    for part in &render::files(&read(&play.second()), &play.options).unwrap() {
        control.give(resources(part)).await.unwrap();
    }
    takes_effect(&envoy).await;

    let refused = control.give(resources(&play.part(&play.broken(), FILTER))).await.unwrap_err();
    assert!(refused.contains("tollhouse"), "{refused}");
    assert_eq!(envoy.admin.sum(FILTER_FAILURES), 1);
    let mut clusters = play.part(&play.second(), CLUSTERS);
    clusters.content["resources"][0]["connect_timeout"] = json!("-1s");
    assert!(control.give(resources(&clusters)).await.is_err());
    assert_eq!(Call::chat(envoy.gateway, KEY, "new").send().await.content(), ANSWER, "the one before stays");

    control.leave();
    assert_eq!(
        Call::chat(envoy.gateway, KEY, "new").send().await.content(),
        ANSWER,
        "nobody waits for a control plane"
    );
    control.come_back();
    let mut third = play.second();
    third["models"]["third"] = json!({ "targets": ["a/third"] });
    control.give(resources(&play.part(&third, CLUSTERS))).await.unwrap();
    control.give(resources(&play.part(&third, FILTER))).await.unwrap();
    until("the third document is not seen", async || {
        Call::chat(envoy.gateway, KEY, "third").send().await.status == 200
    })
    .await;
    callers.all_were_answered().await;
    play.is_whole(live).await;
}
