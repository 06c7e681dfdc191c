//! Names of metrics, and the proxy's numbers of those of requests: looking them up takes less than making the names.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::contract::LABELS;
use crate::host::{Meter, MeterKind, Meters};

/// Labels that requests share. They have values from the configuration, so that there are only so many.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) client: &'a str,
    pub(crate) team: &'a str,
    pub(crate) model: &'a str,
    pub(crate) target: &'a str,
}

/// Which of their metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct What {
    pub(crate) metric: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) outcome: &'static str,
    /// 0 is none.
    pub(crate) status: u16,
}

/// The metrics of one worker's requests, by the labels that they share.
#[derive(Default)]
pub struct Series {
    known: RefCell<HashMap<String, Known>>,
    /// The key that is looked up.
    key: RefCell<String>,
}

/// Those with the same labels. There are about ten.
type Known = Vec<(What, Option<Meter>)>;

impl Series {
    /// Adds to the metrics of requests with these labels.
    pub(crate) fn add(
        &self,
        meters: &(impl Meters + ?Sized),
        who: Who<'_>,
        amounts: impl IntoIterator<Item = (What, u64)>,
    ) {
        let mut key = self.key.borrow_mut();
        key.clear();
        for label in [who.client, who.team, who.model, who.target] {
            key.push_str(label);
            key.push('\0');
        }
        let mut all = self.known.borrow_mut();
        if !all.contains_key(key.as_str()) {
            all.insert(key.clone(), Known::new());
        }
        let Some(known) = all.get_mut(key.as_str()) else { return };
        for (what, amount) in amounts {
            if let Some(meter) = find(known, meters, who, what) {
                meters.add(meter, amount);
            }
        }
    }
}

fn find(known: &mut Known, meters: &(impl Meters + ?Sized), who: Who<'_>, what: What) -> Option<Meter> {
    if let Some((_, meter)) = known.iter().find(|(other, _)| *other == what) {
        return *meter;
    }
    let kind = if what.metric.ends_with("_ms") { MeterKind::Histogram } else { MeterKind::Counter };
    let meter = meters.meter(kind, &full_name(who, what));
    known.push((what, meter));
    meter
}

fn full_name(who: Who<'_>, what: What) -> String {
    let status = if what.status == 0 && what.outcome.is_empty() { String::new() } else { what.status.to_string() };
    let labels = [
        ("client", who.client),
        ("team", who.team),
        ("model", who.model),
        ("target", who.target),
        ("kind", what.kind),
        ("outcome", what.outcome),
        ("status", &status),
    ];
    name(what.metric, &labels.map(|(label, value)| (label, value.to_owned())))
}

/// The full name of a metric: labels in the order of [`LABELS`], empty ones left out.
pub fn name(metric: &str, labels: &[(&'static str, String)]) -> String {
    let mut full = format!("tollhouse_{metric}");
    for label in LABELS {
        if let Some((_, value)) = labels.iter().find(|(l, v)| *l == label && !v.is_empty()) {
            full.push(';');
            full.push_str(label);
            full.push('=');
            full.extend(value.chars().map(|c| if matches!(c, ';' | '=') || c.is_control() { '_' } else { c }));
        }
    }
    full
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::host::memory::Memory;

    #[test]
    fn a_metric_is_made_once_for_the_same_labels() {
        let (host, series) = (Memory::default(), Series::default());
        let who = |team| Who { client: "bot", team, model: "tier", target: "" };
        let requests = |status| (What { metric: "requests", outcome: "completed", status, ..What::default() }, 1);
        let took = (What { metric: "duration_ms", ..What::default() }, 7);
        for (team, amounts) in [("a", vec![requests(200), took]), ("a", vec![requests(200)]), ("b", vec![requests(0)])]
        {
            series.add(&host, who(team), amounts);
        }
        let counted: Vec<_> = host.meters.borrow().iter().map(|(name, value)| (name.clone(), *value)).collect();
        let expected = [
            ("tollhouse_duration_ms;client=bot;model=tier;team=a", 7),
            ("tollhouse_requests;client=bot;model=tier;outcome=completed;status=0;team=b", 1),
            ("tollhouse_requests;client=bot;model=tier;outcome=completed;status=200;team=a", 2),
        ];
        assert_eq!(counted, expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(host.defined.borrow().len(), 3);
    }
}
