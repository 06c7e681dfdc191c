//! Where a request goes: models, targets, and the plan of attempts.

use std::rc::Rc;

use crate::config::raw::FailoverOn;
use crate::config::{Provider, Timeouts};

/// A provider and a model on it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who answers.
    pub provider: Rc<Provider>,
    /// The model, as the provider calls it.
    pub model: String,
    /// `provider/model`.
    pub name: String,
}

/// A logical model.
#[derive(Debug)]
pub struct Model {
    /// What callers ask for.
    pub name: String,
    /// Tried in order.
    pub targets: Vec<Target>,
    /// Its clocks.
    pub timeouts: Timeouts,
    /// More failures that go to the next target.
    pub failover_on: Vec<FailoverOn>,
}
