//! What a request costs in the filter itself, without Envoy: natively, in time and allocations.
//!
//! `cargo bench -p tollhouse-filter --bench roles` prints the table of `docs/performance.md`. With the name of a case beside,
//! only that one runs, for a profiler: `valgrind --tool=callgrind target/release/deps/roles-… passed_2_kb`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    unsafe_code,
    reason = "a benchmark that cannot go on should say where"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[path = "support/paths.rs"]
mod paths;
#[path = "../tests/support/worker.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with tests")]
mod worker;

/// Counts allocations: in Wasm each takes as long as some dozen of instructions.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does all of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as asked.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as asked.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as asked.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const REQUESTS: u32 = 2_000;

fn main() {
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    println!("| | time | allocations |\n|---|---|---|");
    for name in paths::names().filter(|name| only.as_ref().is_none_or(|only| only == name)) {
        run(name);
    }
}

fn run(name: &str) {
    let path = paths::path(name);
    let (mut least, mut allocations) = (Duration::MAX, 0);
    for _ in 0..5 {
        let (start, before) = (Instant::now(), ALLOCATIONS.load(Ordering::Relaxed));
        for _ in 0..REQUESTS / 5 {
            assert_eq!(path.walk().status, 200);
        }
        least = least.min(start.elapsed() / (REQUESTS / 5));
        allocations = (ALLOCATIONS.load(Ordering::Relaxed) - before) / u64::from(REQUESTS / 5);
    }
    println!("| {name} | {} ns | {allocations} |", least.as_nanos());
}
