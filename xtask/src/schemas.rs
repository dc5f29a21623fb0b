//! Kubernetes, Compose and GitHub understand what we wrote for them: each file is held against the schema of whoever
//! reads it. The checkers bring the schemas along, so only their installation needs a network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::{heading, root};
use crate::install;

/// What is installed, in a Python of its own under `target/`.
const CHECKERS: [&str; 2] = ["check-jsonschema==0.39.0", "kubernetes-validate==1.37.0"];

/// A folder, and what looks at the YAML files in it.
const CHECKS: [(&str, &[&str]); 3] = [
    ("deploy/kubernetes", &["kubernetes_validate", "--strict", "--quiet"]),
    ("deploy/docker", &["check_jsonschema", "--builtin-schema", "vendor.compose-spec"]),
    (".github/workflows", &["check_jsonschema", "--builtin-schema", "vendor.github-workflows"]),
];

const ADVICE: &str = "the check of the manifests needs Python with its module `venv` and packages from the index of \
    pip, and cannot have them here\n\
    install it first:\n\
    \x20 Debian, Ubuntu:  apt-get install python3-venv\n\
    \x20 Fedora:          dnf install python3\n\
    \x20 Arch:            pacman -S python\n\
    \x20 macOS:           brew install python\n\
    or leave that check out: cargo xtask ci --no-schemas";

/// Checks every file, and fails with what the checkers say.
pub(crate) fn check() -> Result<()> {
    let python = checkers(&root().join("target/schema-checkers"))?;
    let mut problems = Vec::new();
    for (folder, checker) in CHECKS {
        let files = manifests(&root().join(folder)).with_context(|| folder.to_owned())?;
        ensure!(!files.is_empty(), "{folder} holds nothing to check");
        heading(&format!("{} {folder}/*", checker.join(" ")));
        let mut command = Command::new(&python);
        command.current_dir(root()).arg("-m").args(checker);
        let output = command.args(files.iter().map(|file| Path::new(folder).join(file))).output()?;
        let said =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        // To its checker a kind that no schema knows is only a warning.
        if !output.status.success() || said.lines().any(|line| line.starts_with("WARN")) {
            problems.push(said);
        }
    }
    ensure!(problems.is_empty(), "manifests do not fit their schemas:\n{}", problems.concat());
    Ok(())
}

/// Says what a run without it does not prove.
pub(crate) fn say_what_is_left_out() {
    heading("LEFT OUT by --no-schemas: whether Kubernetes, Compose and GitHub understand their manifests");
}

/// The Python that has the checkers; it is made once, and asks no index when it has the right versions.
fn checkers(home: &Path) -> Result<PathBuf> {
    let python = home.join("bin/python");
    // Debian's Python begins the folder before it says that it has no pip to put in.
    let is_whole = python.is_file() && home.join("bin/pip").is_file();
    if !is_whole && !venv(home) {
        install::packages(&["python3-venv"], ADVICE)?;
        ensure!(venv(home), "{ADVICE}");
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(CHECKERS);
    let is_installed = pip.status().is_ok_and(|status| status.success());
    if !is_installed {
        bail!("{ADVICE}");
    }
    Ok(python)
}

/// Begins anew, whatever is there.
fn venv(home: &Path) -> bool {
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(home).output();
    made.is_ok_and(|made| made.status.success())
}

/// The names of the YAML files in a folder.
fn manifests(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let names = std::fs::read_dir(folder)?.map(|file| Ok(PathBuf::from(file?.file_name())));
    let mut names = names.collect::<std::io::Result<Vec<_>>>()?;
    names.retain(|name| name.extension().is_some_and(|it| it == "yaml" || it == "yml"));
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_has_something_to_check() {
        for (folder, _) in CHECKS {
            assert!(!manifests(&root().join(folder)).expect("it can be read").is_empty(), "{folder}");
        }
    }

    #[test]
    fn only_yaml_is_checked() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for name in ["b.yml", "a.yaml", "Dockerfile", "yaml"] {
            std::fs::write(folder.path().join(name), "").expect("the folder can be written");
        }
        assert_eq!(manifests(folder.path()).expect("it can be read"), ["a.yaml", "b.yml"].map(PathBuf::from));
    }
}
