//! Certificates that are made for one test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use serde_json::{Value, json};

/// Signs certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        // Another name than certificates have: who has signed itself is trusted by nobody.
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate.
    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names, until the end of a year, with its key, as Envoy takes it.
    pub(super) fn certificate(&self, names: &[&str], year: i32) -> Value {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        json!({
            "certificate_chain": { "inline_string": certificate.pem() },
            "private_key": { "inline_string": key.serialize_pem() },
        })
    }
}

/// TLS of a server.
pub(super) fn server(certificate: &Value, protocols: &[&str]) -> Value {
    json!({ "common_tls_context": { "tls_certificates": [certificate], "alpn_protocols": protocols } })
}

/// TLS of a client that trusts one authority.
pub(super) fn client(authority: &Authority, name: &str) -> Value {
    let validation = json!({ "trusted_ca": { "inline_string": authority.pem() } });
    json!({ "common_tls_context": { "validation_context": validation }, "sni": name })
}

/// A transport socket for TCP.
pub(super) fn tls(kind: &str, mut context: Value) -> Value {
    context["@type"] = json!(format!("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{kind}"));
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}

/// A transport socket for QUIC.
pub(super) fn quic(kind: &str, field: &str, context: Value) -> Value {
    let kind = format!("type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.{kind}");
    json!({ "name": "envoy.transport_sockets.quic", "typed_config": { "@type": kind, field: context } })
}
