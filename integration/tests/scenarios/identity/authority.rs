//! A certificate authority, made for the test, and callers with its certificates.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use integration::caller::{Answer, Call};
use integration::http::{self, Framing};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Signs certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub(super) struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        // Two of one name would be taken for one.
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate with these names; those with a colon are URIs.
    pub(super) fn certificate(&self, names: &[&str]) -> Certificate {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.contains(':') {
                true => SanType::URI((*name).try_into().unwrap()),
                false => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Certificate { pem: certificate.pem(), der: certificate.der().clone(), key }
    }

    /// For a listener that wants certificates of this authority.
    pub(super) fn transport_socket(&self) -> Value {
        let own = self.certificate(&["localhost"]);
        json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "require_client_certificate": true,
                "common_tls_context": self.tls_context(&own),
            },
        })
    }

    /// What `common_tls_context` has.
    pub(super) fn tls_context(&self, own: &Certificate) -> Value {
        json!({
            "tls_certificates": [{
                "certificate_chain": { "inline_string": own.pem },
                "private_key": { "inline_string": own.key.serialize_pem() },
            }],
            "validation_context": { "trusted_ca": { "inline_string": self.0.pem() } },
        })
    }

    /// Sends a request over TLS, with a certificate or without, and reads the whole answer.
    ///
    /// # Errors
    /// The connection is refused.
    pub(super) async fn send(
        &self,
        to: SocketAddr,
        call: &Call,
        certificate: Option<&Certificate>,
    ) -> io::Result<Answer> {
        let sent = Instant::now();
        let stream = TcpStream::connect(to).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = BufReader::new(TlsConnector::from(self.client(certificate)).connect(name, stream).await?);
        stream.write_all(&call.bytes()).await?;
        let head = http::read_head(&mut stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut framing = Framing::of(&head, Framing::Close);
        let mut body = Vec::new();
        while let Some(piece) = http::read_piece(&mut stream, &mut framing).await? {
            body.extend(piece);
        }
        Ok(Answer { status: head.word(1).parse().unwrap(), head, body, whole: true, took: sent.elapsed() })
    }

    fn client(&self, certificate: Option<&Certificate>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match certificate {
            None => config.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
                config.with_client_auth_cert(vec![own.der.clone()], key).unwrap()
            }
        })
    }
}
