//! Providers' credentials, from the document as written to what runs.

use super::{ConfigError, Endpoint, raw};

type Result<T> = std::result::Result<T, ConfigError>;

/// Who puts a provider's credential into its requests.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// The filter: keys, used in turn. None for servers that ask for none. Never shown.
    Filter(Vec<String>),
    /// Envoy, after the filter, which never sees it.
    Secret,
    /// Envoy, which signs what the filter has made.
    Signature,
}

impl Credentials {
    /// Does Envoy put in a key that the filter never sees?
    pub fn are_secret(&self) -> bool {
        *self == Self::Secret
    }

    /// The key of a request; requests with numbers that follow each other take turns.
    pub fn key(&self, turn: u64) -> Option<&str> {
        let Self::Filter(keys) = self else { return None };
        let turn = usize::try_from(turn).unwrap_or(0).checked_rem(keys.len())?;
        keys.get(turn).map(String::as_str)
    }
}

pub(super) fn credentials(
    path: &str,
    provider: &raw::Provider,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Credentials> {
    let keys = provider.keys.iter().enumerate().map(|(i, key)| (format!("{path}.keys[{i}]"), key));
    let mut all = Vec::new();
    for (path, key) in keys {
        match source(&path, key)? {
            Source::Secret(name, value) => all.push(secret(&path, (name, value), CHOICE, env)?),
            Source::Envoy(field) if provider.keys.len() > 1 => {
                let reason = "expected no other key beside it: Envoy puts one in for each provider";
                return Err(ConfigError::new(format!("{path}.{field}"), reason));
            }
            Source::Envoy(_) => {
                check_aws(&path, key, provider)?;
                return Ok(if key.aws.is_some() { Credentials::Signature } else { Credentials::Secret });
            }
        }
    }
    Ok(Credentials::Filter(all))
}

const CHOICE: &str = "`env`, `file`, `sds`, `value` and `aws`";

/// Where a key comes from: its name and value, or the field that tells Envoy.
enum Source<'a> {
    Secret(Option<&'a String>, Option<&'a String>),
    Envoy(&'static str),
}

fn source<'a>(path: &str, key: &'a raw::Key) -> Result<Source<'a>> {
    let raw::Key { env, file, sds, value, aws } = key;
    match (env, value, file, sds, aws) {
        (None, None, Some(file), None, None) => {
            let good = file.starts_with('/') && !file.ends_with('/') && !file.chars().any(char::is_control);
            let expected = "an absolute path such as /run/secrets/openai";
            if good {
                Ok(Source::Envoy("file"))
            } else {
                Err(ConfigError::expected(format!("{path}.file"), file, expected))
            }
        }
        (None, None, None, Some(name), None) if name.is_empty() => {
            Err(ConfigError::new(format!("{path}.sds"), "expected the name of a secret"))
        }
        (None, None, None, Some(_), None) => Ok(Source::Envoy("sds")),
        (None, None, None, None, Some(_)) => Ok(Source::Envoy("aws")),
        (name, value, None, None, None) => Ok(Source::Secret(name.as_ref(), value.as_ref())),
        _ => Err(ConfigError::new(path, format!("expected one of {CHOICE}"))),
    }
}

/// Signatures are Bedrock's only.
fn check_aws(path: &str, key: &raw::Key, provider: &raw::Provider) -> Result<()> {
    let Some(aws) = &key.aws else { return Ok(()) };
    let path = format!("{path}.aws");
    if !provider.dialect.starts_with("bedrock-") {
        return Err(ConfigError::expected(path, &provider.dialect, "a dialect of Bedrock"));
    }
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if aws.region.is_empty() || !aws.region.chars().all(good) {
        return Err(ConfigError::expected(format!("{path}.region"), &aws.region, "a region such as `us-east-1`"));
    }
    Ok(())
}

/// What stands in an environment variable or in the document; `choice` are all the fields of which one is expected.
pub(super) fn secret(
    path: &str,
    (name, value): (Option<&String>, Option<&String>),
    choice: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<String> {
    let secret = match (name, value) {
        (Some(name), None) => env(name).filter(|v| !v.is_empty()).ok_or_else(|| {
            ConfigError::new(
                path,
                format!("the environment variable `{name}` is not set for Envoy, expected the secret in it"),
            )
        })?,
        (None, Some(value)) => value.clone(),
        _ => return Err(ConfigError::new(path, format!("expected one of {choice}"))),
    };
    // A line break in a header value would be a header of its own; never say what was found.
    if secret.is_empty() || secret.chars().any(|c| c.is_ascii_control() || !c.is_ascii()) {
        return Err(ConfigError::new(path, "expected visible ASCII characters"));
    }
    Ok(secret)
}

/// Secrets need a server, and it an address that means something.
pub(super) fn check_sds(document: &raw::Document) -> Result<()> {
    if let Some(sds) = &document.sds {
        if sds.cluster.is_empty() {
            return Err(ConfigError::new("sds.cluster", "expected the name of a cluster"));
        }
        sds.address.as_deref().map(sds_address).transpose()?;
        return Ok(());
    }
    for (name, provider) in &document.providers {
        if let Some(i) = provider.keys.iter().position(|key| key.sds.is_some()) {
            let path = format!("providers.{name}.keys[{i}].sds");
            return Err(ConfigError::new(
                path,
                "expected an `sds` in the document, which says where secrets come from",
            ));
        }
    }
    Ok(())
}

/// Where a server on this host or another listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host and a port.
    Host(Endpoint),
    /// The path of a Unix domain socket.
    Pipe(String),
}

/// Where the server of secrets is.
///
/// # Errors
/// It is neither `host:port` nor `unix:/path`.
pub fn sds_address(address: &str) -> Result<Address> {
    if let Some(path) = address.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
        return Ok(Address::Pipe(path.to_owned()));
    }
    let endpoint = Endpoint::parse(&format!("http://{address}")).ok();
    let endpoint = endpoint.filter(|endpoint| endpoint.explicit_port && endpoint.path.is_empty());
    endpoint.map(Address::Host).ok_or_else(|| {
        let expected = "a host and a port such as 127.0.0.1:8234, or a socket such as unix:/run/sds.sock";
        ConfigError::expected("sds.address", address, expected)
    })
}
