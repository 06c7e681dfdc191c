//! A new document for a running gateway.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::bail;
use tollhouse_filter::config::chains;
use tollhouse_filter::config::raw::{self, Document};

use super::{Gateway, compile, version};
use crate::document;
use crate::render::{self, CLUSTERS, FILTER, Part};

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
        let document = &version::suited(document, &self.version)?;
        compile(document, &self.options)?;
        self.refuse_what_needs_a_restart(document)?;
        let done = self.take(document);
        match done {
            Ok(()) => self.document = document.clone(),
            // What was taken before the part that failed must not stay alone.
            Err(_) => self.go_back()?,
        }
        done
    }

    /// Adds clusters and routes, then changes the filter, then removes: a request that the old configuration has
    /// planned finds its clusters, and one of the new configuration too.
    fn take(&mut self, document: &Document) -> anyhow::Result<()> {
        // Whoever reads one is among the clusters that come after.
        render::secrets(document)?.iter().try_for_each(|secret| secret.write(self.folder.path()))?;
        let [both_clusters, both_routes, _] = render::files(&with_old(document, &self.document), &self.render)?;
        let [clusters, routes, filter] = render::files(document, &self.render)?;
        for part in [both_clusters, both_routes, filter, routes, clusters] {
            self.apply(part)?;
        }
        Ok(())
    }

    fn go_back(&mut self) -> anyhow::Result<()> {
        let [clusters, routes, filter] = render::files(&self.document, &self.render)?;
        render::secrets(&self.document)?.iter().try_for_each(|secret| secret.write(self.folder.path()))?;
        for part in [clusters, routes, filter] {
            part.write(self.folder.path())?;
            self.remember(part);
        }
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
                return Err(Refused(format!(
                    "{field}: Envoy's own addresses stay while it runs; restart to change it"
                )));
            }
        }
        if self.document.max_body != document.max_body {
            return Err(Refused("max_body: Envoy's buffers stay while it runs; restart to change it".to_owned()));
        }
        Ok(())
    }

    /// Writes a file and waits until Envoy has taken it. Envoy does not tell of a file that changes nothing, so that
    /// one is left alone.
    fn apply(&mut self, part: Part) -> anyhow::Result<()> {
        if self.files.contains(&part) {
            return Ok(());
        }
        let (taken, rejected) = statistics(&part.file);
        let before = (self.admin.stat(&taken)?, self.admin.stat(&rejected)?);
        part.write(self.folder.path())?;
        let end = Instant::now() + LIMIT;
        while self.admin.stat(&taken)? == before.0 {
            if self.admin.stat(&rejected)? != before.1 {
                bail!("Envoy does not take {}\n{}", part.file, self.tail.text());
            }
            if Instant::now() > end {
                bail!("Envoy has not taken {} after {} seconds", part.file, LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if part.file == CLUSTERS {
            self.wait_for_names(end)?;
        }
        self.remember(part);
        Ok(())
    }

    /// New clusters cannot be used until their host's name has resolved, or has not: a matter for the router then.
    fn wait_for_names(&self, end: Instant) -> anyhow::Result<()> {
        while Instant::now() < end && self.admin.stat("cluster_manager.warming_clusters")?.as_deref() != Some("0") {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn remember(&mut self, part: Part) {
        if let Some(old) = self.files.iter_mut().find(|old| old.file == part.file) {
            *old = part;
        }
    }
}

/// The statistics that change when Envoy takes a file, and when it does not.
fn statistics(file: &str) -> (String, String) {
    let name = render::NAME;
    match file {
        CLUSTERS => ("cluster_manager.cds.version_text".into(), "cluster_manager.cds.update_rejected".into()),
        FILTER => {
            let filter = format!("extension_config_discovery.http_filter.{}", render::GATEWAY);
            (format!("{filter}.config_reload"), format!("{filter}.config_fail"))
        }
        _ => (format!("http.{name}.rds.{name}.version_text"), format!("http.{name}.rds.{name}.update_rejected")),
    }
}

/// The new document with what it lacks of the old one: providers whose clusters are gone, and models whose attempts
/// follow chains of clusters.
fn with_old(new: &Document, old: &Document) -> Document {
    let mut both = new.clone();
    for (name, provider) in &old.providers {
        let lost = cluster(name, provider);
        if provider_of(lost, new).is_none() {
            let provider = raw::Provider { cluster: Some(lost.to_owned()), ..provider.clone() };
            // No provider can have this name, so it takes nobody's place.
            both.providers.insert(format!("{name} (old)"), provider);
        }
    }
    for (name, model) in old.models.iter().filter(|_| chains::are_needed(old)) {
        let targets = model.targets.iter().filter_map(|target| {
            let (provider, model) = target.split_once('/')?;
            let cluster = cluster(provider, old.providers.get(provider)?);
            Some(format!("{}/{model}", provider_of(cluster, &both)?))
        });
        let model = raw::Model { targets: targets.collect(), ..raw::Model::default() };
        both.models.insert(format!("{name} (old)"), model);
    }
    both
}

fn cluster<'a>(name: &'a str, provider: &'a raw::Provider) -> &'a str {
    provider.cluster.as_deref().unwrap_or(name)
}

/// Who has this cluster.
fn provider_of<'a>(wanted: &str, document: &'a Document) -> Option<&'a str> {
    document.providers.iter().find(|(name, provider)| cluster(name, provider) == wanted).map(|(name, _)| name.as_str())
}
