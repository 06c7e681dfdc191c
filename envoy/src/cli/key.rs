//! `tollhouse key new`.

use std::io::Write;
use std::process::ExitCode;

use tollhouse_filter::clients::Allowed;
use tollhouse_filter::config::{Config, ConfigError, raw};

use crate::key;

/// Arguments of `tollhouse key new`.
#[derive(Debug, clap::Args)]
pub(super) struct NewArgs {
    /// The caller's name in logs and metrics
    #[arg(long)]
    name: String,
    /// Who pays
    #[arg(long)]
    team: Option<String>,
    /// A model that it may ask for: a name, `provider/model`, `provider/*`, or `*` for everything; may be repeated
    #[arg(long = "model", value_name = "MODEL", default_value = "*")]
    models: Vec<String>,
    /// The key is refused from then on: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
}

pub(super) fn new(args: &NewArgs) -> anyhow::Result<ExitCode> {
    let key = key::generate()?;
    let client = raw::Client {
        name: args.name.clone(),
        key_sha256: Some(key::digest(&key)),
        team: args.team.clone(),
        models: args.models.clone(),
        expires: args.expires.clone(),
        ..Default::default()
    };
    check(&client)?;
    let entry = serde_saphyr::to_string(&[client])?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "# For the caller. It is not shown again; the document has only its digest.\n{key}\n")?;
    writeln!(out, "# For the document, under `clients:`.\n{}", entry.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses what no document would take. Which models there are is the document's to say.
fn check(client: &raw::Client) -> Result<(), ConfigError> {
    if let Some(model) = client.models.iter().find(|m| Allowed::parse(m, |m| !m.is_empty(), |_| true).is_none()) {
        return Err(ConfigError { path: "--model".to_owned(), reason: format!("found `{model}`, expected a model") });
    }
    let alone = raw::Client { models: Vec::new(), ..client.clone() };
    let document = raw::Document { clients: vec![alone], ..Default::default() };
    Config::compile(&document, &|_| None)
        .map(drop)
        .map_err(|error| ConfigError { path: error.path.replacen("clients[0].", "--", 1), reason: error.reason })
}
