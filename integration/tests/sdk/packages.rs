//! The packages, installed once in the folder of the build, and scripts that use them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tollhouse_filter::clients::Digest;

/// What the scripts need, said when it is missing.
const NEEDS: &str = "these tests need Python from 3.11 (`python3` with venv and pip), Node from 20.15 (`node`, `npm`) \
    and, once, the network; TOLLHOUSE_WITHOUT_SDKS=1 leaves them out";

/// Where official packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// PyPI.
    Python,
    /// npm.
    Node,
}

impl Package {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Python, Self::Node];

    /// In names of models, so that tests with both packages can run at a time.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    /// Runs functions of the scripts, each for its model; their output is the failure if one fails.
    ///
    /// `base` and `key` are given as the package reads them by itself.
    pub(crate) fn run(self, asked: &[(&str, &str)], base: &str, key: &str) {
        let mut command = match self {
            Self::Python => {
                let mut command = Command::new(python().join("bin/python"));
                command.arg("-B").arg(scripts().join("python/run.py"));
                command
            }
            Self::Node => {
                let mut command = Command::new("node");
                command.arg(node().join("run.mjs"));
                command
            }
        };
        command.args(asked.iter().map(|(function, model)| format!("{function}={model}")));
        command.env("OPENAI_BASE_URL", format!("{base}/v1")).env("OPENAI_API_KEY", key);
        command.env("ANTHROPIC_BASE_URL", base).env("ANTHROPIC_API_KEY", key);
        // A proxy of the machine is not between the scripts and the gateway.
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        finish(&mut command);
    }
}

/// Whether the person who runs the tests wants to do without.
pub(crate) fn left_out() -> bool {
    let left_out = std::env::var_os("TOLLHOUSE_WITHOUT_SDKS").is_some_and(|value| value == "1");
    if left_out {
        eprintln!("skipped: TOLLHOUSE_WITHOUT_SDKS=1");
    }
    left_out
}

/// A folder with everything of `package.json`, and our scripts beside it, where imports find that.
pub(crate) fn node() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let source = scripts().join("node");
        let read = |name: &str| fs::read_to_string(source.join(name)).expect("a file of ours");
        let (package, lock) = (read("package.json"), read("package-lock.json"));
        let folder = installed("node", &format!("{package}{lock}"), |folder| {
            fs::write(folder.join("package.json"), &package).expect("a file");
            fs::write(folder.join("package-lock.json"), &lock).expect("a file");
            let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
            finish(Command::new("npm").args(words).current_dir(folder));
        });
        for script in fs::read_dir(&source).expect("our scripts").map(|entry| entry.expect("an entry").path()) {
            if script.extension() == Some(OsStr::new("mjs")) {
                fs::copy(&script, folder.join(script.file_name().expect("a name"))).expect("a copy");
            }
        }
        folder
    })
}

/// Lets the official packages judge what a file holds; what they do not like is the failure.
pub(crate) fn check_types(written: &Path) {
    finish(
        Command::new(python().join("bin/python"))
            .args(["-B", "-m", "official"])
            .arg(written)
            .current_dir(scripts().join("python")),
    );
}

fn python() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let list = scripts().join("python/requirements.txt");
        installed("python", &fs::read_to_string(&list).expect("our requirements"), |folder| {
            finish(Command::new("python3").args(["-m", "venv"]).arg(folder));
            let words = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--requirement"];
            finish(Command::new(folder.join("bin/python")).args(words).arg(&list));
        })
    })
}

/// Our files for the packages.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
}

/// A folder of these tests in that of the build.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The folder for what `content` asks for, filled once. Other test processes wait meanwhile.
fn installed(name: &str, content: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let lock = File::create(folder("locks").join(name)).expect("a lock");
    lock.lock().expect("the lock");
    let digest: String = Digest::of(content).to_string().chars().take(16).collect();
    let folder = folder(&format!("{name}-{digest}"));
    let ready = folder.join("ready");
    if !ready.exists() {
        // What an installation left that was broken off.
        fs::remove_dir_all(&folder).expect("an empty folder");
        fs::create_dir(&folder).expect("a folder");
        install(&folder);
        fs::write(ready, "").expect("a file");
    }
    folder
}

fn finish(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{}: {e}; {NEEDS}", command.get_program().display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let words: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    assert!(
        output.status.success(),
        "{} {}: {}\n{out}\n{err}\n({NEEDS})",
        command.get_program().display(),
        words.join(" "),
        output.status
    );
    print!("{out}");
}
