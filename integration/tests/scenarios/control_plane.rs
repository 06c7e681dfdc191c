//! A control plane: what a test offers is what the Envoys that ask are sent, and what they say of it is kept.
//!
//! <https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol>, the variant of whole states.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use envoy_types::pb::envoy::service::discovery::v3::aggregated_discovery_service_server::{
    AggregatedDiscoveryService, AggregatedDiscoveryServiceServer,
};
use envoy_types::pb::envoy::service::discovery::v3::{
    DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse,
};
use envoy_types::pb::envoy::service::secret::v3::secret_discovery_service_server::{
    SecretDiscoveryService, SecretDiscoveryServiceServer,
};
use envoy_types::pb::google::protobuf::Any;
use integration::stage;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_stream::Stream;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

use crate::protobuf_json;

/// How long an Envoy may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of aggregated discovery, and of secrets alone. It lives as long as this process.
pub(crate) struct ControlPlane {
    pub(crate) address: SocketAddr,
    state: State,
}

#[derive(Clone, Default)]
struct State {
    /// By type.
    offers: watch::Sender<HashMap<String, Offer>>,
    verdicts: watch::Sender<Vec<Verdict>>,
    away: watch::Sender<bool>,
}

#[derive(Clone, Default)]
struct Offer {
    version: u64,
    /// With their names.
    resources: Vec<(String, Any)>,
}

/// What an Envoy said of an offer.
struct Verdict {
    kind: String,
    version: u64,
    refused: Option<String>,
}

impl ControlPlane {
    /// Listens on a port of this host.
    pub(crate) fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The same on this port.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let state = State::default();
        let ours = state.clone();
        let address = stage::outliving(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tonic::transport::Server::builder()
                .add_service(AggregatedDiscoveryServiceServer::new(ours.clone()))
                .add_service(SecretDiscoveryServiceServer::new(ours));
            tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
            address
        });
        Self { address, state }
    }

    /// Offers these resources, as JSON with their type, in the place of all of the same type. Tells the version.
    pub(crate) fn offer(&self, resources: &[Value]) -> (String, u64) {
        let kind = resources[0]["@type"].as_str().unwrap().to_owned();
        let named = |resource: &Value| (resource["name"].as_str().unwrap().to_owned(), protobuf_json::any(resource));
        let resources: Vec<_> = resources.iter().map(named).collect();
        let mut version = 0;
        self.state.offers.send_modify(|offers| {
            let offer = offers.entry(kind.clone()).or_default();
            *offer = Offer { version: offer.version + 1, resources };
            version = offer.version;
        });
        (kind, version)
    }

    /// Offers these resources and waits until an Envoy has taken or refused them; then says why.
    pub(crate) async fn give(&self, resources: &[Value]) -> Result<(), String> {
        let (kind, version) = self.offer(resources);
        self.verdict(&kind, version).await
    }

    /// Ends all that Envoys have asked, and answers no more.
    pub(crate) fn leave(&self) {
        self.state.away.send_replace(true);
    }

    /// Answers again.
    pub(crate) fn come_back(&self) {
        self.state.away.send_replace(false);
    }

    /// What an Envoy says of an offer, waited for.
    pub(crate) async fn verdict(&self, kind: &str, version: u64) -> Result<(), String> {
        let mut verdicts = self.state.verdicts.subscribe();
        let ours = |verdict: &&Verdict| verdict.kind == kind && verdict.version == version;
        let said = verdicts.wait_for(|all| all.iter().any(|verdict| ours(&verdict)));
        let said = timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("no word of version {version} of {kind}"));
        said.unwrap().iter().find(ours).unwrap().refused.clone().map_or(Ok(()), Err)
    }
}

/// What one Envoy wants of one type.
#[derive(Default)]
struct Wanted {
    /// None is all.
    names: Vec<String>,
    sent: Option<u64>,
}

