//! Gateways in turns within one run: what else the machine does then meets them all.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::data::{self, Data, Row};
use crate::gateway::Gateway;
use crate::lineup::Lineup;
use crate::load::{Load, Timing, Until};
use crate::process::{self, Process};
use crate::upstream::{self, Upstream};
use crate::work::Work;

/// How often, and for how long, each gateway is asked for each work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns {
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
}

/// Where a run takes place: callers and providers on a core of their own.
pub(crate) struct Ground {
    pub(crate) runtime: Runtime,
    pub(crate) upstreams: Vec<Upstream>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        process::stay_aside();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // The runtime drives the providers only while it is waited for: gateways start in between.
        let upstreams = runtime.block_on(upstream::all());
        Self { runtime, upstreams }
    }

    /// Measures each work with each gateway.
    pub(crate) fn measure(&self, lineup: &Lineup, works: &[Work], turns: Turns) -> Data {
        let wanted = lineup.iter().filter(|(_, kind)| works.iter().any(|work| kind.does(work)));
        let gateways: Vec<_> = wanted.map(|(name, kind)| Gateway::start(name, kind, &self.upstreams)).collect();
        let mut data = Data::default();
        for work in works {
            let mut able: Vec<&Gateway> = gateways.iter().filter(|gateway| gateway.kind.does(work)).collect();
            // The first round warms up.
            for round in 0..=turns.rounds {
                able.retain(|gateway| {
                    let row = self.turn(gateway, work, turns.time, round);
                    if let Err(answer) = &row {
                        eprintln!("{} cannot do `{}`: {answer}", gateway.name, work.name);
                    }
                    let is_able = row.is_ok();
                    data.rows.extend(row.ok().filter(|_| round > 0));
                    is_able
                });
            }
            eprintln!("{}", work.name);
        }
        data
    }

    fn turn(&self, gateway: &Gateway, work: &Work, time: Duration, round: usize) -> Result<Row, String> {
        let cpu = || gateway.process.as_ref().map(Process::cpu).unwrap_or_default();
        let before = cpu();
        let start = Instant::now();
        // Two streams of each connection: the first comes when others are under way.
        let until = Until::Time(time.max(work.length() * 2));
        let load = Load { connections: work.connections, until, gap: work.gap, arrival: work.length() };
        let timings = self.runtime.block_on(load.run(&gateway.request(work)))?;
        let took = start.elapsed();
        let used = cpu().saturating_sub(before);
        let answered = |q| data::quantile(timings.iter().map(|t| if work.streams() { t.first } else { t.whole }), q);
        let event = |q| data::quantile(timings.iter().flat_map(|timing: &Timing| timing.delays.iter().copied()), q);
        Ok(Row {
            gateway: gateway.name.to_owned(),
            work: work.name.to_owned(),
            round,
            requests: timings.len(),
            per_second: timings.len() as f64 / took.as_secs_f64(),
            cpu_us: used.as_secs_f64() * 1e6 / timings.len() as f64,
            p50_us: answered(0.5).expect("an answer"),
            p99_us: answered(0.99).expect("an answer"),
            p999_us: answered(0.999).expect("an answer"),
            event_p50_us: event(0.5),
            event_p99_us: event(0.99),
            rss_mib: gateway.process.as_ref().map_or(0, Process::resident) >> 20,
        })
    }
}
