//! Plain answers, and the response that events carry.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::lax;
use super::item::Item;
use super::{error, finish, usage};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::usage::{ServiceTier, Usage};

/// A response, as far as the hub has words for it.
#[derive(Default, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow, default, deserialize_with = "lax::text")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    model: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lax::number")]
    created_at: Option<u64>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    status: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    incomplete_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    service_tier: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow, default, deserialize_with = "lax::text")]
    reason: Option<Cow<'a, str>>,
}

impl<'a> Response<'a> {
    pub(super) fn start(&self) -> Event<'a> {
        let said = |text: &Option<Cow<'a, str>>| text.clone().filter(|text| !text.is_empty());
        Event::Start { id: said(&self.id), model: said(&self.model), created: self.created_at }
    }

    /// The end of the answer. `status` is what counts where the response has none.
    pub(super) fn finish(&self, status: &str, called: bool) -> Event<'static> {
        let status = self.status.as_deref().filter(|status| !status.is_empty()).unwrap_or(status);
        let details: Option<Incomplete<'_>> =
            self.incomplete_details.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let reason = details.unwrap_or_default().reason;
        Event::Finish { choice: 0, reason: finish::reason(status, reason.as_deref(), called) }
    }

    pub(super) fn usage(&self) -> Option<Event<'static>> {
        let usage = self.usage.and_then(usage::read)?;
        let service_tier = ServiceTier::named(self.service_tier.as_deref());
        Some(Event::Usage(Usage { service_tier, ..usage }))
    }

    /// Says all items; returns how many calls there were.
    pub(super) fn items(&self, say: &mut dyn FnMut(Event<'a>)) -> u32 {
        let output: Option<Vec<&'a RawValue>> = self.output.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let mut calls = 0;
        for raw in output.unwrap_or_default() {
            let mut item = Item::read(raw);
            if item.is_call() {
                say(item.begin_call(calls));
                let fragment = item.arguments.take().filter(|text| !text.is_empty()).unwrap_or(Cow::Borrowed("{}"));
                say(Event::Arguments { choice: 0, index: calls, fragment });
                calls += 1;
            } else {
                item.say(say);
            }
        }
        calls
    }
}

/// Reads a whole answer. One that has yet to be made (`queued`) has no end.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let response: Response<'_> = serde_json::from_slice(body).map_err(|_| error::no_answer())?;
    match response.status.as_deref() {
        Some("failed") => return Err(error::failed(response.error)),
        Some("cancelled") => return Err(error::cancelled()),
        _ if response.error.is_some() && response.output.is_none() => return Err(error::failed(response.error)),
        _ if response.output.is_none() => return Err(error::no_answer()),
        _ => {}
    }
    let mut events = vec![response.start()];
    let calls = response.items(&mut |event| events.push(event));
    let pending = matches!(response.status.as_deref(), Some("queued" | "in_progress"));
    // What has begun to answer ends here all the same: nothing more will come of it.
    if !pending || events.len() > 1 {
        events.push(response.finish("completed", calls > 0));
    }
    events.extend(response.usage());
    Ok(events)
}
