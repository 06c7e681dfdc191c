//! An Envoy of one scenario, with a bootstrap of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::records::Records;
use crate::stage;

/// How long Envoy may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Envoy. It ends with this value, and with this process.
pub struct Envoy {
    /// Where it listens.
    pub gateway: SocketAddr,
    /// Its admin interface.
    pub admin: Admin,
    /// The access log.
    pub records: Records,
    folder: TempDir,
    /// A shell that ends Envoy when its input closes.
    shell: Child,
}

/// Where a bootstrap may write.
pub struct Files<'a> {
    /// The scenario's folder.
    pub folder: &'a Path,
}

impl Files<'_> {
    /// Where the filter is.
    pub fn filter(&self) -> std::path::PathBuf {
        self.folder.join("filter.wasm")
    }

    /// Where records go.
    pub fn records(&self) -> std::path::PathBuf {
        self.folder.join("access.log")
    }
}

impl Envoy {
    /// Starts Envoy with the bootstrap that `make` returns (JSON is YAML), and waits until it is ready.
    pub fn start(make: impl FnOnce(&Files<'_>) -> String, env: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files { folder: folder.path() };
        std::fs::write(files.filter(), tollhouse::filter::bytes().expect("the filter")).expect("a file");
        let bootstrap = folder.path().join("bootstrap.yaml");
        std::fs::write(&bootstrap, make(&files)).expect("a file");
        let log = std::fs::File::create(folder.path().join("envoy.log")).expect("a file");
        let script = r#""$@" </dev/null & envoy=$!; read -r _; kill -9 "$envoy""#;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "sh"]).arg(stage::envoy()).arg("--config-path").arg(bootstrap);
        shell.arg("--admin-address-path").arg(folder.path().join("admin"));
        shell.args(["--use-dynamic-base-id", "--log-level", "warning", "--component-log-level", "wasm:trace"]);
        shell.args(["--concurrency", "2", "--file-flush-interval-msec", "100"]);
        shell.envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let shell = shell.spawn().expect("a shell");
        let records = Records(files.records());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self { gateway: nowhere, admin: Admin(nowhere), records, folder, shell };
        envoy.wait();
        envoy
    }

    fn wait(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let address = std::fs::read_to_string(self.folder.path().join("admin")).unwrap_or_default();
            if let Ok(address) = address.trim().parse() {
                self.admin = Admin(address);
                if self.admin.get("/ready").contains("LIVE") {
                    break;
                }
            }
            assert!(Instant::now() < end && !self.log().contains("exiting"), "Envoy does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let listeners: Value = serde_json::from_str(&self.admin.get("/listeners?format=json")).expect("JSON");
        let socket = &listeners["listener_statuses"][0]["local_address"]["socket_address"];
        self.gateway.set_port(u16::try_from(socket["port_value"].as_u64().expect("a port")).expect("a port"));
    }

    /// What Envoy said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("envoy.log")).unwrap_or_default()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            stage::healthy(self.admin, &self.log());
        }
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}
