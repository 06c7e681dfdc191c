//! What Envoy says on standard error.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::ChildStderr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Lines that are kept for an error message.
const KEPT: usize = 20;

/// Passes the lines on and keeps the last ones.
#[derive(Clone, Default)]
pub(crate) struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
    ending: Arc<AtomicBool>,
}

impl Tail {
    /// Reads in a thread until the other end closes. Everything goes to the file, or to our own
    /// standard error.
    pub(crate) fn follow(from: Option<ChildStderr>, mut to: Option<File>) -> Self {
        let tail = Self::default();
        let Some(from) = from else { return tail };
        let ours = tail.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                let _ = match &mut to {
                    Some(file) => writeln!(file, "{line}"),
                    // That it was told to end is no news to who told it.
                    None if ours.ending.load(Ordering::Relaxed) => Ok(()),
                    None => writeln!(std::io::stderr(), "{line}"),
                };
                ours.push(line);
            }
        });
        tail
    }

    /// From now on nothing is passed on to our own standard error.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    fn push(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The last lines.
    pub(crate) fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}
