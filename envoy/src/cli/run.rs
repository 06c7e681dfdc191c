//! `tollhouse run`.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tollhouse_filter::config::raw::Document;

use super::{REFUSED, RunArgs, builtin, check, complain};
use crate::check::warnings;
use crate::demo::Demo;
use crate::process::{Gateway, Options};
use crate::{binary, render};

/// How often the document is looked at.
const POLL: Duration = Duration::from_millis(500);

/// How long requests may go on when the end has come: as long as any may take, unless the document says otherwise.
const DRAIN: Duration = Duration::from_secs(600);

pub(super) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = stop_signals(&runtime)?;
    let asked = &args.options;
    let mut options = Options::new(match &asked.envoy_version {
        Some(version) => binary::of_version(version, &mut std::io::stderr())?,
        None => binary::envoy(&mut std::io::stderr())?,
    });
    (options.listen, options.admin, options.concurrency) = (asked.listen, asked.admin, asked.concurrency);
    options.access_log.clone_from(&asked.access_log);
    options.log.clone_from(&asked.log);
    options.log_level.clone_from(&asked.log_level);
    match &args.file {
        Some(file) => run_file(file, options, &stop),
        None => run_builtin(asked.demo, options, &runtime, &stop),
    }
}

fn run_file(file: &Path, options: Options, stop: &Receiver<()>) -> anyhow::Result<ExitCode> {
    let before = std::fs::read(file).ok();
    let Some(document) = check::load(file, None)? else { return Ok(ExitCode::from(REFUSED)) };
    warn(&document);
    let mut gateway = Gateway::start(&document, options)?;
    say(&builtin::guide(&gateway.base_url(), &document, None));
    say(&format!("\n{} is watched: a change takes effect at once. Ctrl-C ends.\n", file.display()));
    let mut seen = before;
    until_stopped(&mut gateway, stop, |gateway| {
        let now = std::fs::read(file).ok();
        // While an editor replaces the file there is none.
        if now.is_some() && now != seen {
            seen = now;
            match reload(file, gateway) {
                Ok(()) => say(&format!("tollhouse: {} reloaded\n", file.display())),
                Err(error) => complain(&error.context("the new document is refused, the old one stays")),
            }
        }
    })
}

fn reload(file: &Path, gateway: &mut Gateway) -> anyhow::Result<()> {
    let Some(document) = check::load(file, None)? else { bail!("{} has errors", file.display()) };
    gateway.reload(&document)?;
    warn(&document);
    Ok(())
}

fn run_builtin(demo: bool, mut options: Options, on: &Runtime, stop: &Receiver<()>) -> anyhow::Result<ExitCode> {
    let is_set = |name: &str| !demo && std::env::var(name).is_ok_and(|value| !value.is_empty());
    // With a document of ours any port will do; the usual one is easier to remember.
    options.listen = options.listen.or_else(free_default);
    let (builtin, demo) = match builtin::real(is_set)? {
        Some(builtin) => (builtin, None),
        None => {
            let demo = on.block_on(Demo::start())?;
            (builtin::demo(&demo)?, Some(demo))
        }
    };
    let mut gateway = Gateway::start(&builtin.document, options)?;
    say(&builtin::guide(&gateway.base_url(), &builtin.document, Some(&builtin)));
    if let Some(demo) = &demo {
        say(&builtin::demo_guide(demo));
    }
    say("\nCtrl-C ends.\n");
    until_stopped(&mut gateway, stop, |_| {})
}

/// The default address, or a free port beside it.
fn free_default() -> Option<SocketAddr> {
    let mut address: SocketAddr = render::DEFAULT_LISTEN.parse().ok()?;
    if TcpListener::bind(address).is_err() {
        address.set_port(0);
    }
    Some(address)
}

/// Looks after the gateway until a signal comes.
fn until_stopped(
    gateway: &mut Gateway,
    stop: &Receiver<()>,
    mut look: impl FnMut(&mut Gateway),
) -> anyhow::Result<ExitCode> {
    while stop.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
        if let Some(status) = gateway.exited()? {
            bail!("Envoy ended by itself ({status})");
        }
        look(gateway);
    }
    drain(gateway);
    gateway.stop();
    Ok(ExitCode::SUCCESS)
}

/// Lets what is under way come to its end. A second signal ends this process, and Envoy with it.
fn drain(gateway: &Gateway) {
    if let Ok(under_way @ 1..) = gateway.under_way() {
        let minutes = DRAIN.as_secs() / 60;
        say(&format!(
            "tollhouse: {under_way} requests are under way, and have {minutes} minutes; another Ctrl-C ends them\n"
        ));
    }
    // An Envoy that does not answer has nothing to lose.
    let _ = gateway.drain(DRAIN);
}

/// Tells of Ctrl-C, of SIGTERM and of a terminal that was closed. A second one ends this process at once, should the first find it busy.
fn stop_signals(on: &Runtime) -> anyhow::Result<Receiver<()>> {
    let (tell, told) = channel();
    let _guard = on.enter();
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    on.spawn(async move {
        for already_told in [false, true] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
            if already_told {
                std::process::exit(130);
            }
            let _ = tell.send(());
        }
    });
    Ok(told)
}

fn warn(document: &Document) {
    for warning in warnings(document, check::now()) {
        say(&format!("tollhouse: warning: {warning}\n"));
    }
}

/// To standard error: standard output is for records.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
