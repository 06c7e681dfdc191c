//! What is rendered, in a real Envoy. `TOLLHOUSE_ENVOY` names one; without it the pinned release is downloaded.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tollhouse::demo::Demo;
use tollhouse::process::{Gateway, Options};
use tollhouse::{binary, document, filter, key, render};
use tollhouse_filter::config::raw::Document;

const DOCUMENT: &str = r#"
providers:
  openai: { dialect: openai, keys: [{ env: OPENAI_API_KEY }] }
  nowhere: { dialect: openai, endpoint: "http://does-not-exist.invalid" }
  local: { dialect: openai, endpoint: "http://127.0.0.1:9/v1", connect_timeout: 250ms }
  six: { dialect: openai, endpoint: "https://[::1]:9/v1" }
models:
  tier: { targets: [openai/gpt-5-mini, local/llama] }
clients:
  - { name: bot, key_sha256: "0000000000000000000000000000000000000000000000000000000000000001", models: [tier] }
"#;

const SIGNED: &str = "
providers:
  bedrock: { dialect: bedrock-converse, keys: [{ aws: { region: us-east-1 } }] }
";

fn envoy() -> PathBuf {
    static ENVOY: OnceLock<PathBuf> = OnceLock::new();
    ENVOY.get_or_init(|| binary::envoy(&mut std::io::stderr()).unwrap()).clone()
}

fn options() -> Options {
    let mut options = Options::new(envoy());
    options.listen = Some(([127, 0, 0, 1], 0).into());
    options.concurrency = Some(2);
    options.env = [("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")].map(|(n, v)| (n.into(), v.into())).into();
    options
}

fn parsed(yaml: &str) -> Document {
    document::parse(yaml).unwrap()
}

fn get(url: &str) -> String {
    ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

fn alive(id: u32) -> bool {
    // A process that has ended but was not waited for counts as ended.
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Envoy's own verdict on a configuration.
fn validate(config: &Path) {
    let mut command = Command::new(envoy());
    command.args(["--mode", "validate", "--use-dynamic-base-id", "--log-level", "warning", "-c"]).arg(config);
    command.envs([("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")]);
    // Envoy looks for credentials when it starts.
    let output = command.envs([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("eprecated"), "{said}");
}

#[test]
fn envoy_takes_what_is_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("filter.wasm");
    std::fs::write(&module, filter::bytes().unwrap()).unwrap();
    for (name, text) in [("whole.yaml", DOCUMENT), ("empty.yaml", "{}"), ("signed.yaml", SIGNED)] {
        let config = render::bootstrap(&parsed(text), &render::Options::new(&module)).unwrap();
        std::fs::write(folder.path().join(name), render::to_yaml(&config).unwrap()).unwrap();
        validate(&folder.path().join(name));
    }
}

#[test]
fn envoy_takes_the_hand_written_bootstrap() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("filter.wasm");
    std::fs::write(&module, filter::bytes().unwrap()).unwrap();
    let text = include_str!("../bootstrap.yaml")
        .replace("/etc/tollhouse/tollhouse_filter.wasm", module.to_str().unwrap())
        .replace("/etc/ssl/certs/ca-certificates.crt", render::system_ca().to_str().unwrap());
    std::fs::write(folder.path().join("bootstrap.yaml"), text).unwrap();
    validate(&folder.path().join("bootstrap.yaml"));
}

#[test]
fn a_gateway_starts_reloads_and_ends() {
    let mut gateway = Gateway::start(&parsed(DOCUMENT), options()).unwrap();
    let id = gateway.id();
    assert!(alive(id) && gateway.base_url().starts_with("http://127.0.0.1:"));
    let admin = gateway.admin_url();
    let clusters = || get(&format!("{admin}/clusters"));
    assert!(clusters().contains("local::") && !clusters().contains("other::"));

    let other = DOCUMENT.replace("  local:", "  other:").replace("local/llama", "other/llama");
    gateway.reload(&parsed(&other)).unwrap();
    wait_until("the old cluster goes", || clusters().contains("other::") && !clusters().contains("local::"));
    // The same again, and a change of the filter's configuration alone: Envoy tells of neither clusters nor routes.
    gateway.reload(&parsed(&other)).unwrap();
    gateway.reload(&parsed(&other.replace("name: bot", "name: robot"))).unwrap();
    let dump = get(&format!("{admin}/config_dump?resource=ecds_filters"));
    assert!(dump.contains("robot"), "{dump}");

    gateway.stop();
    assert!(!alive(id));
}

/// A document with one model of this name, of a provider of this name.
fn one(provider: &str, model: &str, endpoint: &str) -> Document {
    parsed(&format!(
        "providers: {{ {provider}: {{ dialect: openai, endpoint: '{endpoint}/v1' }} }}
models: {{ {model}: {{ targets: [{provider}/x] }} }}
clients: [{{ name: bot, key_sha256: {}, models: ['*'] }}]",
        key::digest("sk-th-test")
    ))
}

fn ask(url: &str, model: &str) -> ureq::http::Response<ureq::Body> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    // The demonstration says it again, word by word: seconds, in which there is time to reload.
    let words = "hi ".repeat(60);
    let body =
        format!(r#"{{"model": "{model}", "stream": true, "messages": [{{"role": "user", "content": "{words}"}}]}}"#);
    let request = agent.post(format!("{url}/v1/chat/completions")).header("authorization", "Bearer sk-th-test");
    request.header("content-type", "application/json").send(body).unwrap()
}

#[test]
fn a_stream_outlives_the_provider_it_came_from() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let demo = runtime.block_on(Demo::start()).unwrap();
    let mut gateway = Gateway::start(&one("old", "before", &demo.openai.url()), options()).unwrap();
    let url = gateway.base_url();
    let mut answer = ask(&url, "before");
    let mut lines = BufReader::new(answer.body_mut().as_reader()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("data: {"));

    gateway.reload(&one("new", "after", &demo.openai.url())).unwrap();
    let status = |model| ask(&url, model).status().as_u16();
    wait_until("the new document is in force", || status("after") == 200);
    assert_eq!(status("before"), 404);
    assert_eq!(lines.filter(|line| !line.is_empty()).last().unwrap(), "data: [DONE]");
}

