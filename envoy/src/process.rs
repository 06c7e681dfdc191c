//! A running gateway: an Envoy with the filter and files that it watches.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tollhouse_filter::config::{Config, ConfigError, raw::Document};

use crate::{binary, document, filter, render};

mod admin;
mod drain;
mod log;
mod reload;
mod version;

pub use reload::Refused;
pub use version::suited;

use admin::Admin;
use log::Tail;

/// How long Envoy may take from its start to its first request: name resolution is part of it, and compiling the module,
/// which takes seconds of processor time.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long Envoy may take to end when asked.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How to run a gateway.
#[derive(Clone, Debug)]
pub struct Options {
    /// The Envoy executable: [`crate::binary::envoy`].
    pub envoy: PathBuf,
    /// Instead of the document's `listen`; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Instead of the document's `admin`; without either a free port of this host.
    pub admin: Option<SocketAddr>,
    /// The number of worker threads. Default: one for each processor.
    pub concurrency: Option<u32>,
    /// The file of access-log records. Default: standard output.
    pub access_log: Option<PathBuf>,
    /// The file of Envoy's own log. Default: standard error.
    pub log: Option<PathBuf>,
    /// Envoy's own log level.
    pub log_level: String,
    /// Environment variables beside those of this process.
    pub env: Vec<(String, String)>,
    /// Certificates that providers' are checked against. Default: the system's.
    pub ca: Option<PathBuf>,
}

impl Options {
    /// Options with the usual values.
    pub fn new(envoy: impl Into<PathBuf>) -> Self {
        Self {
            envoy: envoy.into(),
            listen: None,
            admin: None,
            concurrency: None,
            access_log: None,
            log: None,
            log_level: "warning".to_owned(),
            env: Vec::new(),
            ca: None,
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let own = self.env.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        own.or_else(|| std::env::var(name).ok())
    }
}

/// A running gateway. It ends when this is dropped, and when this process ends, however it does.
pub struct Gateway {
    child: Child,
    watchdog: Option<(Child, ChildStdin)>,
    tail: Tail,
    folder: TempDir,
    render: render::Options,
    options: Options,
    /// Envoy's.
    version: String,
    document: Document,
    env: BTreeSet<String>,
    admin: Admin,
    address: SocketAddr,
    /// What Envoy has taken.
    files: [render::Part; 3],
}

impl Gateway {
    /// Starts Envoy and waits until it answers. Envoy asks the kernel to end it with the thread that started it: call
    /// this on one that lives as long.
    ///
    /// # Errors
    /// The document is refused, a port is taken, or Envoy does not start; what it said is part of the error.
    pub fn start(document: &Document, options: Options) -> anyhow::Result<Self> {
        // One that does not tell is taken for a new one.
        let version = binary::version(&options.envoy).unwrap_or_default();
        let document = &version::suited(document, &version)?;
        compile(document, &options)?;
        let folder = tempfile::Builder::new().prefix("tollhouse-").tempdir()?;
        let (render, files) = prepare(document, &options, &folder)?;
        let log = options.log.as_ref().map(File::create).transpose().context("Envoy's log cannot be written")?;
        let mut child = command(&options, &folder)
            .spawn()
            .with_context(|| format!("Envoy ({}) cannot be started", options.envoy.display()))?;
        let tail = Tail::follow(child.stderr.take(), log);
        let watchdog = watchdog(child.id(), folder.path()).inspect_err(|_| drop(child.kill()))?;
        let mut gateway = Self {
            child,
            watchdog: Some(watchdog),
            tail,
            folder,
            render,
            options,
            version,
            document: document.clone(),
            env: document::env_names(document),
            admin: Admin::default(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            files,
        };
        gateway.wait_until_ready()?;
        Ok(gateway)
    }

    /// Where callers reach the gateway, without a slash at the end: `http://127.0.0.1:10000`.
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(SocketAddr::from(([127, 0, 0, 1], 0)).ip());
        }
        format!("http://{address}")
    }

    /// Where Envoy's admin interface is, without a slash at the end.
    pub fn admin_url(&self) -> String {
        self.admin.url()
    }

