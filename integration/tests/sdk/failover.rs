//! Streams whose first target fails, and whose second speaks another API.

use integration::document::KEY;
use integration::speech::Speech;

use crate::failures::failure;
use crate::house::{CALLERS, SPEECHES, house};
use crate::packages::Package;

with_each_package! {
    a_stream_goes_on_to_a_target_of_another_dialect
}

/// A model of two strict providers that speak different APIs, for one caller.
pub(crate) struct Model {
    pub(crate) name: String,
    package: Package,
    caller: &'static str,
    order: [Speech; 2],
}

impl Model {
    fn new(package: Package, caller: &'static str, order: [Speech; 2]) -> Self {
        Self { name: format!("from-{}-on-{}-{caller}", order[0], package.name()), package, caller, order }
    }

    pub(crate) fn targets(&self) -> [String; 2] {
        self.order.map(|speech| format!("{speech}/{}", self.name))
    }
}

/// One for every caller of either package, and for each order.
pub(crate) fn models() -> impl Iterator<Item = Model> {
    let each = CALLERS.into_iter().chain(["completions"]);
    let both = each.flat_map(|caller| Package::ALL.map(|package| (package, caller)));
    let [openai, anthropic] = SPEECHES;
    let orders = [[openai, anthropic], [anthropic, openai]];
    both.chain([(Package::Node, "vercel")])
        .flat_map(move |(package, caller)| orders.map(|order| Model::new(package, caller, order)))
}

/// The first target is busy for so short that the next request asks it again.
fn a_stream_goes_on_to_a_target_of_another_dialect(package: Package) {
    let Some(house) = house() else { return };
    let models: Vec<_> = models().filter(|model| model.package == package).collect();
    for Model { name, order: [first, second], .. } in &models {
        house.scripted(*first, name, vec![failure(*first, 503, &[("retry-after-ms", "1")]); 9]);
        house.strict(*second, name);
    }
    let functions: Vec<_> = models.iter().map(|model| format!("{}.streamed", model.caller)).collect();
    let asked = functions.iter().zip(&models).map(|(function, model)| (function.as_str(), model.name.as_str()));
    house.run_each(package, KEY, &asked.collect::<Vec<_>>());
    for Model { name, order, .. } in &models {
        let [first, second] = order.map(|speech| house.seen(speech, name).len());
        assert!(first > 0 && first == second, "{name}: {first} and {second} requests");
    }
}
