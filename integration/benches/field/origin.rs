//! Where data comes from: when it was measured, on what, and with which versions.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tollhouse_filter::time::Timestamp;

use crate::lineup::Lineup;

/// Beside the data.
const FILE: &str = "origin.json";

#[derive(Deserialize, Serialize)]
pub(crate) struct Origin {
    /// Year, month and day, UTC.
    date: String,
    processor: String,
    cores: usize,
    /// Of each gateway.
    versions: Vec<String>,
}

impl Origin {
    /// Here and now.
    pub(crate) fn here(lineup: &Lineup) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let [year, month, day] = Timestamp(now.as_millis() as u64).date();
        let mut versions: Vec<String> =
            lineup.iter().filter_map(|(name, kind)| Some(format!("{name} {}", kind.version()?))).collect();
        versions.dedup();
        Self {
            date: format!("{year}-{month:02}-{day:02}"),
            processor: processor(),
            cores: std::thread::available_parallelism().unwrap().get(),
            versions,
        }
    }

    pub(crate) fn read(folder: &Path) -> Self {
        serde_json::from_slice(&fs::read(folder.join(FILE)).unwrap()).unwrap()
    }

    pub(crate) fn write(&self, folder: &Path) {
        fs::write(folder.join(FILE), serde_json::to_string_pretty(self).unwrap() + "\n").unwrap();
    }

    /// For tables and plots.
    pub(crate) fn caption(&self) -> String {
        format!("{}, {}, {} cores: {}", self.date, self.processor, self.cores, self.versions.join(", "))
    }
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("unknown processor", |(_, name)| name).trim().to_owned()
}

/// What a command says, without its line end.
pub(crate) fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{:?}: {e}", command.get_program()));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
