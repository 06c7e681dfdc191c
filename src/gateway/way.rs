//! Where a request may go.

use std::rc::Rc;

use super::admitted::Admitted;
use super::caller::Caller;
use super::refusal::{no_files, not_for_files, unknown_model};
use crate::config::raw::FailoverOn;
use crate::config::{Config, Provider, Timeouts};
use crate::errors::ApiError;
use crate::routing::{Model, Target};
use crate::service::Service;
use crate::surfaces::Task;

/// The targets of what is asked for, and the clocks of that.
pub(super) struct Way {
    /// Those that can do what is asked: an attempt at another one would be the last, since what the provider role answers
    /// itself is never tried again.
    pub(super) targets: Vec<Rc<Target>>,
    pub(super) timeouts: Timeouts,
    /// Is the model one of the configuration, not a target that the caller spelled out?
    pub(super) logical: bool,
    pub(super) failover_on: Vec<FailoverOn>,
    /// The most tokens that its answers are taken to have when callers do not say.
    pub(super) max_output: Option<u64>,
}

impl Way {
    /// The way to a model, by its name, or to the provider of something that is kept.
    pub(super) fn find(config: &Config, from: &Admitted, model: &str) -> Result<Self, ApiError> {
        if from.resource.is_some() {
            let provider = keeper(config, &from.caller)?;
            return Ok(Self::to(config, Rc::new(Target::keeper(provider)), from));
        }
        if !from.caller.may_use(model) {
            return Err(unknown_model(model));
        }
        if let Some(model) = config.models.get(model) {
            return Ok(Self::of(model, from));
        }
        let target = config.target(model).ok_or_else(|| unknown_model(model))?;
        let mut way = Self::to(config, target, from);
        way.targets.retain(|target| can(from.task, target));
        Ok(way)
    }

    /// The way to a model of the configuration.
    pub(super) fn of(model: &Model, from: &Admitted) -> Self {
        Self {
            targets: model.targets.iter().filter(|target| can(from.task, target)).cloned().collect(),
            timeouts: from.caller.policy.clocks(model.timeouts),
            logical: true,
            failover_on: model.failover_on.clone(),
            max_output: model.max_output,
        }
    }

    fn to(config: &Config, target: Rc<Target>, from: &Admitted) -> Self {
        Self {
            targets: vec![target],
            timeouts: from.caller.policy.clocks(config.timeouts),
            logical: false,
            failover_on: Vec::new(),
            max_output: None,
        }
    }
}

fn can(task: Task, target: &Target) -> bool {
    Service::find(task, target.provider.dialect, &target.model).is_some()
}

/// The provider that keeps files and batches. A batch names its models inside of a file, so that only those may come
/// who may use them all.
pub(super) fn keeper(config: &Config, caller: &Caller) -> Result<Rc<Provider>, ApiError> {
    let provider = config.files.as_ref().ok_or_else(no_files)?;
    if caller.may_use_all(&provider.name) { Ok(Rc::clone(provider)) } else { Err(not_for_files()) }
}
