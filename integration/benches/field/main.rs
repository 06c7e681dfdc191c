//! The field side by side: gateways in turns within one run, each on one core, callers and providers on another.
//!
//! `cargo bench -p integration --bench field` measures what is installed (`LITELLM` names the command of LiteLLM's
//! proxy, `PORTKEY` the package of Portkey's gateway) and writes data, tables and plots to `docs/benchmarks/`. With
//! `draw` it measures nothing and draws what the data says; with `quick` it shows only that everything works; with the
//! names of some work (`"2 KB" "short stream"`) it measures only that, prints it and writes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark that cannot go on should say where"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

mod data;
mod gateway;
mod load;
mod plot;
mod process;
mod table;
mod upstream;
mod work;

use data::{Data, Row};
use gateway::{Gateway, Kind};
use work::{Answer, Work};

/// Rounds; the gateways take turns in each.
const ROUNDS: usize = 4;
/// How long each is asked in a turn.
const TURN: Duration = Duration::from_millis(1500);

fn main() {
    let asked = |word: &str| std::env::args().any(|argument| argument == word);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks");
    let named: Vec<Work> = work::ALL.into_iter().filter(|work| asked(work.name)).collect();
    if !asked("draw") {
        let (rounds, turn) = if asked("quick") { (1, Duration::from_millis(50)) } else { (ROUNDS, TURN) };
        let data = measure(if named.is_empty() { &work::ALL } else { &named }, rounds, turn);
        if asked("quick") || !named.is_empty() {
            println!("{}", table::page(&data));
            return;
        }
        std::fs::create_dir_all(&folder).unwrap();
        data.write(&raw(&folder));
    }
    let data = Data::read(&raw(&folder));
    std::fs::write(folder.join("field.md"), table::page(&data)).unwrap();
    plot::cpu(&data, &folder.join("cpu.svg"));
    plot::latency(&data, &folder.join("latency.svg"));
}

fn raw(folder: &Path) -> PathBuf {
    folder.join("field.csv")
}

fn measure(works: &[Work], rounds: usize, turn: Duration) -> Data {
    process::stay_aside();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // The runtime drives the providers only while it is waited for: gateways start in between.
    let upstreams = runtime.block_on(upstream::all());
    let gateways: Vec<Gateway> = Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            let gateway = Gateway::start(kind, &upstreams);
            if gateway.is_none() {
                eprintln!("left out, not installed: {}", kind.name());
            }
            gateway
        })
        .collect();
    let mut data = Data::default();
    for work in works {
        // The first round warms up.
        for round in 0..=rounds {
            for gateway in &gateways {
                match runtime.block_on(turn_of(gateway, work, turn, round)) {
                    Ok(row) if round > 0 => data.rows.push(row),
                    Ok(_) => {}
                    Err(answer) => eprintln!("{} cannot do `{}`: {answer}", gateway.kind.name(), work.name),
                }
            }
        }
        eprintln!("{}", work.name);
    }
    data
}

async fn turn_of(gateway: &Gateway, work: &Work, turn: Duration, round: usize) -> Result<Row, String> {
    let request = gateway.request(work);
    let cpu = || gateway.process.as_ref().map(process::Process::cpu).unwrap_or_default();
    let before = cpu();
    let start = std::time::Instant::now();
    let timings = load::run(&request, work.connections, turn).await?;
    let took = start.elapsed();
    let used = cpu().saturating_sub(before);
    let streamed = work.answer != Answer::Plain;
    let latency = |q| data::quantile(timings.iter().map(|t| if streamed { t.first } else { t.whole }), q);
    Ok(Row {
        gateway: gateway.kind.name().to_owned(),
        work: work.name.to_owned(),
        round,
        requests: timings.len(),
        per_second: timings.len() as f64 / took.as_secs_f64(),
        cpu_us: used.as_secs_f64() * 1e6 / timings.len() as f64,
        p50_us: latency(0.5),
        p99_us: latency(0.99),
        p999_us: latency(0.999),
        rss_mib: gateway.process.as_ref().map_or(0, process::Process::resident) >> 20,
    })
}
