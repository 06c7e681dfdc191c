//! What was measured, as it is kept beside the tables that are made of it.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// All turns of a run.
#[derive(Default)]
pub(crate) struct Data {
    pub(crate) rows: Vec<Row>,
}

/// One gateway's turn at one work.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Row {
    pub(crate) gateway: String,
    pub(crate) work: String,
    pub(crate) round: usize,
    pub(crate) requests: usize,
    pub(crate) per_second: f64,
    /// Microseconds of the gateway's processor a request.
    pub(crate) cpu_us: f64,
    /// Of the whole answer; of a stream, of its first piece.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    /// Memory at the end of the turn.
    pub(crate) rss_mib: u64,
}

impl Data {
    pub(crate) fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        Self { rows: reader.deserialize().collect::<Result<_, _>>().unwrap() }
    }

    pub(crate) fn write(&self, path: &Path) {
        let mut writer = csv::Writer::from_path(path).unwrap();
        for row in &self.rows {
            writer.serialize(row).unwrap();
        }
        writer.flush().unwrap();
    }

    /// Those that were measured, in the order of their turns.
    pub(crate) fn gateways(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !names.contains(&row.gateway.as_str()) {
                names.push(&row.gateway);
            }
        }
        names
    }

    /// The median of a figure over the rounds; `None` where the gateway cannot do the work.
    pub(crate) fn median(&self, gateway: &str, work: &str, figure: impl Fn(&Row) -> f64) -> Option<f64> {
        let of_it = |row: &&Row| row.gateway == gateway && row.work == work;
        let mut figures: Vec<f64> = self.rows.iter().filter(of_it).map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }
}

/// In microseconds.
pub(crate) fn quantile(times: impl Iterator<Item = Duration>, q: f64) -> f64 {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    (times[((times.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e7).round() / 10.0
}
