//! A gateway of one scenario, as `tollhouse run` starts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use tollhouse::process::{self, Options};
use tollhouse_filter::config::raw::Document;

use crate::admin::Admin;
use crate::caller::Call;
use crate::records::Records;
use crate::stage;

/// A running gateway with its files. Envoy ends with this value, and with the thread that has started it; then everything
/// that must always be true is checked.
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    /// Envoy's admin interface.
    pub admin: Admin,
    /// The access log.
    pub records: Records,
    process: Mutex<process::Gateway>,
    folder: TempDir,
}

impl Gateway {
    /// Starts one with two workers, so that what they share is shared.
    pub fn start(document: &Document) -> Self {
        Self::with(document, |_| ())
    }

    /// The same with other options.
    pub fn with(document: &Document, change: impl FnOnce(&mut Options)) -> Self {
        stage::folder();
        let folder = tempfile::tempdir().expect("a folder");
        let records = folder.path().join("access.log");
        let mut options = Options::new(stage::envoy());
        options.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        options.concurrency = Some(2);
        options.access_log = Some(records.clone());
        options.log = Some(folder.path().join(LOG));
        change(&mut options);
        let process = process::Gateway::start(document, options).expect("a gateway");
        Self {
            address: process.base_url().trim_start_matches("http://").parse().expect("an address"),
            admin: Admin::of(&process.admin_url()),
            records: Records(records),
            process: Mutex::new(process),
            folder,
        }
    }

    /// A chat request.
    pub fn chat(&self, key: &str, model: &str) -> Call {
        Call::chat(self.address, key, model)
    }

    /// What the command line has in its hands.
    pub fn process(&self) -> MutexGuard<'_, process::Gateway> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where Envoy's own log is.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join(LOG)
    }

    /// What Envoy said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// What must be true at any time.
    pub fn check(&self) {
        stage::healthy(self.admin, &self.said());
        stage::discreet(&std::fs::read_to_string(&self.records.0).unwrap_or_default());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}

const LOG: &str = "envoy.log";
