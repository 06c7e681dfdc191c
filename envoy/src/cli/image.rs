//! `tollhouse image`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::{filter, image};

#[derive(Debug, Args)]
pub(super) struct ImageArgs {
    /// The folder to write, which is made
    #[arg(short, long, value_name = "DIRECTORY")]
    output: PathBuf,
}

pub(super) fn run(args: &ImageArgs) -> anyhow::Result<ExitCode> {
    image::write(&args.output, &filter::bytes()?).with_context(|| args.output.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}
