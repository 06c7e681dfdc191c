//! Documents of `tollhouse run` without a file, and what is said about them.

use std::fmt::Write;

use tollhouse_filter::config::raw::{Client, Document, Key, Model, Provider};

use crate::demo::Demo;
use crate::key;

/// A document with one client, and that client's key.
pub(super) struct Builtin {
    pub(super) document: Document,
    pub(super) key: String,
    /// The model of the examples.
    pub(super) model: &'static str,
}

/// Providers with the variable that holds their key and the model that `chat` leads to.
const KNOWN: [(&str, &str, &str); 2] =
    [("anthropic", "ANTHROPIC_API_KEY", "claude-sonnet-4-6"), ("openai", "OPENAI_API_KEY", "gpt-5-mini")];

/// The real providers of which a key is set; none if there is no key.
pub(super) fn real(is_set: impl Fn(&str) -> bool) -> anyhow::Result<Option<Builtin>> {
    let present: Vec<_> = KNOWN.into_iter().filter(|(_, variable, _)| is_set(variable)).collect();
    if present.is_empty() {
        return Ok(None);
    }
    let targets = present.iter().map(|(name, _, model)| format!("{name}/{model}")).collect();
    let providers = present.iter().map(|(name, variable, _)| {
        let key = Key { env: Some((*variable).to_owned()), ..Key::default() };
        (*name, Provider { keys: vec![key], ..provider(name, None) })
    });
    builtin("chat", targets, providers).map(Some)
}

/// The demonstration's own providers.
pub(super) fn demo(demo: &Demo) -> anyhow::Result<Builtin> {
    let targets = vec!["anthropic/demo-claude".to_owned(), "openai/demo-gpt".to_owned()];
    let providers = [
        ("anthropic", provider("anthropic", Some(format!("{}/v1", demo.anthropic.url())))),
        ("openai", provider("openai", Some(format!("{}/v1", demo.openai.url())))),
    ];
    builtin("demo", targets, providers)
}

fn builtin(
    model: &'static str,
    targets: Vec<String>,
    providers: impl IntoIterator<Item = (&'static str, Provider)>,
) -> anyhow::Result<Builtin> {
    let key = key::generate()?;
    let client = Client {
        name: "you".to_owned(),
        key_sha256: Some(key::digest(&key)),
        models: vec!["*".to_owned()],
        ..Client::default()
    };
    let document = Document {
        providers: providers.into_iter().map(|(name, provider)| (name.to_owned(), provider)).collect(),
        models: [(model.to_owned(), Model { targets, ..Model::default() })].into(),
        clients: vec![client],
        ..Document::default()
    };
    Ok(Builtin { document, key, model })
}

fn provider(dialect: &str, endpoint: Option<String>) -> Provider {
    Provider { dialect: dialect.to_owned(), endpoint, ..Provider::default() }
}

/// What to do next with a gateway.
pub(super) fn guide(base: &str, document: &Document, builtin: Option<&Builtin>) -> String {
    let mut text = format!("\nTollhouse is ready.\n\n  Base URL   {base}/v1   (Anthropic SDKs: {base})\n");
    // Writing to a string cannot fail.
    if let Some(builtin) = builtin {
        let _ = writeln!(text, "  Key        {}", builtin.key);
    } else {
        let _ = writeln!(text, "  Key        of any of the document's {} clients", document.clients.len());
    }
    for (name, model) in &document.models {
        let _ = writeln!(text, "  Model      {name}   ({})", model.targets.join(", then "));
    }
    if builtin.is_some() {
        for provider in document.providers.keys() {
            let _ = writeln!(text, "             {provider}/<model>");
        }
    }
    let key = builtin.map_or("$GATEWAY_KEY", |b| b.key.as_str());
    let model = builtin.map(|b| b.model).or(document.models.keys().next().map(String::as_str)).unwrap_or("...");
    let _ = write!(text, "\n{}", examples(base, key, model));
    text
}

fn examples(base: &str, key: &str, model: &str) -> String {
    format!(
        r#"Try it:

  curl {base}/v1/chat/completions -H "authorization: Bearer {key}" -H "content-type: application/json" -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello!"}}]}}'

  python3 -c "from openai import OpenAI; print(OpenAI(base_url='{base}/v1', api_key='{key}').chat.completions.create(model='{model}', messages=[{{'role': 'user', 'content': 'Hello!'}}]).choices[0].message.content)"
"#
    )
}

/// What to do with the demonstration's providers.
pub(super) fn demo_guide(demo: &Demo) -> String {
    format!(
        "
DEMONSTRATION: two scripted providers of this process answer. For real ones set OPENAI_API_KEY or ANTHROPIC_API_KEY.
Knock the first one over, ask again, and the second one answers. One that is back is asked again after some seconds.

  curl -X POST {0}/down   (and back: curl -X POST {0}/up)
  curl -X POST {1}/down   (and back: curl -X POST {1}/up)
",
        demo.anthropic.url(),
        demo.openai.url(),
    )
}
