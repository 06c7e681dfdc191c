//! `tollhouse check`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tollhouse_filter::config::ConfigError;
use tollhouse_filter::config::raw::{Document, EnvoyVersion};
use tollhouse_filter::time::Timestamp;

use super::{CheckArgs, FAILED, REFUSED};
use crate::check::{Warning, errors, warnings};
use crate::document;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A line for each
    Text,
    /// One object with `errors` and `warnings`
    Json,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let CheckArgs { file, envoy_version, strict, format } = args;
    let (errors, warnings) = match read(file, *envoy_version) {
        Err(error) => (vec![error], Vec::new()),
        Ok(document) => match errors(&document) {
            errors if errors.is_empty() => (errors, warnings(&document, now())),
            errors => (errors, Vec::new()),
        },
    };
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{:#}", as_json(&errors, &warnings))?,
        Format::Text => {
            errors.iter().try_for_each(|e| writeln!(out, "error: {e}"))?;
            warnings.iter().try_for_each(|w| writeln!(out, "warning: {w}"))?;
            if errors.is_empty() && warnings.is_empty() {
                writeln!(out, "{}: fine", file.display())?;
            }
        }
    }
    Ok(match (errors.is_empty(), warnings.is_empty()) {
        (false, _) => ExitCode::from(REFUSED),
        (true, false) if *strict => ExitCode::from(FAILED),
        _ => ExitCode::SUCCESS,
    })
}

/// Reads a document for another command. Errors are told on standard error; then there is none.
pub(super) fn load(file: &Path, envoy: Option<EnvoyVersion>) -> anyhow::Result<Option<Document>> {
    let document = read(file, envoy)?;
    let errors = errors(&document);
    errors.iter().try_for_each(|e| writeln!(std::io::stderr(), "tollhouse: {e}"))?;
    Ok(errors.is_empty().then_some(document))
}

/// The document, for this version of Envoy if one is given.
fn read(file: &Path, envoy: Option<EnvoyVersion>) -> Result<Document, ConfigError> {
    let document = document::load(file)?;
    let envoy_version = envoy.or(document.envoy_version);
    Ok(Document { envoy_version, ..document })
}

/// The time by this machine's clock.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn as_json(errors: &[ConfigError], warnings: &[Warning]) -> Value {
    let errors: Vec<_> = errors.iter().map(|e| json!({ "path": e.path, "reason": e.reason })).collect();
    let warnings: Vec<_> = warnings.iter().map(|w| json!({ "path": w.path, "reason": w.reason })).collect();
    json!({ "errors": errors, "warnings": warnings })
}
