//! The two messages of the service.
//!
//! <https://github.com/envoyproxy/envoy/blob/v1.40.0/api/envoy/service/ratelimit/v3/rls.proto>
//! <https://github.com/envoyproxy/envoy/blob/v1.40.0/api/envoy/extensions/common/ratelimit/v3/ratelimit.proto>

use super::descriptor::Entries;
use crate::protobuf::{self, Malformed, Message, Value};

/// Hits for one counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor<'a> {
    pub(super) entries: &'a Entries,
    /// The limit and its unit, for services that need not know them before.
    pub(super) limit: u64,
    pub(super) unit: u64,
    pub(super) hits: u64,
    /// Are they given back?
    pub(super) back: bool,
}

impl Descriptor<'_> {
    fn message(&self) -> Message {
        let entries = self.entries.iter().fold(Message::default(), |descriptor, (key, value)| {
            descriptor.message(1, &Message::default().text(1, key).text(2, value))
        });
        entries
            .message(2, &Message::default().number(1, self.limit).number(2, self.unit))
            .message(3, &Message::default().number(1, self.hits))
            .number(4, u64::from(self.back))
    }
}

/// `RateLimitRequest`.
pub(super) fn request(domain: &str, descriptors: &[Descriptor<'_>]) -> Vec<u8> {
    let all = descriptors
        .iter()
        .fold(Message::default().text(1, domain), |request, descriptor| request.message(2, &descriptor.message()));
    all.number(3, common(descriptors)).into_bytes()
}

/// Hits of the request as a whole, for services that do not read those of descriptors: where all are the same.
fn common(descriptors: &[Descriptor<'_>]) -> u64 {
    let first = descriptors.first().map_or(0, |descriptor| descriptor.hits);
    let same = descriptors.iter().all(|descriptor| descriptor.hits == first);
    if same && u32::try_from(first).is_ok() { first } else { 0 }
}

/// `RateLimitResponse`, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) over: bool,
    /// One for each descriptor; some services send none.
    pub(super) statuses: Vec<Status>,
}

/// How one counter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) over: bool,
    /// Hits that are left.
    pub(super) remaining: u64,
    /// Does the service know a limit for it?
    pub(super) limited: bool,
}

impl Answer {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut over, mut statuses) = (None, Vec::new());
        for field in protobuf::fields(bytes)? {
            match field {
                (1, Value::Number(code)) => over = is_over(code),
                (2, Value::Bytes(status)) => statuses.push(Status::read(status)?),
                _ => {}
            }
        }
        Ok(Self { over: over.ok_or(Malformed)?, statuses })
    }
}

impl Status {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut status = Self::default();
        for field in protobuf::fields(bytes)? {
            match field {
                (1, Value::Number(code)) => status.over = is_over(code).ok_or(Malformed)?,
                (2, Value::Bytes(_)) => status.limited = true,
                (3, Value::Number(remaining)) => status.remaining = remaining,
                _ => {}
            }
        }
        Ok(status)
    }
}

/// `RateLimitResponse.Code`; 0 is unknown.
fn is_over(code: u64) -> Option<bool> {
    match code {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}
