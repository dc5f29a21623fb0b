//! The variables of the process and of a `.env` file. The only place that reads them.

use std::collections::BTreeMap;
use std::path::Path;

/// Where a variable's value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Process,
    DotEnv,
    /// The file that `<NAME>_FILE` names.
    File,
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Process => "environment",
            Self::DotEnv => ".env",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// A snapshot of all variables; an empty value counts as absent.
#[derive(Clone, Default)]
pub(crate) struct Env {
    values: BTreeMap<String, (String, Source)>,
    /// What could not be read.
    pub(crate) warnings: Vec<String>,
}

// The values of the environment are nobody's business, whether we know them or not.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Env").field("variables", &self.values.len()).finish_non_exhaustive()
    }
}

impl Env {
    /// The process's variables, and behind them those of `.env` in the working directory.
    pub(crate) fn of_process() -> Self {
        let mut env = Self::default();
        env.add_file(Path::new(".env"));
        // What is not UTF-8 fails where it is read, by its form, and does no harm where nobody reads it.
        let pairs = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        env.values.extend(present(pairs, Source::Process));
        env
    }

    fn add_file(&mut self, path: &Path) {
        let unreadable = || format!("{} is there and cannot be read", path.display());
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return,
            Err(_) => return self.warnings.push(unreadable()),
        };
        for line in lines {
            match line {
                Ok(pair) => self.values.extend(present(std::iter::once(pair), Source::DotEnv)),
                // Whoever goes on asking gets the same answer for ever.
                Err(dotenvy::Error::Io(_)) => return self.warnings.push(unreadable()),
                // The error holds the line, and the line may hold a secret.
                Err(_) => {
                    self.warnings
                        .push(format!("a line of {} cannot be read and is left out", path.display()));
                }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { values: present(pairs, Source::Process).collect(), warnings: Vec::new() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<(&str, Source)> {
        self.values.get(name).map(|(value, source)| (value.as_str(), *source))
    }

    /// The names of all variables that have a value.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

fn present(
    pairs: impl Iterator<Item = (String, String)>,
    source: Source,
) -> impl Iterator<Item = (String, (String, Source))> {
    pairs
        .map(move |(name, value)| (name, (value.trim().to_owned(), source)))
        .filter(|(_, (value, _))| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_line_by_line_and_tells_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let mut env = Env::default();
        env.add_file(&path);
        assert!(env.warnings.is_empty(), "a missing file is fine");

        std::fs::write(&path, "# a comment\nDEBUG=yes\nhunter 2\nexport OWNER_ID='42'\nPORT=\n").unwrap();
        env.add_file(&path);
        assert_eq!(env.get("DEBUG"), Some(("yes", Source::DotEnv)));
        assert_eq!(env.get("OWNER_ID"), Some(("42", Source::DotEnv)));
        assert_eq!(env.get("PORT"), None, "empty is unset");
        assert_eq!(env.warnings.len(), 1);
        assert!(!env.warnings[0].contains("hunter"), "{}", env.warnings[0]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut env = Env::default();
        // A folder is there and has no lines.
        env.add_file(folder.path());
        assert_eq!(env.warnings.len(), 1);
    }
}
