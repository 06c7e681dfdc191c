//! Callers that go on and on, each with one request after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use integration::caller::{Answer, Call};
use integration::speech::ANSWER;
use integration::stage;
use tokio::task::JoinHandle;

/// How long what must happen may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Callers under way.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    callers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// A caller for each of these calls, which it repeats.
    pub(super) fn of(calls: impl IntoIterator<Item = Call>) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let caller = |call: Call| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            stage::runtime().spawn(async move {
                let mut failed = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let answer = call.send().await;
                    failed.extend((!is_good(&answer)).then(|| format!("{} {}", answer.status, answer.text())));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                failed
            })
        };
        let callers = calls.into_iter().map(caller).collect();
        Self { stop, answered, callers }
    }

    /// Waits for so many more answers.
    pub(super) async fn more(&self, count: usize) {
        let wanted = self.answered.load(Ordering::Relaxed) + count;
        until("callers go on", || self.answered.load(Ordering::Relaxed) >= wanted).await;
    }

    /// Ends it. Gives the failures that callers have seen.
    pub(super) async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = Vec::new();
        for caller in self.callers {
            failed.extend(caller.await.expect("a caller"));
        }
        failed
    }
}

/// A whole answer, streamed or not.
pub(super) fn is_good(answer: &Answer) -> bool {
    answer.status == 200 && answer.whole && answer.content() == ANSWER
}

/// Waits until something is so.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
