//! Tables of the data.

use crate::data::{Column, Data, Row};
use crate::held::HELD;
use crate::lineup::{DIRECT, ENVOY, Pair};
use crate::markdown::{Table, times, whole};
use crate::memory::{AFTER_PEAK, AGAIN, IDLE, LARGE, MANY, STEADY};
use crate::work::{LONG, SHORT};
use crate::{peers, targets};

/// All tables, in Markdown. What was not measured is left out.
pub(crate) fn page(data: &Data) -> String {
    let tables = [
        targets::table(data),
        peers::table(data),
        cpu(data),
        events(data),
        latency(data),
        frontier(data),
        paced(data),
        held(data),
        memory(data),
    ];
    tables.map(|table| table.to_string()).concat()
}

/// One against the other. The ratio is the median of the rounds': what the machine did meanwhile met both.
pub(crate) fn pair(data: &Data, (that, this): Pair) -> Table {
    let columns = ["processor time, µs", "ratio", "p50, µs", "p99, µs"];
    let mut table = Table::new(&format!("{that} → {this}"), "", &columns);
    for work in data.works() {
        let both = |figure: Column| {
            let of = |name| whole(data.median(name, work, figure));
            format!("{} → {}", of(that), of(this))
        };
        let ratio = times(data.paired([this, that], work, |this, that| this.cpu_us / that.cpu_us));
        table.row(work, [both(|row| row.cpu_us), ratio, both(|row| row.p50_us), both(|row| row.p99_us)]);
    }
    table
}

/// Gateways beside Envoy alone, which all but the direct way are compared with.
fn behind_envoy(data: &Data) -> Vec<&str> {
    data.gateways().into_iter().filter(|name| *name != DIRECT).collect()
}

fn cpu(data: &Data) -> Table {
    let gateways = behind_envoy(data);
    let mut table =
        Table::new("Processor time of a request, Envoy alone = 1", "16 connections, unless it is said", &gateways);
    // A stream in bursts says little by itself; see the next table.
    for work in data.works().into_iter().filter(|work| !work.contains("stream") || work.starts_with("paced")) {
        table.row(work, gateways.iter().map(|gateway| over_envoy(data, gateway, work)));
    }
    table
}

/// Microseconds of Envoy alone, and how many times that the others take.
fn over_envoy(data: &Data, gateway: &str, work: &str) -> String {
    match data.median(gateway, work, |row| row.cpu_us) {
        Some(time) if gateway == ENVOY => format!("1 ({time:.1} µs)"),
        _ => times(data.paired([gateway, ENVOY], work, |row, envoy| row.cpu_us / envoy.cpu_us)),
    }
}

/// What one more text event costs, in microseconds: the difference of a long stream and a short one.
fn event_us(data: &Data, gateway: &str, translated: bool) -> Option<f64> {
    let suffix = if translated { " translated" } else { "" };
    let of = |length: &str| data.median(gateway, &format!("{length} stream{suffix}"), |row| row.cpu_us);
    // Of a short run noise may leave nothing.
    Some((of("long")? - of("short")?) / (LONG - SHORT) as f64).filter(|time| *time > 0.0)
}

/// The same, as a multiple of Envoy alone.
pub(crate) fn event_ratio(data: &Data, gateway: &str, translated: bool) -> Option<f64> {
    Some(event_us(data, gateway, translated)? / event_us(data, ENVOY, translated)?)
}

fn events(data: &Data) -> Table {
    let gateways = behind_envoy(data);
    let mut table =
        Table::new("Processor time of a streamed event, in bursts, Envoy alone = 1", "16 connections", &gateways);
    for (name, translated) in [("passed", false), ("translated", true)] {
        let cell = |gateway: &&str| match event_us(data, gateway, translated) {
            Some(time) if *gateway == ENVOY => format!("1 ({time:.2} µs)"),
            _ => times(event_ratio(data, gateway, translated)),
        };
        table.row(name, gateways.iter().map(cell));
    }
    table
}

fn latency(data: &Data) -> Table {
    let gateways = data.gateways();
    let mut table = Table::new("Latency in µs: p50 / p99 / p99.9", "16 connections, unless it is said", &gateways);
    let figures: [Column; 3] = [|row| row.p50_us, |row| row.p99_us, |row| row.p999_us];
    for work in data.works().into_iter().filter(|work| work.starts_with("2 KB")) {
        let cell = |gateway: &&str| figures.map(|figure| whole(data.median(gateway, work, figure))).join(" / ");
        table.row(work, gateways.iter().map(cell));
    }
    table
}

/// Numbers of callers among which the best is looked for.
const FRONTIER: [&str; 4] = ["2 KB, 1 connection", "2 KB, 4 connections", "2 KB", "2 KB, 64 connections"];

fn frontier(data: &Data) -> Table {
    let gateways = data.gateways();
    let title = "Requests a second of 2 KB whose p99 is within a bound";
    let mut table = Table::new(title, "at 1, 4, 16 or 64 connections", &gateways);
    for bound in [1, 5, 25, 100] {
        let cell = |gateway: &&str| {
            let within = |work: &&&str| {
                data.median(gateway, work, |row| row.p99_us).is_some_and(|p99| p99 <= f64::from(bound) * 1e3)
            };
            let rates =
                FRONTIER.iter().filter(within).filter_map(|work| data.median(gateway, work, |row| row.per_second));
            whole(rates.max_by(f64::total_cmp))
        };
        table.row(&format!("{bound} ms"), gateways.iter().map(cell));
    }
    table
}

fn paced(data: &Data) -> Table {
    let gateways = data.gateways();
    let title = "Streams of an event every 20 ms, in µs: p50 / p99";
    let mut table = Table::new(title, "16 at a time, begun one after the other", &gateways);
    let events: [Column; 2] = [|row| row.event_p50_us.unwrap_or(f64::NAN), |row| row.event_p99_us.unwrap_or(f64::NAN)];
    for work in ["paced stream", "paced stream translated"] {
        for (what, figures) in
            [("to the first event", [|row: &Row| row.p50_us, |row: &Row| row.p99_us]), ("the way of an event", events)]
        {
            let cell = |gateway: &&str| figures.map(|figure| whole(data.median(gateway, work, figure))).join(" / ");
            table.row(&format!("{work}: {what}"), gateways.iter().map(cell));
        }
    }
    table
}

fn held(data: &Data) -> Table {
    let gateways = data.gateways();
    let title = "Streams at once of which one event of a thousand comes more than 20 ms late, at most";
    let mut table = Table::new(title, "doubled from 16", &gateways);
    table.row(HELD, gateways.iter().map(|gateway| whole(data.figure(gateway, HELD))));
    table
}

fn memory(data: &Data) -> Table {
    let gateways = behind_envoy(data);
    let mut table = Table::new("Memory in MiB, of one worker with all that it has started", "", &gateways);
    for what in [IDLE, STEADY, MANY, LARGE, AFTER_PEAK, AGAIN] {
        table.row(what, gateways.iter().map(|gateway| whole(data.figure(gateway, what))));
    }
    table
}
