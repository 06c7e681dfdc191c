//! When a provider fails before its first content, one that speaks another API answers.

use integration::document::with;
use integration::provider::Seen;
use integration::reply::Reply;
use integration::speech::PROMPT;
use integration::strict::{Api, Asked, HOSTS, Host, begun};
use serde_json::{Map, Value, json};

use super::house::{Case, each, house};
use super::surface::{SURFACES, SYSTEM, Talk, events};

/// Ways to fail.
#[derive(Clone, Copy, Debug)]
enum Failing {
    Status(u16),
    Reset,
    /// A failure that claims to be an answer.
    Inside,
    /// No content.
    Silence,
}

const FAILING: [(&str, Failing); 5] = [
    ("503", Failing::Status(503)),
    ("429", Failing::Status(429)),
    ("reset", Failing::Reset),
    ("inside", Failing::Inside),
    ("silence", Failing::Silence),
];

/// The provider after another, which speaks another API.
fn next(host: &Host) -> &'static Host {
    let at = HOSTS.iter().position(|other| other.name == host.name).expect("a provider");
    let mut others = HOSTS.iter().cycle().skip(at + 5);
    others.find(|other| other.dialect != host.dialect).expect("another dialect")
}

/// Cases have models of their own: a target that failed is left alone for a while.
pub(super) fn models() -> Value {
    let mut models = Map::new();
    for surface in SURFACES {
        for host in HOSTS {
            for (stream, (failure, failing)) in [false, true].into_iter().flat_map(|s| FAILING.map(|f| (s, f))) {
                let (name, targets) = route(Case { surface, host, stream }, failure);
                let model = json!({ "targets": targets.map(|(host, model)| format!("{}/{model}", host.name)) });
                let clock = if matches!(failing, Failing::Silence) { "4s" } else { "60s" };
                models.insert(name, with(model, "timeouts", json!({ "first_token": clock, "attempt": clock })));
            }
        }
    }
    Value::Object(models)
}

/// The name of a model, and its targets.
fn route(case: Case, failure: &str) -> (String, [(&'static Host, String); 2]) {
    let targets = [case.host, next(case.host)]
        .map(|host| (host, Case { host, ..case }.model(&format!("{failure}-{}", case.host.name))));
    (format!("{}-{}", case.host.name, targets[0].1.replace([':', '@'], "-")), targets)
}

#[tokio::test]
async fn every_failure_before_the_first_content_finds_another_api() {
    for (failure, failing) in FAILING {
        each(move |case| async move {
            let (name, [(first, model), (second, other)]) = route(case, failure);
            house().provider(first).script(&model, move |seen, _| match first.read(seen) {
                Ok((api, asked)) => fail(failing, first, seen, api, &asked),
                // The gateway does not go on from here.
                Err(fault) => first.fail(seen, 400, &fault),
            });
            let user = format!("Say hello. {PROMPT}");
            let body = case.surface.body(&name, &Talk::new(&user, case.stream));
            let answer = house().send(case.surface, &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.served(), (format!("{}/{other}", second.name), "2".to_owned()));
            let told =
                if case.stream { case.surface.streamed(&events(&answer)) } else { case.surface.whole(&answer.json()) };
            assert_eq!(told.text, format!("({SYSTEM}) You said: {user}"));
            let [asked, again] = [house().asked(first, &model), house().asked(second, &other)];
            assert_eq!((asked.len(), again.len()), (1, 1));
            assert_eq!((&asked[0].user, &again[0].user), (&user, &user));
        })
        .await;
    }
}

fn fail(failing: Failing, host: &Host, seen: &Seen, api: &dyn Api, asked: &Asked) -> Reply {
    match failing {
        Failing::Status(status) => host.fail(seen, status, "No."),
        Failing::Reset => Reply::nothing().reset(),
        Failing::Inside if asked.stream => {
            begun(api).chunks(api.stream(&asked.answer()).opening).chunks([api.failure_event("No.")]).end()
        }
        Failing::Inside => Reply::json(200, &api.failure(500, "No.")),
        Failing::Silence if asked.stream => begun(api).chunks(api.stream(&asked.answer()).opening).hang(),
        Failing::Silence => Reply::new(200).header("content-type", "application/json").hang(),
    }
}
