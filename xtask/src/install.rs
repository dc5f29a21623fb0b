//! Finds the servers that the tests need, and on Debian and its children installs what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::heading;

/// Where Debian keeps the programs of PostgreSQL, a folder a version, off the path.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// The folder that holds `initdb` and `pg_ctl`.
    pub(crate) postgres: Option<PathBuf>,
    /// `redis-server`, or a server that speaks like it.
    pub(crate) redis: Option<PathBuf>,
}

/// Finds what is wanted, installing it where we know how.
pub(crate) fn find_or_install(wants_postgres: bool, wants_redis: bool) -> Result<Programs> {
    let find = || Programs {
        postgres: wants_postgres.then(find_postgres).flatten(),
        redis: wants_redis.then(find_redis).flatten(),
    };
    let missing_in = |found: &Programs| {
        let mut packages = Vec::new();
        if wants_postgres && found.postgres.is_none() {
            packages.push("postgresql");
        }
        if wants_redis && found.redis.is_none() {
            packages.push("redis-server");
        }
        packages
    };
    let found = find();
    let missing = missing_in(&found);
    if missing.is_empty() {
        return Ok(found);
    }
    packages(&missing, &advice(&missing))?;
    let found = find();
    let missing = missing_in(&found);
    ensure!(missing.is_empty(), "{} was installed, but cannot be found", missing.join(" and "));
    Ok(found)
}

/// Installs what is missing where we know how; elsewhere the advice is the error.
pub(crate) fn packages(missing: &[&str], advice: &str) -> Result<()> {
    let Some(apt) = on_path("apt-get") else { bail!("{advice}") };
    install(&apt, missing).with_context(|| advice.to_owned())
}

fn advice(missing: &[&str]) -> String {
    format!(
        "the tests need {}, and cannot install it here\n\
         install it first:\n\
         \x20 Debian, Ubuntu:  apt-get install {}\n\
         \x20 Fedora:          dnf install postgresql-server redis\n\
         \x20 Arch:            pacman -S postgresql redis\n\
         \x20 macOS:           brew install postgresql redis\n\
         or name servers that run already in ALITA_TEST_POSTGRES_URL and ALITA_TEST_REDIS_URL,\n\
         or leave those tests out: cargo xtask test --no-services",
        missing.join(" and "),
        missing.join(" "),
    )
}

fn install(apt: &Path, packages: &[&str]) -> Result<()> {
    heading(&format!("installing {} with apt-get", packages.join(" and ")));
    apt_get(apt, &["update"])?;
    let mut line = vec!["install", "--yes", "--no-install-recommends"];
    line.extend(packages);
    apt_get(apt, &line)
}

fn apt_get(apt: &Path, args: &[&str]) -> Result<()> {
    // Whoever is not root needs sudo, which may ask for a password.
    let mut command = match on_path("sudo") {
        Some(sudo) if !is_root() => {
            let mut command = Command::new(sudo);
            command.args(["env", "DEBIAN_FRONTEND=noninteractive"]).arg(apt);
            command
        }
        _ => Command::new(apt),
    };
    let status = command.args(args).env("DEBIAN_FRONTEND", "noninteractive").status()?;
    ensure!(status.success(), "`apt-get {}` failed", args.join(" "));
    Ok(())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn find_postgres() -> Option<PathBuf> {
    let on_path = on_path("initdb").and_then(|initdb| initdb.parent().map(Path::to_owned));
    on_path.filter(|bin| bin.join("pg_ctl").is_file()).or_else(|| newest_postgres(Path::new(DEBIAN_POSTGRES)))
}

fn newest_postgres(versions: &Path) -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(versions)
        .ok()?
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin)
}

fn find_redis() -> Option<PathBuf> {
    ["redis-server", "valkey-server"].iter().find_map(|name| on_path(name))
}

/// The program of this name that a shell would run.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_postgresql_is_taken() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for version in ["9", "15", "17", "readme"] {
            let bin = folder.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).expect("the folder can be written");
            if version != "17" {
                std::fs::write(bin.join("initdb"), "").expect("the folder can be written");
            }
        }
        assert_eq!(newest_postgres(folder.path()), Some(folder.path().join("15").join("bin")));
        assert_eq!(newest_postgres(&folder.path().join("nothing")), None);
    }

    #[test]
    fn the_advice_names_what_is_missing() {
        let text = advice(&["postgresql", "redis-server"]);
        assert!(text.contains("apt-get install postgresql redis-server"), "{text}");
        assert!(text.contains("--no-services"), "{text}");
    }

    #[test]
    fn programs_are_looked_for_on_the_path() {
        assert!(on_path("no-program-has-this-name").is_none());
    }
}
