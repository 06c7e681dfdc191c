//! Builds the filter for Envoy's Wasm engine, so that the command line carries it.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    for path in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // A target directory of its own: the outer build holds the lock of the usual one.
    let target = out.join("filter");
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.current_dir(&root).args(["build", "--release", "--lib", "--package", "tollhouse-filter"]);
    cargo.args(["--target", "wasm32-wasip1", "--target-dir"]).arg(&target);
    forget_outer_build(&mut cargo);
    if !cargo.status()?.success() {
        return Err("the filter does not build for wasm32-wasip1".into());
    }
    fs::copy(target.join("wasm32-wasip1/release/tollhouse_filter.wasm"), out.join("tollhouse_filter.wasm"))?;
    Ok(())
}

/// The outer build's flags, wrappers (clippy's among them) and features are not the filter's.
fn forget_outer_build(cargo: &mut Command) {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let outer = name.starts_with("CARGO_CFG_") || name.starts_with("CARGO_FEATURE_");
        let flags = ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTFLAGS", "TARGET", "HOST", "OPT_LEVEL"];
        let wrappers =
            ["RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOC", "CLIPPY_ARGS", "CARGO_MAKEFLAGS"];
        if outer || flags.contains(&name.as_str()) || wrappers.contains(&name.as_str()) {
            cargo.env_remove(name);
        }
    }
}
