//! The store of limits, from the document as written to what runs.

use std::rc::Rc;
use std::time::Duration;

use super::limits::share as checked;
use super::{Config, ConfigError, Endpoint, raw};
use crate::ledger::Window;
use crate::limits::{self, Kind, Limit};
use crate::store::{Store, WhenDown};

type Result<T> = std::result::Result<T, ConfigError>;

const TIMEOUT: Duration = Duration::from_millis(20);
const DOMAIN: &str = "tollhouse";
const LOCAL_SHARE: f64 = 0.1;

/// The SDK takes messages for strings, which those with longer names are not.
const LONGEST_NAME: usize = 100;

pub(super) fn store(raw: &raw::LimitStore) -> Result<Store> {
    let path = |field: &str| format!("limit_store.{field}");
    if raw.rate_limit_service.is_empty() || raw.rate_limit_service.len() > LONGEST_NAME {
        let reason = format!("expected the name of a cluster, of up to {LONGEST_NAME} bytes");
        return Err(ConfigError::new(path("rate_limit_service"), reason));
    }
    if let Some(address) = &raw.address {
        store_endpoint(address)?;
    }
    let domain = raw.domain.as_deref().unwrap_or(DOMAIN);
    if domain.is_empty() {
        return Err(ConfigError::new(path("domain"), "expected a name that the service knows"));
    }
    let timeout = raw.timeout.map_or(TIMEOUT, |timeout| timeout.0);
    if timeout.is_zero() || timeout > Duration::from_secs(10) {
        let found = raw::Seconds(timeout).to_string();
        return Err(ConfigError::expected(path("timeout"), &found, "some milliseconds, up to 10s"));
    }
    let when_down = raw.when_down.unwrap_or_default();
    if let Some(share) = raw.local_share {
        checked(path("local_share"), share)?;
        if when_down == raw::WhenDown::Refuse {
            return Err(ConfigError::new(path("local_share"), "expected none beside `when_down: refuse`"));
        }
    }
    Ok(Store {
        cluster: raw.rate_limit_service.clone(),
        domain: domain.to_owned(),
        timeout,
        when_down: match when_down {
            raw::WhenDown::Local => WhenDown::Local(raw.local_share.unwrap_or(LOCAL_SHARE)),
            raw::WhenDown::Refuse => WhenDown::Refuse,
        },
        refunds: raw.refunds.unwrap_or(true),
    })
}

/// Where a store is.
///
/// # Errors
/// It is no `host:port`.
pub fn store_endpoint(address: &str) -> Result<Endpoint> {
    let endpoint = Endpoint::parse(&format!("http://{address}")).ok();
    endpoint.filter(|endpoint| endpoint.explicit_port && endpoint.path.is_empty()).ok_or_else(|| {
        ConfigError::expected("limit_store.address", address, "a host and a port such as ratelimit.internal:8081")
    })
}

/// What an Envoy grants alone of a limit that the store keeps; `None` for one that is kept here.
pub(super) fn share(path: &str, raw: &raw::Limit, limit: &Limit, config: &Config) -> Result<Option<Rc<Limit>>> {
    let Some(store) = &config.store else {
        return match raw.local {
            true => Err(ConfigError::new(format!("{path}.local"), "expected it beside a `limit_store` only")),
            false => Ok(None),
        };
    };
    if raw.local {
        return Ok(None);
    }
    if let Some(field) = foreign(raw, limit) {
        let reason = "the rate limit service cannot count so; `local: true` lets each Envoy do it for itself";
        return Err(ConfigError::new(format!("{path}.{field}"), reason));
    }
    let amount = match store.when_down {
        WhenDown::Local(share) => limits::share(limit.amount, share),
        WhenDown::Refuse => limit.amount,
    };
    let mut alone = Limit::new(limit.scope.clone(), limit.kind, limit.window, amount);
    alone.unpriced = limit.unpriced;
    Ok(Some(Rc::new(alone)))
}

/// The field for which the protocol has no words.
fn foreign(raw: &raw::Limit, limit: &Limit) -> Option<&'static str> {
    let fields = [
        ("in_flight", limit.kind == Kind::InFlight),
        ("rolling", raw.rolling),
        ("per", limit.window == Window::Ever),
        ("for", limit.scope.is_of_target()),
        ("shadow", raw.shadow),
        ("alert_at", !raw.alert_at.is_empty()),
        ("soft", raw.soft.is_some()),
        ("keep", !raw.keep.is_empty()),
        ("wait", raw.wait.is_some()),
    ];
    fields.into_iter().find(|(_, is_foreign)| *is_foreign).map(|(field, _)| field)
}
