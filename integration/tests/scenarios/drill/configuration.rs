//! The source of configuration breaks: what Envoy has taken stays.

use std::path::Path;

use integration::admin::Admin;
use integration::document::{self, KEY, client};
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::{Value, json};
use tollhouse::render::{CLUSTERS, FILTER, ROUTES};

use super::load::{Load, until};

fn document(provider: &Provider) -> Value {
    json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] } },
        "clients": [client("main", KEY, &["*"])],
    })
}

/// Puts a file in the place of a watched one, as the command line does it.
fn replace(folder: &Path, file: &str, content: &str) {
    let new = folder.join(".new-drill");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, folder.join(file)).unwrap();
}

/// How often Envoy has refused what it was given.
fn refusals(admin: Admin) -> u64 {
    admin.sum("config_fail$|update_rejected$|update_failure$|config_reload_fail")
}

#[tokio::test]
async fn whatever_becomes_of_its_files_the_gateway_goes_on_with_what_it_has() {
    let provider = stage::provider(OpenAi);
    let gateway = Gateway::start(&document::read(&document(&provider)));
    let (admin, folder) = (gateway.admin, gateway.process().folder().to_owned());
    let call = gateway.chat(KEY, "tier");
    let load = Load::of([call.clone(), call.clone().stream(true), call.clone()]);
    load.more(10).await;
    for file in [FILTER, ROUTES, CLUSTERS] {
        let good = std::fs::read_to_string(folder.join(file)).unwrap();
        let (half, _) = good.split_at(good.len() / 2);
        // The last is good for Envoy, and no document of ours.
        for broken in ["", "garbage", half, &good.replace("\\\"openai\\\"", "\\\"klingon\\\"")] {
            if broken == good {
                continue;
            }
            let before = refusals(admin);
            replace(&folder, file, broken);
            until(&format!("{file} with {broken:.40} is refused"), || refusals(admin) > before).await;
            load.more(10).await;
        }
        std::fs::remove_file(folder.join(file)).unwrap();
        load.more(10).await;
        replace(&folder, file, &good);
    }
    // The source is back, and heard.
    let mut next = document(&provider);
    next["models"]["next"] = json!({ "targets": ["o/next"] });
    gateway.process().reload(&document::read(&next)).unwrap();
    assert_eq!(gateway.chat(KEY, "next").send().await.status, 200);
    assert_eq!(load.end().await, Vec::<String>::new());
}
