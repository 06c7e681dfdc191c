//! Servers that Istio is told of, and the clusters that it makes of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};
use tollhouse_filter::config::{self, ConfigError, Endpoint, raw::Document};

use super::Ingress;
use crate::render::NAME;

/// Servers outside of the mesh, by host.
#[derive(Default)]
pub(super) struct Outside(BTreeMap<String, Server>);

struct Server {
    /// Where the host is no name.
    address: Option<IpAddr>,
    ports: BTreeMap<u16, Port>,
}

struct Port {
    /// Istio's word.
    protocol: &'static str,
    connect_timeout: String,
}

/// The document with the clusters as Istiod names them, and the servers that it must be told of. A `cluster` that the
/// document names is the operator's own.
pub(super) fn named(document: &Document) -> Result<(Document, Outside), ConfigError> {
    let mut document = document.clone();
    let mut outside = Outside::default();
    for (name, provider) in &mut document.providers {
        let endpoint = config::endpoint(name, provider)?;
        let timeout = provider.connect_timeout.map_or(5.0, |t| t.0.as_secs_f64());
        let protocol = if endpoint.tls { "HTTPS" } else { "HTTP" };
        provider.cluster.get_or_insert_with(|| outside.cluster(name, &endpoint, protocol, format!("{timeout}s")));
    }
    if let Some(alerts) = &mut document.alerts {
        let endpoint = config::webhook_endpoint(&alerts.webhook)?;
        let protocol = if endpoint.tls { "HTTPS" } else { "HTTP" };
        let of_webhook = || outside.cluster("alerts", &endpoint, protocol, "5s".to_owned());
        alerts.webhook.cluster.get_or_insert_with(of_webhook);
    }
    if let Some(store) = &mut document.limit_store
        && let Some(address) = store.address.take()
    {
        let endpoint = config::store_endpoint(&address)?;
        store.rate_limit_service = outside.cluster("limits", &endpoint, "GRPC", "1s".to_owned());
    }
    Ok((document, outside))
}

impl Outside {
    /// The name of the cluster; a server that Istio does not know is kept.
    fn cluster(&mut self, name: &str, endpoint: &Endpoint, protocol: &'static str, connect_timeout: String) -> String {
        let address = endpoint.host.parse().ok();
        let host = if address.is_some() { format!("{name}.{NAME}.internal") } else { endpoint.host.clone() };
        let cluster = cluster_name(endpoint.port, &host);
        // Services of Kubernetes are known.
        if !host.ends_with(".svc.cluster.local") {
            let server = self.0.entry(host).or_insert_with(|| Server { address, ports: BTreeMap::new() });
            server.ports.entry(endpoint.port).or_insert(Port { protocol, connect_timeout });
        }
        cluster
    }

    /// Does Istiod make this cluster of addresses that it looks up?
    pub(super) fn looked_up(&self, cluster: &str) -> bool {
        self.0.iter().filter(|(_, server)| server.address.is_none()).any(|(host, server)| {
            let of_port = |port: &u16| cluster == cluster_name(*port, host);
            server.ports.keys().any(of_port)
        })
    }

    /// A ServiceEntry and a DestinationRule of each.
    pub(super) fn resources(&self, ingress: &Ingress) -> Vec<Value> {
        let of_one = |(host, server): (&String, &Server)| {
            let of_kind = |kind, spec| ingress.resource("networking.istio.io/v1", kind, &resource_name(host), spec);
            [of_kind("ServiceEntry", server.entry(host)), of_kind("DestinationRule", server.rule(host))]
        };
        self.0.iter().flat_map(of_one).collect()
    }
}

impl Server {
    /// For this namespace only: other pods of the mesh may speak TLS to the same host themselves.
    fn entry(&self, host: &str) -> Value {
        let port = |(number, port): (&u16, &Port)| {
            let name = format!("{}-{number}", port.protocol.to_lowercase());
            json!({ "number": number, "name": name, "protocol": port.protocol })
        };
        let ports: Vec<_> = self.ports.iter().map(port).collect();
        let mut entry = json!({
            "hosts": [host],
            "exportTo": ["."],
            "location": "MESH_EXTERNAL",
            "ports": ports,
            "resolution": if self.address.is_some() { "STATIC" } else { "DNS" },
        });
        if let (Some(fields), Some(address)) = (entry.as_object_mut(), self.address) {
            fields.insert("endpoints".to_owned(), json!([{ "address": address }]));
        }
        entry
    }

    fn rule(&self, host: &str) -> Value {
        let settings: Vec<_> = self.ports.iter().map(|(number, port)| self.settings(host, *number, port)).collect();
        json!({ "host": host, "exportTo": ["."], "trafficPolicy": { "portLevelSettings": settings } })
    }

    fn settings(&self, host: &str, number: u16, port: &Port) -> Value {
        let mut settings = json!({
            "port": { "number": number },
            "connectionPool": {
                "tcp": {
                    "connectTimeout": port.connect_timeout,
                    // Firewalls forget connections on which a model thinks for minutes without a word.
                    "tcpKeepalive": { "time": "60s", "interval": "15s", "probes": 4 },
                },
                "http": { "maxRetries": 65536 },
            },
        });
        if let (Some(fields), "HTTPS") = (settings.as_object_mut(), port.protocol) {
            fields.insert("tls".to_owned(), self.tls(host));
        }
        settings
    }

    /// Checked against the system's certificates, which is what Istio takes where no others are named.
    fn tls(&self, host: &str) -> Value {
        match self.address {
            // Server names are names: an address is none.
            Some(address) => json!({ "mode": "SIMPLE", "subjectAltNames": [address] }),
            None => json!({ "mode": "SIMPLE", "sni": host, "subjectAltNames": [host] }),
        }
    }
}

/// As Istiod names the cluster of a port of a service.
fn cluster_name(port: u16, host: &str) -> String {
    format!("outbound|{port}||{host}")
}

/// Kubernetes takes small letters, digits, `-` and `.`.
fn resource_name(host: &str) -> String {
    let small = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    format!("{NAME}-{}", host.chars().map(small).collect::<String>())
}