    /// The folder of the files that Envoy watches.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Has Envoy ended by itself? Then how.
    ///
    /// # Errors
    /// The system cannot tell.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The process id of Envoy.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends Envoy, and waits until it has.
    pub fn stop(&mut self) {
        self.tail.end();
        // First, so that it cannot kill a process that later has the same id.
        if let Some((mut watchdog, _)) = self.watchdog.take() {
            let _ = watchdog.kill();
            let _ = watchdog.wait();
        }
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let end = Instant::now() + STOP_LIMIT;
        while Instant::now() < end {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                let said = self.tail.text();
                let hint = version::hint(&said).map(|hint| format!(": {hint}")).unwrap_or_default();
                bail!("Envoy ended at its start ({status}){hint}\n{said}");
            }
            if let Some(admin) = Admin::from_file(&self.folder.path().join(ADMIN_ADDRESS))
                && admin.ready()
            {
                // Clusters that Envoy has refused do not keep it from being ready.
                if let Some(hint) = version::hint(&self.tail.text()) {
                    bail!("Envoy does not load the filter: {hint}");
                }
                self.address = admin.listener(render::NAME)?;
                self.admin = admin;
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("Envoy is not ready after {} seconds\n{}", START_LIMIT.as_secs(), self.tail.text())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The file in which Envoy tells where its admin interface is.
const ADMIN_ADDRESS: &str = "admin-address";
const BOOTSTRAP: &str = "bootstrap.json";

fn compile(document: &Document, options: &Options) -> Result<(), ConfigError> {
    Config::compile(document, &|name| options.variable(name)).map(drop)
}

/// Writes all that Envoy reads.
fn prepare(
    document: &Document,
    options: &Options,
    folder: &TempDir,
) -> anyhow::Result<(render::Options, [render::Part; 3])> {
    let path = folder.path();
    let module = path.join("tollhouse_filter.wasm");
    std::fs::write(&module, filter::bytes()?)?;
    let mut render = render::Options::new(module);
    render.listen = options.listen;
    render.admin = options.admin.or(match document.admin {
        Some(_) => None,
        None => Some(SocketAddr::from(([127, 0, 0, 1], 0))),
    });
    render.access_log.clone_from(&options.access_log);
    render.discovery = render::Discovery::Folder(path.to_owned());
    path.clone_into(&mut render.secrets);
    render.env = Some(document::env_names(document).into_iter().collect());
    if let Some(ca) = &options.ca {
        render.ca.clone_from(ca);
    }
    let files = render::files(document, &render)?;
    render::secrets(document)?.iter().chain(&files).try_for_each(|part| part.write(path))?;
    std::fs::write(path.join(BOOTSTRAP), render::bootstrap(document, &render)?.to_string())?;
    Ok((render, files))
}

fn command(options: &Options, folder: &TempDir) -> Command {
    let path = folder.path();
    let mut envoy = Command::new(&options.envoy);
    envoy.arg("--config-path").arg(path.join(BOOTSTRAP));
    envoy.arg("--admin-address-path").arg(path.join(ADMIN_ADDRESS));
    envoy.args(["--log-level", &options.log_level, "--use-dynamic-base-id"]);
    // Envoy keeps records back for ten seconds; whoever looks on wants to see them.
    envoy.args(["--file-flush-interval-msec", "100"]);
    if let Some(concurrency) = options.concurrency {
        envoy.args(["--concurrency", &concurrency.to_string()]);
    }
    envoy.envs(options.env.iter().map(|(name, value)| (name, value)));
    // In a group of its own a Ctrl-C reaches us alone, and we end things in order.
    envoy.process_group(0).stdin(Stdio::null()).stderr(Stdio::piped());
    envoy
}

/// A shell that kills Envoy, and removes its files, as soon as our end of its input closes, which happens however
/// this process ends.
///
/// Linux's parent-death signal would have to be set between fork and exec, which no safe code can, and it is sent
/// at the end of the thread that started the process, not of the process.
fn watchdog(envoy: u32, folder: &Path) -> io::Result<(Child, ChildStdin)> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"read -r _; kill -9 "$1"; rm -rf "$2""#, "tollhouse-watchdog", &envoy.to_string()]);
    shell.arg(folder);
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = shell.spawn()?;
    match child.stdin.take() {
        Some(input) => Ok((child, input)),
        None => Err(io::Error::other("the watchdog has no input")),
    }
}
