//! An Envoy of one scenario, with a bootstrap of its own.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::records::Records;
use crate::stage;

/// How long Envoy may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

const BOOTSTRAP: &str = "bootstrap.yaml";
const BASE_ID: &str = "base-id";
/// Files of one Envoy, to which its epoch is added.
const ADMIN: &str = "admin-";
const LOG: &str = "envoy.log-";

/// A running Envoy. It ends with this value, and with this process.
pub struct Envoy {
    /// Where it listens.
    pub gateway: SocketAddr,
    /// Its admin interface.
    pub admin: Admin,
    /// The access log.
    pub records: Records,
    /// How many there were before it that it took over from.
    epoch: usize,
    /// Can it tell how it is when it ends, and should it be well?
    watched: bool,
    folder: Arc<TempDir>,
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
        let bootstrap = make(&files);
        std::fs::write(folder.path().join(BOOTSTRAP), bootstrap).expect("a file");
        let arguments = ["--use-dynamic-base-id", "--base-id-path"].map(Into::into);
        let arguments = [arguments.as_slice(), &[folder.path().join(BASE_ID).into()]].concat();
        Self::run(folder.into(), 0, &arguments, env)
    }

    /// Starts another one that takes over from this one, which ends after 5 minutes.
    ///
    /// <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/hot_restart>
    pub fn successor(&mut self, env: &[(&str, &str)]) -> Self {
        // Its admin interface goes over as well.
        self.watched = false;
        let base = std::fs::read_to_string(self.folder.path().join(BASE_ID)).expect("a base id");
        let arguments = ["--base-id", base.trim(), "--restart-epoch", "1", "--parent-shutdown-time-s", "300"];
        Self::run(Arc::clone(&self.folder), 1, &arguments.map(Into::into), env)
    }

    fn run(folder: Arc<TempDir>, epoch: usize, arguments: &[OsString], env: &[(&str, &str)]) -> Self {
        let path = |name: &str| folder.path().join(format!("{name}{epoch}"));
        let log = std::fs::File::create(path(LOG)).expect("a file");
        let script = r#""$@" </dev/null & envoy=$!; read -r _; kill -9 "$envoy""#;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "sh"]).arg(stage::envoy()).arg("--config-path").arg(folder.path().join(BOOTSTRAP));
        shell.arg("--admin-address-path").arg(path(ADMIN)).args(arguments);
        shell.args(["--log-level", "warning", "--component-log-level", "wasm:trace"]);
        shell.args(["--concurrency", "2", "--file-flush-interval-msec", "100", "--drain-time-s", "240"]);
        shell.envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let shell = shell.spawn().expect("a shell");
        let records = Records(Files { folder: folder.path() }.records());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self { gateway: nowhere, admin: Admin(nowhere), records, epoch, watched: true, folder, shell };
        envoy.wait();
        envoy
    }

    /// Lets the filter trap.
    pub fn may_crash(&mut self) {
        self.watched = false;
    }

    fn wait(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let address = std::fs::read_to_string(self.path(ADMIN)).unwrap_or_default();
            if let Ok(address) = address.trim().parse() {
                self.admin = Admin(address);
                if self.admin.is_ready() {
                    break;
                }
            }
            assert!(
                Instant::now() < end && !self.log().contains("][critical]"),
                "Envoy does not start: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let listeners = self.listeners();
        self.gateway = address(&listeners[0]);
    }

    fn listeners(&self) -> Vec<Value> {
        let all: Value = serde_json::from_str(&self.admin.get("/listeners?format=json")).expect("JSON");
        all["listener_statuses"].as_array().expect("listeners").clone()
    }

    /// Where the listener of this name listens.
    pub fn listener(&self, name: &str) -> SocketAddr {
        address(self.listeners().iter().find(|listener| listener["name"] == name).expect("a listener"))
    }

    /// Where its bootstrap may write.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What Envoy said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path(LOG)).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}{}", self.epoch))
    }
}

fn address(listener: &Value) -> SocketAddr {
    let port = listener["local_address"]["socket_address"]["port_value"].as_u64().expect("a port");
    SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port")))
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            if self.watched { stage::healthy(self.admin, &self.log()) } else { stage::discreet(&self.log()) }
        }
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}
