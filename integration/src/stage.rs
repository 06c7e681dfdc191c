//! The Envoy that most scenarios share, between scripted providers.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::Runtime;

use crate::admin::Admin;
use crate::caller::Call;
use crate::document::{self, Addresses, KEY};
use crate::gateway::Gateway;
use crate::provider::Provider;
use crate::records::Records;
use crate::speech::{ANSWER, PROMPT, Speech};

/// Everything that the scenarios share.
pub struct Stage {
    /// Speaks OpenAI's API.
    pub o: Provider,
    /// Another one that does.
    pub p: Provider,
    /// Speaks Anthropic's API.
    pub a: Provider,
    /// Another one that does.
    pub b: Provider,
    /// Where the gateway listens.
    pub gateway: SocketAddr,
    /// Envoy's admin interface.
    pub admin: Admin,
    /// The access log.
    pub records: Records,
    log: Log,
    slots: Mutex<HashMap<String, usize>>,
    // Kept, not used: they end with this process.
    _running: Gateway,
    _hole: Hole,
}

/// A port whose queue of connections is full, so that nobody is answered.
pub struct Hole(TcpListener, #[expect(dead_code, reason = "kept open")] Vec<TcpStream>);

impl Hole {
    /// Fills the queue of a port.
    pub fn dig() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let patience = std::time::Duration::from_millis(100);
        let callers = std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok());
        let callers = callers.take(10_000).collect();
        Self(listener, callers)
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }
}

/// Providers live as long as the process, beyond the runtime of a single test.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    })
}

/// The folder of this process's files. What is shared lives until the process ends, and nobody is there then to clear
/// away; so that is done by the next one, and logs can be looked at until then.
pub fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("a program");
    let all = program.ancestors().nth(2).expect("a target directory").join("scenarios");
    std::fs::create_dir_all(&all).expect("a folder");
    for old in std::fs::read_dir(&all).expect("a folder").filter_map(Result::ok) {
        if !std::path::Path::new("/proc").join(old.file_name()).exists() {
            drop(std::fs::remove_dir_all(old.path()));
        }
    }
    let ours = all.join(std::process::id().to_string());
    std::fs::create_dir_all(&ours).expect("a folder");
    drop(tempfile::env::override_temp_dir(&ours));
    ours
}

/// A provider on the runtime that outlives tests.
pub fn provider(speech: Speech) -> Provider {
    outliving(Provider::start(speech))
}

/// Runs something on the runtime that outlives tests.
pub fn outliving<T: Send + 'static>(start: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    runtime().spawn(async move {
        drop(sender.send(start.await));
    });
    receiver.recv().expect("what was started")
}

/// The Envoy to use.
pub fn envoy() -> PathBuf {
    tollhouse::binary::envoy(&mut std::io::stderr()).expect("Envoy")
}

impl Stage {
    fn raise() -> Self {
        let [o, p] = [Speech::OpenAi; 2].map(provider);
        let [a, b] = [Speech::Anthropic; 2].map(provider);
        let hole = Hole::dig();
        let at = Addresses {
            o: o.address,
            p: p.address,
            a: a.address,
            b: b.address,
            hasty: outliving(crate::provider::hasty()),
            hole: hole.address(),
        };
        let gateway = Gateway::start(&document::read(&document::json(at)));
        // All that Envoy can tell of the filter; what is in it is looked at when a scenario ends.
        gateway.admin.post("/logging?wasm=trace");
        Self {
            o,
            p,
            a,
            b,
            gateway: gateway.address,
            admin: gateway.admin,
            records: gateway.records.clone(),
            log: Log::new(gateway.log()),
            slots: Mutex::default(),
            _running: gateway,
            _hole: hole,
        }
    }

    /// A model of this family that no other scenario uses.
    pub fn model(&self, family: &str) -> String {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(family.to_owned()).or_default();
        assert!(*slot < document::slots(family), "more models of family {family}");
        *slot += 1;
        format!("{family}-{}", *slot - 1)
    }

    /// A chat request for a model.
    pub fn chat(&self, model: &str) -> Call {
        Call::chat(self.gateway, KEY, model)
    }

    /// The provider of an API.
    pub fn provider(&self, speech: Speech) -> &Provider {
        match speech {
            Speech::OpenAi => &self.o,
            Speech::Anthropic => &self.a,
        }
    }

    /// What must be true at any time.
    fn check(&self) {
        healthy(self.admin, &self.log.news());
        discreet(&std::fs::read_to_string(&self.records.0).unwrap_or_default());
    }
}

/// A log that grows.
struct Log(Mutex<File>);

impl Log {
    fn new(path: PathBuf) -> Self {
        Self(Mutex::new(File::open(path).expect("a log")))
    }

    /// What has been added since the last call.
    fn news(&self) -> String {
        let mut news = Vec::new();
        let mut file = self.0.lock().expect("a log");
        file.read_to_end(&mut news).expect("a log");
        // What is not a whole line yet is read again.
        let rest = news.len() - news.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        file.seek(SeekFrom::Current(-i64::try_from(rest).expect("a size"))).expect("a log");
        String::from_utf8_lossy(&news).into_owned()
    }
}

/// The filter has not trapped, no retry was given up for want of buffers, and the log holds no secret.
pub fn healthy(admin: Admin, log: &str) {
    let crashes = admin.stats("wasm.*(crash|vm_failed|fail_reload|vm_reload|runtime_error)|retry_or_shadow_abandoned");
    let bad: Vec<_> = crashes.iter().filter(|(_, value)| *value > 0).collect();
    assert!(bad.is_empty(), "{bad:?}\n{log}");
    for word in ["panicked", "Uncaught RuntimeError", "unreachable"] {
        assert!(!log.contains(word), "`{word}` in Envoy's log: {log}");
    }
    discreet(log);
}

/// A log holds no key, no prompt and no answer.
pub fn discreet(log: &str) {
    for secret in [PROMPT, ANSWER, document::PROVIDER_KEYS, "-c0ffee"] {
        let line = || log.lines().find(|line| line.contains(secret)).unwrap_or_default();
        assert!(!log.contains(secret), "`{secret}` in a log: {}", line());
    }
}

/// The shared stage, as long as a scenario plays.
pub struct Play(&'static Stage);

impl Play {
    /// The stage, for plays that go on beside each other.
    pub fn stage(&self) -> &'static Stage {
        self.0
    }
}

impl Deref for Play {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        self.0
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.check();
        }
    }
}

/// The shared stage. When a scenario ends, everything that must always be true is checked.
pub fn stage() -> Play {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    Play(STAGE.get_or_init(|| kept(Stage::raise)))
}

/// Starts something on a thread that lives as long as this process.
pub fn kept<T: Send + 'static>(start: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    // Envoy asks the kernel for a SIGTERM when the thread that started it ends, and a test's thread ends soon.
    std::thread::spawn(move || {
        drop(sender.send(start()));
        loop {
            std::thread::park();
        }
    });
    receiver.recv().expect("what was started")
}
