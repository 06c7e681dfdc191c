//! The command line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Parser, Subcommand};
use tollhouse_filter::config::raw::{Document, EnvoyVersion};
use tollhouse_filter::config::{ConfigError, sds_address};

use crate::render::Discovery;
use crate::{filter, render, schema};

mod builtin;
mod check;
mod image;
mod key;
mod platform;
mod report;
mod run;

/// Exit code of anything that fails but a document.
const FAILED: u8 = 1;
/// Exit code of a document that is refused.
const REFUSED: u8 = 2;

/// An LLM gateway inside stock Envoy.
///
/// Without a subcommand: `tollhouse run`.
#[derive(Debug, Parser)]
#[command(name = "tollhouse", version, args_conflicts_with_subcommands = true, after_help = TOP_EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunOptions,
}

const TOP_EXAMPLES: &str = "\
Examples:
  tollhouse                         a gateway to try: to OpenAI and Anthropic if their keys are set, else a demonstration
  tollhouse run gateway.yaml        run a document, and again whenever it changes
  tollhouse check gateway.yaml      what is wrong with it, what is odd
  tollhouse render gateway.yaml     the Envoy configuration of it
  tollhouse key new --name bot      a key for a caller
  tollhouse report access.log       what was used and paid";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start Envoy with the filter, and reload the document when it changes
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Tell what is wrong with a document, and what is odd
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Write Envoy's configuration of a document, or the resources that make it, as YAML
    #[command(after_help = RENDER_EXAMPLES)]
    Render(Box<RenderArgs>),
    /// Write the filter as an image that has nothing else, in an OCI layout
    #[command(after_help = IMAGE_EXAMPLES)]
    Image(image::ImageArgs),
    /// Write the filter, a Wasm module
    #[command(after_help = FILTER_EXAMPLES)]
    Filter(OutputArgs),
    /// Keys of callers
    #[command(subcommand)]
    Key(KeyCommand),
    /// Sum what an access log says was used and paid
    #[command(after_help = REPORT_EXAMPLES)]
    Report(report::ReportArgs),
    /// Write the JSON Schema of documents
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(OutputArgs),
}

const RUN_EXAMPLES: &str = "\
Examples:
  tollhouse run                                   built-in document, with a key made for you
  OPENAI_API_KEY=sk-... tollhouse run             the same, to OpenAI
  tollhouse run gateway.yaml --listen 0.0.0.0:8080
  tollhouse run gateway.yaml > records.jsonl      one JSON line for each request
  tollhouse run gateway.yaml --envoy-version 1.37

Envoy is what TOLLHOUSE_ENVOY names, else `envoy` on the PATH, else the pinned release, downloaded once into
TOLLHOUSE_CACHE (default: ~/.cache/tollhouse). TOLLHOUSE_FILTER names a filter to use instead of the built-in one.";

const CHECK_EXAMPLES: &str = "\
Examples:
  tollhouse check gateway.yaml
  tollhouse check --strict gateway.yaml           in CI: warnings fail too
  tollhouse check --format json gateway.yaml
  tollhouse check --envoy-version 1.37 gateway.yaml   what that Envoy cannot do
  tollhouse check --envoy envoy.yaml              an Envoy configuration with the filter in it: its documents,
                                                  its filters, and the metadata of its routes

Exit code: 0 fine, 1 warnings and --strict, 2 errors. The variables that hold provider keys need not be set.";

const RENDER_EXAMPLES: &str = "\
Examples:
  tollhouse render gateway.yaml -o envoy.yaml && tollhouse filter -o /etc/tollhouse/tollhouse_filter.wasm
  envoy --mode validate -c envoy.yaml && envoy -c envoy.yaml
  tollhouse render gateway.yaml --watch /etc/tollhouse -o envoy.yaml    and again, for an Envoy that runs
  tollhouse render gateway.yaml --ads xds.internal:18000 -o envoy.yaml
  tollhouse render gateway.yaml --for istio --host llm.example.com | kubectl apply -f -
  tollhouse render gateway.yaml --for envoy-gateway --host llm.example.com | kubectl apply -f -
  tollhouse render gateway.yaml --envoy-version 1.37 -o envoy.yaml";

