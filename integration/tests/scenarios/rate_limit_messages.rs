//! The messages of the rate limit protocol, against types that are generated from its own definition.

use std::rc::Rc;
use std::time::Duration;

use envoy_types::pb::envoy::config::core::v3::HeaderValue;
use envoy_types::pb::envoy::extensions::common::ratelimit::v3::RateLimitDescriptor;
use envoy_types::pb::envoy::extensions::common::ratelimit::v3::rate_limit_descriptor::{Entry, RateLimitOverride};
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_response::{Code, DescriptorStatus, RateLimit};
use envoy_types::pb::envoy::service::ratelimit::v3::{RateLimitRequest, RateLimitResponse};
use envoy_types::pb::google::protobuf::{Duration as Span, UInt64Value};
use prost::Message;
use tollhouse_filter::ledger::{Bind, Class, Unit, Window};
use tollhouse_filter::limits::{Demand, Dimension, Kind, Limit, Match, Scope, Spending, Subject};
use tollhouse_filter::store::{Claims, Store, Verdict, WhenDown};
use tollhouse_filter::time::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn store() -> Store {
    Store {
        cluster: "rls".into(),
        domain: "tollhouse".into(),
        timeout: Duration::from_millis(20),
        when_down: WhenDown::Refuse,
        refunds: true,
    }
}

fn claims() -> Claims {
    let scope: Scope = [(Dimension::Team, Match::Each)].into_iter().collect();
    let limit = Rc::new(Limit::new(scope, Kind::Tokens, Window::Calendar(Unit::Day), 4_000_000_000));
    let demand =
        Demand { input: 30, output: 270, usd: None, class: Class::Interactive, bind: Bind::Hard, expires: NOW };
    let subject = Subject { team: Some("süpport"), ..Subject::default() };
    Claims::of([&limit].into_iter(), &subject, &demand, &store(), NOW).unwrap().unwrap()
}

fn descriptor(hits: u64, back: bool) -> RateLimitRequest {
    let entries = [("limit", "tokens/day/team=*"), ("team", "süpport"), ("window", "1")];
    RateLimitRequest {
        domain: "tollhouse".into(),
        descriptors: vec![RateLimitDescriptor {
            entries: entries.map(|(key, value)| Entry { key: key.into(), value: value.into() }).into(),
            limit: Some(RateLimitOverride { requests_per_unit: 4_000_000_000, unit: 4 }),
            hits_addend: Some(UInt64Value { value: hits }),
            is_negative_hits: back,
        }],
        hits_addend: u32::try_from(hits).unwrap(),
    }
}

#[test]
fn requests_are_what_the_definition_makes_of_them() {
    let claims = claims();
    assert_eq!(claims.question(&store()), descriptor(300, false).encode_to_vec());
    let told = claims.settle(&Spending { input: 20, output: 80, usd: 0 }, &store(), NOW);
    assert_eq!(told, [descriptor(200, true).encode_to_vec()]);
}

#[test]
fn answers_with_all_that_the_definition_has_are_read() {
    let status = DescriptorStatus {
        code: Code::Ok.into(),
        current_limit: Some(RateLimit { name: "limit".into(), requests_per_unit: 4_000_000_000, unit: 4 }),
        limit_remaining: 3_999_999_000,
        duration_until_reset: Some(Span { seconds: 7, nanos: 1 }),
        quota: None,
    };
    let header = HeaderValue { key: "x-ratelimit-limit".into(), value: "1".into(), ..HeaderValue::default() };
    let mut answer = RateLimitResponse {
        overall_code: Code::Ok.into(),
        statuses: vec![status],
        response_headers_to_add: vec![header],
        raw_body: b"body".to_vec(),
        ..RateLimitResponse::default()
    };
    let Verdict::Granted(standings) = claims().verdict(&answer.encode_to_vec(), NOW) else { panic!("not granted") };
    assert_eq!(standings[0].remaining(), 3_999_999_000);
    answer.overall_code = Code::OverLimit.into();
    answer.statuses[0].code = Code::OverLimit.into();
    assert!(matches!(claims().verdict(&answer.encode_to_vec(), NOW), Verdict::Denied(_)));
}
