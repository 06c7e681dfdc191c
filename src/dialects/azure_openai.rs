//! OpenAI's models at Azure: the same format at another address.
//!
//! <https://learn.microsoft.com/azure/ai-services/openai/reference>

use super::openai::{self, OpenAi, embeddings::Embeddings, raw, responses::Responses};
use super::{Address, Dialect, Task, path};
use crate::wire::Wire;

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

    fn tasks(&self) -> &'static [Task] {
        static TASKS: &[Task] = &[
            Task::Chat(&OpenAi),
            Task::Chat(&Responses),
            Task::Pass(&Embeddings),
            Task::Pass(&raw::IMAGE_EDITS),
            Task::Pass(&raw::IMAGE_GENERATIONS),
            Task::Pass(&raw::SPEECH),
            Task::Pass(&raw::TRANSCRIPTIONS),
            Task::Pass(&raw::TRANSLATIONS),
        ];
        TASKS
    }

    /// With a version of the API the path names the deployment; without one the body does, and Responses have no other
    /// way.
    ///
    /// <https://learn.microsoft.com/azure/ai-services/openai/api-version-lifecycle>
    fn path(&self, to: &Address<'_>) -> String {
        if to.wire == Wire::OpenAiResponses {
            return "/openai/v1/responses".to_owned();
        }
        let operation = openai::operation(to.wire);
        match &to.settings.api_version {
            Some(version) => {
                let (deployment, version) = (path::segment(to.model), path::segment(version));
                format!("/openai/deployments/{deployment}/{operation}?api-version={version}")
            }
            None => format!("/openai/v1/{operation}"),
        }
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("api-key", key.to_owned())
    }
}

/// The dialect `azure-openai-responses`: for models that answer only there, whatever the caller speaks.
///
/// <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses>
#[derive(Clone, Copy, Debug)]
pub struct AzureOpenAiResponses;

impl Dialect for AzureOpenAiResponses {
    fn name(&self) -> &'static str {
        "azure-openai-responses"
    }

    fn endpoint(&self) -> &'static str {
        AzureOpenAi.endpoint()
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Responses)]
    }

    fn path(&self, to: &Address<'_>) -> String {
        AzureOpenAi.path(to)
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        AzureOpenAi.credential(key)
    }
}

#[cfg(test)]
mod tests;
