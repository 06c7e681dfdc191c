//! A request before the limits: what it may come to, whether there is room, and where it goes then.

use std::rc::Rc;
use std::time::Duration;

use super::admitted::Admitted;
use super::denial::denied;
use super::refusal::unable;
use super::way::Way;
use super::{Gateway, head};
use crate::attribution::Attribution;
use crate::errors::ApiError;
use crate::estimate::Prompt;
use crate::exchange::{Exchange, Progress};
use crate::failover;
use crate::host::{Host, Shared};
use crate::ledger::Bind;
use crate::limits::{Demand, Kind, Limit, Limits, Reason, Subject, Wait};
use crate::policies::Policy;
use crate::routing::{Model, Plan, Target};
use crate::surfaces::{Asked, Bounds, Task};
use crate::telemetry;
use crate::time::Timestamp;
use crate::tolls::Tolls;
use crate::usage::Usage;

/// A request that was read.
pub(super) struct Entrant {
    pub(super) admitted: Admitted,
    pub(super) asked: Asked,
    /// Nobody asks where there are no limits.
    needs: Option<Needs>,
}

/// What limits must know of a request.
struct Needs {
    attribution: Attribution,
    bounds: Bounds,
    prompt: Prompt,
}

/// Why a request does not go on.
pub(super) enum Stop {
    /// It cannot be served.
    Refused(ApiError),
    /// This limit has no room, for which it may wait.
    Full { error: Box<ApiError>, limit: Rc<Limit>, wait: Option<Wait> },
}

/// How long what is held for a request outlives its clocks: a settlement must not come too late.
const GRACE: Duration = Duration::from_secs(60);

impl Entrant {
    /// Reads a body, with what limits must know of it.
    pub(super) fn read(admitted: Admitted, body: &[u8], limits: &Limits) -> Result<Self, ApiError> {
        let (asked, bounds) = admitted.read(body)?;
        let asked = Asked { betas: head::betas(&admitted.headers), ..asked };
        // Nothing is spent where tokens are only counted.
        let counts = !limits.is_empty() && !matches!(admitted.task, Task::Count(_));
        let needs = counts.then(|| Needs::of(&admitted, bounds, body, limits));
        Ok(Self { admitted, asked, needs })
    }

    /// What limits see of it, if there are any.
    pub(super) fn subject(&self, logical: bool) -> Option<Subject<'_>> {
        self.needs.as_ref().map(|needs| needs.subject(self, !logical))
    }
}

impl Needs {
    /// What no limit asks for is not looked for.
    fn of(admitted: &Admitted, bounds: Bounds, body: &[u8], limits: &Limits) -> Self {
        let Admitted { caller, headers, .. } = admitted;
        let attribution = if limits.tell_users() {
            Attribution::of(&caller.client, &caller.said, &caller.policy, headers, bounds.user.clone())
        } else {
            Attribution::default()
        };
        let prompt = match limits.count(&[Kind::Tokens, Kind::InputTokens, Kind::Usd]) {
            true if admitted.sends_form() => Prompt::of_form(),
            true => Prompt::of(body),
            false => Prompt::default(),
        };
        Self { attribution, bounds, prompt }
    }

    fn subject<'a>(&'a self, from: &'a Entrant, spelled_out: bool) -> Subject<'a> {
        Subject {
            client: &from.admitted.caller.client.name,
            team: from.admitted.caller.team(),
            foreign_team: from.admitted.caller.foreign_team,
            model: &from.asked.model,
            spelled_out,
            user: self.attribution.user.as_deref(),
            policies: &from.admitted.caller.policy.names,
            tags: Some(&self.attribution.tags),
            target: None,
        }
    }

    /// What the request may come to at the dearest of its targets.
    fn demand(&self, from: &Entrant, way: &Way, output: u64, now: Timestamp) -> Demand {
        let input = |target: &Rc<Target>| self.prompt.tokens(target.family, self.bounds.tools);
        let dearest = way.targets.iter().map(|target| {
            let input = input(target);
            let cache_write_1h = if self.prompt.caches() { input } else { 0 };
            let usage = Usage { input, cache_write_1h, output, reasoning: output, ..Usage::default() };
            target.cost(&usage, now).total().map(|usd| usd.0)
        });
        Demand {
            input: way.targets.iter().map(input).max().unwrap_or_default(),
            output,
            usd: dearest.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max()),
            class: from.admitted.caller.client.class,
            bind: if from.admitted.caller.policy.only_counts() { Bind::Shadow } else { Bind::Hard },
            expires: now.after(way.timeouts.total + GRACE),
        }
    }
}

impl Gateway {
    /// Where a request may go, whatever the limits say.
    pub(super) fn way(&self, from: &Entrant) -> Result<Way, ApiError> {
        Way::find(&self.config, &from.admitted, &from.asked.model)
    }

