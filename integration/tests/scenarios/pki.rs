//! Certificates that are made for one test, and TLS of Envoy with them.

use std::net::IpAddr;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::CertificateDer;

mod caller;
mod servers;

pub(crate) use servers::Servers;

/// Signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub(crate) struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        // Another name than certificates have: who has signed itself is trusted by nobody.
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate with these names.
    pub(crate) fn certificate(&self, names: &[&str]) -> Certificate {
        self.certificate_until(names, 2100)
    }

    /// One that is good until the end of a year.
    pub(crate) fn certificate_until(&self, names: &[&str], year: i32) -> Certificate {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.iter().map(|name| subject(name)).collect();
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Certificate { pem: certificate.pem(), der: certificate.der().clone(), key }
    }

    /// What `common_tls_context` of a server has that wants certificates of this authority.
    pub(crate) fn mutual(&self, own: &Certificate) -> Value {
        json!({ "tls_certificates": [own.json()], "validation_context": self.validation() })
    }

    fn validation(&self) -> Value {
        json!({ "trusted_ca": { "inline_string": self.pem() } })
    }
}

/// An address, an URI or a name of DNS.
fn subject(name: &str) -> SanType {
    match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) if name.contains(':') => SanType::URI(name.try_into().unwrap()),
        Err(_) => SanType::DnsName(name.try_into().unwrap()),
    }
}

impl Certificate {
    /// As Envoy takes it.
    fn json(&self) -> Value {
        json!({
            "certificate_chain": { "inline_string": self.pem },
            "private_key": { "inline_string": self.key.serialize_pem() },
        })
    }
}

/// TLS of a server.
pub(crate) fn server(certificate: &Certificate, protocols: &[&str]) -> Value {
    json!({ "common_tls_context": { "tls_certificates": [certificate.json()], "alpn_protocols": protocols } })
}

/// TLS of a client that trusts one authority.
pub(crate) fn client(authority: &Authority, name: &str) -> Value {
    json!({ "common_tls_context": { "validation_context": authority.validation() }, "sni": name })
}

/// A transport socket for TCP.
pub(crate) fn tls(kind: &str, mut context: Value) -> Value {
    context["@type"] = json!(format!("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{kind}"));
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}

/// A transport socket for QUIC.
pub(crate) fn quic(kind: &str, field: &str, context: Value) -> Value {
    let kind = format!("type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.{kind}");
    json!({ "name": "envoy.transport_sockets.quic", "typed_config": { "@type": kind, field: context } })
}
