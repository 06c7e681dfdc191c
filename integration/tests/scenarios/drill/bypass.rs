//! The gateway is gone altogether: callers with a second address and a key of their own go on (`docs/chaos.md`).

use integration::caller::Call;
use integration::document::{self, KEY, PROVIDER_KEYS, client};
use integration::gateway::Gateway;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::json;

use super::load::is_good;

/// What a caller is given for the day on which there is no gateway.
struct Ways {
    /// The gateway, a key of it, and a model of its document.
    usual: Call,
    /// The provider itself, a key that is kept sealed, and the provider's own name of the model.
    bypass: Call,
}

impl Ways {
    async fn send(&self, gateway_is_there: bool) -> bool {
        is_good(&if gateway_is_there { &self.usual } else { &self.bypass }.send().await)
    }
}

#[tokio::test]
async fn callers_go_on_without_the_gateway_and_come_back() {
    let provider = stage::provider(OpenAi);
    let document = document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/gpt-5-mini"] } },
        "clients": [client("main", KEY, &["*"])],
    }));
    let gateway = Gateway::start(&document);
    let place = gateway.address;
    let sealed = format!("{PROVIDER_KEYS}sealed");
    let ways = Ways { usual: gateway.chat(KEY, "tier"), bypass: Call::chat(provider.address, &sealed, "gpt-5-mini") };
    assert!(ways.send(true).await);
    drop(gateway);
    assert!(tokio::net::TcpStream::connect(place).await.is_err(), "the gateway is gone");
    assert!(ways.send(false).await);
    let _gateway = Gateway::with(&document, |options| options.listen = Some(place));
    assert!(ways.send(true).await);
    assert_eq!(provider.seen("gpt-5-mini").len(), 3);
}
