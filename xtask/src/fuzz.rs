//! The fuzz targets are a workspace of their own, which nobody builds by the way: whether they still compile, and that
//! they run what the bot runs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Deserialize;

use crate::cargo::step;
use crate::house::House;

const LOCK: &str = "fuzz/Cargo.lock";

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Checks the targets, without libFuzzer, and with what was checked for the bot where it is the same.
pub(crate) fn compiles() -> Result<()> {
    step(&[
        "clippy",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        "target",
        "--no-default-features",
        "--",
        "-D",
        "warnings",
    ])
}

/// The problems: crates that the fuzz targets have in another version than the bot.
pub(crate) fn check(house: &House) -> Vec<String> {
    let versions = |path: &str| -> Result<BTreeMap<String, BTreeSet<String>>, String> {
        let lock: Lock = toml::from_str(house.text(path).unwrap_or_default())
            .map_err(|error| format!("{path}: {}", error.message()))?;
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in lock.package {
            versions.entry(package.name).or_default().insert(package.version);
        }
        Ok(versions)
    };
    let (bot, fuzz) = match (versions("Cargo.lock"), versions(LOCK)) {
        (Ok(bot), Ok(fuzz)) => (bot, fuzz),
        (Err(problem), _) | (_, Err(problem)) => return vec![problem],
    };
    let mut problems = Vec::new();
    for (name, versions) in &fuzz {
        let Some(of_bot) = bot.get(name) else { continue };
        for version in versions.difference(of_bot) {
            let other = of_bot.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            problems.push(format!("{LOCK} has {name} {version}, the bot {other}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(packages: &[(&str, &str)]) -> String {
        let package = |(name, version): &(&str, &str)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")
        };
        packages.iter().map(package).collect()
    }

    #[test]
    fn what_both_have_is_the_same() {
        let bot = lock(&[("serde", "1.0.1"), ("rand", "0.8.1"), ("rand", "0.9.1"), ("tokio", "1.2.0")]);
        let fuzz = lock(&[("serde", "1.0.0"), ("rand", "0.9.1"), ("libfuzzer-sys", "0.4.0")]);
        let problems = check(&House::of(&[("Cargo.lock", &bot), (LOCK, &fuzz)]));
        assert_eq!(problems, ["fuzz/Cargo.lock has serde 1.0.0, the bot 1.0.1"]);
        assert_eq!(check(&House::of(&[("Cargo.lock", &bot), (LOCK, &bot)])), Vec::<String>::new());
        assert_eq!(check(&House::of(&[("Cargo.lock", &bot)])).len(), 1, "no lock is no answer");
    }
}