const FILTER_EXAMPLES: &str = "\
Examples:
  tollhouse filter -o tollhouse_filter.wasm
  tollhouse filter | sha256sum";

const IMAGE_EXAMPLES: &str = "\
Examples:
  tollhouse image -o image && skopeo copy oci:image docker://registry.example.com/tollhouse:0.1.0";

const REPORT_EXAMPLES: &str = "\
Examples:
  tollhouse report access.log --by team,model
  tollhouse report access.log.1 access.log --by team --from 2026-11-01 --to 2026-12-01
  tollhouse report access.log --by month,client --format csv > chargeback.csv
  kubectl logs deployment/envoy | tollhouse report - --by target --format json

Input includes what was cached and heard, output what was thought and spoken. Requests with tokens but without a price
are counted as unpriced; the cost is of the others. Lines that are no records are counted and left out.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  tollhouse schema -o tollhouse.schema.json
  Editors: # yaml-language-server: $schema=tollhouse.schema.json";

const KEY_EXAMPLES: &str = "\
Examples:
  tollhouse key new --name support-bot --team support --model support-tier
  tollhouse key new --name ci --model 'openai/*' --expires 2027-01-31";

#[derive(Debug, Args)]
struct RunArgs {
    /// The document. Without one: a built-in document
    #[arg(conflicts_with = "demo")]
    file: Option<PathBuf>,
    #[command(flatten)]
    options: RunOptions,
}

#[derive(Debug, Args)]
struct RunOptions {
    /// Where to listen for callers, instead of the document's `listen`; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where to put Envoy's admin interface, instead of the document's `admin`; default: a free port of this host
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// Number of Envoy's worker threads; default: one for each processor
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,
    /// Write access-log records there instead of to standard output
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Write Envoy's own log there instead of to standard error
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Envoy's own log level: trace, debug, info, warning, error, off
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    log_level: String,
    /// Take this version of Envoy, such as 1.37: the one that is here, if it is that, else a pinned release
    #[arg(long, value_name = "VERSION")]
    envoy_version: Option<String>,
    /// Start the demonstration, even if provider keys are set
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The document
    #[arg(required_unless_present = "envoy")]
    file: Option<PathBuf>,
    /// An Envoy configuration that loads the filter; with it a document is for filters that have none in themselves
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// The oldest Envoy that will run it, instead of the document's `envoy_version`
    #[arg(long, value_name = "VERSION", value_parser = envoy_version)]
    envoy_version: Option<EnvoyVersion>,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
    /// How to write what was found
    #[arg(long, value_enum, default_value = "text")]
    format: check::Format,
}

#[derive(Debug, Args)]
struct RenderArgs {
    /// The document
    file: PathBuf,
    /// Where Envoy will find the filter
    #[arg(long, value_name = "PATH", default_value = "/etc/tollhouse/tollhouse_filter.wasm")]
    filter: PathBuf,
    /// Where to listen for callers, instead of the document's `listen`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where to put Envoy's admin interface, instead of the document's `admin`
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// The oldest Envoy that will read it, instead of the document's `envoy_version`
    #[arg(long, value_name = "VERSION", value_parser = envoy_version)]
    envoy_version: Option<EnvoyVersion>,
    /// Certificates that providers' are checked against, as Envoy will find them; default: the system's
    #[arg(long, value_name = "PATH")]
    ca: Option<PathBuf>,
    /// Add a listener with `/ready` and `/stats/prometheus` of the admin interface, for those who watch over it
    #[arg(long, value_name = "ADDRESS:PORT")]
    probes: Option<SocketAddr>,
    /// Leave what the document decides to files of this folder, which are written too: Envoy takes them again whenever
    /// they are
    #[arg(long, value_name = "FOLDER", conflicts_with = "ads")]
    watch: Option<PathBuf>,
    /// Leave it to a control plane at this address: `host:port` or `unix:/path`
    #[arg(long, value_name = "ADDRESS")]
    ads: Option<String>,
    /// The folder in which Envoy will find `secret-*.json`, which are written beside the output where keys are files;
    /// default: the output's
    #[arg(long, value_name = "PATH")]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    platform: platform::PlatformArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct OutputArgs {
    /// Write to this file instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key for a caller: shown once, together with its entry in the document
    #[command(after_help = KEY_EXAMPLES)]
    New(key::NewArgs),
}

