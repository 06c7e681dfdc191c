//! `tollhouse report`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tollhouse_filter::time::Timestamp;

use crate::report::{Dimension, Format, Report};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Access logs, with a record in each line; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What rows are for; without it there is one row
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,...")]
    by: Vec<Dimension>,
    /// Requests from then on, UTC: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Requests before then
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// How the report is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub(super) fn run(args: ReportArgs) -> anyhow::Result<ExitCode> {
    let mut report = Report::new(args.by, args.from, args.to);
    for file in &args.files {
        read(&mut report, file).with_context(|| file.display().to_string())?;
    }
    report.write(args.format, std::io::stdout().lock())?;
    if report.skipped() > 0 {
        writeln!(std::io::stderr(), "tollhouse: left out {} lines that are no records", report.skipped())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(report: &mut Report, file: &Path) -> std::io::Result<()> {
    if file == Path::new("-") {
        report.read(std::io::stdin().lock())
    } else {
        report.read(BufReader::new(File::open(file)?))
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "expected a date such as 2027-01-31 or 2027-01-31T12:00:00Z".to_owned())
}
