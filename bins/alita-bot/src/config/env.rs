//! The variables of the process and of a `.env` file. The only place that reads them.

use std::collections::BTreeMap;
use std::path::Path;

/// Where a variable's value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Process,
    DotEnv,
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Process => "environment",
            Self::DotEnv => ".env",
            Self::Default => "default",
        })
    }
}

/// A snapshot of all variables; an empty value counts as absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Env(BTreeMap<String, (String, Source)>);

impl Env {
    /// The process's variables, and behind them those of `.env` in the working directory.
    pub(crate) fn of_process() -> Self {
        let mut env = Self::default();
        env.add_file(Path::new(".env"));
        env.0.extend(present(std::env::vars(), Source::Process));
        env
    }

    fn add_file(&mut self, path: &Path) {
        let Ok(lines) = dotenvy::from_path_iter(path) else { return };
        for line in lines {
            match line {
                Ok(pair) => self.0.extend(present(std::iter::once(pair), Source::DotEnv)),
                Err(_) => eprintln!("A line of .env cannot be read and is left out."),
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self(present(pairs, Source::Process).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<(&str, Source)> {
        self.0.get(name).map(|(value, source)| (value.as_str(), *source))
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
