//! What caller and provider have in common: a task, and perhaps the wire format of it.

use crate::dialects::{self, ChatFormat, CountFormat, Dialect, EmbeddingFormat, Format, PassFormat};
use crate::surfaces::{self, ChatSurface, CountSurface, EmbeddingSurface, Surface};

/// How a provider serves a caller.
#[derive(Clone, Copy)]
pub enum Service {
    /// A chat, translated unless they speak the same format.
    Chat(&'static dyn ChatSurface, &'static dyn ChatFormat),
    /// Tokens are counted in the provider's words.
    Count(&'static dyn CountSurface, &'static dyn CountFormat),
    /// Embeddings, translated.
    Embeddings(&'static dyn EmbeddingSurface, &'static dyn EmbeddingFormat),
    /// They speak the same format, of anything but chats.
    Pass(&'static dyn Surface, &'static dyn PassFormat),
}

impl Service {
    /// By the caller's own format if the provider speaks it, else by the provider's first of the same task. `None` if
    /// it has none.
    pub fn find(asked: surfaces::Task, dialect: &dyn Dialect, model: &str) -> Option<Self> {
        let serving = || dialect.tasks().iter().filter(|task| task.format().serves(model));
        let all = || serving().filter_map(|task| Self::of(asked, *task));
        all().find(Self::passes).or_else(|| all().next())
    }

    fn of(asked: surfaces::Task, can: dialects::Task) -> Option<Self> {
        match (asked, can) {
            (surfaces::Task::Chat(surface), dialects::Task::Chat(format)) => Some(Self::Chat(surface, format)),
            (surfaces::Task::Embeddings(surface), dialects::Task::Embeddings(format)) => {
                Some(Self::Embeddings(surface, format))
            }
            (surfaces::Task::Count(surface), dialects::Task::Count(format)) => Some(Self::Count(surface, format)),
            (_, dialects::Task::Pass(format)) => Some(Self::Pass(asked.surface(), format)).filter(Self::passes),
            _ => None,
        }
    }

    /// The caller's API.
    pub fn surface(&self) -> &'static dyn Surface {
        match *self {
            Self::Chat(surface, _) => surface,
            Self::Count(surface, _) => surface,
            Self::Embeddings(surface, _) => surface,
            Self::Pass(surface, _) => surface,
        }
    }

    /// The provider's format.
    pub fn format(&self) -> &'static dyn Format {
        match *self {
            Self::Chat(_, format) => format,
            Self::Count(_, format) => format,
            Self::Embeddings(_, format) => format,
            Self::Pass(_, format) => format,
        }
    }

    /// Do they speak the same format?
    pub fn passes(&self) -> bool {
        self.surface().wire() == self.format().wire()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::surfaces::chat::Chat;
    use crate::surfaces::embeddings::Embeddings;
    use crate::surfaces::responses::Responses;
    use crate::wire::Wire;

    fn served(asked: surfaces::Task, dialect: &str) -> Option<(Wire, bool)> {
        let service = Service::find(asked, dialects::find(dialect).unwrap(), "model");
        service.map(|service| (service.format().wire(), service.passes()))
    }

    #[test]
    fn a_caller_is_served_in_its_own_format_or_in_the_first_of_its_task() {
        let (chat, responses) = (surfaces::Task::Chat(&Chat), surfaces::Task::Chat(&Responses));
        assert_eq!(served(chat, "azure-openai"), Some((Wire::OpenAiChat, true)));
        assert_eq!(served(responses, "azure-openai"), Some((Wire::OpenAiResponses, true)));
        assert_eq!(served(responses, "openai"), Some((Wire::OpenAiChat, false)));
    }

    #[test]
    fn a_provider_that_cannot_do_the_task_serves_nobody() {
        let embeddings = surfaces::Task::Embeddings(&Embeddings);
        assert_eq!(served(embeddings, "openai"), Some((Wire::OpenAiEmbeddings, true)));
        assert_eq!(served(embeddings, "cohere"), Some((Wire::CohereEmbed, false)));
        assert_eq!(served(embeddings, "anthropic"), None);
    }
}
