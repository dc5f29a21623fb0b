//! Building and running the project's own programs.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use cargo_metadata::Message;
use clap::Args;

use crate::cargo::{cargo, heading, step};
use crate::services::Services;

/// A program of the workspace.
struct Program {
    name: &'static str,
    package: &'static str,
    /// How cargo calls what it is built from: `--bin`, `--bench`.
    kind: &'static str,
}

const BOT: Program = Program { name: "alita-bot", package: "alita-bot", kind: "--bin" };
const DEMO: Program = Program { name: "alita-demo", package: "alita-testkit", kind: "--bin" };
const BENCH: Program = Program { name: "alita-bench", package: "alita-testkit", kind: "--bin" };
const ALLOCATIONS: Program = Program { name: "allocations", package: "alita-modules", kind: "--bench" };

/// Plays the demo against the real bot.
pub(crate) fn demo(args: &[String]) -> Result<()> {
    run_with_bot(&DEMO, "dev", args, &[])
}

/// How to measure.
#[derive(Args)]
pub(crate) struct BenchOptions {
    /// Run without PostgreSQL and Redis, and leave out what needs them.
    #[arg(long)]
    no_services: bool,
    /// Measure a build with debug assertions, to see that the bench works; the figures mean nothing.
    #[arg(long)]
    dev: bool,
    /// Handed on: `--quick`, `--only <part>`, `--json <file>`, `--minutes <n>`; `--help` lists the parts.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Measures the bot as it is shipped.
pub(crate) fn bench(options: &BenchOptions) -> Result<()> {
    let services = if options.no_services { None } else { Some(Services::start()?) };
    let variables = services.as_ref().map(Services::variables).unwrap_or_default();
    let profile = if options.dev { "dev" } else { "dist" };
    let mut args = options.args.clone();
    if wants_allocations(&args) {
        heading(&format!("building {}", ALLOCATIONS.name));
        // On its own: built together with it, the bot would get what only tests switch on. And quickly: how often the
        // allocator is asked hardly depends on how well the compiler tried.
        let file = build(&[&ALLOCATIONS], "dev")?.remove(0);
        let file = file.into_os_string().into_string().map_err(|_| anyhow!("a path that is no text"))?;
        args.splice(0..0, ["--allocations".to_owned(), file]);
    }
    run_with_bot(&BENCH, profile, &args, &variables)
}

/// Whether nothing is left out, or at least this is not.
fn wants_allocations(args: &[String]) -> bool {
    let is_left_out = args.iter().any(|arg| arg == "--only" || arg.starts_with("--only="));
    !is_left_out || args.iter().any(|arg| arg == ALLOCATIONS.name || arg == "--only=allocations")
}

/// Hands the arguments to the bot's `migrate`.
pub(crate) fn migrate(args: &[String]) -> Result<()> {
    let mut line = vec!["run", "--quiet", "--package", BOT.package, "--bin", BOT.name, "--", "migrate"];
    line.extend(args.iter().map(String::as_str));
    step(&line)
}

/// Builds the bot and the program, and runs the program with `--bot <the bot's file>`.
fn run_with_bot(
    program: &Program,
    profile: &str,
    args: &[String],
    variables: &[(&'static str, String)],
) -> Result<()> {
    heading(&format!("building {} and {}", BOT.name, program.name));
    let files = build(&[&BOT, program], profile)?;
    let [bot, file] = files.as_slice() else { bail!("cargo built something else") };
    heading(program.name);
    let status = Command::new(file)
        .arg("--bot")
        .arg(bot)
        .args(args)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .status()
        .with_context(|| format!("{} could not be started", program.name))?;
    ensure!(status.success(), "{} failed", program.name);
    Ok(())
}

/// Builds programs and says where cargo has put each.
///
/// In one go, so that what both are made of is built once.
fn build(programs: &[&Program], profile: &str) -> Result<Vec<PathBuf>> {
    let mut line = vec!["build", "--profile", profile, "--message-format", "json-render-diagnostics"];
    for program in programs {
        line.extend(["--package", program.package, program.kind, program.name]);
    }
    let mut child = cargo(&line).stdout(Stdio::piped()).spawn().context("cargo could not be started")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut files = BTreeMap::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(built) = message?
            && let Some(executable) = built.executable
        {
            files.insert(built.target.name, executable.into_std_path_buf());
        }
    }
    ensure!(child.wait()?.success(), "they could not be built");
    let file = |program: &&Program| {
        files.remove(program.name).with_context(|| format!("cargo built no {}", program.name))
    };
    programs.iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::wants_allocations;

    #[test]
    fn allocations_are_counted_unless_something_else_is_wished_for() {
        for (args, expected) in [
            (&[] as &[&str], true),
            (&["--quick", "--json", "figures.json"], true),
            (&["--only", "sqlite"], false),
            (&["--only=sqlite"], false),
            (&["--only", "sqlite", "--only", "allocations"], true),
            (&["--only=allocations"], true),
        ] {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            assert_eq!(wants_allocations(&args), expected, "{args:?}");
        }
    }
}
