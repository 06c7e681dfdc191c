//! The field side by side: gateways in turns within one run, each on one core, callers and providers on another.
//!
//! `cargo bench -p integration` measures what is installed (`LITELLM` names the command of LiteLLM's proxy, `PORTKEY` the
//! package of Portkey's gateway) and writes data, tables and plots to `docs/benchmarks/`. After `--`:
//!
//! - `quick` shows only that everything works, in the folder for temporary files, and `draw` makes tables and plots of the
//!   data that is there.
//! - Names of work (`"2 KB" "long stream"`) measure only that. Like all that follows it is printed and not kept.
//! - `against FILE` compares this module with that one, `limits` the filter with limits and without.
//! - `memory` tells what gateways hold, and `held` how many streams.
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
mod held;
mod lineup;
mod load;
mod markdown;
mod memory;
mod origin;
mod peers;
mod plot;
mod process;
mod stamp;
mod table;
mod targets;
mod turns;
mod upstream;
mod work;

use data::{Data, Figure};
use lineup::{Lineup, Pair};
use origin::Origin;
use turns::{Ground, Turns};
use work::Work;

/// Long turns, for figures that can stand alone.
const LONG: Turns = Turns { rounds: 4, time: Duration::from_millis(800) };
/// Many short ones, for ratios of what is nearly the same.
const MANY: Turns = Turns { rounds: 30, time: Duration::from_millis(300) };
/// To see that it works.
const QUICK: Turns = Turns { rounds: 1, time: Duration::from_millis(50) };

/// What is asked for.
struct Asked(Vec<String>);

impl Asked {
    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|asked| asked == word)
    }

    /// The file to compare with.
    fn against(&self) -> Option<PathBuf> {
        let at = self.0.iter().position(|asked| asked == "against")?;
        // Cargo runs benchmarks in the folder of their package.
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(self.0.get(at + 1).expect("against which file"));
        Some(file)
    }

    /// The work that is named.
    fn works(&self) -> Vec<Work> {
        work::ALL.into_iter().filter(|work| self.has(work.name)).collect()
    }

    fn turns(&self, usual: Turns) -> Turns {
        if self.has("quick") { QUICK } else { usual }
    }

    fn memory(&self) -> memory::Scale {
        if self.has("quick") { memory::QUICK } else { memory::FULL }
    }

    /// The most streams that are tried.
    fn streams(&self) -> usize {
        if self.has("quick") { 64 } else { 2048 }
    }
}

fn main() {
    let asked = Asked(std::env::args().skip(1).collect());
    let works = asked.works();
    if let Some(other) = asked.against() {
        compare(&asked, lineup::modules(&other));
    } else if asked.has("limits") {
        compare(&asked, lineup::limits());
    } else if asked.has("memory") {
        tell(&memory::measure(&Ground::new(), &lineup::field(), asked.memory()));
    } else if asked.has("held") {
        tell(&held::measure(&Ground::new(), &lineup::field(), asked.streams()));
    } else if !works.is_empty() {
        println!("{}", table::page(&Ground::new().measure(&lineup::field(), &works, asked.turns(LONG))));
    } else {
        field(&asked);
    }
}

fn tell(figures: &[Figure]) {
    for figure in figures {
        println!("{}, {}: {:.0}", figure.gateway, figure.what, figure.value);
    }
}

fn compare(asked: &Asked, (lineup, pairs): (Lineup, Vec<Pair>)) {
    let mut works = asked.works();
    if works.is_empty() {
        works = work::ALL.into_iter().filter(|work| work::TELLING.contains(&work.name)).collect();
    }
    let data = Ground::new().measure(&lineup, &works, asked.turns(MANY));
    let pairs: String = pairs.into_iter().map(|pair| table::pair(&data, pair).to_string()).collect();
    println!("{}{pairs}", table::page(&data));
}

/// The whole of it.
fn field(asked: &Asked) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks");
    let folder = if asked.has("quick") { std::env::temp_dir().join("tollhouse-field") } else { docs };
    if !asked.has("draw") {
        let lineup = lineup::field();
        let origin = Origin::here(&lineup);
        let data = measure(asked, &lineup);
        std::fs::create_dir_all(&folder).unwrap();
        data.write(&folder);
        origin.write(&folder);
    }
    draw(&Data::read(&folder), &Origin::read(&folder).caption(), &folder);
    eprintln!("written to {}", folder.display());
}

fn measure(asked: &Asked, lineup: &Lineup) -> Data {
    let ground = Ground::new();
    let mut data = ground.measure(lineup, &work::ALL, asked.turns(LONG));
    data.figures = memory::measure(&ground, lineup, asked.memory());
    data.figures.extend(held::measure(&ground, lineup, asked.streams()));
    data
}

fn draw(data: &Data, caption: &str, folder: &Path) {
    let origin = "<!-- Made by `cargo bench -p integration -- draw` of the data beside it. -->";
    let plots = "![Processor time](cpu.svg)\n![Latency](latency.svg)";
    let page = format!("{origin}\n# The field, measured\n\n{caption}\n\n{plots}\n{}", table::page(data));
    std::fs::write(folder.join("field.md"), page).unwrap();
    plot::cpu(data, caption, &folder.join("cpu.svg"));
    plot::latency(data, caption, &folder.join("latency.svg"));
}