impl State {
    fn hear(&self, request: DiscoveryRequest, wanted: &mut HashMap<String, Wanted>) {
        let Ok(version) = request.response_nonce.parse() else {
            wanted.insert(request.type_url, Wanted { names: request.resource_names, sent: None });
            return;
        };
        let entry = wanted.entry(request.type_url.clone()).or_default();
        if entry.names != request.resource_names {
            *entry = Wanted { names: request.resource_names, sent: None };
        }
        let refused = request.error_detail.map(|error| error.message);
        self.verdicts.send_modify(|all| all.push(Verdict { kind: request.type_url, version, refused }));
    }

    /// What is still to be sent.
    fn news(&self, wanted: &mut HashMap<String, Wanted>) -> Vec<DiscoveryResponse> {
        let offers = self.offers.borrow();
        let mut news = Vec::new();
        for (kind, wanted) in wanted {
            let Some(offer) = offers.get(kind).filter(|offer| wanted.sent != Some(offer.version)) else { continue };
            let asked = |name: &String| wanted.names.is_empty() || wanted.names.contains(name);
            let resources = offer.resources.iter().filter(|(name, _)| asked(name));
            let resources: Vec<_> = resources.map(|(_, resource)| resource.clone()).collect();
            wanted.sent = Some(offer.version);
            if !resources.is_empty() {
                let version = offer.version.to_string();
                let (type_url, nonce) = (kind.clone(), version.clone());
                let version_info = version;
                news.push(DiscoveryResponse { version_info, nonce, type_url, resources, ..Default::default() });
            }
        }
        news
    }

    fn converse(
        self,
        mut requests: Streaming<DiscoveryRequest>,
    ) -> Result<Response<Answers<DiscoveryResponse>>, Status> {
        let (sender, answers) = mpsc::channel(16);
        let (mut offers, mut away) = (self.offers.subscribe(), self.away.subscribe());
        if *away.borrow_and_update() {
            return Err(Status::unavailable("away"));
        }
        tokio::spawn(async move {
            let mut wanted = HashMap::new();
            loop {
                tokio::select! {
                    request = requests.message() => match request {
                        Ok(Some(request)) => self.hear(request, &mut wanted),
                        Ok(None) | Err(_) => return,
                    },
                    changed = offers.changed() => changed.unwrap(),
                    _ = away.changed() => return,
                }
                for answer in self.news(&mut wanted) {
                    drop(sender.send(Ok(answer)).await);
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl AggregatedDiscoveryService for State {
    type StreamAggregatedResourcesStream = Answers<DiscoveryResponse>;
    type DeltaAggregatedResourcesStream = Answers<DeltaDiscoveryResponse>;

    async fn stream_aggregated_resources(
        &self,
        requests: Request<Streaming<DiscoveryRequest>>,
    ) -> Result<Response<Self::StreamAggregatedResourcesStream>, Status> {
        self.clone().converse(requests.into_inner())
    }

    async fn delta_aggregated_resources(
        &self,
        _: Request<Streaming<DeltaDiscoveryRequest>>,
    ) -> Result<Response<Self::DeltaAggregatedResourcesStream>, Status> {
        Err(Status::unimplemented("whole states only"))
    }
}

#[tonic::async_trait]
impl SecretDiscoveryService for State {
    type StreamSecretsStream = Answers<DiscoveryResponse>;
    type DeltaSecretsStream = Answers<DeltaDiscoveryResponse>;

    async fn stream_secrets(
        &self,
        requests: Request<Streaming<DiscoveryRequest>>,
    ) -> Result<Response<Self::StreamSecretsStream>, Status> {
        self.clone().converse(requests.into_inner())
    }

    async fn delta_secrets(
        &self,
        _: Request<Streaming<DeltaDiscoveryRequest>>,
    ) -> Result<Response<Self::DeltaSecretsStream>, Status> {
        Err(Status::unimplemented("whole states only"))
    }

    async fn fetch_secrets(&self, _: Request<DiscoveryRequest>) -> Result<Response<DiscoveryResponse>, Status> {
        Err(Status::unimplemented("streams only"))
    }
}
