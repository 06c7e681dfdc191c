//! Images and manifests, as those who take them judge them. `TOLLHOUSE_WITHOUT_SDKS=1` leaves out what wants Python, pip
//! and, once, the network.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, OciLayout};
use sha2::{Digest, Sha256};
use tollhouse::filter;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn tollhouse(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_tollhouse")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A program of the packages in `containers/requirements.txt`, installed once in the folder of the build.
fn linter(name: &str) -> Option<PathBuf> {
    if std::env::var_os("TOLLHOUSE_WITHOUT_SDKS").is_some_and(|value| value == "1") {
        eprintln!("skipped: TOLLHOUSE_WITHOUT_SDKS=1");
        return None;
    }
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/containers/requirements.txt");
    let digest = hex(&fs::read(&list).unwrap());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linters").join(digest);
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if !folder.join("ready").exists() {
        finish(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv")));
        let mut install = Command::new(folder.join("venv/bin/python"));
        finish(install.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--requirement"]).arg(&list));
        fs::write(folder.join("ready"), "").unwrap();
    }
    Some(folder.join("venv/bin").join(name))
}

fn finish(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}\n{}", said.concat());
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hadolint_has_nothing_against_the_dockerfile() {
    let Some(hadolint) = linter("hadolint") else { return };
    finish(Command::new(hadolint).arg(root().join("Dockerfile")));
}

#[test]
fn kubernetes_knows_every_field_of_the_manifests() {
    let Some(validate) = linter("kubernetes-validate") else { return };
    finish(Command::new(validate).arg("--strict").arg(root().join("examples/kubernetes/kubernetes.yaml")));
}

#[test]
fn the_compose_file_is_one() {
    let Some(check) = linter("check-jsonschema") else { return };
    let file = root().join("examples/kubernetes/compose.yaml");
    finish(Command::new(check).args(["--builtin-schema", "vendor.compose-spec"]).arg(file));
}

/// What a descriptor says of a blob is true.
fn blob(layout: &Path, descriptor: &Descriptor) -> Vec<u8> {
    let digest = descriptor.digest().digest();
    let bytes = fs::read(layout.join("blobs/sha256").join(digest)).unwrap();
    assert_eq!((hex(&bytes).as_str(), bytes.len() as u64), (digest, descriptor.size()));
    bytes
}

#[test]
fn the_image_is_what_agents_and_volumes_take() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("image");
    tollhouse(&["image", "-o", layout.to_str().unwrap()]);
    assert_eq!(OciLayout::from_file(layout.join("oci-layout")).unwrap().image_layout_version(), "1.0.0");
    let index = ImageIndex::from_file(layout.join("index.json")).unwrap();
    assert_eq!(index.manifests().len(), 1);
    let manifest = ImageManifest::from_reader(&*blob(&layout, &index.manifests()[0])).unwrap();
    // Istio takes the last layer, of this type.
    let layer = manifest.layers().last().unwrap();
    assert_eq!((manifest.layers().len(), layer.media_type()), (1, &MediaType::ImageLayerGzip));
    let mut files = Vec::new();
    flate2::read::GzDecoder::new(&*blob(&layout, layer)).read_to_end(&mut files).unwrap();
    let config = ImageConfiguration::from_reader(&*blob(&layout, manifest.config())).unwrap();
    assert_eq!(*config.rootfs().diff_ids(), [format!("sha256:{}", hex(&files))]);
    let mut archive = tar::Archive::new(&*files);
    let mut entries = archive.entries().unwrap();
    let mut module = entries.next().unwrap().unwrap();
    assert_eq!((module.path().unwrap().to_str(), module.header().mode().unwrap()), (Some("plugin.wasm"), 0o644));
    let mut bytes = Vec::new();
    module.read_to_end(&mut bytes).unwrap();
    assert!(bytes == *filter::bytes().unwrap() && entries.next().is_none());
    let before = fs::read(layout.join("index.json")).unwrap();
    tollhouse(&["image", "-o", layout.to_str().unwrap()]);
    assert_eq!(fs::read(layout.join("index.json")).unwrap(), before);
}

/// An Envoy that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut answer = agent.get(format!("http://127.0.0.1:{port}{path}")).call().ok()?;
    Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
}

/// The command of the example, with ports and files of this host.
fn start(folder: &Path, [listen, probes, admin]: [u16; 3]) -> Running {
    let readme = fs::read_to_string(root().join("examples/kubernetes/README.md")).unwrap();
    let command = readme.lines().find_map(|line| line.strip_prefix("tollhouse render gateway.yaml ")).unwrap();
    let (module, config) = (folder.join("plugin.wasm"), folder.join("envoy.yaml"));
    fs::write(&module, filter::bytes().unwrap()).unwrap();
    let ours = command
        .replace("0.0.0.0:8080", &format!("127.0.0.1:{listen}"))
        .replace("0.0.0.0:8081", &format!("127.0.0.1:{probes}"))
        .replace("/etc/tollhouse/plugin.wasm", module.to_str().unwrap())
        .replace("/etc/ssl/certs/ca-certificates.crt", tollhouse::render::system_ca().to_str().unwrap())
        .replace("envoy.yaml", config.to_str().unwrap());
    let document = root().join("examples/kubernetes/gateway.yaml");
    let admin = format!("127.0.0.1:{admin}");
    let arguments = ["render", document.to_str().unwrap(), "--admin", &admin].into_iter().chain(ours.split(' '));
    tollhouse(&arguments.collect::<Vec<_>>());
    let envoy = ::tollhouse::binary::envoy(&mut std::io::stderr()).unwrap();
    let mut command = Command::new(envoy);
    command.args(["--use-dynamic-base-id", "--concurrency", "1", "--config-path"]).arg(config);
    command.env("ANTHROPIC_API_KEY", "sk-1").env("OPENAI_API_KEY", "sk-2");
    Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

#[test]
fn probes_tell_of_a_pod_and_show_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let ports @ [listen, probes, _] = [free(), free(), free()];
    let mut envoy = start(folder.path(), ports);
    let end = Instant::now() + Duration::from_secs(120);
    while !get(probes, "/ready").is_some_and(|(status, body)| status == 200 && body.starts_with("LIVE")) {
        assert!(Instant::now() < end && envoy.0.try_wait().unwrap().is_none(), "it does not become ready");
        std::thread::sleep(Duration::from_millis(50));
    }
    let metrics = get(probes, "/stats/prometheus").unwrap();
    assert!(metrics.0 == 200 && metrics.1.contains("envoy_server_live"), "{metrics:?}");
    for path in ["/config_dump", "/quitquitquit", "/ready/../config_dump", "/stats", "/"] {
        assert_eq!(get(probes, path).unwrap().0, 404, "{path}");
    }
    assert_eq!(get(listen, "/v1/models").unwrap().0, 401);
}
