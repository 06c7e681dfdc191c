//! `tollhouse check`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tollhouse_filter::config::ConfigError;
use tollhouse_filter::config::raw::{Document, EnvoyVersion};
use tollhouse_filter::time::Timestamp;

use super::{CheckArgs, FAILED, REFUSED};
use crate::check::{Findings, bootstrap, errors, warnings};
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
    let found = findings(args);
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Json => writeln!(out, "{:#}", as_json(&found))?,
        Format::Text => {
            found.errors.iter().try_for_each(|e| writeln!(out, "error: {e}"))?;
            found.warnings.iter().try_for_each(|w| writeln!(out, "warning: {w}"))?;
            if found.errors.is_empty() && found.warnings.is_empty() {
                let fine: Vec<_> = args.file.iter().chain(&args.envoy).map(|file| file.display().to_string()).collect();
                writeln!(out, "{}: fine", fine.join(", "))?;
            }
        }
    }
    Ok(match (found.errors.is_empty(), found.warnings.is_empty()) {
        (false, _) => ExitCode::from(REFUSED),
        (true, false) if args.strict => ExitCode::from(FAILED),
        _ => ExitCode::SUCCESS,
    })
}

/// What is wrong with the document, and then with the Envoy configuration.
fn findings(args: &CheckArgs) -> Findings {
    let mut found = Findings::default();
    let document = args.file.as_ref().and_then(|file| match read(file, args.envoy_version) {
        Ok(document) => Some(document),
        Err(error) => {
            found.errors.push(error);
            None
        }
    });
    if let Some(document) = &document {
        found.errors.extend(errors(document));
        if found.errors.is_empty() {
            found.warnings.extend(warnings(document, now()));
        }
    }
    let unreadable =
        |file: &Path, e| ConfigError { path: file.display().to_string(), reason: format!("cannot be read: {e}") };
    if let (Some(file), true) = (&args.envoy, found.errors.is_empty()) {
        let text = fs::read_to_string(file).map_err(|e| unreadable(file, e));
        match text.and_then(|text| bootstrap(&text, document.as_ref(), now())) {
            Ok(more) => {
                found.errors.extend(more.errors);
                found.warnings.extend(more.warnings);
            }
            Err(error) => found.errors.push(error),
        }
    }
    found
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

fn as_json(found: &Findings) -> Value {
    let errors: Vec<_> = found.errors.iter().map(|e| json!({ "path": e.path, "reason": e.reason })).collect();
    let warnings: Vec<_> = found.warnings.iter().map(|w| json!({ "path": w.path, "reason": w.reason })).collect();
    json!({ "errors": errors, "warnings": warnings })
}