    /// Asks the limits for room, and decides where the request goes.
    pub(super) fn enter(&self, host: &dyn Host, from: &Entrant, now: Timestamp) -> Result<Exchange, Stop> {
        let mut way = self.way(from).map_err(Stop::Refused)?;
        let Some(needs) = &from.needs else {
            let plan = self.chained(plan(host, from, &way, now).map_err(Stop::Refused)?);
            return Ok(self.exchange(from, way, plan, Tolls::default(), None));
        };
        let subject = needs.subject(from, !way.logical);
        let policy = &from.admitted.caller.policy;
        let softer = self.softer(host, &subject, policy, now);
        if let Some(model) = &softer {
            way = Way::of(model, &from.admitted);
        }
        let mut plan = plan(host, from, &way, now).map_err(Stop::Refused)?;
        let limits = &self.config.limits;
        let said = needs.bounds.output.or(way.max_output);
        let said = said.or_else(|| (!limits.count(&[Kind::Tokens, Kind::OutputTokens, Kind::Usd])).then_some(0));
        let output = said.unwrap_or_else(|| ceiling(host, &ceiling_key(subject.model, subject.spelled_out)));
        let demand = needs.demand(from, &way, output, now);
        let taken = Tolls::take(limits, &subject, &demand, &mut plan, host, now);
        match taken.and_then(|tolls| tolls.claim(limits, &subject, &demand, self.config.store.as_deref(), host, now)) {
            Ok(mut tolls) => {
                let plan = self.chained(plan);
                tolls.commit(plan.targets().len(), host, now);
                tolls.guess = said.is_none().then_some(output);
                for limit in &tolls.exceeded {
                    telemetry::count_denial(host, limit, Bind::Shadow);
                }
                Ok(self.exchange(from, way, plan, tolls, softer.map(|model| model.name.clone())))
            }
            Err(denial) => {
                let waits = matches!(denial.reason, Reason::Spent(short) if !short.never);
                Err(Stop::Full {
                    error: denied(&denial, &subject, now).into(),
                    wait: denial.limit.wait.filter(|_| waits),
                    limit: denial.limit,
                })
            }
        }
    }

    /// The model that answers in the place of the one that is asked for, because a limit has got so far that does more
    /// than count.
    fn softer(&self, shared: &dyn Host, subject: &Subject<'_>, by: &Policy, now: Timestamp) -> Option<Rc<Model>> {
        if by.only_counts() {
            return None;
        }
        let soft = self.config.limits.of(subject).filter_map(|limit| Some((limit, limit.soft.as_ref()?)));
        let mut reached = soft.filter(|(limit, soft)| limit.level(subject, shared, now).used() >= soft.at);
        let (_, soft) = reached.next()?;
        let model = self.config.models.get(&soft.model).filter(|_| soft.model != subject.model)?;
        by.may_use(&model.name).then(|| Rc::clone(model))
    }

    /// The attempts of a plan that Envoy can make.
    fn chained(&self, plan: Plan) -> Plan {
        match &self.config.chains {
            Some(chains) => plan.chained(chains),
            None => plan,
        }
    }

    fn exchange(&self, from: &Entrant, way: Way, plan: Plan, tolls: Tolls, softer: Option<String>) -> Exchange {
        Exchange {
            id: self.exchanges.next_id(),
            task: from.admitted.task,
            asked: from.asked.clone(),
            resource: from.admitted.resource.clone(),
            plan,
            timeouts: way.timeouts,
            logical: way.logical,
            failover_on: way.failover_on,
            max_answer: usize::try_from(self.config.max_body).unwrap_or(usize::MAX),
            headers: Rc::clone(&from.admitted.headers),
            later: false,
            request_id: self.notes.request_id.clone(),
            request_bytes: self.notes.request_bytes,
            started: self.notes.started,
            softer,
            tolls: tolls.into(),
            progress: Progress::default().into(),
        }
    }
}

/// The attempts, those at targets that cool last.
fn plan(host: &dyn Host, from: &Entrant, way: &Way, now: Timestamp) -> Result<Plan, ApiError> {
    if way.targets.is_empty() {
        return Err(unable(from.admitted.task.surface().name()));
    }
    let has_choice = way.logical && way.targets.len() > 1;
    Ok(Plan::new(&way.targets, |target| has_choice && failover::is_cooling(host, target, now)))
}

/// What answers of a model are taken to have at most, until longer ones have been seen.
const FIRST_CEILING: u64 = 4_096;

/// The most tokens that an answer of a model is taken to have: what the longest had, and slowly less while shorter ones
/// come.
fn ceiling(shared: &(impl Shared + ?Sized), key: &str) -> u64 {
    shared.get(key).and_then(|bytes| bytes.try_into().ok()).map_or(FIRST_CEILING, u64::from_le_bytes)
}

/// Of answers that are not too long, only each of so many is a lesson: what all workers share costs time.
const LESSONS: u64 = 16;

/// Learns from an answer whose caller did not say how long it may be, and that was taken to have `guess` tokens at most.
pub(super) fn learn(shared: &(impl Shared + ?Sized), exchange: &Exchange, guess: u64, output: u64) {
    if output <= guess && !exchange.id.is_multiple_of(LESSONS) {
        return;
    }
    let key = ceiling_key(&exchange.asked.model, !exchange.logical);
    let known = ceiling(shared, &key);
    let next = if output >= known { output } else { known - (known - output).div_ceil(256 / LESSONS) };
    if next != known {
        // A lesson that another worker overwrites is not missed.
        shared.set(&key, &next.to_le_bytes());
    }
}

fn ceiling_key(model: &str, spelled_out: bool) -> String {
    format!("ceiling/{}", if spelled_out { "*" } else { model })
}
