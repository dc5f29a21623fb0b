//! A release: one version everywhere, a clean tree, the binary, and what people need to trust it.

mod archive;
mod sbom;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use sha2::{Digest, Sha256};

use crate::cargo::{heading, root, step_with};

/// What people read about a release.
const NOTES: &str = "release-notes.md";

/// What to release, and for which machine.
#[derive(Args)]
pub(crate) struct Options {
    /// The machine, as rustc names it; this one if it is not said.
    #[arg(long, default_value = "x86_64-unknown-linux-gnu")]
    target: String,
    /// The tag that is released, such as `v1.2.3`: it must be the version of the manifest.
    #[arg(long)]
    tag: Option<String>,
    /// Where the files go.
    #[arg(long, default_value = "target/release-files")]
    out: PathBuf,
    /// Pack this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Only write the checksums of this folder, in which the files for all machines were put together.
    #[arg(long, conflicts_with_all = ["tag", "binary"])]
    checksums_of: Option<PathBuf>,
    /// Release a tree with changes that are not committed, and without a section in the changelog. For trying it.
    #[arg(long)]
    allow_dirty: bool,
}

/// Builds and packs.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(folder) = &options.checksums_of {
        return write_checksums(&root().join(folder));
    }
    let version = version()?;
    if let Some(tag) = &options.tag {
        ensure!(*tag == format!("v{version}"), "the tag is {tag}, but the manifest says {version}");
    }
    let changelog = fs::read_to_string(root().join("CHANGELOG.md"))?;
    let notes = match section(&changelog, &version) {
        Some(notes) => notes,
        None if options.allow_dirty => section(&changelog, "Unreleased").unwrap_or_default(),
        None => bail!("CHANGELOG.md has no section `## {version}`"),
    };
    if !options.allow_dirty {
        ensure!(git(&["status", "--porcelain"])?.is_empty(), "there are changes that are not committed");
    }

    let binary = match &options.binary {
        Some(binary) => root().join(binary),
        None => build(&options.target)?,
    };
    says_its_version(&binary, &options.target, &version)?;
    let out = root().join(&options.out);
    fs::create_dir_all(&out)?;
    let name = archive::name(&version, &options.target)?;
    heading(&format!("packing {name}"));
    // The same commit makes the same archive, whoever packs it and when.
    let at = git(&["log", "-1", "--format=%ct"])?.parse().context("git says when the commit was made")?;
    archive::pack(&out.join(&name), &binary, at)?;
    let sbom = out.join(format!("alita_{version}.{}.cdx.json", options.target));
    let made = git(&["log", "-1", "--format=%cI"])?;
    fs::write(sbom, sbom::bill(&version, &options.target, &made)?)?;
    fs::write(out.join(NOTES), notes)?;
    write_checksums(&out)?;
    heading(&format!("everything is in {}", out.display()));
    Ok(())
}

/// The one version: that of the workspace.
fn version() -> Result<String> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml"))?)?;
    let version = manifest.get("workspace").and_then(|it| it.get("package")?.get("version")?.as_str());
    Ok(version.context("Cargo.toml has no workspace.package.version")?.to_owned())
}

/// What stands under `## <title>`, up to the next title of that height.
fn section(changelog: &str, title: &str) -> Option<String> {
    let is_title = |line: &str| {
        let line = line.strip_prefix("## ")?;
        Some(line.trim_start_matches('[').split([']', ' ']).next()? == title)
    };
    let mut lines = changelog.lines().skip_while(|line| is_title(line) != Some(true));
    lines.next()?;
    let body: Vec<&str> = lines.take_while(|line| is_title(line).is_none()).collect();
    Some(format!("{}\n", body.join("\n").trim()))
}

fn build(target: &str) -> Result<PathBuf> {
    step_with(
        &[("ALITA_COMMIT", &commit()?)],
        &[
            "build",
            "--locked",
            "--profile",
            "dist",
            "--package",
            "alita-bot",
            "--bin",
            "alita-bot",
            "--target",
            target,
        ],
    )?;
    let file = if target.contains("windows") { "alita-bot.exe" } else { "alita-bot" };
    Ok(root().join("target").join(target).join("dist").join(file))
}

/// What is built, as the metrics of the binary will say it.
fn commit() -> Result<String> {
    git(&["rev-parse", "--short=12", "HEAD"])
}

/// A binary for another machine cannot be asked.
fn says_its_version(binary: &Path, target: &str, version: &str) -> Result<()> {
    ensure!(binary.is_file(), "{} is not there", binary.display());
    let is_ours = target.contains(std::env::consts::ARCH)
        && target.contains(if cfg!(target_os = "macos") { "apple-darwin" } else { std::env::consts::OS });
    if !is_ours {
        return Ok(());
    }
    let output = Command::new(binary).arg("version").output().context("the binary does not start")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.trim() == format!("v{version}"), "the binary says `{}`", said.trim());
    Ok(())
}

fn git(args: &[&str]) -> Result<String> {
    let output = Command::new("git").args(args).current_dir(root()).output().context("git does not start")?;
    ensure!(output.status.success(), "git {} failed", args.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// One line a file, as `sha256sum --check` reads it; the notes are read on a page and not downloaded.
fn write_checksums(folder: &Path) -> Result<()> {
    const NAME: &str = "checksums.txt";
    let is_left_out = |file: &PathBuf| file.ends_with(NAME) || file.ends_with(NOTES);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let mut text = String::new();
    for file in files.iter().filter(|file| file.is_file() && !is_left_out(file)) {
        let name = file.file_name().context("a file has a name")?.to_string_lossy();
        for byte in Sha256::digest(fs::read(file)?) {
            write!(text, "{byte:02x}")?;
        }
        writeln!(text, "  {name}")?;
    }
    fs::write(folder.join(NAME), text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_of_a_version() {
        let changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## [1.2.0] - 2026-01-01\n\n- Old.\n### Fixed\n- It.\n\n## 1.1.0\n- Older.\n";
        assert_eq!(section(changelog, "Unreleased").as_deref(), Some("- New.\n"));
        assert_eq!(section(changelog, "1.2.0").as_deref(), Some("- Old.\n### Fixed\n- It.\n"));
        assert_eq!(section(changelog, "1.1.0").as_deref(), Some("- Older.\n"));
        assert_eq!(section(changelog, "1.3.0"), None);
    }

    #[test]
    fn checksums_are_what_everybody_computes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "abc").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        fs::write(folder.path().join(NOTES), "nobody downloads them").unwrap();
        write_checksums(folder.path()).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("checksums.txt")).unwrap(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n"
        );
    }

    #[test]
    fn the_manifest_has_a_version() {
        assert_eq!(version().unwrap(), env!("CARGO_PKG_VERSION"));
    }
}