/// Runs the command that the arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Run(RunArgs { file: None, options: cli.run })) {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Render(args) => rendered(*args),
        Command::Image(args) => image::run(&args),
        Command::Filter(args) => filter::bytes().map_err(Into::into).and_then(|bytes| args.write(&bytes)),
        Command::Key(KeyCommand::New(args)) => key::new(&args),
        Command::Report(args) => report::run(args),
        Command::Schema(args) => args.write(schema::text().as_bytes()),
    };
    done.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::from(if error.is::<ConfigError>() { REFUSED } else { FAILED })
    })
}

fn envoy_version(text: &str) -> Result<EnvoyVersion, &'static str> {
    EnvoyVersion::parse(text).ok_or("expected a version of Envoy such as 1.37")
}

/// Tells what failed, on standard error.
fn complain(error: &anyhow::Error) {
    // With nobody to tell it to there is nothing left to do.
    let _ = writeln!(std::io::stderr(), "tollhouse: {error:#}");
}

fn rendered(args: RenderArgs) -> anyhow::Result<ExitCode> {
    let Some(document) = check::load(&args.file, args.envoy_version)? else { return Ok(ExitCode::from(REFUSED)) };
    let mut options = render::Options::new(args.filter.clone());
    (options.listen, options.admin) = (args.listen, args.admin);
    options.ca = args.ca.clone().unwrap_or(options.ca);
    options.probes = args.probes;
    if let Some(resources) = args.platform.resources(&document, &options) {
        return args.output.write(render::to_manifests(&resources?)?.as_bytes());
    }
    if let Some(address) = &args.ads {
        let address = sds_address(address).map_err(|error| anyhow!("--ads: {}", error.reason))?;
        options.discovery = Discovery::Ads(address);
    }
    if let Some(folder) = &args.watch {
        return watched(&args, &document, options, std::path::absolute(folder)?);
    }
    let folder = args.output.folder()?;
    options.secrets = args.secrets.or_else(|| folder.clone()).unwrap_or(options.secrets);
    let yaml = render::to_yaml(&render::bootstrap(&document, &options)?)?;
    for secret in render::secrets(&document)? {
        let Some(folder) = &folder else { bail!("`keys: [{{ file }}]` need files beside the output: name one by -o") };
        secret.write(folder).with_context(|| format!("{}: {}", folder.display(), secret.file))?;
    }
    args.output.write(yaml.as_bytes())
}

/// Writes a bootstrap and the files that Envoy watches.
fn watched(
    args: &RenderArgs,
    document: &Document,
    mut options: render::Options,
    folder: PathBuf,
) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    options.secrets = args.secrets.clone().unwrap_or_else(|| folder.clone());
    options.discovery = Discovery::Folder(folder.clone());
    let yaml = render::to_yaml(&render::bootstrap(document, &options)?)?;
    render::write_dynamic(&folder, document, &options)?;
    args.output.write(yaml.as_bytes())
}

impl OutputArgs {
    /// The folder of the file, if there is one.
    fn folder(&self) -> anyhow::Result<Option<PathBuf>> {
        let Some(path) = &self.output else { return Ok(None) };
        Ok(std::path::absolute(path)?.parent().map(PathBuf::from))
    }

    fn write(&self, bytes: &[u8]) -> anyhow::Result<ExitCode> {
        match &self.output {
            Some(path) => std::fs::write(path, bytes).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?,
            None => std::io::stdout().lock().write_all(bytes)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
