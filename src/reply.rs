//! Answers that we give ourselves: their status, headers and body.

use std::time::Duration;

use crate::errors::{ApiError, Retry};
use crate::host::Stream;

/// Headers that a failure needs beside its body.
pub fn error_headers(error: &ApiError) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    match error.retry {
        Retry::Unsaid => {}
        Retry::Never => headers.push(("x-should-retry", "false".to_owned())),
        Retry::NotBefore(time) => {
            headers.push(("x-should-retry", "false".to_owned()));
            headers.push(("retry-after", seconds_up(time).to_string()));
        }
        Retry::After(time) => {
            headers.push(("x-should-retry", "true".to_owned()));
            headers.push(("retry-after", seconds_up(time).to_string()));
            headers.push(("retry-after-ms", time.as_millis().to_string()));
        }
    }
    headers
}

fn seconds_up(time: Duration) -> u128 {
    time.as_millis().div_ceil(1000)
}

/// Answers the caller with a failure.
pub fn refuse(stream: &(impl Stream + ?Sized), error: &ApiError, body: &[u8], more: &[(&str, &str)]) {
    let headers = error_headers(error);
    let all: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).chain(more.iter().copied()).collect();
    stream.reply(error.status, &all, body);
}
