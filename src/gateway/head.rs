//! The headers of a request.

use crate::clients::KEY_HEADERS;
use crate::config::raw::ByteSize;
use crate::contract;
use crate::errors::{ApiError, Retry};
use crate::exchange::Resource;
use crate::headers::Headers;
use crate::host::{Side, Stream};
use crate::identity::{Evidence, Identities};
use crate::multipart;
use crate::surfaces::models::Form;

/// The headers of a request, as they came.
pub(super) struct Head(Headers);

impl Head {
    pub(super) fn read(stream: &(impl Stream + ?Sized)) -> Self {
        Self(stream.headers(Side::Request))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// What is established of the caller. Takes away the headers of identities that are not to be trusted.
    pub(super) fn evidence<'a>(&mut self, identities: &'a Identities, stream: &dyn Stream) -> Evidence<'a> {
        identities.read(stream, &mut self.0)
    }

    pub(super) fn method(&self) -> &str {
        self.get(":method").unwrap_or_default()
    }

    /// Without the query, which no surface of ours has a use for.
    pub(super) fn path(&self) -> &str {
        let path = self.get(":path").unwrap_or_default();
        path.split('?').next().unwrap_or(path)
    }

    /// The form of lists that the caller can read: Anthropic's SDKs say what version of it they want.
    pub(super) fn form(&self) -> Form {
        if self.get("anthropic-version").is_some() { Form::Anthropic } else { Form::OpenAi }
    }

    /// What is asked for of something that a provider keeps.
    pub(super) fn resource(&self, bare: bool) -> Option<Resource> {
        let path = self.get(":path")?.strip_prefix("/v1")?;
        Some(Resource { method: self.method().to_owned(), path: path.to_owned(), bare })
    }

    /// Refuses a body that will not be read.
    pub(super) fn check_body(&self, end: bool, forms: bool, max_body: u64) -> Result<(), ApiError> {
        let media = self.get("content-type").unwrap_or_default();
        let essence = media.split(';').next().unwrap_or_default().trim();
        let readable = essence.eq_ignore_ascii_case("application/json") || forms && multipart::is_form(media);
        if !readable {
            let or = if forms { " or `multipart/form-data`" } else { "" };
            let message = format!("Send the body with `content-type: application/json`{or}.");
            return Err(ApiError::new(415, message).code("unsupported_media_type").retry(Retry::Never));
        }
        if end {
            return Err(ApiError::invalid("The request has no body."));
        }
        if self.get("upgrade").is_some() {
            // Envoy lets only those through that the operator has allowed. Their body has no end.
            return Err(ApiError::invalid("Connections cannot be upgraded here.").code("unsupported_upgrade"));
        }
        self.check_transfer(max_body)
    }

    /// Refuses a body that is compressed or too large.
    pub(super) fn check_transfer(&self, max_body: u64) -> Result<(), ApiError> {
        let encoding = self.get("content-encoding").unwrap_or("identity").trim();
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            let message = "Send the body without `content-encoding`: compressed requests are not read.";
            return Err(ApiError::new(415, message).code("unsupported_encoding").retry(Retry::Never));
        }
        if self.get("content-length").and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > max_body) {
            let message = format!("The body is over the limit of {}.", ByteSize(max_body));
            return Err(ApiError::new(413, message).code("request_too_large").retry(Retry::Never));
        }
        Ok(())
    }

    /// The headers without those that only we may set, and without the key: filters behind us and mirrors of the request
    /// have no use for it.
    pub(super) fn into_headers(mut self) -> Headers {
        let ours = |name: &str| contract::INTERNAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        self.0.retain(|name| !ours(name) && !is_key(name));
        self.0
    }
}

/// What the header `anthropic-beta` names. It may come several times.
///
/// <https://docs.anthropic.com/en/api/beta-headers>
pub(super) fn betas(headers: &Headers) -> Vec<String> {
    let values = headers.iter().filter(|(name, _)| *name == "anthropic-beta").flat_map(|(_, value)| value.split(','));
    values.map(str::trim).filter(|beta| !beta.is_empty()).map(str::to_owned).collect()
}

fn is_key(name: &str) -> bool {
    name == "authorization" || KEY_HEADERS.contains(&name)
}
