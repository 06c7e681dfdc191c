//! Where a request goes: models, targets, and the plan of attempts.

use std::rc::Rc;

use crate::config::raw::FailoverOn;
use crate::config::{Provider, Timeouts};
use crate::estimate::Family;
use crate::pricing::{Cost, Price};
use crate::time::Timestamp;
use crate::usage::Usage;

pub mod chain;

use chain::Chains;

/// A provider and a model on it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who answers.
    pub provider: Rc<Provider>,
    /// The model, as the provider calls it.
    pub model: String,
    /// `provider/model`.
    pub name: String,
    /// How its tokens are estimated.
    pub family: Family,
    /// What it costs, if anybody knows.
    pub price: Option<Rc<Price>>,
}

impl Target {
    /// A provider for what it keeps, which is of no model.
    pub fn keeper(provider: Rc<Provider>) -> Self {
        let name = format!("{}/*", provider.name);
        Self { provider, name, model: String::new(), family: Family::Other, price: None }
    }

    /// What a request costs that began at `when`. Nobody knows of what is not counted in tokens.
    pub fn cost(&self, usage: &Usage, when: Timestamp) -> Cost {
        let price = self.price.as_ref().filter(|_| usage.searches == 0 && usage.seconds == 0);
        price.map_or(Cost::Unpriced, |price| Cost::Priced(price.bill(usage, when)))
    }
}

/// A logical model.
#[derive(Debug)]
pub struct Model {
    /// What callers ask for.
    pub name: String,
    /// Tried in order.
    pub targets: Vec<Rc<Target>>,
    /// Its clocks.
    pub timeouts: Timeouts,
    /// More failures that go to the next target.
    pub failover_on: Vec<FailoverOn>,
    /// The most tokens that its answers are taken to have when callers do not say, for limits.
    pub max_output: Option<u64>,
}

/// The attempts of one request: what each is aimed at, decided before the first.
#[derive(Debug)]
pub struct Plan {
    targets: Vec<Rc<Target>>,
    /// The chain that leads from attempt to attempt, where Envoy does not choose the cluster anew before each.
    chain: Option<String>,
}

impl Plan {
    /// One attempt for each target, those that are cooling last: when all are, they are tried anyway.
    pub fn new(targets: &[Rc<Target>], cooling: impl Fn(&Target) -> bool) -> Self {
        let (cool, warm): (Vec<_>, Vec<_>) = targets.iter().cloned().partition(|t| cooling(t));
        Self { targets: warm.into_iter().chain(cool).collect(), chain: None }
    }

    /// As many attempts as one of Envoy's chains leads to.
    #[must_use]
    pub fn chained(mut self, chains: &Chains) -> Self {
        let clusters: Vec<_> = self.targets.iter().map(|target| target.provider.cluster.as_str()).collect();
        let (length, chain) = chains.longest(&clusters);
        self.targets.truncate(length);
        Self { chain, ..self }
    }

    /// Does a chain lead from attempt to attempt, and nobody choose?
    pub fn is_chained(&self) -> bool {
        self.chain.is_some()
    }

    /// The cluster that Envoy is to take first: that of the first attempt, or the chain.
    pub fn cluster(&self) -> Option<&str> {
        self.chain.as_deref().or_else(|| Some(self.target(0)?.provider.cluster.as_str()))
    }

    /// The first attempt from this one on that is aimed at this cluster.
    pub fn attempt_at(&self, cluster: &[u8], from: usize) -> Option<usize> {
        let at = self.targets.iter().skip(from).position(|target| target.provider.cluster.as_bytes() == cluster);
        at.map(|skipped| from + skipped)
    }

    /// The targets, in the order of attempts.
    pub fn targets(&self) -> &[Rc<Target>] {
        &self.targets
    }

    /// Leaves out targets.
    pub fn retain(&mut self, mut wanted: impl FnMut(&Target) -> bool) {
        self.targets.retain(|target| wanted(target));
    }

    /// The target of the attempt with this number, counted from 0. Beyond the last there is the last again: a
    /// connection that breaks before any answer is tried once more.
    pub fn target(&self, attempt: usize) -> Option<&Rc<Target>> {
        self.targets.get(attempt).or(self.targets.last())
    }

    /// Is there another target after this attempt?
    pub fn has_next(&self, attempt: usize) -> bool {
        attempt + 1 < self.targets.len()
    }

    /// How often Envoy may try again: a lone target has one more try for connections that break.
    pub fn retries(&self) -> usize {
        self.targets.len().saturating_sub(1).max(1)
    }

    /// Can cooling one of its targets change anything?
    pub fn has_choice(&self) -> bool {
        self.targets.len() > 1
    }
}
