//! Where a peer is better: what it beats Tollhouse at, in the same run.

use std::cmp::Ordering;

use crate::data::{Column, Data};
use crate::held::HELD;
use crate::lineup::{DIRECT, ENVOY, TOLLHOUSE};
use crate::markdown::{Table, whole};
use crate::memory::{IDLE, STEADY};

/// A row for everything that a gateway other than Envoy alone does better.
pub(crate) fn table(data: &Data) -> Table {
    let mut table = Table::new("Where a peer is better", "", &["Tollhouse", "better"]);
    let less: [(&str, Column); 3] =
        [("processor, µs", |row| row.cpu_us), ("p50, µs", |row| row.p50_us), ("p99, µs", |row| row.p99_us)];
    for work in data.works() {
        for (what, figure) in less {
            compare(&mut table, data, &format!("{work}: {what}"), Ordering::Less, |name| {
                data.median(name, work, figure)
            });
        }
    }
    for (what, better) in [(IDLE, Ordering::Less), (STEADY, Ordering::Less), (HELD, Ordering::Greater)] {
        let unit = if what == HELD { "" } else { ", MiB" };
        compare(&mut table, data, &format!("{what}{unit}"), better, |name| data.figure(name, what));
    }
    table
}

fn compare(table: &mut Table, data: &Data, what: &str, better: Ordering, figure: impl Fn(&str) -> Option<f64>) {
    let Some(ours) = figure(TOLLHOUSE) else { return };
    let peers = data.gateways().into_iter().filter(|name| ![DIRECT, ENVOY, TOLLHOUSE].contains(name));
    let wins = |name: &&str| figure(name).is_some_and(|theirs| theirs.total_cmp(&ours) == better);
    let told: Vec<String> = peers.filter(wins).map(|name| format!("{name} {}", whole(figure(name)))).collect();
    if !told.is_empty() {
        table.row(what, [whole(Some(ours)), told.join(", ")]);
    }
}
