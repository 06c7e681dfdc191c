//! What was measured, as it is kept beside the tables that are made of it.

use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// All of a run.
#[derive(Default)]
pub(crate) struct Data {
    pub(crate) rows: Vec<Row>,
    pub(crate) figures: Vec<Figure>,
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
    /// From the provider to the caller, of the events of a paced stream.
    pub(crate) event_p50_us: Option<f64>,
    pub(crate) event_p99_us: Option<f64>,
    /// Memory at the end of the turn.
    pub(crate) rss_mib: u64,
}

/// Which figure of a turn is asked for.
pub(crate) type Column = fn(&Row) -> f64;

/// Something else that was found of a gateway, once.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figure {
    pub(crate) gateway: String,
    pub(crate) what: String,
    pub(crate) value: f64,
}

impl Data {
    pub(crate) fn read(folder: &Path) -> Self {
        Self { rows: read(&folder.join("field.csv")), figures: read(&folder.join("figures.csv")) }
    }

    pub(crate) fn write(&self, folder: &Path) {
        write(&folder.join("field.csv"), &self.rows);
        write(&folder.join("figures.csv"), &self.figures);
    }

    /// Those that were measured, in the order of their turns.
    pub(crate) fn gateways(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| row.gateway.as_str()))
    }

    /// What they were measured at.
    pub(crate) fn works(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| row.work.as_str()))
    }

    /// The median of a figure over the rounds; `None` where the gateway cannot do the work.
    pub(crate) fn median(&self, gateway: &str, work: &str, figure: impl Fn(&Row) -> f64) -> Option<f64> {
        median(self.rows.iter().filter(|row| row.gateway == gateway && row.work == work).map(figure).collect())
    }

    /// The median over the rounds of what two turns of one round make together, the work of this gateway and of that one.
    pub(crate) fn paired(
        &self,
        [gateway, other]: [&str; 2],
        work: &str,
        make: impl Fn(&Row, &Row) -> f64,
    ) -> Option<f64> {
        let turns: Vec<&Row> = self.rows.iter().filter(|row| row.work == work).collect();
        let beside = |row: &Row| turns.iter().find(|turn| turn.gateway == other && turn.round == row.round);
        let of_it = turns.iter().filter(|turn| turn.gateway == gateway);
        let pairs = of_it.filter_map(|row| Some(make(row, beside(row)?)));
        median(pairs.collect())
    }

    /// What was found of a gateway.
    pub(crate) fn figure(&self, gateway: &str, what: &str) -> Option<f64> {
        self.figures.iter().find(|found| found.gateway == gateway && found.what == what).map(|found| found.value)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

fn write<T: Serialize>(path: &Path, records: &[T]) {
    let mut writer = csv::Writer::from_path(path).unwrap();
    for record in records {
        writer.serialize(record).unwrap();
    }
    writer.flush().unwrap();
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// In microseconds; `None` of nothing.
pub(crate) fn quantile(times: impl Iterator<Item = Duration>, q: f64) -> Option<f64> {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let time = times.get((times.len().saturating_sub(1) as f64 * q) as usize)?;
    Some((time.as_secs_f64() * 1e7).round() / 10.0)
}
