//! Memory of a gateway that is new, that has worked for a while, and that has had the largest bodies.

use std::time::Duration;

use integration::speech::Speech;

use crate::data::Figure;
use crate::gateway::{Gateway, Kind};
use crate::lineup::Lineup;
use crate::load::{Load, Request, Until};
use crate::process::Process;
use crate::turns::Ground;
use crate::work::{self, Work};

/// How much is asked of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Requests until it is steady.
    pub(crate) steady: usize,
    /// Requests after which it should be as it was.
    pub(crate) many: usize,
    /// Bytes of the largest body.
    pub(crate) large: usize,
}

/// As documented.
pub(crate) const FULL: Scale = Scale { steady: 100_000, many: 1_000_000, large: 16_000_000 };
/// To see that it works.
pub(crate) const QUICK: Scale = Scale { steady: 1_000, many: 2_000, large: 1_000_000 };

/// Large bodies at once.
const PEAK: usize = 64;

/// Before any request.
pub(crate) const IDLE: &str = "idle";
/// After [`Scale::steady`] small requests, of both APIs.
pub(crate) const STEADY: &str = "steady";
/// After [`Scale::many`].
pub(crate) const MANY: &str = "after a million requests";
/// What one body of [`Scale::large`] takes at most, beyond what was held before it.
pub(crate) const LARGE: &str = "added by one body of 16 MB";
/// After 64 of them at once.
pub(crate) const AFTER_PEAK: &str = "after 64 bodies of 16 MB at once";
/// And after small requests again.
pub(crate) const AGAIN: &str = "after small requests again";

/// One gateway after the other, each new. Those that are no Envoy have only the small requests: what they do with 64 times 16 MB
/// is more than this machine has.
pub(crate) fn measure(ground: &Ground, lineup: &Lineup, scale: Scale) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (name, kind) in lineup.iter().filter(|(_, kind)| kind.does(&small(Speech::OpenAi))) {
        let gateway = Gateway::start(name, kind, &ground.upstreams);
        let course = Course { ground, gateway: &gateway, scale };
        let found = match kind {
            Kind::Direct => continue,
            Kind::Envoy => course.whole(false),
            Kind::Tollhouse(_) => course.whole(true),
            Kind::LiteLlm(_) | Kind::Portkey(_) => course.small(),
        };
        eprintln!("memory of {name}");
        let figure = |(what, value): (&str, f64)| Figure { gateway: (*name).to_owned(), what: what.to_owned(), value };
        figures.extend(found.into_iter().map(figure));
    }
    figures
}

struct Course<'a> {
    ground: &'a Ground,
    gateway: &'a Gateway,
    scale: Scale,
}

type Found = Vec<(&'static str, f64)>;

impl Course<'_> {
    fn small(&self) -> Found {
        let idle = (IDLE, self.resident());
        // As many as the others have would take an hour.
        self.ask_all(Until::Time(Duration::from_secs(5)));
        vec![idle, (STEADY, self.resident())]
    }

    fn whole(&self, many: bool) -> Found {
        let mut found = vec![(IDLE, self.resident())];
        self.ask_all(Until::Requests(self.scale.steady / 2));
        found.push((STEADY, self.resident()));
        if many {
            self.ask_all(Until::Requests((self.scale.many - self.scale.steady) / 2));
            found.push((MANY, self.resident()));
        }
        found.push((LARGE, self.added_by_one()));
        self.ask(&large(self.scale.large), PEAK, Until::Requests(PEAK));
        found.push((AFTER_PEAK, self.resident()));
        self.ask_all(Until::Requests(self.scale.steady / 2));
        found.push((AGAIN, self.resident()));
        found
    }

    fn ask_all(&self, until: Until) {
        for to in [Speech::OpenAi, Speech::Anthropic] {
            self.ask(&small(to), 16, until);
        }
    }

    fn added_by_one(&self) -> f64 {
        let process = self.process();
        process.forget_peak();
        let before = process.resident();
        self.ask(&large(self.scale.large), 1, Until::Requests(1));
        mib(process.peak().saturating_sub(before))
    }

    fn ask(&self, work: &Work, connections: usize, until: Until) {
        let request: Request = self.gateway.request(work);
        let load = Load { connections, until, gap: Duration::ZERO, arrival: Duration::ZERO };
        let asked = self.ground.runtime.block_on(load.run(&request));
        asked.unwrap_or_else(|answer| panic!("{} cannot do this: {answer}", self.gateway.name));
    }

    fn process(&self) -> &Process {
        self.gateway.process.as_ref().expect("a gateway")
    }

    fn resident(&self) -> f64 {
        mib(self.process().resident())
    }
}

fn mib(bytes: u64) -> f64 {
    (bytes >> 20) as f64
}

fn small(to: Speech) -> Work {
    *work::ALL.iter().find(|work| work.body == 2 << 10 && work.to == to && work.answer == work::Answer::Plain).unwrap()
}

fn large(bytes: usize) -> Work {
    Work { name: "large", body: bytes, ..small(Speech::OpenAi) }
}
