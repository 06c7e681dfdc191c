//! TLS to providers, as it is rendered: nothing in the document is about it.

use integration::document::KEY;
use integration::gateway::Gateway;

use crate::pki::Servers;

#[tokio::test]
async fn a_provider_must_prove_who_it_is() {
    let servers = Servers::raise();
    let ca = servers.ca().to_owned();
    let gateway = Gateway::with(&servers.document(), |options| options.ca = Some(ca));
    servers.must_prove_who_they_are(|model| gateway.chat(KEY, model)).await;
}
