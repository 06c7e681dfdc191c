//! Who says who calls.

use super::certificate::{Name, URI_SAN};
use super::fact::{Fact, XFCC};
use super::rule::Pattern;
use crate::clients::KEY_HEADERS;
use crate::contract;
use crate::host::Stream;

/// Who says who calls.
#[derive(Debug)]
pub enum Source {
    /// A filter before us, in dynamic metadata below this path: `jwt_authn` in that of its payload, which it has verified.
    Metadata(Vec<String>),
    /// A proxy before us, or a filter, in headers.
    Headers(Trust),
    /// The certificate with which the caller has connected, which Envoy has verified.
    Peer,
    /// A proxy before us, of the certificate with which the caller has connected to it.
    ForwardedPeer(Trust),
}

impl Source {
    /// What it says under a name: a claim by its name, or by a JSON pointer to it; a header; a name of a certificate.
    ///
    /// # Errors
    /// What is expected instead.
    pub fn fact(&self, name: &str) -> Result<Fact, &'static str> {
        match self {
            Self::Metadata(path) => Ok(Fact::Metadata(path.iter().cloned().chain(claim(name)?).collect())),
            Self::Headers(_) => header(name).map(Fact::Header),
            Self::Peer => certificate(name).map(Fact::Peer),
            Self::ForwardedPeer(_) => certificate(name).map(Fact::ForwardedPeer),
        }
    }

    /// Is its word to be trusted in this request?
    pub(super) fn is_trusted(&self, stream: &dyn Stream) -> bool {
        match self {
            Self::Metadata(_) | Self::Peer => true,
            Self::Headers(trust) | Self::ForwardedPeer(trust) => trust.is_given(stream),
        }
    }
}

/// The path of a claim in its payload.
///
/// <https://www.rfc-editor.org/rfc/rfc6901>
fn claim(name: &str) -> Result<Vec<String>, &'static str> {
    let path: Vec<_> = match name.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![name.to_owned()],
    };
    // A part with a NUL would be two.
    let good = |part: &String| !part.is_empty() && !part.contains(char::is_control);
    if path.iter().all(good) { Ok(path) } else { Err("a claim such as `sub`, or a JSON pointer such as `/realm/team`") }
}

fn header(name: &str) -> Result<String, &'static str> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(good) {
        return Err("the name of a header in lower case");
    }
    let internal = contract::INTERNAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if internal || KEY_HEADERS.contains(&name) || matches!(name, "authorization" | "cookie" | XFCC) {
        return Err("a header that nothing else is for");
    }
    Ok(name.to_owned())
}

fn certificate(name: &str) -> Result<Name, &'static str> {
    Name::parse(name).ok_or("`uri_san`, `dns_san`, `subject`, `namespace` or `service_account`")
}

/// When the headers of a request are those of a proxy or a filter, not of the caller: any of these.
#[derive(Debug, Default)]
pub struct Trust {
    /// The connection has come by one of these filter chains.
    pub filter_chains: Vec<String>,
    /// The connection's own certificate has one of these URIs.
    pub peers: Vec<Pattern>,
    /// Nobody reaches us who could write such a header himself.
    pub all: bool,
}

impl Trust {
    fn is_given(&self, stream: &dyn Stream) -> bool {
        let is = |path: &[&str], good: &dyn Fn(&str) -> bool| {
            let value = stream.property(path).and_then(|bytes| String::from_utf8(bytes).ok());
            value.is_some_and(|value| good(&value))
        };
        self.all
            || !self.filter_chains.is_empty()
                && is(&["xds", "filter_chain_name"], &|name| self.filter_chains.iter().any(|chain| chain == name))
            || !self.peers.is_empty() && is(&URI_SAN, &|uri| self.peers.iter().any(|peer| peer.fits(uri)))
    }
}
