//! Names in certificates.

/// Where Envoy tells the first URI of the caller's certificate.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes#connection-attributes>
pub(super) const URI_SAN: [&str; 2] = ["connection", "uri_san_peer_certificate"];

/// A name in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The first URI: the SPIFFE id, where there is one.
    Uri,
    /// The first DNS name.
    Dns,
    /// The subject, as RFC 2253 writes it.
    Subject,
    /// Of a SPIFFE id of Kubernetes: `spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
    Namespace,
    /// The same.
    ServiceAccount,
}

impl Name {
    /// Reads its word of the document.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "uri_san" => Self::Uri,
            "dns_san" => Self::Dns,
            "subject" => Self::Subject,
            "namespace" => Self::Namespace,
            "service_account" => Self::ServiceAccount,
            _ => return None,
        })
    }

    /// The property that has it, or that it is a part of.
    pub(super) fn property(self) -> &'static [&'static str] {
        match self {
            Self::Uri | Self::Namespace | Self::ServiceAccount => &URI_SAN,
            Self::Dns => &["connection", "dns_san_peer_certificate"],
            Self::Subject => &["connection", "subject_peer_certificate"],
        }
    }

    /// The key of its value in a forwarded certificate.
    fn key(self) -> &'static str {
        match self {
            Self::Uri | Self::Namespace | Self::ServiceAccount => "URI",
            Self::Dns => "DNS",
            Self::Subject => "Subject",
        }
    }

    /// What it is, in such a value.
    pub(super) fn of(self, text: &str) -> Option<String> {
        match self {
            Self::Uri | Self::Dns | Self::Subject => Some(text.to_owned()),
            Self::Namespace => kubernetes(text).map(|(namespace, _)| namespace.to_owned()),
            Self::ServiceAccount => kubernetes(text).map(|(_, account)| account.to_owned()),
        }
    }
}

/// Namespace and service account.
///
/// <https://istio.io/latest/docs/concepts/security/#istio-identity>
fn kubernetes(id: &str) -> Option<(&str, &str)> {
    let (_domain, path) = id.strip_prefix("spiffe://")?.split_once('/')?;
    let (namespace, account) = path.strip_prefix("ns/")?.split_once("/sa/")?;
    let good = |name: &str| !name.is_empty() && !name.contains('/');
    (good(namespace) && good(account)).then_some((namespace, account))
}

/// A name of the certificate that the nearest proxy was shown: the last element of the header. Those before it are what
/// it was told.
pub(super) fn forwarded(elements: &str, name: Name) -> Option<String> {
    let last = split(elements, ',').pop()?;
    let value = split(last, ';').into_iter().find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name.key()).then(|| unquote(value.trim()))
    })?;
    name.of(&value).filter(|value| !value.is_empty() && !value.contains(char::is_control))
}

/// Divides at a sign that stands outside of quotes.
fn split(text: &str, sign: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c| {
        let plain = !std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && plain => escaped = true,
            '"' if plain => quoted = !quoted,
            _ => {}
        }
        c == sign && !quoted
    })
    .collect()
}

fn unquote(value: &str) -> String {
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(quoted) => {
            let mut escaped = false;
            let keep = |c: &char| {
                escaped = *c == '\\' && !escaped;
                !escaped
            };
            quoted.chars().filter(keep).collect()
        }
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_service_account_is_taken_from_its_spiffe_id_only() {
        let id = "spiffe://acme.example/ns/pay/sa/checkout";
        assert_eq!(Name::Namespace.of(id).as_deref(), Some("pay"));
        assert_eq!(Name::ServiceAccount.of(id).as_deref(), Some("checkout"));
        for other in [
            "https://acme.example/ns/pay/sa/checkout",
            "spiffe://acme.example/pay/checkout",
            "spiffe://acme.example/ns/pay/sa/checkout/more",
            "spiffe://acme.example/ns/pay/more/sa/checkout",
            "spiffe://acme.example/ns//sa/checkout",
        ] {
            assert_eq!(Name::Namespace.of(other), None, "{other}");
        }
    }

    #[test]
    fn of_a_forwarded_certificate_the_nearest_proxys_word_holds() {
        let forged = r#"By=spiffe://a/front;URI=spiffe://a/ns/admin/sa/root,By=spiffe://a/gw;Hash=0f;Subject="CN=\"x\",URI=y;O=z";URI=spiffe://a/ns/pay/sa/checkout;DNS=pay.example"#;
        let of = |name| forwarded(forged, name);
        assert_eq!(of(Name::Uri).as_deref(), Some("spiffe://a/ns/pay/sa/checkout"));
        assert_eq!(of(Name::Namespace).as_deref(), Some("pay"));
        assert_eq!(of(Name::Dns).as_deref(), Some("pay.example"));
        assert_eq!(of(Name::Subject).as_deref(), Some("CN=\"x\",URI=y;O=z"));
        assert_eq!(forwarded("By=spiffe://a/gw;Hash=0f", Name::Uri), None);
        assert_eq!(forwarded("URI=", Name::Uri), None);
    }
}
