//! The archive that people download: the binary, the licence, and a settings file to begin with.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::cargo::root;

/// What goes along with the binary.
const BESIDE: &[&str] = &["LICENSE", "CHANGELOG.md", "deploy/alita.env.example", "deploy/alita-bot.service"];

/// `alita_<version>_<system>_<machine>.tar.gz`, or `.zip` for Windows.
pub(super) fn name(version: &str, target: &str) -> Result<String> {
    let machine = match target.split('-').next() {
        Some("x86_64") => "amd64",
        Some("aarch64") => "arm64",
        _ => bail!("{target} is no machine that we release for"),
    };
    let (system, end) = if target.contains("windows") {
        ("windows", "zip")
    } else if target.contains("darwin") {
        ("macos", "tar.gz")
    } else if target.contains("musl") {
        ("linux-musl", "tar.gz")
    } else if target.contains("linux-gnu") {
        ("linux", "tar.gz")
    } else {
        bail!("{target} is no system that we release for")
    };
    Ok(format!("alita_{version}_{system}_{machine}.{end}"))
}

/// Packs the binary and what goes along with it; every file is as old as `at`, in seconds since 1970.
pub(super) fn pack(archive: &Path, binary: &Path, at: u64) -> Result<()> {
    let is_zip = archive.extension().is_some_and(|end| end == "zip");
    // A binary that was built elsewhere may have got another name.
    let program = if is_zip { "alita-bot.exe" } else { "alita-bot" };
    let mut files = vec![(binary.to_owned(), program.to_owned(), 0o755)];
    for path in BESIDE {
        let path = root().join(path);
        let name = file_name(&path)?;
        files.push((path, name, 0o644));
    }
    let file = File::create(archive).with_context(|| format!("{} cannot be written", archive.display()))?;
    if is_zip {
        let mut zip = zip::ZipWriter::new(file);
        for (path, name, mode) in &files {
            zip.start_file(name, zip::write::SimpleFileOptions::default().unix_permissions(*mode))?;
            zip.write_all(&read(path)?)?;
        }
        zip.finish()?;
        return Ok(());
    }
    let gzip: GzEncoder<File> = GzBuilder::new().mtime(0).write(file, Compression::best());
    let mut tar = tar::Builder::new(gzip);
    for (path, name, mode) in &files {
        let bytes = read(path)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len().try_into()?);
        header.set_mode(*mode);
        header.set_mtime(at);
        header.set_cksum();
        tar.append_data(&mut header, name, bytes.as_slice())?;
    }
    tar.into_inner()?.finish()?.sync_all()?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn file_name(path: &Path) -> Result<String> {
    Ok(path.file_name().context("a file has a name")?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;

    #[test]
    fn names() {
        let named = |target| name("1.2.3", target).ok();
        assert_eq!(named("x86_64-unknown-linux-gnu").as_deref(), Some("alita_1.2.3_linux_amd64.tar.gz"));
        assert_eq!(
            named("aarch64-unknown-linux-musl").as_deref(),
            Some("alita_1.2.3_linux-musl_arm64.tar.gz")
        );
        assert_eq!(named("aarch64-apple-darwin").as_deref(), Some("alita_1.2.3_macos_arm64.tar.gz"));
        assert_eq!(named("x86_64-pc-windows-msvc").as_deref(), Some("alita_1.2.3_windows_amd64.zip"));
        assert_eq!(named("riscv64gc-unknown-linux-gnu"), None);
    }

    #[test]
    fn the_same_files_make_the_same_archive() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("a-binary");
        fs::write(&binary, "a program").unwrap();
        let (one, two) = (folder.path().join("1.tar.gz"), folder.path().join("2.tar.gz"));
        pack(&one, &binary, 1_700_000_000).unwrap();
        pack(&two, &binary, 1_700_000_000).unwrap();
        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());

        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(&one).unwrap()));
        let mut found = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.insert(entry.path().unwrap().display().to_string(), (entry.header().mode().unwrap(), text));
        }
        assert_eq!(found["alita-bot"], (0o755, "a program".to_owned()));
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["CHANGELOG.md", "LICENSE", "alita-bot", "alita-bot.service", "alita.env.example"]);
        assert!(found["alita.env.example"].1.contains("BOT_TOKEN="));
    }

    #[test]
    fn windows_gets_a_zip() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("alita-bot.exe");
        fs::write(&binary, "a program").unwrap();
        let archive = folder.path().join("1.zip");
        pack(&archive, &binary, 0).unwrap();
        let mut zip = zip::ZipArchive::new(File::open(archive).unwrap()).unwrap();
        let mut text = String::new();
        zip.by_name("alita-bot.exe").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), zip.len()), ("a program", 1 + BESIDE.len()));
    }
}
