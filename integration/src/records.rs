//! The access log, as a file that Envoy writes to.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a test waits for a record.
const PATIENCE: Duration = Duration::from_secs(60);

/// Records of the access log.
#[derive(Clone, Debug)]
pub struct Records(pub PathBuf);

impl Records {
    /// Those so far in whose line this text is.
    pub fn with(&self, text: &str) -> Vec<Value> {
        let all = std::fs::read_to_string(&self.0).unwrap_or_default();
        let whole = all.rsplit_once('\n').map(|(lines, _)| lines).unwrap_or_default();
        let lines = whole.lines().filter(|line| line.contains(text));
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// Waits for this many records with this text in their line, and no more.
    pub async fn wait(&self, count: usize, text: &str) -> Vec<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.with(text);
            if found.len() >= count {
                assert_eq!(found.len(), count, "{found:?}");
                return found;
            }
            assert!(Instant::now() < end, "{} of {count} records with {text}: {found:?}", found.len());
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits for the only record of a model.
    pub async fn of_model(&self, model: &str) -> Value {
        self.wait(1, &format!("\"model\":\"{model}\"")).await.remove(0)
    }

    /// Waits for the only record of a request.
    pub async fn of_request(&self, id: &str) -> Value {
        self.wait(1, &format!("\"request_id\":\"{id}\"")).await.remove(0)
    }
}
