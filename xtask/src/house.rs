//! The files of the project as tidy sees them: paths and texts, so that a rule can be tested on three lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What belongs to the project; build output and data do not.
const FOLDERS: &[&str] = &["bins", "crates", "deploy", "docs", "locales", "migrations", "xtask"];
const FILES: &[&str] = &[
    ".dockerignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "LICENSE",
    "README.md",
    "deny.toml",
    "fuzz/Cargo.lock",
];

/// Paths from the root, with `/` between the parts, and what stands in each file.
#[derive(Debug, Default)]
pub(crate) struct House(BTreeMap<String, String>);

impl House {
    /// Reads the project at `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut house = Self::default();
        for folder in FOLDERS {
            house.add_folder(&root.join(folder), folder)?;
        }
        for file in FILES.iter().filter(|file| root.join(file).is_file()) {
            house.add_file(&root.join(file), (*file).to_owned())?;
        }
        Ok(house)
    }

    /// A house of a few files, for tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// What stands in a file, if it is there.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Every path, with the text.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files under one of these folders whose names end so.
    pub(crate) fn under<'h>(
        &'h self,
        folders: &'h [&str],
        end: &'h str,
    ) -> impl Iterator<Item = (&'h str, &'h str)> {
        self.files().filter(move |(path, _)| {
            path.ends_with(end) && folders.iter().any(|folder| path.starts_with(folder))
        })
    }

    fn add_folder(&mut self, folder: &Path, name: &str) -> Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("the folder `{name}` cannot be read"))?;
        for entry in entries {
            let entry = entry?;
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add_folder(&entry.path(), &name)?;
            } else {
                self.add_file(&entry.path(), name)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, file: &Path, name: String) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("the file `{name}` cannot be read"))?;
        // A picture has a name and no lines.
        self.0.insert(name, String::from_utf8(bytes).unwrap_or_default());
        Ok(())
    }
}
