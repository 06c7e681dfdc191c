//! OpenAI's models at Azure: the same format at another address.
//!
//! <https://learn.microsoft.com/azure/ai-services/openai/reference>

use super::openai::OpenAi;
use super::{Address, Dialect, Format};

/// The dialect `azure-openai`.
#[derive(Clone, Copy, Debug)]
pub struct AzureOpenAi;

impl Dialect for AzureOpenAi {
    fn name(&self) -> &'static str {
        "azure-openai"
    }

    /// Every resource has a host of its own: `https://RESOURCE.openai.azure.com`.
    fn endpoint(&self) -> &'static str {
        ""
    }

    fn formats(&self) -> &'static [&'static dyn Format] {
        &[&OpenAi]
    }

    /// With a version of the API the path names the deployment; without one the body does.
    ///
    /// <https://learn.microsoft.com/azure/ai-services/openai/api-version-lifecycle>
    fn path(&self, to: &Address<'_>) -> String {
        match &to.settings.api_version {
            Some(version) => {
                let (deployment, version) = (encode(to.model), encode(version));
                format!("/openai/deployments/{deployment}/chat/completions?api-version={version}")
            }
            None => "/openai/v1/chat/completions".to_owned(),
        }
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("api-key", key.to_owned())
    }
}

/// All but what every URL may hold anywhere, as percent codes.
///
/// <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
