//! Envoy's admin interface.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// A client of one Envoy's admin interface.
#[derive(Default)]
pub(crate) struct Admin {
    address: String,
    agent: Option<ureq::Agent>,
}

impl Admin {
    /// As Envoy tells its address, once it has.
    pub(crate) fn from_file(path: &Path) -> Option<Self> {
        let address = std::fs::read_to_string(path).ok().filter(|text| text.contains(':'))?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(5)))
            // Proxies of the environment lead elsewhere.
            .proxy(None)
            .build()
            .new_agent();
        Some(Self { address: address.trim().to_owned(), agent: Some(agent) })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<String> {
        let agent = self.agent.as_ref().context("Envoy has not started")?;
        Ok(agent.get(format!("{}{path}", self.url())).call()?.body_mut().read_to_string()?)
    }

    pub(crate) fn post(&self, path: &str) -> anyhow::Result<()> {
        let agent = self.agent.as_ref().context("Envoy has not started")?;
        agent.post(format!("{}{path}", self.url())).send_empty()?;
        Ok(())
    }

    pub(crate) fn ready(&self) -> bool {
        self.get("/ready").is_ok()
    }

    /// The address at which a listener listens in fact.
    pub(crate) fn listener(&self, name: &str) -> anyhow::Result<SocketAddr> {
        let listeners: Value = serde_json::from_str(&self.get("/listeners?format=json")?)?;
        let all = listeners.pointer("/listener_statuses").and_then(Value::as_array);
        let ours = all.and_then(|all| all.iter().find(|l| l.get("name").is_some_and(|n| n == name)));
        let Some(socket) = ours.and_then(|l| l.pointer("/local_address/socket_address")) else {
            bail!("Envoy does not have the listener `{name}`");
        };
        let ip = socket.get("address").and_then(Value::as_str).context("a listener without an address")?;
        let port = socket.get("port_value").and_then(Value::as_u64).context("a listener without a port")?;
        Ok(SocketAddr::new(ip.parse()?, u16::try_from(port)?))
    }

    /// One statistic's value, as text.
    pub(crate) fn stat(&self, name: &str) -> anyhow::Result<Option<String>> {
        let filter = name.replace('.', "\\.");
        let text = self.get(&format!("/stats?filter=^{filter}$"))?;
        Ok(text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .map(|v| v.trim_matches('"').to_owned()))
    }
}
