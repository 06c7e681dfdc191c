//! A Gateway of Envoy Gateway.

use integration::envoy::{Envoy, Files};
use integration::envoy_gateway::{LISTENER, gateway};
use serde_json::Value;
use tollhouse::render::{self, Edge};
use tollhouse_filter::config::raw::Document;

use super::{HOST, Upstreams, chat, limit_strangers, options, without};
use crate::control_plane::ControlPlane;
use crate::pki::Servers;

mod tokens;

fn edge() -> Edge {
    Edge {
        namespace: "default".to_owned(),
        gateway: "eg".to_owned(),
        host: HOST.to_owned(),
        listener: LISTENER.to_owned(),
        routes: LISTENER.to_owned(),
        image: None,
    }
}

fn resources(document: &Document, files: &Files<'_>) -> Vec<Value> {
    render::envoy_gateway(document, &options(files), &edge()).unwrap()
}

fn start(upstreams: &Upstreams) -> Envoy {
    Envoy::start(|files| upstreams.open_shop(gateway(&resources(&upstreams.document(), files))), &[])
}

#[tokio::test]
async fn a_gateway_serves_and_fails_over() {
    let upstreams = Upstreams::raise();
    let envoy = start(&upstreams);
    upstreams.answer_and_fail_over(&envoy).await;
    upstreams.tell(&envoy).await;
}

#[tokio::test]
async fn other_routes_of_the_gateway_do_not_meet_the_filter() {
    let upstreams = Upstreams::raise();
    let envoy = start(&upstreams);
    upstreams.shop_as_ever(&envoy).await;
}

#[tokio::test]
async fn filters_in_front_that_want_the_route_s_cluster_have_one() {
    let upstreams = Upstreams::raise();
    let bootstrap = |files: &Files<'_>| {
        let mut gateway = gateway(&resources(&upstreams.document(), files));
        limit_strangers(&mut gateway, "/static_resources/listeners/0/default_filter_chain/filters/0/typed_config");
        upstreams.open_shop(gateway)
    };
    let envoy = Envoy::start(bootstrap, &[]);
    upstreams.strangers_are_refused(&envoy).await;
}

#[tokio::test]
async fn without_the_patches_nothing_goes_to_a_provider() {
    let upstreams = Upstreams::raise();
    let bootstrap = |files: &Files<'_>| {
        upstreams.open_shop(gateway(&without("EnvoyPatchPolicy", resources(&upstreams.document(), files))))
    };
    let envoy = Envoy::start(bootstrap, &[]);
    let answer = chat(&envoy, "chat").send().await;
    assert_eq!((answer.status, answer.header("x-tollhouse-target")), (503, None));
    upstreams.nobody_was_asked();
}

#[tokio::test]
async fn a_provider_must_prove_who_it_is() {
    let servers = Servers::raise();
    let bootstrap = |files: &Files<'_>| {
        let mut options = options(files);
        options.ca = servers.ca().to_owned();
        gateway(&render::envoy_gateway(&servers.document(), &options, &edge()).unwrap()).to_string()
    };
    let envoy = Envoy::start(bootstrap, &[]);
    servers.must_prove_who_they_are(|model| chat(&envoy, model)).await;
}

#[tokio::test]
async fn keys_come_from_a_server_of_secrets() {
    let (upstreams, secrets) = (Upstreams::raise(), ControlPlane::start());
    let bootstrap =
        |files: &Files<'_>| upstreams.open_shop(gateway(&resources(&upstreams.document_with(&secrets), files)));
    let envoy = Envoy::start(bootstrap, &[]);
    upstreams.key_of_the_server(&envoy).await;
}
