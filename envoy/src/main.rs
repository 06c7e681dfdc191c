//! The `tollhouse` command.

fn main() -> std::process::ExitCode {
    tollhouse::cli::main()
}
