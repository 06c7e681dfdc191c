//! Providers that have a host for each region, and Vertex, whose paths begin with a project in one.

use super::{ConfigError, Endpoint, raw};

const VERTEX: &str = "-aiplatform.googleapis.com";

/// The address in the region that the document names, if it names one.
///
/// <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>,
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations>
pub(super) fn endpoint(provider: &raw::Provider) -> Option<String> {
    if is_vertex(provider) {
        return match provider.location.as_deref()? {
            "global" => None,
            // These are of several regions each.
            several @ ("eu" | "us") => Some(format!("https://aiplatform.{several}.rep.googleapis.com/v1")),
            location => Some(format!("https://{location}{VERTEX}/v1")),
        };
    }
    let region = provider.keys.iter().find_map(|key| key.aws.as_ref()).map(|aws| aws.region.as_str())?;
    provider.dialect.starts_with("bedrock-").then(|| format!("https://bedrock-runtime.{region}.amazonaws.com"))
}

/// The project and the location of requests to Vertex: what the document says, or its endpoint, whose path may end with
/// `/projects/…/locations/…` and whose host may begin with the location.
pub(super) fn place(
    path: &str,
    provider: &raw::Provider,
    endpoint: &mut Endpoint,
) -> Result<(Option<String>, Option<String>), ConfigError> {
    let (project, location) = (provider.project.clone(), provider.location.clone());
    if !is_vertex(provider) {
        return Ok((project, location));
    }
    let in_path = endpoint.path.split_once("/projects/").and_then(|(before, rest)| {
        let (project, location) = rest.split_once("/locations/")?;
        let [before, project, location] = [before, project, location].map(str::to_owned);
        (!project.is_empty() && !location.is_empty()).then_some((before, project, location))
    });
    if let Some((before, project, location)) = in_path {
        endpoint.path = before;
        return Ok((Some(project), Some(location)));
    }
    let project = project.filter(|project| !project.is_empty()).ok_or_else(|| {
        ConfigError::new(format!("{path}.project"), "found none, expected the project, which is part of every address")
    })?;
    Ok((Some(project), location.or_else(|| endpoint.host.strip_suffix(VERTEX).map(str::to_owned))))
}

/// A location becomes part of a host.
pub(super) fn check_location(path: &str, provider: &raw::Provider) -> Result<(), ConfigError> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match provider.location.as_deref() {
        Some(location) if location.is_empty() || !location.chars().all(good) => {
            let expected = "`global` or a region such as `us-central1`";
            Err(ConfigError::expected(format!("{path}.location"), location, expected))
        }
        _ => Ok(()),
    }
}

fn is_vertex(provider: &raw::Provider) -> bool {
    provider.dialect.starts_with("vertex-")
}
