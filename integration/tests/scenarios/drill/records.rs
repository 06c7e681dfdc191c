//! The sink of records is full: requests go on, and nothing waits for it.

use std::path::Path;

use integration::admin::Admin;
use integration::caller::Call;
use integration::document::{self, KEY, client};
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::json;
use tollhouse::process::Gateway;

use super::load::{Load, until};

#[tokio::test]
async fn a_full_disk_costs_records_and_no_request() {
    let provider = stage::provider(OpenAi);
    let document = document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] } },
        "clients": [client("main", KEY, &["*"])],
    }));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("envoy.log");
    let gateway = Gateway::start(&document, stage::options(Path::new("/dev/full"), &log)).unwrap();
    let admin = Admin::of(&gateway.admin_url());
    let call = Call::chat(gateway.base_url().trim_start_matches("http://").parse().unwrap(), KEY, "tier");
    let load = Load::of([call.clone(), call.clone().stream(true)]);
    until("records are lost", || admin.sum("^filesystem.write_failed") > 0).await;
    load.more(100).await;
    assert_eq!(load.end().await, Vec::<String>::new());
    // Metrics are the second account.
    assert!(admin.sum("wasmcustom.tollhouse_requests.*outcome=completed") > 100);
    stage::healthy(admin, &std::fs::read_to_string(log).unwrap());
}