#[test]
fn a_document_that_needs_a_restart_is_refused_and_the_old_one_stays() {
    let mut gateway = Gateway::start(&parsed(DOCUMENT), options()).unwrap();
    let refused = |gateway: &mut Gateway, yaml: &str| gateway.reload(&parsed(yaml)).unwrap_err().to_string();
    assert_eq!(
        refused(&mut gateway, &DOCUMENT.replace("OPENAI_API_KEY", "ANTHROPIC_API_KEY")),
        "the environment variable `ANTHROPIC_API_KEY` is not among those that Envoy was started with; restart to add it"
    );
    assert_eq!(
        refused(&mut gateway, &DOCUMENT.replace("OPENAI_API_KEY", "NO_SUCH_VARIABLE")),
        "providers.openai.keys[0]: the environment variable `NO_SUCH_VARIABLE` is not set for Envoy, expected the secret in it"
    );
    assert!(refused(&mut gateway, &format!("max_body: 1MiB\n{DOCUMENT}")).starts_with("max_body: "));
    assert!(
        refused(&mut gateway, &DOCUMENT.replace("local/llama", "gone/llama")).starts_with("models.tier.targets[1]: ")
    );
    gateway.reload(&parsed(DOCUMENT)).unwrap();
}

#[test]
fn what_envoy_says_at_a_failed_start_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options { listen: Some(taken.local_addr().unwrap()), ..options() };
    let error = Gateway::start(&parsed(DOCUMENT), options).err().unwrap().to_string();
    assert!(error.starts_with("Envoy ended at its start") && error.contains("Address already in use"), "{error}");
}

/// `tollhouse run`, with what it says.
struct Run {
    child: Child,
    said: std::sync::Arc<std::sync::Mutex<String>>,
}

impl Run {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollhouse"));
        command.args(args).args(["--concurrency", "1", "--listen", "127.0.0.1:0"]).env("TOLLHOUSE_ENVOY", envoy());
        command.env("OPENAI_API_KEY", "").env("ANTHROPIC_API_KEY", "");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let (stderr, all) = (child.stderr.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr.take(1 << 20)).lines().map_while(Result::ok) {
                all.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, said }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn wait_for(&self, text: &str) {
        wait_until(text, || self.said().contains(text));
    }

    /// The process id of its Envoy.
    fn envoy(&self) -> u32 {
        let output = Command::new("ps").args(["-o", "pid=,args=", "--ppid", &self.child.id().to_string()]).output();
        let list = String::from_utf8(output.unwrap().stdout).unwrap();
        let line = list.lines().find(|line| line.contains("--config-path")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_a_file_there_is_a_demonstration() {
    let mut run = Run::start(&["run"]);
    run.wait_for("Ctrl-C ends.");
    let said = run.said();
    for text in ["Base URL   http://127.0.0.1:", "Key        sk-th-", "Model      demo", "DEMONSTRATION", "/down"] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let envoy = run.envoy();
    run.signal("-INT");
    assert_eq!(run.child.wait().unwrap().code(), Some(0));
    assert!(!alive(envoy));
}

#[test]
fn neither_envoy_nor_its_files_outlive_a_killed_run() {
    let mut run = Run::start(&["run", "--demo"]);
    run.wait_for("Ctrl-C ends.");
    let envoy = run.envoy();
    let arguments = std::fs::read_to_string(format!("/proc/{envoy}/cmdline")).unwrap();
    let config = arguments.split('\0').find(|a| a.ends_with("bootstrap.json")).unwrap();
    assert!(Path::new(config).exists());
    run.signal("-KILL");
    run.child.wait().unwrap();
    wait_until("Envoy ends", || !alive(envoy));
    wait_until("its files go", || !Path::new(config).parent().unwrap().exists());
}

#[test]
fn a_changed_file_is_taken_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.yaml");
    let text = DOCUMENT.replace("keys: [{ env: OPENAI_API_KEY }]", "endpoint: 'http://localhost:9'");
    std::fs::write(&path, &text).unwrap();
    let run = Run::start(&["run", path.to_str().unwrap()]);
    run.wait_for("is watched");
    std::fs::write(&path, "models: [").unwrap();
    run.wait_for("the old one stays: no valid YAML");
    std::fs::write(&path, text.replace("local/llama", "gone/llama")).unwrap();
    run.wait_for("models.tier.targets[1]: found `gone/llama`");
    std::fs::write(&path, text.replace("name: bot", "name: robot")).unwrap();
    run.wait_for("gateway.yaml reloaded");
}
