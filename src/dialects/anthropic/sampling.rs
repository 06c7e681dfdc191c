//! How the next token is picked.
//!
//! <https://docs.anthropic.com/en/api/messages#body-temperature>

use std::borrow::Cow;

use super::model::Model;
use crate::hub::ChatRequest;

/// What is left of the caller's wishes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dialects) struct Sampling {
    pub(in crate::dialects) temperature: Option<f64>,
    pub(in crate::dialects) top_p: Option<f64>,
    pub(in crate::dialects) top_k: Option<u64>,
}

/// Anthropic's temperatures end at 1. Newer models refuse some or all of the three, and thinking leaves only a
/// narrow `top_p`; what cannot be sent is noted in `dropped`.
pub(in crate::dialects) fn sampling(
    chat: &ChatRequest<'_>,
    model: Model,
    thinking: bool,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Sampling {
    let mut drop = |name: &'static str| dropped.push(Cow::Borrowed(name));
    let temperature = chat.temperature.map(|wish| wish.clamp(0.0, 1.0));
    let mut out = Sampling { temperature, top_p: chat.top_p, top_k: chat.top_k };
    let none = model.refuses_sampling();
    // With thinking the temperature is 1, whether it is said or not.
    if (none || thinking)
        && let Some(wish) = out.temperature.take()
        && (none || wish < 1.0)
    {
        drop("temperature");
    }
    let both = out.temperature.is_some() && model.refuses_both();
    let narrow = thinking && out.top_p.is_some_and(|p| !(0.95..=1.0).contains(&p));
    if (none || both || narrow) && out.top_p.take().is_some() {
        drop("top_p");
    }
    if (none || thinking) && out.top_k.take().is_some() {
        drop("top_k");
    }
    out
}
