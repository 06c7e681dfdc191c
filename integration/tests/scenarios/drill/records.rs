//! The sink of records is full: requests go on, and nothing waits for it.

use integration::document::{self, KEY, client};
use integration::gateway::Gateway;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::json;

use super::load::{Load, until};

#[tokio::test]
async fn a_full_disk_costs_records_and_no_request() {
    let provider = stage::provider(OpenAi);
    let document = document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] } },
        "clients": [client("main", KEY, &["*"])],
    }));
    let gateway = Gateway::with(&document, |options| options.access_log = Some("/dev/full".into()));
    let (admin, call) = (gateway.admin, gateway.chat(KEY, "tier"));
    let load = Load::of([call.clone(), call.clone().stream(true)]);
    until("records are lost", || admin.sum("^filesystem.write_failed") > 0).await;
    load.more(100).await;
    assert_eq!(load.end().await, Vec::<String>::new());
    // Metrics are the second account.
    assert!(admin.sum("wasmcustom.tollhouse_requests.*outcome=completed") > 100);
}
