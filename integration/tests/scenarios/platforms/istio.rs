//! An ingress gateway of Istio.

use integration::envoy::{Envoy, Files};
use integration::{istio, version};
use serde_json::Value;
use tollhouse::render::{self, Ingress, system_ca};
use tollhouse_filter::config::raw::Document;

use super::{HOST, Upstreams, chat, limit_strangers, options, without};
use crate::control_plane::ControlPlane;
use crate::pki::Servers;

mod tokens;

/// Can its Envoy play this?
fn plays() -> bool {
    version::since("1.39", "Istio has Envoy 1.39 from 1.31 on, and older ones are not rendered for")
}

const IMAGE: &str = "oci://registry.example.com/tollhouse:1";

fn ingress(image: Option<&str>) -> Ingress {
    Ingress {
        namespace: "istio-ingress".to_owned(),
        gateway: "gateway".to_owned(),
        labels: [("istio".to_owned(), "ingress".to_owned())].into(),
        host: HOST.to_owned(),
        image: image.map(str::to_owned),
    }
}

fn resources(document: &Document, files: &Files<'_>, image: Option<&str>) -> Vec<Value> {
    render::istio(document, &options(files), &ingress(image)).unwrap()
}

fn start(upstreams: &Upstreams) -> Envoy {
    let bootstrap = |files: &Files<'_>| {
        upstreams.open_shop(istio::gateway(&resources(&upstreams.document(), files, None), &system_ca()))
    };
    Envoy::start(bootstrap, &[])
}

#[tokio::test]
async fn an_ingress_gateway_serves_and_fails_over() {
    if !plays() {
        return;
    }
    let upstreams = Upstreams::raise();
    let envoy = start(&upstreams);
    upstreams.answer_and_fail_over(&envoy).await;
    upstreams.tell(&envoy).await;
}

#[tokio::test]
async fn a_filter_that_the_agent_gets_from_an_image_does_the_same() {
    if !plays() {
        return;
    }
    let upstreams = Upstreams::raise();
    let bootstrap = |files: &Files<'_>| {
        let resources = resources(&upstreams.document(), files, Some(IMAGE));
        let mut gateway = istio::gateway(&resources, &system_ca());
        istio::agent::serve(&resources, &mut gateway, IMAGE, &files.filter());
        upstreams.open_shop(gateway)
    };
    let envoy = Envoy::start(bootstrap, &[]);
    upstreams.answer_and_fail_over(&envoy).await;
}

#[tokio::test]
async fn other_hosts_of_the_gateway_do_not_meet_the_filter() {
    if !plays() {
        return;
    }
    let upstreams = Upstreams::raise();
    let envoy = start(&upstreams);
    upstreams.shop_as_ever(&envoy).await;
}

#[tokio::test]
async fn filters_in_front_that_want_the_route_s_cluster_have_one() {
    if !plays() {
        return;
    }
    let upstreams = Upstreams::raise();
    let bootstrap = |files: &Files<'_>| {
        let mut gateway = istio::gateway(&resources(&upstreams.document(), files, None), &system_ca());
        limit_strangers(&mut gateway, "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config");
        upstreams.open_shop(gateway)
    };
    let envoy = Envoy::start(bootstrap, &[]);
    upstreams.strangers_are_refused(&envoy).await;
}

#[tokio::test]
async fn without_the_envoy_filter_nothing_goes_to_a_provider() {
    if !plays() {
        return;
    }
    let upstreams = Upstreams::raise();
    let bootstrap = |files: &Files<'_>| {
        let resources = without("EnvoyFilter", resources(&upstreams.document(), files, None));
        upstreams.open_shop(istio::gateway(&resources, &system_ca()))
    };
    let envoy = Envoy::start(bootstrap, &[]);
    let answer = chat(&envoy, "chat").send().await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "The EnvoyFilter of Tollhouse is not in force."));
    upstreams.nobody_was_asked();
}

#[tokio::test]
async fn a_provider_must_prove_who_it_is() {
    if !plays() {
        return;
    }
    let servers = Servers::raise();
    let bootstrap = |files: &Files<'_>| {
        let resources = resources(&servers.document(), files, None);
        istio::gateway(&resources, servers.ca()).to_string()
    };
    let envoy = Envoy::start(bootstrap, &[]);
    servers.must_prove_who_they_are(|model| chat(&envoy, model)).await;
}

#[tokio::test]
async fn keys_come_from_a_server_of_secrets() {
    if !plays() {
        return;
    }
    let (upstreams, secrets) = (Upstreams::raise(), ControlPlane::start());
    let bootstrap = |files: &Files<'_>| {
        let resources = resources(&upstreams.document_with(&secrets), files, None);
        upstreams.open_shop(istio::gateway(&resources, &system_ca()))
    };
    let envoy = Envoy::start(bootstrap, &[]);
    upstreams.key_of_the_server(&envoy).await;
}
