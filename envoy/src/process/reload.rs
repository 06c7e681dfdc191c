//! A new document for a running gateway.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::Value;
use tollhouse_filter::config::raw::Document;

use super::{Gateway, compile};
use crate::document;
use crate::render::{self, CLUSTERS, Part};

/// How long Envoy may take to take a file.
const LIMIT: Duration = Duration::from_secs(10);

/// A document that cannot be taken without a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Gateway {
    /// Changes to another document; streams that run go on. Returns when Envoy has taken it.
    ///
    /// # Errors
    /// The document is refused, needs a restart, or Envoy does not take it. The old one stays.
    pub fn reload(&mut self, document: &Document) -> anyhow::Result<()> {
        compile(document, &self.options)?;
        self.refuse_what_needs_a_restart(document)?;
        self.version += 1;
        let version = self.version.to_string();
        let parts = render::files(document, &self.render, &version)?;
        let [clusters, routes, filter] = &parts;
        // Until routes and filter have changed, requests still go to clusters that the new document lacks.
        let both = self.with_old_clusters(clusters, &format!("{version}-both"))?;
        self.apply(&both, "cluster_manager.cds.version_text", &format!("{version}-both"))?;
        let rds = format!("http.{0}.rds.{0}.version_text", render::NAME);
        self.apply(routes, &rds, &version)?;
        self.apply_filter(filter)?;
        if both.content.get("resources") != clusters.content.get("resources") {
            self.apply(clusters, "cluster_manager.cds.version_text", &version)?;
        }
        self.document = document.clone();
        Ok(())
    }

    fn refuse_what_needs_a_restart(&self, document: &Document) -> Result<(), Refused> {
        // Envoy reads its environment once, when it loads the VM that all configurations share.
        if let Some(name) = document::env_names(document).difference(&self.env).next() {
            return Err(Refused(format!(
                "the environment variable `{name}` is not among those that Envoy was started with; restart to add it"
            )));
        }
        for (field, old, new, option) in [
            ("listen", &self.document.listen, &document.listen, self.options.listen),
            ("admin", &self.document.admin, &document.admin, self.options.admin),
        ] {
            if option.is_none() && old != new {
                return Err(Refused(format!("{field}: cannot change while Envoy runs; restart to change it")));
            }
        }
        if self.document.max_body != document.max_body {
            return Err(Refused("max_body: the listener's buffers cannot change; restart to change it".to_owned()));
        }
        Ok(())
    }

    fn with_old_clusters(&self, new: &Part, version: &str) -> anyhow::Result<Part> {
        let [old, ..] = render::files(&self.document, &self.render, version)?;
        let resources =
            |part: &Part| part.content.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
        let name = |cluster: &Value| cluster.get("name").cloned();
        let mut all = resources(new);
        let names: Vec<_> = all.iter().map(name).collect();
        all.extend(resources(&old).into_iter().filter(|cluster| !names.contains(&name(cluster))));
        let content = serde_json::json!({ "version_info": version, "resources": all });
        Ok(Part { file: CLUSTERS, content })
    }

    /// Writes a file and waits until Envoy says that it has its version.
    fn apply(&self, part: &Part, stat: &str, version: &str) -> anyhow::Result<()> {
        let rejected = stat.replace("version_text", "update_rejected");
        let before = self.admin.stat(&rejected)?;
        part.write(self.folder.path())?;
        self.wait(
            part.file,
            || Ok(self.admin.stat(stat)?.as_deref() == Some(version)),
            || Ok(self.admin.stat(&rejected)? != before),
        )
    }

    fn apply_filter(&self, part: &Part) -> anyhow::Result<()> {
        let stat =
            |what: &str| self.admin.stat(&format!("extension_config_discovery.http_filter.{}.{what}", render::GATEWAY));
        let (taken, failed) = (stat("config_reload")?, stat("config_fail")?);
        part.write(self.folder.path())?;
        self.wait(part.file, || Ok(stat("config_reload")? != taken), || Ok(stat("config_fail")? != failed))
    }

    fn wait(
        &self,
        what: &str,
        taken: impl Fn() -> anyhow::Result<bool>,
        rejected: impl Fn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if taken()? {
                return Ok(());
            }
            if rejected()? {
                bail!("Envoy does not take {what}\n{}", self.tail.text());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("Envoy has not taken {what} after {} seconds", LIMIT.as_secs())
    }
}
