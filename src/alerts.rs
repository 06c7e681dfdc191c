//! What the webhook is to be told: it waits until the plugin itself can send it, since what a stream sends is given up
//! with the stream.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde::Serialize;

use crate::config::Webhook;
use crate::limits::Crossing;

/// More than these wait only when thousands of subjects get far in the same half second.
const MOST: usize = 1_000;

/// So many are sent at once: who gets more takes them for an attack.
const AT_ONCE: usize = 20;

/// One call of the webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who is told; by the document under which it happened.
    pub webhook: Rc<Webhook>,
    /// JSON.
    pub body: String,
}

/// Why the webhook does not know of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// Too much else waits.
    Overflow,
    /// Envoy has no such cluster, or none of its hosts is healthy.
    Unsent,
    /// It cannot be reached, or takes too long.
    Unanswered,
    /// It answers with this status.
    Refused(u16),
}

impl Undelivered {
    /// What becomes of an answer with this status.
    ///
    /// # Errors
    /// It is none of success.
    pub fn by_status(status: Option<u16>) -> Result<(), Self> {
        match status {
            Some(200..300) => Ok(()),
            Some(status) => Err(Self::Refused(status)),
            None => Err(Self::Unanswered),
        }
    }

    /// A word for logs and stats.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Unsent => "unsent",
            Self::Unanswered => "unanswered",
            Self::Refused(_) => "refused",
        }
    }
}

/// What waits on this worker.
#[derive(Clone, Debug, Default)]
pub struct Alerts(Rc<RefCell<VecDeque<Alert>>>);

impl Alerts {
    /// Comes last.
    ///
    /// # Errors
    /// Too many wait.
    pub fn push(&self, webhook: &Rc<Webhook>, crossing: &Crossing) -> Result<(), Undelivered> {
        let mut waiting = self.0.borrow_mut();
        if waiting.len() >= MOST {
            return Err(Undelivered::Overflow);
        }
        waiting.push_back(Alert { webhook: Rc::clone(webhook), body: body(crossing) });
        Ok(())
    }

    /// What is to be sent now, the oldest first.
    pub fn take(&self) -> Vec<Alert> {
        let mut waiting = self.0.borrow_mut();
        let some = waiting.len().min(AT_ONCE);
        waiting.drain(..some).collect()
    }
}

/// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
#[derive(Serialize)]
struct Message<'a> {
    text: &'a str,
}

fn body(crossing: &Crossing) -> String {
    let text = format!("Tollhouse: {} % of the limit of {} are spent.", crossing.percent, escape(&crossing.words));
    // A string always serializes.
    serde_json::to_string(&Message { text: &text }).unwrap_or_default()
}

/// Users and tags are callers' own words, in which nobody is to be called and no link to be made.
///
/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::ledger::Window;
    use crate::limits::{Kind, Limit, Scope};

    fn crossing(words: &str) -> Crossing {
        let limit = Rc::new(Limit::new(Scope::default(), Kind::Usd, Window::Ever, 1));
        Crossing { limit, words: words.to_owned(), percent: 80 }
    }

    fn webhook() -> Rc<Webhook> {
        let path = "/services/canary".to_owned();
        Rc::new(Webhook { cluster: "alerts".to_owned(), scheme: "https", authority: "h".to_owned(), path })
    }

    #[test]
    fn a_message_is_json_that_calls_nobody() {
        assert_eq!(
            body(&crossing("50 USD per month for user <!channel> & \"co\"")),
            r#"{"text":"Tollhouse: 80 % of the limit of 50 USD per month for user &lt;!channel&gt; &amp; \"co\" are spent."}"#
        );
    }

    #[test]
    fn what_waits_is_bounded_and_sent_in_its_order_a_few_at_a_time() {
        let alerts = Alerts::default();
        for number in 0..MOST {
            assert_eq!(alerts.push(&webhook(), &crossing(&number.to_string())), Ok(()));
        }
        assert_eq!(alerts.push(&webhook(), &crossing("late")), Err(Undelivered::Overflow));
        let first = alerts.take();
        assert_eq!(first.len(), AT_ONCE);
        assert!(first[0].body.contains(" of 0 ") && first[AT_ONCE - 1].body.contains(" of 19 "));
        assert!(alerts.take()[0].body.contains(" of 20 "));
        assert_eq!(alerts.push(&webhook(), &crossing("there is room again")), Ok(()));
    }

    #[test]
    fn only_success_is_success() {
        assert_eq!(Undelivered::by_status(Some(204)), Ok(()));
        assert_eq!(Undelivered::by_status(Some(302)), Err(Undelivered::Refused(302)));
        assert_eq!(Undelivered::by_status(Some(404)), Err(Undelivered::Refused(404)));
        assert_eq!(Undelivered::by_status(None), Err(Undelivered::Unanswered));
    }

    #[test]
    fn the_path_of_the_webhook_is_not_shown() {
        let alerts = Alerts::default();
        alerts.push(&webhook(), &crossing("10 requests")).unwrap();
        assert!(!format!("{alerts:?}").contains("canary"));
    }
}
