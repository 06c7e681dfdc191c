//! Callers with certificates.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use integration::caller::{Answer, Call};
use integration::http::{self, Framing};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{Authority, Certificate};

impl Authority {
    /// Sends a request over TLS, with a certificate or without, and reads the whole answer.
    ///
    /// # Errors
    /// The connection is refused.
    pub(crate) async fn send(
        &self,
        to: SocketAddr,
        call: &Call,
        certificate: Option<&Certificate>,
    ) -> io::Result<Answer> {
        let sent = Instant::now();
        let stream = TcpStream::connect(to).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(self.config(certificate)));
        let mut stream = BufReader::new(connector.connect(name, stream).await?);
        stream.write_all(&call.bytes()).await?;
        let head = http::read_head(&mut stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut framing = Framing::of(&head, Framing::Close);
        let mut body = Vec::new();
        while let Some(piece) = http::read_piece(&mut stream, &mut framing).await? {
            body.extend(piece);
        }
        Ok(Answer { status: head.word(1).parse().unwrap(), head, body, whole: true, took: sent.elapsed() })
    }

    fn config(&self, certificate: Option<&Certificate>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match certificate {
            None => config.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
                config.with_client_auth_cert(vec![own.der.clone()], key).unwrap()
            }
        }
    }
}
