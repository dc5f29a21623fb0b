//! The files that are written from the bot's own declarations.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::{cargo, heading, root};

/// Each file, and what `alita-bot reference` prints it.
const GENERATED: &[(&str, &str)] =
    &[("deploy/alita.env.example", "env"), ("docs/src/operators/configuration.md", "markdown")];

/// What to do with the files.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Change nothing, and fail when a file is not what it would be.
    #[arg(long)]
    check: bool,
}

/// Writes the files anew, or says which are out of date.
pub(crate) fn run(options: &Options) -> Result<()> {
    heading("docs");
    let mut outdated = Vec::new();
    for (file, form) in GENERATED {
        let text = reference(form)?;
        let path = root().join(file);
        if fs::read_to_string(&path).is_ok_and(|current| current == text) {
            eprintln!("    {file}: up to date");
        } else if options.check {
            eprintln!("    {file}: out of date");
            outdated.push(*file);
        } else {
            let folder = path.parent().context("a file of the project is in a folder")?;
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, &text))
                .with_context(|| (*file).to_owned())?;
            eprintln!("    {file}: written");
        }
    }
    if !outdated.is_empty() {
        bail!("docs: run `cargo xtask docs` and commit {}", outdated.join(" and "));
    }
    Ok(())
}

fn reference(form: &str) -> Result<String> {
    let line = ["run", "--quiet", "--package", "alita-bot", "--bin", "alita-bot", "--", "reference", form];
    let output =
        cargo(&line).stderr(std::process::Stdio::inherit()).output().context("cargo could not be started")?;
    ensure!(output.status.success(), "`alita-bot reference {form}` failed");
    Ok(String::from_utf8(output.stdout)?)
}
