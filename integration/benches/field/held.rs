//! How many streams a gateway holds at once before their events come late.

use integration::speech::Speech;

use crate::data::Figure;
use crate::gateway::Gateway;
use crate::lineup::Lineup;
use crate::load::{Load, Timing, Until};
use crate::turns::Ground;
use crate::work::{self, Answer, PACE, PACED, Work};

/// The most of some doubled number of streams of which at most one event of a thousand came after the next was said.
pub(crate) const HELD: &str = "streams held";

/// Where doubling begins.
const LEAST: usize = 16;

/// One gateway after the other, each new. What nobody stands between tells what callers and providers can do themselves.
pub(crate) fn measure(ground: &Ground, lineup: &Lineup, most: usize) -> Vec<Figure> {
    let paced = work::ALL.into_iter().find(|work| work.answer == Answer::Paced && work.to == Speech::OpenAi).unwrap();
    let able = lineup.iter().filter(|(_, kind)| kind.does(&paced));
    let found = able.map(|(name, kind)| {
        let gateway = Gateway::start(name, kind, &ground.upstreams);
        let doubled = std::iter::successors(Some(LEAST), |streams| Some(streams * 2));
        // A second try, since one hiccup of the machine is enough.
        let held = |streams: &usize| *streams <= most && (0..2).any(|_| holds(ground, &gateway, &paced, *streams));
        let held = doubled.take_while(held).last();
        eprintln!("streams of {name}");
        Figure { gateway: (*name).to_owned(), what: HELD.to_owned(), value: held.unwrap_or(0) as f64 }
    });
    found.collect()
}

/// They begin one after the other, and then all are under way for as long as one takes.
fn holds(ground: &Ground, gateway: &Gateway, work: &Work, streams: usize) -> bool {
    let load =
        Load { connections: streams, until: Until::Time(work.length() * 2), gap: work.gap, arrival: work.length() };
    match ground.runtime.block_on(load.run(&gateway.request(work))) {
        Ok(timings) => timings.iter().map(late).sum::<usize>() * 1_000 <= timings.len() * PACED,
        Err(answer) => {
            eprintln!("{} with {streams} streams: {answer}", gateway.name);
            false
        }
    }
}

/// Events of a stream that came after the next one was said, or not at all.
fn late(timing: &Timing) -> usize {
    PACED - timing.delays.iter().filter(|delay| **delay <= PACE).count().min(PACED)
}
