//! Tables of the data.

use std::fmt::Write;

use crate::data::{Data, Row};
use crate::gateway::Kind;
use crate::work::{LONG, SHORT};

/// The page of all tables, in Markdown.
pub(crate) fn page(data: &Data) -> String {
    let mut page = "<!-- Made by `cargo bench -p integration --bench field -- draw` of field.csv. -->\n".to_owned();
    cpu(&mut page, data);
    events(&mut page, data);
    latency(&mut page, data);
    first_piece(&mut page, data);
    memory(&mut page, data);
    page
}

/// Gateways beside Envoy alone, which all but the direct way are compared with.
fn behind_envoy(data: &Data) -> Vec<&str> {
    data.gateways().into_iter().filter(|name| *name != Kind::Direct.name()).collect()
}

fn head(page: &mut String, title: &str, first: &str, columns: &[&str]) {
    write!(page, "\n## {title}\n\n| {first} | {} |\n|---|{}\n", columns.join(" | "), "---|".repeat(columns.len()))
        .unwrap();
}

fn row(page: &mut String, first: &str, cells: impl Iterator<Item = String>) {
    writeln!(page, "| {first} | {} |", cells.collect::<Vec<_>>().join(" | ")).unwrap();
}

const PLAIN: [&str; 7] =
    ["0.2 KB", "2 KB", "32 KiB", "1 MiB", "0.2 KB translated", "2 KB translated", "32 KiB translated"];

fn cpu(page: &mut String, data: &Data) {
    let gateways = behind_envoy(data);
    head(page, "Processor time of a request, Envoy alone = 1", "16 connections", &gateways);
    for work in PLAIN {
        let time = |gateway: &str| data.median(gateway, work, |row| row.cpu_us);
        row(page, work, compared(&gateways, time));
    }
}

/// What one more text event costs: the difference of a long stream and a short one.
fn event_us(data: &Data, gateway: &str, translated: bool) -> Option<f64> {
    let suffix = if translated { " translated" } else { "" };
    let of = |length: &str| data.median(gateway, &format!("{length} stream{suffix}"), |row| row.cpu_us);
    Some((of("long")? - of("short")?) / (LONG - SHORT) as f64)
}

fn events(page: &mut String, data: &Data) {
    let gateways = behind_envoy(data);
    head(page, "Processor time of a streamed event, in bursts, Envoy alone = 1", "16 connections", &gateways);
    for (name, translated) in [("passed", false), ("translated", true)] {
        row(page, name, compared(&gateways, |gateway| event_us(data, gateway, translated)));
    }
}

fn latency(page: &mut String, data: &Data) {
    let gateways = data.gateways();
    head(page, "Latency in µs: p50 / p99 / p99.9", "2 KB", &gateways);
    for work in ["2 KB, 1 connection", "2 KB translated, 1 connection", "2 KB", "2 KB, 64 connections"] {
        row(page, work, gateways.iter().map(|gateway| quantiles(data, gateway, work)));
    }
}

fn first_piece(page: &mut String, data: &Data) {
    let gateways = data.gateways();
    head(page, "First piece of a stream in µs: p50 / p99 / p99.9", "16 streams, an event every 20 ms", &gateways);
    for (name, work) in [("passed", "paced stream"), ("translated", "paced stream translated")] {
        row(page, name, gateways.iter().map(|gateway| quantiles(data, gateway, work)));
    }
}

fn memory(page: &mut String, data: &Data) {
    let gateways = behind_envoy(data);
    head(page, "Memory in MiB", "after", &gateways);
    for work in ["0.2 KB", "1 MiB", "paced stream translated"] {
        let held = |gateway: &&str| told(data.median(gateway, work, |row| row.rss_mib as f64));
        row(page, work, gateways.iter().map(held));
    }
}

fn quantiles(data: &Data, gateway: &str, work: &str) -> String {
    let of = |figure: fn(&Row) -> f64| told(data.median(gateway, work, figure));
    [of(|row| row.p50_us), of(|row| row.p99_us), of(|row| row.p999_us)].join(" / ")
}

/// Microseconds of Envoy alone, and how many times that the others take.
fn compared(gateways: &[&str], time: impl Fn(&str) -> Option<f64>) -> impl Iterator<Item = String> {
    let envoy = time(Kind::Envoy.name());
    gateways.iter().map(move |gateway| match (time(gateway), envoy) {
        (Some(time), _) if *gateway == Kind::Envoy.name() => format!("1 ({time:.1} µs)"),
        (Some(time), Some(envoy)) if time < 10.0 * envoy => format!("{:.2}", time / envoy),
        (Some(time), Some(envoy)) => format!("{:.0}", time / envoy),
        _ => NONE.to_owned(),
    })
}

fn told(figure: Option<f64>) -> String {
    figure.map_or(NONE.to_owned(), |figure| format!("{figure:.0}"))
}

/// Where there is no figure: the gateway cannot do this.
const NONE: &str = "–";
