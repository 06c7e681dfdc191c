//! Callers and their virtual keys.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::errors::{ApiError, Retry};
use crate::ledger::Class;
use crate::time::Timestamp;

/// SHA-256 of a virtual key. Keys themselves are never kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a key as the caller sends it.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        let mut digest = [0; 32];
        if pairs.len() != digest.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            let nibble = |c: u8| char::from(c).to_digit(16);
            *byte = u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok()?;
        }
        Some(Self(digest))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A caller.
#[derive(Debug)]
pub struct Client {
    /// Its name in logs and metrics.
    pub name: String,
    /// Who pays.
    pub team: Option<String>,
    /// What it may ask for.
    pub models: Vec<Allowed>,
    /// From then on the key is refused.
    pub expires: Option<Timestamp>,
    /// The key is refused.
    pub disabled: bool,
    /// Whose requests come first.
    pub class: Class,
    /// Tags of all its requests.
    pub tags: BTreeMap<String, String>,
}

impl Client {
    /// Lets the caller in.
    ///
    /// # Errors
    /// The key is disabled or has expired.
    pub fn admit(&self, now: Timestamp) -> Result<(), ApiError> {
        if self.disabled {
            return Err(unauthorized("This gateway key is disabled.", "key_disabled"));
        }
        if self.expires.is_some_and(|end| now >= end) {
            return Err(unauthorized("This gateway key has expired.", "key_expired"));
        }
        Ok(())
    }

    /// May it ask for this logical model, or for this target?
    pub fn may_use(&self, name: &str) -> bool {
        self.models.iter().any(|allowed| allowed.covers(name))
    }

    /// May it ask for every target of this provider?
    pub fn may_use_all(&self, provider: &str) -> bool {
        self.models.iter().any(|allowed| allowed.covers_all(provider))
    }

    /// The models and targets that its key names one by one.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.models.iter().filter_map(Allowed::name)
    }
}

/// A request without a key that is known: 401, not to be tried again.
pub fn unauthorized(message: &str, code: &'static str) -> ApiError {
    ApiError::new(401, message).code(code).retry(Retry::Never)
}

/// What a key may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Every model and every target.
    Everything,
    /// Every target of this provider.
    Provider(String),
    /// This logical model, or this target.
    Named(String),
}

impl Allowed {
    /// Reads an entry: a name of the document, `provider/model`, `provider/*` or `*`.
    pub fn parse(text: &str, is_model: impl Fn(&str) -> bool, is_provider: impl Fn(&str) -> bool) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everything);
        }
        if is_model(text) {
            return Some(Self::Named(text.to_owned()));
        }
        match text.split_once('/')? {
            (provider, "*") if is_provider(provider) => Some(Self::Provider(provider.to_owned())),
            (provider, model) if is_provider(provider) && !model.is_empty() => Some(Self::Named(text.to_owned())),
            _ => None,
        }
    }

    /// Is this model or target among it?
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Provider(provider) => name.split_once('/').is_some_and(|(p, _)| p == provider),
            Self::Named(allowed) => allowed == name,
        }
    }

    /// Is every target of this provider among it?
    pub fn covers_all(&self, provider: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Provider(all) => all == provider,
            Self::Named(_) => false,
        }
    }

    /// The model or target, if it is a single one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Everything | Self::Provider(_) => None,
        }
    }
}

/// The key that a request carries, in any of the four headers that SDKs use. `header` looks one up by its
/// lower-case name. A token that whoever has verified it has left in its header is no key beside another one.
pub fn presented_key(header: impl Fn(&str) -> Option<String>) -> Option<String> {
    let bearer = header("authorization").and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
    });
    let bearer = bearer.filter(|key| !key.is_empty());
    if bearer.as_deref().is_some_and(|key| !is_token(key)) {
        return bearer;
    }
    let plain = KEY_HEADERS.iter().find_map(|name| header(name)).map(|key| key.trim().to_owned());
    plain.filter(|key| !key.is_empty()).or(bearer)
}

/// Is it in the form of signed tokens: a JSON object in base64, and two more parts?
///
/// <https://www.rfc-editor.org/rfc/rfc7515#section-7.1>
pub(crate) fn is_token(key: &str) -> bool {
    key.starts_with("eyJ") && key.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Headers that carry a key without a scheme, beside `authorization`.
pub const KEY_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn client(models: &[&str]) -> Client {
        let models = models.iter().filter_map(|m| Allowed::parse(m, |m| m == "tier", |p| p == "openai")).collect();
        Client {
            name: "bot".into(),
            team: None,
            models,
            expires: None,
            disabled: false,
            class: Class::Interactive,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn a_digest_reads_what_it_writes() {
        let digest = Digest::of("sk-th-1");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("ab"), None);
        assert_eq!(Digest::parse(&"g".repeat(64)), None);
    }

    #[test]
    fn an_expired_or_disabled_key_is_refused() {
        let mut client = client(&[]);
        client.expires = Some(Timestamp(1000));
        assert!(client.admit(Timestamp(999)).is_ok());
        assert_eq!(client.admit(Timestamp(1000)).unwrap_err().status, 401);
        client.expires = None;
        client.disabled = true;
        assert_eq!(client.admit(Timestamp(0)).unwrap_err().code.as_deref(), Some("key_disabled"));
    }

    #[test]
    fn a_key_may_use_only_what_is_listed() {
        assert!(client(&["tier"]).may_use("tier"));
        assert!(!client(&["tier"]).may_use("openai/gpt"));
        assert!(client(&["openai/*"]).may_use("openai/org/gpt"));
        assert!(!client(&["openai/*"]).may_use("tier"));
        assert!(client(&["*"]).may_use("anything"));
        assert!(!client(&[]).may_use("tier"));
        assert!(client(&["openai/*"]).may_use_all("openai") && client(&["*"]).may_use_all("openai"));
        assert!(!client(&["openai/gpt", "tier"]).may_use_all("openai") && !client(&["openai/*"]).may_use_all("a"));
    }

    #[test]
    fn the_key_is_found_in_all_four_headers() {
        for name in ["authorization", "x-api-key", "api-key", "x-goog-api-key"] {
            let value = if name == "authorization" { "bearer sk-1" } else { "sk-1" };
            assert_eq!(presented_key(|n| (n == name).then(|| value.to_owned())).as_deref(), Some("sk-1"), "{name}");
        }
        assert_eq!(presented_key(|n| (n == "authorization").then(|| "Basic c2stMQ==".to_owned())), None);
        assert_eq!(presented_key(|_| Some(" ".to_owned())), None);
    }

    #[test]
    fn a_token_is_no_key_where_there_is_another() {
        let presented = |bearer: &str, plain: Option<&str>| {
            presented_key(|name| match name {
                "authorization" => Some(format!("Bearer {bearer}")),
                "x-api-key" => plain.map(str::to_owned),
                _ => None,
            })
        };
        assert_eq!(presented("eyJh.eyJi.c", Some("sk-1")).as_deref(), Some("sk-1"));
        assert_eq!(presented("eyJh.eyJi.c", None).as_deref(), Some("eyJh.eyJi.c"));
        assert_eq!(presented("eyJh.eyJi.c", Some(" ")).as_deref(), Some("eyJh.eyJi.c"));
        assert_eq!(presented("sk-1", Some("sk-2")).as_deref(), Some("sk-1"));
    }
}
