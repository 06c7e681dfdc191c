//! What the request's route leaves of the configuration.

use super::admitted::Admitted;
use super::refusal::misconfigured;
use super::{Gateway, State};
use crate::config::Metadata;
use crate::errors::ApiError;
use crate::host::{Host, Side, Stream};
use crate::telemetry;

/// Whether what is written on the route can be understood.
pub(super) type Ruled = Result<(), ApiError>;

impl Gateway {
    /// Is the request none of our business?
    pub fn passes(&self) -> bool {
        matches!(self.state, State::Passing)
    }

    /// Finds out what the route leaves. Envoy is asked in any case: what somebody has written there must hold, or be told
    /// to be wrong.
    pub(super) fn rule(&mut self, host: &dyn Host) -> Ruled {
        let ruling = self.config.rule(metadata(host), |error| {
            log::error!("tollhouse: {} is refused: {error}", name(host));
        });
        match ruling {
            Ok(policy) => {
                self.policy = policy;
                Ok(())
            }
            Err(error) => {
                telemetry::count_route_error(host);
                Err(misconfigured(&error))
            }
        }
    }
}

/// Whole messages: parts of them come without the types of their values, and not at all where one is null.
///
/// <https://github.com/envoyproxy/envoy/blob/v1.40.0/source/extensions/common/wasm/context.cc>, `serializeValue`
fn metadata(stream: &(impl Stream + ?Sized)) -> Metadata {
    let of = |which| stream.property(&["xds", which]).unwrap_or_default();
    Metadata { virtual_host: of("virtual_host_metadata"), route: of("route_metadata") }
}

/// The route, for people.
fn name(stream: &(impl Stream + ?Sized)) -> String {
    let of = |which| String::from_utf8_lossy(&stream.property(&["xds", which]).unwrap_or_default()).into_owned();
    format!("route `{}` of virtual host `{}`", of("route_name"), of("virtual_host_name"))
}

/// The body with the route's model in it, if it names none.
pub(super) fn with_default_model(host: &dyn Host, admitted: &Admitted, body: Vec<u8>) -> Vec<u8> {
    let Some(model) = &admitted.caller.policy.default_model else { return body };
    let Some(named) = admitted.with_model(model, &body) else { return body };
    host.set_body(Side::Request, body.len(), &named);
    named
}
