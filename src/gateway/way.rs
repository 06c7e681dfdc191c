//! Where a request may go.

use std::rc::Rc;

use super::admitted::Admitted;
use super::refusal::{no_files, not_for_files, unknown_model};
use crate::clients::Client;
use crate::config::raw::FailoverOn;
use crate::config::{Config, Provider, Timeouts};
use crate::errors::ApiError;
use crate::routing::Target;
use crate::service::Service;
use crate::surfaces::Task;

/// The targets of what is asked for, and the clocks of that.
pub(super) struct Way {
    pub(super) targets: Vec<Target>,
    pub(super) timeouts: Timeouts,
    /// Is the model one of the configuration, not a target that the caller spelled out?
    pub(super) logical: bool,
    pub(super) failover_on: Vec<FailoverOn>,
}

impl Way {
    /// The way to a model, by its name, or to the provider of something that is kept.
    pub(super) fn find(config: &Config, from: &Admitted, model: &str) -> Result<Self, ApiError> {
        let one =
            |target| Self { targets: vec![target], timeouts: config.timeouts, logical: false, failover_on: Vec::new() };
        if from.resource.is_some() {
            let provider = keeper(config, &from.client)?;
            let name = format!("{}/*", provider.name);
            return Ok(one(Target { provider, model: String::new(), name, price: None }));
        }
        if !from.client.may_use(model) {
            return Err(unknown_model(model));
        }
        if let Some(model) = config.models.get(model) {
            let (timeouts, failover_on) = (model.timeouts, model.failover_on.clone());
            return Ok(Self { targets: model.targets.clone(), timeouts, logical: true, failover_on });
        }
        config.target(model).map(one).ok_or_else(|| unknown_model(model))
    }

    /// The targets that can do what the caller asks. An attempt at another one would be the last: what the provider role
    /// answers itself is never tried again.
    pub(super) fn able(&self, task: Task) -> Vec<Target> {
        let can = |target: &&Target| Service::find(task, target.provider.dialect, &target.model).is_some();
        self.targets.iter().filter(can).cloned().collect()
    }
}

/// The provider that keeps files and batches. A batch names its models inside of a file, so that only those may come
/// who may use them all.
pub(super) fn keeper(config: &Config, client: &Client) -> Result<Rc<Provider>, ApiError> {
    let provider = config.files.as_ref().ok_or_else(no_files)?;
    if client.may_use_all(&provider.name) { Ok(Rc::clone(provider)) } else { Err(not_for_files()) }
}
