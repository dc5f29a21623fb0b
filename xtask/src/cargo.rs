//! Calling cargo, in the workspace, the way it was called to run us.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// A cargo command that has yet to be run.
pub(crate) fn cargo(args: &[&str]) -> Command {
    // `cargo xtask` says which cargo it is; without it there is one on the path.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Says what it does, does it, and fails when it fails.
pub(crate) fn step(args: &[&str]) -> Result<()> {
    step_with(&[], args)
}

/// As [`step`], with these variables.
pub(crate) fn step_with(variables: &[(&str, &str)], args: &[&str]) -> Result<()> {
    heading(&format!("cargo {}", args.join(" ")));
    let status =
        cargo(args).envs(variables.iter().copied()).status().context("cargo could not be started")?;
    ensure!(status.success(), "`cargo {}` failed", args.join(" "));
    Ok(())
}

/// A line between the outputs of two steps.
pub(crate) fn heading(text: &str) {
    eprintln!("\n==> {text}");
}
