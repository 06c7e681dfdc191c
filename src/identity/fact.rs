//! One thing that is said of a caller.

use std::str;

use super::certificate::{self, Name};
use crate::headers::Headers;
use crate::host::Stream;
use crate::pairs;

/// The header in which proxies tell of the certificate that they were shown.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert>
pub(super) const XFCC: &str = "x-forwarded-client-cert";

/// One thing that is said of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A value in dynamic metadata, by its path.
    Metadata(Vec<String>),
    /// A header.
    Header(String),
    /// A name of the caller's certificate.
    Peer(Name),
    /// A name of the certificate that the proxy before us was shown.
    ForwardedPeer(Name),
}

impl Fact {
    /// The header that it stands in.
    pub(super) fn header(&self) -> Option<&str> {
        match self {
            Self::Header(name) => Some(name),
            Self::ForwardedPeer(_) => Some(XFCC),
            Self::Metadata(_) | Self::Peer(_) => None,
        }
    }

    /// What is said: nothing, a value, or a list.
    pub(super) fn values(&self, stream: &dyn Stream, headers: &Headers) -> Vec<String> {
        match self {
            Self::Metadata(path) => {
                let path: Vec<_> =
                    ["metadata", "filter_metadata"].into_iter().chain(path.iter().map(String::as_str)).collect();
                stream.property(&path).map(|bytes| read(&bytes)).unwrap_or_default()
            }
            Self::Header(name) => only(headers, name).map(list).unwrap_or_default(),
            Self::Peer(name) => {
                let bytes = stream.property(name.property());
                bytes.as_deref().and_then(text).and_then(|text| name.of(text)).into_iter().collect()
            }
            Self::ForwardedPeer(name) => {
                only(headers, XFCC).and_then(|elements| certificate::forwarded(elements, *name)).into_iter().collect()
            }
        }
    }
}

/// A header that comes twice may be the caller's and the proxy's: it says nothing.
fn only<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let mut all = headers.iter().filter(|(n, _)| *n == name);
    let (_, value) = all.next()?;
    all.next().is_none().then_some(value)
}

/// Proxies write lists with commas.
fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// A text, or a list of texts, as Envoy passes properties. It does not say of which type a value is, but a list has a NUL
/// in it, its number of items, and a text that could be a name has none. Numbers, booleans and objects say nothing.
fn read(bytes: &[u8]) -> Vec<String> {
    match text(bytes) {
        Some(text) => vec![text.to_owned()],
        None => pairs::read(bytes).filter_map(|(item, _)| text(item)).map(str::to_owned).collect(),
    }
}

/// Something that can be a name.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}
