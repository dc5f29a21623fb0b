//! The test command: services up, all tests, services down, one line that sums up.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::cargo::{cargo, heading};
use crate::interrupt::Interrupt;
use crate::services::Services;
use crate::summary::Summary;

/// How to run the tests.
#[derive(Args)]
pub(crate) struct Options {
    /// Run without PostgreSQL and Redis, and leave out the tests that need them.
    #[arg(long)]
    pub(crate) no_services: bool,
    /// Handed to `cargo test` as they are, such as `-p alita-db` or `-- a_name`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
}

/// Runs the tests.
pub(crate) fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let services = if options.no_services {
        say_what_is_left_out();
        None
    } else {
        Some(Services::start()?)
    };
    let outcome = run_cargo(options, services.as_ref(), &interrupt);
    // Dropping stops them; an early return above or a panic does the same.
    drop(services);
    if options.no_services {
        say_what_is_left_out();
    }
    let (summary, succeeded) = outcome?;
    writeln!(std::io::stdout(), "\n{summary}")?;
    ensure!(succeeded, "tests failed, or could not be built");
    Ok(())
}

fn say_what_is_left_out() {
    heading("LEFT OUT by --no-services: every test that needs PostgreSQL or Redis");
    eprintln!("    What ran without them proves nothing about them. Run `cargo xtask test` for the whole.");
}

fn run_cargo(
    options: &Options,
    services: Option<&Services>,
    interrupt: &Interrupt,
) -> Result<(Summary, bool)> {
    let line = test_line(&options.args);
    heading(&format!("cargo {}", line.join(" ")));
    let mut command = cargo(&line);
    match services {
        Some(services) => command.envs(services.variables()),
        None => command.env("ALITA_TEST_NO_SERVICES", "1"),
    };
    // In a group of its own Ctrl-C reaches only us, and we end the tests before the services under them.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.context("cargo could not be started")?;
    let reader = read_along(&mut child)?;
    let status = interrupt.wait(&mut child)?;
    let summary = reader.join().unwrap_or_default();
    match status {
        Some(status) => Ok((summary, status.success())),
        None => bail!("stopped on request"),
    }
}

/// The whole workspace, unless the arguments choose packages.
fn test_line(args: &[String]) -> Vec<&str> {
    let mut line = vec!["test"];
    let ours = args.iter().map(String::as_str).take_while(|arg| *arg != "--").collect::<Vec<_>>();
    let is_chosen = ours.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package"));
    if !is_chosen {
        line.push("--workspace");
    }
    // One broken crate does not hide what the others say.
    if !ours.contains(&"--no-fail-fast") {
        line.push("--no-fail-fast");
    }
    line.extend(args.iter().map(String::as_str));
    line
}

/// Passes the output on as it comes, and adds up its summaries.
fn read_along(child: &mut Child) -> Result<thread::JoinHandle<Summary>> {
    let output = child.stdout.take().context("cargo has no output")?;
    Ok(thread::spawn(move || {
        let mut summary = Summary::default();
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            summary.read(&String::from_utf8_lossy(&line));
            // When nobody reads our output any more, the exit code still tells.
            let _ = std::io::stdout().write_all(&line);
            line.clear();
        }
        summary
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &[&str]) -> String {
        test_line(&args.iter().map(ToString::to_string).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn everything_is_tested_unless_packages_are_chosen() {
        assert_eq!(line(&[]), "test --workspace --no-fail-fast");
        assert_eq!(line(&["-p", "alita-db"]), "test --no-fail-fast -p alita-db");
        assert_eq!(line(&["--", "-p"]), "test --workspace --no-fail-fast -- -p");
        assert_eq!(line(&["--no-fail-fast"]), "test --workspace --no-fail-fast");
    }
}
