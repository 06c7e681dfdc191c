//! Limits in words: for shared data, and for people.

use std::fmt::Write as _;

use super::{Kind, Limit, Match, Scope, Subject};
use crate::ledger::{Unit, Window};
use crate::pricing::Decimal;

impl Kind {
    /// Its word in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::Usd => "usd",
            Self::InFlight => "in_flight",
        }
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
    }
}

/// What makes a limit this one, whatever its amount.
pub(super) fn id(scope: &Scope, kind: Kind, window: Window) -> String {
    let mut id = format!("limit/{}/", kind.word());
    match window {
        Window::Ever => id.push_str("ever"),
        Window::Calendar(length) => id.push_str(unit(length)),
        Window::Rolling(length) => {
            id.push_str("rolling-");
            id.push_str(unit(length));
        }
    }
    for (dimension, wanted) in scope.parts() {
        let value = match wanted {
            Match::Each => "*",
            Match::Only(value) => value,
        };
        // Writing to a string cannot fail.
        let _ = write!(id, "/{}={value}", dimension.word());
    }
    id
}

impl Limit {
    /// For callers: `200000 tokens per minute for team support`.
    pub fn describe(&self, subject: &Subject<'_>) -> String {
        self.say(self.scope.values(subject).map(|(_, value)| value))
    }

    /// The same by the values of those dimensions of which each has a counter, in their order.
    pub(super) fn say<'a>(&'a self, mut each: impl Iterator<Item = &'a str>) -> String {
        let mut text = match self.kind {
            Kind::Requests => format!("{} requests", self.amount),
            Kind::Tokens => format!("{} tokens", self.amount),
            Kind::InputTokens => format!("{} input tokens", self.amount),
            Kind::OutputTokens => format!("{} output tokens", self.amount),
            Kind::Usd => format!("{} USD", Decimal(self.amount)),
            Kind::InFlight => format!("{} requests at a time", self.amount),
        };
        match self.window {
            Window::Ever => {}
            Window::Calendar(length) | Window::Rolling(length) => {
                text.push_str(" per ");
                text.push_str(unit(length));
            }
        }
        for (i, (dimension, wanted)) in self.scope.parts().enumerate() {
            let value = match wanted {
                Match::Only(value) => value.as_str(),
                Match::Each => each.next().unwrap_or_default(),
            };
            text.push_str(if i == 0 { " for " } else { " and " });
            let _ = match value {
                "" => write!(text, "no {}", dimension.word()),
                value => write!(text, "{} {}", dimension.word(), value.escape_debug()),
            };
        }
        text
    }
}
