//! A gateway's process on a core of its own.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The core of the gateway under test.
const GATEWAY: &str = "1";
/// The core of callers and providers.
const LOAD: &str = "0";

/// A process and all that it has started. It ends with this value.
pub(crate) struct Process(Child);

/// Keeps this process, and so callers and providers, off the gateway's core.
pub(crate) fn stay_aside() {
    let pid = std::process::id().to_string();
    let done = Command::new("taskset").args(["-a", "-c", "-p", LOAD, &pid]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset, of util-linux, and two cores are wanted");
}

impl Process {
    /// Starts it on its core. What it complains of is told.
    pub(crate) fn start(command: &Command) -> Self {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", GATEWAY]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            pinned.env(name, value.unwrap_or_default());
        }
        pinned.stdin(Stdio::null()).stdout(Stdio::null());
        Self(pinned.spawn().unwrap_or_else(|e| panic!("{:?}: {e}", command.get_program())))
    }

    /// Processor time so far, as the kernel's scheduler accounts for it, to the nanosecond.
    /// <https://docs.kernel.org/scheduler/sched-stats.html>
    pub(crate) fn cpu(&self) -> Duration {
        let of_task = |path: String| -> u64 {
            let text = fs::read_to_string(path + "/schedstat").unwrap_or_default();
            text.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0)
        };
        Duration::from_nanos(self.tasks().into_iter().map(of_task).sum())
    }

    /// Bytes of memory that it holds.
    pub(crate) fn resident(&self) -> u64 {
        self.held("VmRSS:")
    }

    /// The most that it held since [`Process::forget_peak`].
    pub(crate) fn peak(&self) -> u64 {
        self.held("VmHWM:")
    }

    /// <https://docs.kernel.org/filesystems/proc.html>: `clear_refs`
    pub(crate) fn forget_peak(&self) {
        for pid in family(self.0.id()) {
            fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        }
    }

    fn held(&self, kind: &str) -> u64 {
        family(self.0.id()).into_iter().map(|pid| status(pid, kind)).sum()
    }

    fn tasks(&self) -> Vec<String> {
        family(self.0.id()).into_iter().flat_map(tasks).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for pid in family(self.0.id()).into_iter().rev() {
            drop(Command::new("kill").arg("-9").arg(pid.to_string()).status());
        }
        drop(self.0.wait());
    }
}

/// A process and those below it.
fn family(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    for task in tasks(pid) {
        let children = fs::read_to_string(task + "/children").unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|pid| pid.parse().ok()).flat_map(family));
    }
    all
}

fn tasks(pid: u32) -> Vec<String> {
    let Ok(folder) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    folder.filter_map(|entry| entry.ok()?.path().to_str().map(str::to_owned)).collect()
}

/// Bytes, of a line of `/proc/PID/status`.
fn status(pid: u32, kind: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10
}
