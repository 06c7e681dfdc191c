//! Copies of requests: mirrors and taps.

use std::time::{Duration, Instant};

use integration::speech::ANSWER;
use serde_json::json;

use super::street::{House, Street, street};

pub(super) fn houses() -> Vec<House> {
    let mirror = |name, to: &str| House::new(name).route("request_mirror_policies", json!([{ "cluster": to }]));
    vec![mirror("mirror", "other"), mirror("mirror-provider", "mirror-provider-o")]
}

/// What a tap has written to files that begin so, as soon as it has.
pub(super) async fn traces(street: &Street, name: &str) -> String {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let files = std::fs::read_dir(street.folder()).unwrap().map(|file| file.unwrap().path());
        let ours = files.filter(|file| file.file_name().unwrap().to_string_lossy().starts_with(name));
        let all: String = ours.map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect();
        if all.contains("content-type") {
            return all;
        }
        assert!(Instant::now() < end, "no traces of {name}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn a_mirror_gets_the_callers_request_and_no_key_of_anybody() {
    let street = street();
    let call = street.chat("mirror").header("x-of-the-caller", "yes");
    assert_eq!(call.send().await.content(), ANSWER);
    let copy = street.other.one("mirror").await;
    assert_eq!(copy.json()["model"], "mirror");
    assert_eq!((copy.head.word(1), copy.head.get("x-of-the-caller")), ("/v1/chat/completions", Some("yes")));
    let head = format!("{:?}", copy.head);
    assert!(!head.contains("-c0ffee") && !head.contains("sk-upstream") && !head.contains("x-tollhouse"), "{head}");
    let steering =
        copy.head.headers.iter().filter(|(name, _)| name.starts_with("x-envoy-") && name != "x-envoy-internal");
    assert_eq!(steering.count(), 0, "{head}");
}

#[tokio::test]
async fn a_mirror_that_is_a_provider_is_refused_by_the_provider_role() {
    let street = street();
    for count in 1..=3 {
        let answer = street.chat("mirror-provider").send().await;
        assert_eq!(answer.served(), ("mirror-provider-o/mirror-provider".to_owned(), "1".to_owned()));
        let records = street.records.wait(count, "\"model\":\"mirror-provider\"").await;
        assert_eq!(records[count - 1]["attempts"].as_array().unwrap().len(), 1);
        assert_eq!(street.o.seen("mirror-provider").len(), count);
    }
}
