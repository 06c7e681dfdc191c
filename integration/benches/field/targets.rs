//! What was aimed at, and what was measured.

use crate::data::{Column, Data};
use crate::lineup::{ENVOY, LITELLM, PORTKEY, TOLLHOUSE};
use crate::markdown::Table;
use crate::memory::{LARGE, MANY, STEADY};
use crate::table;

/// A figure that should be small, or large.
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};

struct Target {
    what: &'static str,
    bound: Bound,
    /// `×`, ` µs`
    unit: &'static str,
    measured: Option<f64>,
}

/// Each target, and by how much it is missed where it is.
pub(crate) fn table(data: &Data) -> Table {
    let mut table = Table::new("Targets", "Tollhouse, over Envoy alone unless it is said", &["target", "measured", ""]);
    let all = [processor(data), latency(data), memory(data), peers(data)];
    for target in all.into_iter().flatten() {
        let Some(measured) = target.measured else { continue };
        let (sign, bound, ratio) = match target.bound {
            AtMost(bound) => ("≤", bound, measured / bound),
            AtLeast(bound) => ("≥", bound, bound / measured),
        };
        let unit = target.unit;
        let verdict = if ratio <= 1.0 { "met".to_owned() } else { format!("missed: {ratio:.1} times the target") };
        table.row(target.what, [format!("{sign} {bound}{unit}"), format!("{}{unit}", rounded(measured)), verdict]);
    }
    table
}

fn rounded(figure: f64) -> String {
    if figure.abs() < 10.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

fn target(what: &'static str, bound: Bound, unit: &'static str, measured: Option<f64>) -> Target {
    Target { what, bound, unit, measured }
}

fn processor(data: &Data) -> Vec<Target> {
    let request = |work| data.paired([TOLLHOUSE, ENVOY], work, |row, envoy| row.cpu_us / envoy.cpu_us);
    let event = |translated| table::event_ratio(data, TOLLHOUSE, translated);
    vec![
        target("Processor time of 0.2 KB", AtMost(1.5), "×", request("0.2 KB")),
        target("Processor time of 2 KB", AtMost(1.5), "×", request("2 KB")),
        target("Processor time of 32 KiB", AtMost(1.6), "×", request("32 KiB")),
        target("Processor time of 2 KB translated", AtMost(1.7), "×", request("2 KB translated")),
        target("Processor time of 32 KiB translated", AtMost(2.2), "×", request("32 KiB translated")),
        target("Processor time of a streamed event", AtMost(1.5), "×", event(false)),
        target("Processor time of a streamed event, translated", AtMost(4.0), "×", event(true)),
    ]
}

fn latency(data: &Data) -> Vec<Target> {
    let added =
        |work, figure: Column| data.paired([TOLLHOUSE, ENVOY], work, move |row, envoy| figure(row) - figure(envoy));
    let one = "2 KB, 1 connection";
    vec![
        target("Added p50 at one connection", AtMost(25.0), " µs", added(one, |row| row.p50_us)),
        target("Added p99 at one connection", AtMost(60.0), " µs", added(one, |row| row.p99_us)),
        target(
            "Added p50 to the first event of a stream",
            AtMost(60.0),
            " µs",
            added("paced stream", |row| row.p50_us),
        ),
    ]
}

fn memory(data: &Data) -> Vec<Target> {
    let of = |gateway, what| data.figure(gateway, what);
    let added = |what| Some(of(TOLLHOUSE, what)? - of(ENVOY, what)?);
    let grown = || Some(of(TOLLHOUSE, MANY)? - of(TOLLHOUSE, STEADY)?);
    vec![
        target("Added memory of one worker, steady", AtMost(24.0), " MiB", added(STEADY)),
        target("Memory that a million requests leave (no comparison)", AtMost(1.0), " MiB", grown()),
        // Two times the body.
        target("Memory that a body of 16 MB adds for its time", AtMost(30.5), " MiB", added(LARGE)),
    ]
}

fn peers(data: &Data) -> Vec<Target> {
    let faster = |peer| data.paired([TOLLHOUSE, peer], "0.2 KB", |row, peer| row.per_second / peer.per_second);
    vec![
        target("Requests a second of one core over LiteLLM's", AtLeast(120.0), "×", faster(LITELLM)),
        target("Requests a second of one core over Portkey's", AtLeast(15.0), "×", faster(PORTKEY)),
    ]
}
